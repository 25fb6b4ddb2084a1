"""The API in this process: notebooks come from a server on loopback, and launches are made by a
worker that a test tells what to do.

async with api(settings) as (client, worker): …
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.gateway.rig import Client, inside
from tests.gateway.rig_http import listening

from binderclip.errors import BinderclipError
from binderclip.events import Log, Progress
from binderclip.gateway.context import Gateway
from binderclip.gateway.launches.launch import Step
from binderclip.gateway.launches.looking import Looker
from binderclip.gateway.launches.model import Landing, Order
from binderclip.gateway.launches.table import Landed, Launches
from binderclip.gateway.settings.model import Settings
from binderclip.guard import PublicGuard

LANDING = Landing(
    url="https://hub.test/user/x/lab/tree/a.ipynb",
    server="https://hub.test/user/x/",
    token="the-token-of-the-server",
    remarks=("one thing went not quite right",),
)


@dataclass
class Worker:
    """Lands when ``go`` is set, or fails with ``error``."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    error: BinderclipError | None = None
    line: str = "building"
    landing: Landing = LANDING
    orders: list[Order] = field(default_factory=list)
    stopped: int = 0

    async def look(self, order: Order, tell: Callable[[Step], None]) -> Order:
        self.orders.append(order)
        tell(Progress("fetching", "fetching the notebook"))
        return order

    async def land(self, order: Order, tell: Callable[[Step], None]) -> Landed:
        assert order in self.orders
        tell(Log(self.line))
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        if self.error is not None:
            raise self.error

        async def stop() -> None:
            self.stopped += 1

        return Landed(self.landing, stop)


def offline(app: Starlette) -> ASGIApp:
    """``app`` before which no name leads anywhere, and whose launches land at once."""
    changed: list[Gateway] = []

    async def before(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not changed:
            changed.append(_offline(app.state.gateway))
            app.state.gateway = changed[0]
        await app(scope, receive, send)

    return before


def _offline(gateway: Gateway) -> Gateway:
    async def resolver(host: str, port: int) -> Any:
        raise OSError(f"{host}:{port} is not asked")

    worker, settings = Worker(), gateway.settings
    worker.go.set()
    return replace(
        gateway,
        looker=Looker(PublicGuard(resolver=resolver), settings),
        launches=Launches(worker, settings.limits, gateway.counter),
    )


@asynccontextmanager
async def api(settings: Settings, **options: Any) -> AsyncIterator[tuple[Client, Worker]]:
    worker = Worker()
    async with inside(settings, **options) as client:
        gateway: Gateway = client.app.state.gateway
        made = Launches(worker, settings.limits, gateway.counter)
        client.app.state.gateway = replace(gateway, launches=made)
        yield client, worker
        await made.close(0)


def notebook(binder: object = None, *, cells: tuple[str, ...] = ("# A title",)) -> bytes:
    """Without ``binder`` it names no environment."""
    metadata = {} if binder is None else {"binder": binder}
    body = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": metadata,
        "cells": [
            {"cell_type": "markdown", "id": f"c{number}", "metadata": {}, "source": text}
            for number, text in enumerate(cells)
        ],
    }
    return json.dumps(body).encode()


@contextmanager
def shelf(files: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """A web server with ``files``; its address, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            asked.append(name)
            data = files.get(name)
            self.send_response(200 if data is not None else 404)
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Nobody reads it."""

    with listening(Handler) as port:
        yield f"http://127.0.0.1:{port}/", asked
