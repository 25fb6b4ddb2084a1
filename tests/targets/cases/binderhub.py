"""A hub that replays a stream, and launches a real Jupyter Server for each."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.binderhub.conftest import GOOD
from tests.binderhub.replay import SERVER_TOKEN, Step, event, events, replay_hub
from tests.targets.case import IMAGE, Case, Noted, files, server_up

from binderclip.environment import Environment
from binderclip.guard import OpenGuard
from binderclip.targets.binderhub import BinderHubTarget

__all__ = ["MARKS", "case_binderhub"]

# Each launch starts a server, which takes a second or two.
MARKS = (pytest.mark.slow,)


@dataclass
class Launching:
    """Starts servers over ``folder``, below ``/user/NAME/`` as a hub does, with ``extensions``."""

    python: Path
    folder: Path
    extensions: str = "{}"
    begun: list[subprocess.Popen[bytes]] = field(default_factory=list)
    # Launches come in threads of their own, two at one moment too.
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def steps(self) -> Iterator[Step]:
        """A cached image's launch. What a hub began to launch it launches, whoever waits."""
        *first, ready = [f"{line}\n\n".encode() for line in events("cached")]
        yield from first[:1]
        yield "mind"
        url = self.start()
        yield from first[1:]
        told = json.loads(ready.removeprefix(b"data: "))
        yield event(**{**told, "url": url, "token": SERVER_TOKEN})
        yield "hold"

    def start(self) -> str:
        name = f"o-r-{next(self.numbers)}"
        home = self.folder / name
        home.mkdir(parents=True)
        kept = ("PATH", "LANG")
        environ = {key: os.environ[key] for key in kept if key in os.environ}
        environ |= {"HOME": str(home), "JUPYTER_TOKEN": SERVER_TOKEN, "JUPYTER_NO_CONFIG": "1"}
        options = [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            f"--ServerApp.base_url=/user/{name}/",
            f"--ServerApp.root_dir={home}",
            f"--ServerApp.jpserver_extensions={self.extensions}",
        ]
        with (home / ".log").open("wb") as log:
            process = subprocess.Popen(
                [str(self.python), "-m", "jupyter_server", *options],
                env=environ,
                stdout=log,
                stderr=log,
            )
        self.begun.append(process)
        return _address(process, home)

    def left(self) -> list[str]:
        return [f"a server, {one.pid}" for one in self.begun if one.poll() is None]

    def end(self) -> None:
        for one in self.begun:
            one.kill()
            one.wait(20)


def _address(process: subprocess.Popen[bytes], home: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for path in home.glob(".local/share/jupyter/runtime/jpserver-*.json"):
            try:
                return str(json.loads(path.read_bytes())["url"])
            except ValueError:
                continue  # half written
        time.sleep(0.05)
    raise AssertionError((home / ".log").read_text()[-3000:])


@pytest.fixture
def case_binderhub(tools: Path, tmp_path: Path) -> Iterator[Case]:
    with ExitStack() as stack:
        hub, broken = (stack.enter_context(replay_hub()) for _ in range(2))
        launching = Launching(tools / "hub" / "bin" / "python", tmp_path)
        stack.callback(launching.end)
        hub.play_each(launching.steps)
        broken.replay("failed-build")

        def make(ledger: Noted, url: str = hub.url) -> BinderHubTarget:
            return BinderHubTarget([url], guard=OpenGuard(), ledger=ledger)

        yield Case(
            make=make,
            make_fresh=make,
            good=GOOD,
            refused=(Environment(), Environment(image=IMAGE), files(requirements_txt="numpy")),
            failing=lambda ledger: (make(ledger, broken.url), GOOD),
            up=server_up,
            left=launching.left,
            secrets=(SERVER_TOKEN,),
        )
