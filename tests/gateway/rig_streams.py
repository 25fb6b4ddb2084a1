"""Event streams without a server: an application's view of one client.

async with opened(response) as client:
    await client.until(b"data: 1")      # what was sent holds that
    client.leave()                      # it disconnects
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.types import ASGIApp, Message

from binderclip.events import Log, Progress
from binderclip.steps import Steps

WITHIN_S = 20.0


@dataclass(eq=False)
class Told:
    """What can be followed, as a launch can."""

    id: str = "a launch"
    steps: Steps[Progress | Log] = field(default_factory=lambda: Steps(2000))
    readings: int = 0

    async def follow(self, start: int = 0) -> AsyncIterator[tuple[int, Progress | Log]]:
        self.readings += 1
        async for one in self.steps.follow(start):
            yield one


@dataclass(eq=False)
class Client:
    """``stuck``: it takes nothing, as soon as that is set."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    ended: bool = False
    task: asyncio.Task[None] | None = None
    reading: asyncio.Event = field(default_factory=asyncio.Event)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _left: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: bool = False

    @property
    def text(self) -> bytes:
        return b"".join(self.bodies)

    def leave(self) -> None:
        self._left.set()

    async def until(self, found: bytes | Callable[[], bool]) -> None:
        def there() -> bool:
            return found in self.text if isinstance(found, bytes) else found()

        async with asyncio.timeout(WITHIN_S):
            while not there():
                assert self.task is not None
                if self.task.done():
                    self.task.result()
                    assert there(), self.text
                    return
                self._moved.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._moved.wait(), 0.02)

    async def closed(self) -> None:
        """Until the application is done with it."""
        assert self.task is not None
        async with asyncio.timeout(WITHIN_S):
            await self.task

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.reading.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            assert not self.ended, "sent after the end"
            self.bodies.append(message.get("body", b""))
            self.ended = not message.get("more_body", False)
            if self.ended:
                self._left.set()  # what servers say then (ASGI, "Disconnect")
        self._moved.set()


@asynccontextmanager
async def opened(
    app: ASGIApp, method: str = "GET", scope: Mapping[str, Any] | None = None
) -> AsyncIterator[Client]:
    client = Client()
    client.reading.set()
    full: dict[str, Any] = {"type": "http", "method": method, **(scope or {})}
    asked = app(full, client.receive, client.send)
    client.task = asyncio.ensure_future(cast("Coroutine[Any, Any, None]", asked))
    try:
        yield client
    finally:
        client.task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await client.task
