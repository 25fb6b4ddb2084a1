"""The whole command, run as a person runs it: in a process, with or without a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

COMMAND = Path(sys.executable).parent / "binderclip"
SMALL = {"version": 1, "files": {"requirements.txt": ["cowsay==6.1\n"]}}
"""The environment that most tests share."""


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache a worker: an environment with a kernel takes seconds to make."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def environ(shared_cache: Path, tmp_path: Path) -> dict[str, str]:
    """The variables of a command: the worker's cache, a state of its own."""
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("BINDERCLIP_", "JUPYTER"))},
        "BINDERCLIP_CACHE": str(shared_cache),
        "BINDERCLIP_CONFIG": str(tmp_path / ".config"),
        "BINDERCLIP_STATE": str(tmp_path / ".state"),
        "TERM": "xterm",
    }


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


class Shell:
    """Runs binderclip in ``folder``."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = dict(environ)

    def run(self, *words: object, typed: bytes = b"") -> Done:
        """To its end, without a terminal."""
        done = subprocess.run(
            [COMMAND, *map(str, words)],
            cwd=self.folder,
            env=self.environ,
            input=typed,
            capture_output=True,
            check=False,
            timeout=240,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: object, deaf: bool = False) -> subprocess.Popen[bytes]:
        """In the background, in a group of its own, as a shell starts a job. ``deaf`` to SIGINT,
        as a script's ``&`` leaves it.
        """
        ignoring = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"] if deaf else []
        return subprocess.Popen(
            [*ignoring, COMMAND, *map(str, words)],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def type(self, *words: object, answers: Mapping[str, str]) -> Done:
        """On a terminal: each answer is typed once, when its question has been printed."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execve(COMMAND, [str(COMMAND), *map(str, words)], self.environ)
        seen, waiting, ends = "", dict(answers), time.monotonic() + 240
        while time.monotonic() < ends:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data.decode("utf-8", "replace")
            for question in [q for q in waiting if q in seen]:
                os.write(terminal, f"{waiting.pop(question)}\n".encode())
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        return Done(os.waitstatus_to_exitcode(status), seen, "")

    @staticmethod
    def printed(path: Path) -> str:
        """All that the cells of an executed notebook printed or returned."""
        parts = []
        for cell in json.loads(path.read_bytes())["cells"]:
            for output in cell.get("outputs", ()):
                text = output.get("text", output.get("data", {}).get("text/plain", ""))
                parts.append(text if isinstance(text, str) else "".join(text))
        return "".join(parts)

    def workers(self) -> list[psutil.Process]:
        """Living processes out of the cache: kernels and builders."""
        found = []
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
                dead = process.status() == psutil.STATUS_ZOMBIE
            except psutil.Error:
                continue
            if not dead and any(self.environ["BINDERCLIP_CACHE"] in word for word in words):
                found.append(process)
        return found

    @staticmethod
    def eventually(condition: Callable[[], bool], *, within_s: float = 60) -> bool:
        """Wait until ``condition`` holds."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            if condition():
                return True
            time.sleep(0.05)
        return condition()


@pytest.fixture
def shell(tmp_path: Path, environ: dict[str, str]) -> Shell:
    return Shell(tmp_path, environ)


MakeNotebook = Callable[..., Path]


@pytest.fixture
def notebook(tmp_path: Path) -> MakeNotebook:
    """Write a notebook of code cells; ``binder`` is its metadata, None for none."""

    def make(*cells: str, name: str = "a.ipynb", binder: Any = SMALL, tag: str = "") -> Path:
        content = {
            "cells": [
                {
                    "cell_type": "code",
                    "execution_count": None,
                    "id": f"cell-{number}",
                    "metadata": {"tags": [tag]} if tag and number == 0 else {},
                    "outputs": [],
                    "source": source,
                }
                for number, source in enumerate(cells)
            ],
            "metadata": {} if binder is None else {"binder": binder},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path = tmp_path / name
        path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        return path

    return make


@dataclass
class Web:
    """A server of files on loopback: ``pages`` by path."""

    url: str
    pages: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture
def web() -> Iterator[Web]:
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path.partition("?")[0])
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Web(f"http://127.0.0.1:{server.server_port}", pages)
    server.shutdown()
    thread.join()
    server.server_close()
