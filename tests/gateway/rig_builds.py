"""``/build`` as its clients see it, with launches that a test tells what to do.

async with builds(settings) as (app, worker):          # in this process, without a socket
    async with asked(app, "/build/notebook/…") as client:
        await client.until(b"launching")
        events(client.text)

with serving(settings, worker) as url: …               # uvicorn in a thread, for real clients
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import uvicorn
from httpx import Headers, Response
from httpx_sse import EventSource
from starlette.applications import Starlette
from tests.gateway.rig import listener, reached_at, wait_for
from tests.gateway.rig_streams import Client, opened

from binderclip.errors import BinderclipError
from binderclip.events import Log, Progress
from binderclip.gateway.app import create
from binderclip.gateway.builds.build import Builds
from binderclip.gateway.launches.launch import Step
from binderclip.gateway.launches.model import Landing, Order
from binderclip.gateway.launches.table import Landed, Launches
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.streams.patience import PatientProtocol

SERVER = "http://127.0.0.1:9/user/x/"
TOKEN = "the-token-of-the-server"


LANDING = Landing(f"{SERVER}lab/tree/a%20b.ipynb", SERVER, TOKEN)


@dataclass
class Worker:
    """Lands at ``landing``, or fails with ``error``; waits for ``go`` where it is held."""

    landing: Landing = LANDING
    error: BinderclipError | None = None
    held: bool = False
    orders: list[Order] = field(default_factory=list)
    cancelled: int = 0
    stopped: int = 0
    go: threading.Event = field(default_factory=threading.Event)

    async def look(self, order: Order, _tell: Callable[[Step], None]) -> Order:
        self.orders.append(order)
        return order

    async def land(self, _order: Order, tell: Callable[[Step], None]) -> Landed:
        tell(Progress("resolving", "asking for the branch"))
        tell(Progress("building", "building the image"))
        tell(Log("Step 1 : FROM scratch"))
        tell(Progress("launching", "starting the server"))
        try:
            if self.held:
                await _set(self.go)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error

        async def stop() -> None:
            self.stopped += 1

        return Landed(self.landing, stop)


async def _set(event: threading.Event) -> None:
    """Until it is; in a test's own thread, or another's."""
    while not event.is_set():  # noqa: ASYNC110 - asyncio's own event belongs to one thread
        await asyncio.sleep(0.01)


def with_worker(app: Starlette, worker: Worker) -> Starlette:
    """``app``, whose launches are done by ``worker`` once it runs."""
    inner: Callable[[Any], AbstractAsyncContextManager[Any]] = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Any]:
        async with inner(app) as state:
            gateway = app.state.gateway
            made = Launches(worker, gateway.settings.limits, gateway.counter)
            app.state.gateway = replace(gateway, launches=made)
            yield state
            await made.close(0)

    app.router.lifespan_context = lifespan
    return app


@asynccontextmanager
async def builds(
    settings: Settings, back_s: float = 0.05
) -> AsyncIterator[tuple[Starlette, Worker]]:
    """``back_s`` is how long a client may be away."""
    worker = Worker()
    app = with_worker(create(settings), worker)
    app.state.builds = Builds(back_s)
    async with app.router.lifespan_context(app):
        yield app, worker


def asked(
    app: Starlette,
    target: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    host: str = "gateway.test",
) -> AbstractAsyncContextManager[Client]:
    """``target`` is a path with its query, quoted."""
    path, _, query = target.partition("?")
    from urllib.parse import unquote

    said = Headers({"Host": host, "Accept": "text/event-stream", **(headers or {})})
    scope = {
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(key.lower(), value) for key, value in said.raw],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 50000),
    }
    return opened(app, method, scope)


def events(text: bytes) -> list[dict[str, Any]]:
    answer = Response(200, headers={"content-type": "text/event-stream"}, content=text)
    return [json.loads(event.data) for event in EventSource(answer).iter_sse() if event.data]


def build_of(address: str, **query: str) -> str:
    asked_for = "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items())
    return f"/build/notebook/{quote(address, safe='')}" + (f"?{asked_for}" if asked_for else "")


@contextmanager
def serving(settings: Settings, worker: Worker) -> Iterator[str]:
    """The address, which ends in ``/``."""
    with listener() as bound:
        settings = reached_at(settings, f"http://127.0.0.1:{bound.getsockname()[1]}")
        app = with_worker(create(settings), worker)
        config = uvicorn.Config(
            app, http=PatientProtocol, log_level="warning", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        try:
            wait_for(lambda: server.started or not thread.is_alive(), "the server to start")
            yield settings.public_url
        finally:
            server.should_exit = True
            thread.join(30)
