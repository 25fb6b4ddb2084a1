"""A gateway that says what a test has it say, and a Jupyter Server beside it: for what a sound one
never does. Both in a thread, on loopback.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.gateway.rig import listener

TOKEN = "token-of-the-person-4711"
SERVER_TOKEN = "token-of-the-server-4712"


@dataclass
class Scripted:
    """``streams`` are the events of each connection in turn, the last one's of all later ones:
    bytes as they are sent. ``asked`` is every request: its method, path and headers.
    """

    url: str
    streams: list[list[bytes]] = field(default_factory=list)
    started: tuple[int, Any, dict[str, str]] = (201, {"id": "abc", "kind": "binderhub"}, {})
    leads: str | None = None
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    running: bool = True

    def renew(self) -> None:
        """As it was made."""
        fresh = Scripted(self.url)
        for one in fields(self):
            setattr(self, one.name, getattr(fresh, one.name))

    def methods(self, path: str) -> list[str]:
        return [method for method, one, _ in self.asked if one == path]

    def headers(self, path: str) -> list[dict[str, str]]:
        return [headers for _, one, headers in self.asked if one == path]

    def ready(self, **said: Any) -> bytes:
        server = {"url": f"{self.url}srv/lab", "server": f"{self.url}srv/", "token": SERVER_TOKEN}
        return event("ready", json.dumps({**server, "remarks": [], **said}))

    def routes(self) -> list[Route]:
        return [
            Route("/versions", self._versions),
            Route("/health", self._health),
            Route("/api/v1/launches", self._start, methods=["POST"]),
            Route("/api/v1/launches/{id}/events", self._events),
            Route("/api/v1/launches/{id}", self._end, methods=["DELETE"]),
            Route("/srv/api/status", self._status),
            Route("/srv/api/shutdown", self._shutdown, methods=["POST"]),
        ]

    def _note(self, request: Request) -> None:
        self.asked.append((request.method, request.url.path, dict(request.headers)))

    async def _versions(self, request: Request) -> Response:
        self._note(request)
        if self.leads:
            return RedirectResponse(f"{self.leads}versions")
        return JSONResponse({"binderclip_gateway": "1", "protocol": 1})

    async def _health(self, request: Request) -> Response:
        self._note(request)
        return JSONResponse({"ok": True})

    async def _start(self, request: Request) -> Response:
        self._note(request)
        status, body, headers = self.started
        if isinstance(body, str):
            return Response(body, status, headers)
        return JSONResponse(body, status, headers)

    async def _events(self, request: Request) -> Response:
        self._note(request)
        steps = self.streams.pop(0) if len(self.streams) > 1 else self.streams[0]
        return StreamingResponse(iter(steps), media_type="text/event-stream")

    async def _end(self, request: Request) -> Response:
        self._note(request)
        if request.headers.get("authorization") != f"token {TOKEN}":
            error = {"code": "not-found", "message": "no such launch of yours", "hint": None}
            return JSONResponse({"error": error}, 404)
        self.running = False
        return Response(status_code=204)

    async def _status(self, request: Request) -> Response:
        self._note(request)
        if not self.running:
            return JSONResponse({}, 404)
        if request.headers.get("authorization") != f"token {SERVER_TOKEN}":
            return JSONResponse({}, 403)
        return JSONResponse({"started": "2026-01-01T00:00:00Z", "kernels": 0})

    async def _shutdown(self, request: Request) -> Response:
        self._note(request)
        self.running = False
        return JSONResponse({})


def event(name: str, data: str, number: int | None = None) -> bytes:
    numbered = f"id: {number}\n" if number is not None else ""
    return f"event: {name}\n{numbered}data: {data}\n\n".encode()


@contextmanager
def scripted() -> Iterator[Scripted]:
    with listener() as bound:
        made = Scripted(f"http://127.0.0.1:{bound.getsockname()[1]}/")
        config = uvicorn.Config(Starlette(routes=made.routes()), log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        ends = time.monotonic() + 30
        while not server.started and time.monotonic() < ends:
            time.sleep(0.01)
        try:
            yield made
        finally:
            server.should_exit = True
            thread.join(30)
