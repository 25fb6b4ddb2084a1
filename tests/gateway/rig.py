"""The service for tests: in this process without a socket, or as a real server on loopback.

settings = settings_for(tmp_path)                      # local alone; keywords replace fields
async with inside(settings) as client:                 # httpx over ASGI, the lifespan runs
    answer = await client.get("health")                # paths are below the public address
    client.app.state.gateway                           # the Gateway

with running(settings) as url: …                       # uvicorn in a thread of this process
with process(folder, "--on", "local") as served: …     # `binderclip serve` itself
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import psutil
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from binderclip.gateway.app import create
from binderclip.gateway.settings.model import PlaceSettings, Settings

_LEASH = Path(__file__).resolve().parents[1] / "hubs" / "leash.py"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

LOCAL = PlaceSettings(name="local", kind="local", title="this machine")
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""Servers of tests are there, where strangers' notebooks never are."""


def settings_for(folder: Path, *places: PlaceSettings, **fields: Any) -> Settings:
    """Settings with ``places`` (else ``local`` alone), the first of which is the default."""
    places = places or (LOCAL,)
    return Settings(
        **{
            "public_url": "http://gateway.test/",
            "places": MappingProxyType({place.name: place for place in places}),
            "default": places[0].name,
            "secret": b"a secret of tests, and of tests alone",
            "storage": folder / "gateway",
            "allowed_networks": LOOPBACK,
            **fields,
        }
    )


class Client(httpx.AsyncClient):
    """Its addresses are relative to the public one; cookies are kept as a browser keeps them."""

    app: Starlette


@asynccontextmanager
async def inside(settings: Settings, **options: Any) -> AsyncIterator[Client]:
    """The application in this process; errors that reach its outside are raised here."""
    app = create(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
        options = {"base_url": settings.public_url, "transport": transport, **options}
        async with Client(**options) as client:
            client.app = app
            yield client


def _as_it_is(app: Starlette) -> ASGIApp:
    return app


@contextmanager
def running(
    settings: Settings, *, wrap: Callable[[Starlette], ASGIApp] = _as_it_is, **options: Any
) -> Iterator[str]:
    """A uvicorn in a thread, on a port of its own; the address that it is reached by, which ends in
    the prefix. ``settings`` may be for it: ``public_url`` is replaced unless it names loopback.
    ``wrap`` may put something before the application.
    """
    with listener() as bound:
        port = bound.getsockname()[1]
        settings = reached_at(settings, f"http://127.0.0.1:{port}")
        config = uvicorn.Config(
            wrap(create(settings)), log_level="warning", timeout_graceful_shutdown=2, **options
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        try:
            wait_for(lambda: server.started or not thread.is_alive(), "the server to start")
            assert thread.is_alive(), "the server did not start"
            yield settings.public_url
        finally:
            server.should_exit = True
            thread.join(30)


def reached_at(settings: Settings, origin: str) -> Settings:
    """``settings`` with the public address at ``origin``; its prefix stays."""
    return replace(settings, public_url=f"{origin}{settings.prefix}")


@contextmanager
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield bound


def free_port() -> int:
    with listener() as bound:
        return int(bound.getsockname()[1])


def wait_for(ready: Any, what: str, within_s: float = 60) -> None:
    ends = time.monotonic() + within_s
    while not ready():
        assert time.monotonic() < ends, f"waited too long for {what}"
        time.sleep(0.05)


@dataclass
class Served:
    """A process that serves. ``url`` ends in ``/``; ``log`` is all that it printed."""

    url: str
    folder: Path
    pid: int

    @property
    def log(self) -> str:
        file = self.folder / "serve.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    @property
    def code(self) -> int | None:
        """Its exit code once it is over; a signal's number and 128 where that ended it."""
        found = re.search(r"^exit code (\d+)$", self.log, re.MULTILINE)
        return int(found[1]) if found else None

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def ended(self, within_s: float = 60) -> bool:
        """Whether it is over within that time."""
        ends = time.monotonic() + within_s
        while self.code is None and time.monotonic() < ends:
            time.sleep(0.05)
        return self.code is not None


@contextmanager
def process(
    folder: Path,
    *words: str,
    environ: Mapping[str, str] | None = None,
    python: str = sys.executable,
    path: str = "health",
    base: str | None = None,
) -> Iterator[Served]:
    """``binderclip serve WORDS`` with nothing of whoever runs the tests, on a free port unless
    ``--listen`` is among the words; yields once it answers. ``base`` is where it is asked, by
    default the address that it prints.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if "--listen" not in words:
        words = (*words, "--listen", "127.0.0.1:0")
    # The shell between is there to tell the exit code.
    telling = ["/bin/sh", "-c", '"$@"; echo "exit code $?"', "sh"]
    command = [*telling, python, "-m", "binderclip", "serve", *words]
    leash = subprocess.Popen(
        [sys.executable, str(_LEASH), str(folder / "serve.log"), *command],
        cwd=folder,
        env={**_environ(folder), **(environ or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert leash.stdout is not None
    try:
        served = Served(base or "", folder, 0)
        served.pid = _child(int(leash.stdout.readline()), served)
        served.url = base or _printed(served)
        wait_for(lambda: _answers(served.url + path) or served.code is not None, "an answer")
        assert served.code is None, served.log
        yield served
    finally:
        leash.communicate()


def _child(shell: int, served: Served) -> int:
    """Its number; 0 where it was over at once."""
    found: list[int] = []

    def look() -> bool:
        with suppress(psutil.Error):
            found.extend(one.pid for one in psutil.Process(shell).children())
        return bool(found) or served.code is not None

    wait_for(look, "the process")
    return found[0] if found else 0


def _printed(served: Served) -> str:
    """The address that it prints, as a sentence or as a line of JSON."""
    pattern = re.compile(r'(?:Serving at |"url": ")(https?://[^\s"]+/)')
    wait_for(lambda: pattern.search(served.log) or served.code is not None, "its address")
    found = pattern.search(served.log)
    assert found, f"the service did not start:\n{served.log}"
    return found[1]


def _answers(url: str) -> bool:
    try:
        with _OPENER.open(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _environ(folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TMPDIR": str(folder),
        "BINDERCLIP_CACHE": str(folder / "cache"),
        "BINDERCLIP_STATE": str(folder / "state"),
        "BINDERCLIP_CONFIG": str(folder / "config"),
    }
