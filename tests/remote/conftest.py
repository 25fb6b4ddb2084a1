"""A real Jupyter Server, a proxy before it that cuts and freezes, and notebooks to run there."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.execute.conftest import Ran
from tests.remote.cutting import Cutter

from binderclip import execute
from binderclip.errors import SessionError
from binderclip.guard import OpenGuard
from binderclip.kernels.remote import Timing
from binderclip.notebook import parse
from binderclip.servers import Server
from binderclip.session import Session
from binderclip.web import Web

# Fast enough for tests, slow enough for a machine that is busy.
QUICK = Timing(
    quiet_s=0.5, dead_s=1.5, patience_s=30.0, boot_s=60.0, open_s=10.0, poll_s=0.5, again_s=0.5
)

# A kernel that is no ipykernel: it keeps nothing of what it sends.
PLAIN_KERNEL = """
import time
from ipykernel.kernelbase import Kernel
class Plain(Kernel):
    implementation = banner = "plain"
    implementation_version = language_version = "1"
    language_info = {"name": "python", "mimetype": "text/plain", "file_extension": ".py"}
    def do_execute(self, code, silent, *args, **named):
        if code.startswith("ask"):
            self._input_request("? ", self._parent_ident["shell"], self.get_parent("shell"))
        for word in code.split():
            if word[0].isdigit():
                time.sleep(float(word))
            else:
                stream = {"name": "stdout", "text": word + "\\n"}
                self.send_response(self.iopub_socket, "stream", stream)
        return {"status": "ok", "execution_count": self.execution_count}
from ipykernel.kernelapp import IPKernelApp
IPKernelApp.launch_instance(kernel_class=Plain)
"""


@dataclass
class Running:
    """A Jupyter Server at work in ``folder``."""

    process: subprocess.Popen[bytes]
    port: int
    token: str = field(repr=False)
    folder: Path
    base: str

    def add_kernel(self, name: str, *argv: str, language: str) -> None:
        spec = self.folder.parent / "home" / "data" / "kernels" / name
        spec.mkdir(parents=True, exist_ok=True)
        content = {"argv": [*argv, "{connection_file}"], "language": language}
        (spec / "kernel.json").write_text(json.dumps({**content, "display_name": name}))

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self.base}{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"token {self.token}"},
            method=method,
        )
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
        )
        with opener.open(request, timeout=30) as answer:
            data = answer.read()
            return json.loads(data) if data else None


@contextmanager
def serving(
    tools: Path, folder: Path, *options: str, base: str = "http://127.0.0.1"
) -> Iterator[Running]:
    home, root = folder / "home", folder / "root"
    for path in (home, root):
        path.mkdir(parents=True, exist_ok=True)
    python = tools / "hub" / "bin" / "python"
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    environ = {
        "PATH": f"{tools / 'hub' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_TOKEN": token,
    }
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(python, "-m", "jupyter_server", "--no-browser", f"--port={port}"),
                *("--ServerApp.port_retries=0", "--allow-root", f"--ServerApp.root_dir={root}"),
                *options,
            ],
            env=environ,
            cwd=root,
            stdout=log,
            stderr=log,
        )
    running = Running(process, port, token, root, f"{base}:{port}/")
    running.add_kernel("plain", str(python), "-c", PLAIN_KERNEL, "-f", language="plain")
    try:
        _wait(running, folder / "server.log")
        yield running
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(running: Running, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert running.process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            running.get("api/status")
        except OSError:
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def jupyter(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for all tests of a worker: it takes two seconds to start."""
    with serving(tools, tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture
def cutter(jupyter: Running) -> Iterator[Cutter]:
    with Cutter(jupyter.port).serving() as cutter:
        yield cutter


RunThere = Callable[..., Ran]


@pytest.fixture
def run(jupyter: Running, tmp_path: Path) -> RunThere:
    """Run a notebook's bytes on the server to the end, whatever that is."""

    def once(data: bytes, **named: Any) -> Ran:
        ran = asyncio.run(run_there(jupyter, tmp_path / "out.ipynb", data, **named))
        ran.load()
        return ran

    return once


async def run_there(running: Running, output: Path, data: bytes, **named: Any) -> Ran:
    """``through`` is a Cutter, ``observe`` sees the events too; the rest are RunOptions."""
    ran = Ran(output, [])
    watching = named.pop("observe", lambda _: None)

    def observe(event: execute.RunEvent) -> None:
        ran.events.append(event)
        watching(event)

    through, token = named.pop("through", None), named.pop("token", running.token)
    guard = named.pop("guard", None) or OpenGuard()
    url = through.url if through else running.base
    timing = named.pop("timing", QUICK)
    path = named.pop("path", f"{secrets.token_hex(4)}/nb.ipynb")
    (running.folder / path).parent.mkdir(exist_ok=True)
    async with Web(guard, failure=SessionError) as web:
        server = Server(web, Session("server", "test", url=url, token=token))
        try:
            ran.result = await execute.run_remote(
                parse(data, "nb.ipynb"),
                server,
                path=path,
                output=output,
                options=execute.RunOptions(**named),
                observe=observe,
                timing=timing,
            )
        except Exception as error:  # noqa: BLE001 - tests look at it
            ran.error = error
    return ran
