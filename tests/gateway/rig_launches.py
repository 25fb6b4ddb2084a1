"""Launches for tests: notebooks on loopback, orders, and a worker that does as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.gateway.rig_http import listening

from binderclip import sources
from binderclip.events import Progress
from binderclip.flow import opened_from
from binderclip.gateway.launches.launch import Step
from binderclip.gateway.launches.model import Landing, Look, Order
from binderclip.gateway.launches.table import Landed
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.notebook import parse
from binderclip.pages.excerpt import excerpt

PLACE = PlaceSettings(name="here", kind="local", title="this machine", at_once=2, sessions=50)
AWAY = PlaceSettings(name="away", kind="binderhub", title="a hub", url="https://hub.test/")


def notebook(binder: object = None, *, code: str = "6 * 7", **metadata: object) -> bytes:
    """An .ipynb of one title and one cell."""
    if binder is not None:
        metadata["binder"] = binder
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# A title\n\nwords"},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": code,
        },
    ]
    value = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    return json.dumps(value).encode()


def look_at(data: bytes, url: str = "https://example.org/a.ipynb") -> Look:
    """What a Looker would give, without a network."""
    source = sources.resolve(url)
    read = parse(data, source.name)
    opened = opened_from(source, read)
    return Look(source, opened, excerpt(read), (), (), "digest")


def order(place: PlaceSettings = PLACE, owner: str = "ada", **fields: Any) -> Order:
    fields.setdefault("client", owner)
    if not {"source", "environment", "look"} & fields.keys():
        fields["look"] = look_at(notebook())
    return Order(place=place, owner=owner, **fields)


@dataclass
class Fake:
    """A worker. Launches land when ``gate`` is open; sessions of this process live until ``over``
    is set; ``log`` is what happened.
    """

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None
    stop_error: Exception | None = None
    lives: bool = True
    log: list[str] = field(default_factory=list)
    running: int = 0
    most: int = 0

    async def look(self, order: Order, tell: Callable[[Step], None]) -> Order:
        tell(Progress("fetching", "looking"))
        if order.look is None and order.source is not None:
            return replace(order, look=look_at(notebook(), order.source.address))
        return order

    async def land(self, order: Order, tell: Callable[[Step], None]) -> Landed:
        self.running += 1
        self.most = max(self.most, self.running)
        tell(Progress("building", f"for {order.owner}"))
        try:
            await self._through()
        except BaseException:
            self.log.append("cleaned up")
            raise
        finally:
            self.running -= 1
        landing = Landing("https://s.test/lab", "https://s.test/", token="a-token")

        async def stop() -> None:
            await asyncio.sleep(0)
            if self.stop_error is not None:
                raise self.stop_error
            self.log.append("stopped")

        async def life() -> str:
            await self.over.wait()
            return "nobody used it"

        return Landed(landing, stop, life if self.lives else None)

    async def _through(self) -> None:
        await self.gate.wait()
        if self.error is not None:
            raise self.error


@contextmanager
def files(contents: Mapping[str, bytes]) -> Iterator[str]:
    """A web server on loopback with these files; its address, which ends in ``/``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = contents.get(self.path.partition("?")[0].lstrip("/"))
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *words: object) -> None:
            pass

    with listening(Handler) as port:
        yield f"http://127.0.0.1:{port}/"
