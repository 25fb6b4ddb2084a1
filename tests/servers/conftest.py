"""A real Jupyter Server, and one that answers what a test tells it to."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from binderclip.errors import SessionError
from binderclip.guard import OpenGuard
from binderclip.servers import Server
from binderclip.servers.contents import Contents
from binderclip.session import Session
from binderclip.web import Web

_START_S = 90
T = TypeVar("T")
With = Callable[[Callable[[Contents], Awaitable[T]]], T]


@dataclass(frozen=True)
class Running:
    """A Jupyter Server that answers; ``root`` is its folder."""

    url: str
    token: str
    root: Path
    process: subprocess.Popen[bytes]

    @property
    def session(self) -> Session:
        return Session("server", "s", url=self.url, token=self.token, owned=False)


@pytest.fixture(scope="session")
def jupyter(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all tests of a worker, below a prefix as on a hub, without anyone's settings."""
    base = tmp_path_factory.mktemp("jupyter")
    (base / "root").mkdir()
    token = secrets.token_hex(16)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environ |= {f"JUPYTER_{part}_DIR": str(base / part) for part in ("CONFIG", "DATA", "RUNTIME")}
    environ |= {"HOME": str(base), "JUPYTER_TOKEN": token, "XDG_DATA_HOME": str(base / "share")}
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        "--ServerApp.base_url=/at/a-prefix/",
        f"--ServerApp.root_dir={base / 'root'}",
    ]
    with (base / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(tools / "hub" / "bin" / "python"), "-m", "jupyter_server", *options],
            env=environ,
            stdout=log,
            stderr=log,
        )
    try:
        url = _ready(process, base, token)
        yield Running(url, token, base / "root", process)
    finally:
        process.terminate()
        process.wait(20)


def _ready(process: subprocess.Popen[bytes], base: Path, token: str) -> str:
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
        for path in (base / "RUNTIME").glob("jpserver-*.json"):
            try:
                url = str(json.loads(path.read_bytes())["url"])
                asked = Request(f"{url}api/status", headers={"Authorization": f"token {token}"})
                with opener.open(asked, timeout=5):
                    return url
            except (ValueError, URLError, OSError):
                continue
    pytest.fail(f"the Jupyter Server did not come up:\n{(base / 'log').read_text()[-3000:]}")


async def _with(url: str, token: str, work: Callable[[Contents], Awaitable[T]]) -> T:
    async with Web(OpenGuard(), failure=SessionError, timeout_s=20) as web:
        session = Session("server", "s", url=url, token=token, owned=False)
        return await work(Contents(Server(web, session)))


@pytest.fixture
def on_jupyter(jupyter: Running) -> Callable[..., Any]:
    """Run a coroutine function over the contents of the real server."""
    return lambda work: asyncio.run(_with(jupyter.url, jupyter.token, work))


@pytest.fixture
def folder(jupyter: Running) -> str:
    """A folder of the real server for one test, by its path there."""
    name = f"test-{secrets.token_hex(6)}"
    (jupyter.root / name).mkdir()
    return name


TOKEN = "a-token-that-shows-nowhere"


class Exchange(BaseHTTPRequestHandler):
    """One request; ``server.told`` answers it."""

    server: _Told
    timeout = 20
    protocol_version = "HTTP/1.1"

    def _go(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.told.seen.append(self)
        self.server.told.answer(self)

    do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = _go  # noqa: N815 - the library's names

    def give(
        self,
        data: object,
        *,
        status: int = 200,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        stated = {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}
        for name, value in stated.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Quiet."""


class _Told(ThreadingHTTPServer):
    daemon_threads = True
    told: Told

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


@dataclass
class Told:
    """A server that does as it is told: ``answer`` gets each request, and ``seen`` all of them."""

    url: str
    answer: Callable[[Exchange], None] = lambda exchange: exchange.give({}, status=500)
    seen: list[Exchange] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """``PUT api/contents/x`` for each request."""
        return [f"{one.command} {one.path.removeprefix('/u/').split('?')[0]}" for one in self.seen]


@pytest.fixture
def told() -> Iterator[Told]:
    server = _Told(("127.0.0.1", 0), Exchange)
    server.told = Told(f"http://127.0.0.1:{server.server_address[1]}/u/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def on_told(told: Told) -> Callable[..., Any]:
    """Run a coroutine function over the contents of the server that is told what to answer."""
    return lambda work: asyncio.run(_with(told.url, TOKEN, work))


@pytest.fixture(autouse=True)
def _loopback_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
