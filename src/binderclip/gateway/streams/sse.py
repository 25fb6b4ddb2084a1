"""Event streams as responses: ``streams_of(request).follow(launch, …)`` or ``.of(frames)``.

A stream holds no queue: a slow reader falls behind, and that is all that it costs. Readers that
take nothing at all are cut off below, by the connection (``streams.patience``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from binderclip.errors import BinderclipError
from binderclip.gateway.context import Gateway, one_in
from binderclip.gateway.streams.clock import BEAT_S, Clock
from binderclip.gateway.streams.frames import BEAT
from binderclip.gateway.streams.source import Follower, Source

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)


class Followed(Protocol[S_co]):
    """What has steps: a launch."""

    @property
    def id(self) -> str: ...

    def follow(self, start: int = 0) -> AsyncIterator[tuple[int, S_co]]: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """How a stream is held. ``last`` makes the frames that end it, once nothing more comes.
    ``counted`` is entered before anything is sent, for as long as the stream is open (it may raise
    RateLimited: that is raised, or sent as ``refused`` makes it). ``gone`` is awaited where the
    client went before the end. For ``linger_s`` after the end it is the client's to close.
    """

    start: int = 0
    last: Callable[[], bytes] = bytes
    counted: AbstractContextManager[object] = field(default_factory=nullcontext)
    refused: Callable[[BinderclipError], bytes] | None = None
    gone: Callable[[], Awaitable[None]] | None = None
    linger_s: Callable[[], float] = float
    headers: Mapping[str, str] | None = None


class Streams:
    """All streams of one process."""

    def __init__(self, beat_s: float = BEAT_S) -> None:
        self.clock = Clock(beat_s)
        self._shared: dict[tuple[str, object], Source] = {}

    def __len__(self) -> int:
        return len(self.clock)

    def follow(
        self,
        launch: Followed[S],
        framed: Callable[[int, S], bytes],
        terms: Terms | None = None,
    ) -> EventStream:
        """Its steps from ``terms.start`` on, made bytes once for all who follow it in the same
        way: ``framed`` is a function of a module, not a new one each time. It gives no bytes for
        steps that are not told.
        """
        key = (launch.id, framed)

        def source() -> Source:
            found = self._shared.get(key)
            if found is None:
                found = Source(_framed(launch, framed), lambda: self._forget(key))
                self._shared[key] = found
            return found

        return EventStream(source, self.clock, terms or Terms())

    def of(self, frames: AsyncIterator[bytes], terms: Terms | None = None) -> EventStream:
        """What ``frames`` yields, for this one alone. It is closed at the end."""
        return EventStream(
            lambda: Source(_numbered(frames), lambda: None), self.clock, terms or Terms()
        )

    def close(self) -> None:
        """No stream waits for its client to close it any more. Those of launches end with them."""
        self.clock.close()

    def _forget(self, key: tuple[str, object]) -> None:
        self._shared.pop(key, None)


def streams_of(connection: HTTPConnection) -> Streams:
    return streams_in(connection.app)


def streams_in(app: Starlette) -> Streams:
    return one_in(app, Streams)


@contextmanager
def counted(gateway: Gateway, client: str) -> Iterator[None]:
    """For ``Terms.counted``: by the client's limit, and for the metrics. Raises RateLimited."""
    with gateway.counter.stream(client), gateway.metrics.stream():
        yield


_HEADERS = [
    # Without a charset, which Starlette adds to text: some compare the whole value.
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class EventStream(Response):
    """The response. ``source`` is asked for when it starts.

    While nothing is sent it is no more than its request, which waits for the client to go: what
    there is to send is sent by a task for just that.
    """

    def __init__(self, source: Callable[[], Source], clock: Clock, terms: Terms) -> None:
        self.status_code = 200
        self.background = None
        # The same bytes for all of them.
        self.raw_headers = [*_HEADERS]
        if terms.headers:
            self.headers.update(terms.headers)
        self._source, self._clock, self._terms = source, clock, terms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False
        try:
            with self._terms.counted:
                begun = True
                await self._begin(send)
                if scope["method"] == "HEAD":
                    await _put(send, b"", more=False)
                    return
                follower = _Stream(self._source(), self._clock, self._terms, send)
                try:
                    await _disconnected(receive)
                except asyncio.CancelledError:
                    follower.raise_its_own()
                    raise
                finally:
                    await follower.close()
        except BinderclipError as error:
            if begun or self._terms.refused is None:
                raise
            await self._begin(send)
            await _put(send, self._terms.refused(error), more=False)
            return
        if not follower.complete and self._terms.gone is not None:
            await self._terms.gone()

    async def _begin(self, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )


class _Stream(Follower):
    """Sends what its source has for it, whenever it is woken. ``complete``: it sent the end."""

    __slots__ = ("_clock", "_error", "_request", "_send", "_source", "_task", "_terms", "complete")

    def __init__(self, source: Source, clock: Clock, terms: Terms, send: Send) -> None:
        super().__init__(terms.start)
        self.complete = False
        self._source, self._clock, self._terms, self._send = source, clock, terms, send
        self._request = asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        source.join(self)
        clock.add(self)
        self.wake()

    def wake(self) -> None:
        """There may be something to send. A task that is sending looks again by itself."""
        if self._task is None and not self.complete:
            self._task = asyncio.get_running_loop().create_task(self._sent())

    def raise_its_own(self) -> None:
        """Where a fault of sending is what ended the request."""
        if self._error is not None and self._request is not None:
            self._request.uncancel()
            raise self._error

    async def close(self) -> None:
        self._source.leave(self)
        self._clock.drop(self)
        self._request = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _sent(self) -> None:
        try:
            await self._send_all()
        except Exception as error:  # noqa: BLE001 - raised again in the request
            self._error = error
            if self._request is not None:
                self._request.cancel()
        finally:
            self._task = None

    async def _send_all(self) -> None:
        while True:
            if data := self._source.take(self):
                self.quiet = False
            elif self._source.ended:
                await self._end()
                return
            elif self.beat:
                data = BEAT
            else:
                return
            self.beat = False
            await _put(self._send, data, more=True)

    async def _end(self) -> None:
        if self._source.error is not None:
            raise self._source.error
        await _put(self._send, self._terms.last(), more=True)
        self.complete = True
        if (linger_s := self._terms.linger_s()) > 0:
            await self._clock.open_for(linger_s)
        await _put(self._send, b"", more=False)


async def _put(send: Send, body: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _framed(
    launch: Followed[S], framed: Callable[[int, S], bytes]
) -> AsyncGenerator[tuple[int, bytes], None]:
    steps = launch.follow()
    try:
        async for number, step in steps:
            if data := framed(number, step):
                yield number, data
    finally:
        if isinstance(steps, AsyncGenerator):
            await steps.aclose()


async def _numbered(frames: AsyncIterator[bytes]) -> AsyncGenerator[tuple[int, bytes], None]:
    number = 0
    try:
        async for one in frames:
            yield number, one
            number += 1
    finally:
        if isinstance(frames, AsyncGenerator):
            await frames.aclose()
