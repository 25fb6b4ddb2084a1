"""One launch on one BinderHub: the stream of ``GET /build/PROVIDER/SPEC``.

BinderHub does not end a stream in good time: it is left at the first ``ready`` or ``failed``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked, printable
from binderclip.errors import BinderclipError, LaunchError, SourceError, TimedOut, Unreachable
from binderclip.events import Event, Progress
from binderclip.guard import Guard
from binderclip.hubs.near import misleads
from binderclip.targets.binderhub import told as tellings
from binderclip.targets.binderhub.deadlines import Deadlines
from binderclip.targets.binderhub.failures import Circumstances, answered, failed
from binderclip.targets.binderhub.said import Clean
from binderclip.targets.binderhub.showing import Showing
from binderclip.targets.binderhub.told import Told
from binderclip.web import Web

_A_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True, slots=True)
class Hub:
    """``url`` is the base that its probe found; ``token`` is the person's there, or None."""

    url: str
    token: str | None = field(repr=False)

    @property
    def place(self) -> str:
        """As people write it: ``hub.example.org``, ``hub.example.org/binder``."""
        return masked(self.url).partition("://")[2].rstrip("/")


@dataclass(frozen=True, slots=True)
class Up:
    """A server that a hub launched: ``url`` ends in ``/``."""

    url: str = field(repr=False)
    token: str = field(repr=False)


class Build:
    """Asks ``hub`` for ``path``; iterate ``events`` to the end, and ``up`` is the server.

    ``begun`` is True once the hub may have asked for a server: who leaves the stream then leaves a
    server behind, and does better to call ``awaited``. ``until`` is the event loop's time when all
    must be over. ``close`` it in any case.
    """

    def __init__(self, web: Web, hub: Hub, path: str, deadlines: Deadlines, until: float) -> None:
        self._web, self._hub, self._path = web, hub, path
        self._deadlines, self._until = deadlines, until
        self._clean = Clean([hub.token])
        self._showing = Showing(hub.place, self._clean)
        self._stack = AsyncExitStack()
        self._data: AsyncIterator[str] = _nothing()
        self._pending: asyncio.Task[str | None] | None = None
        self._from = hub.url
        self.begun = False
        self.up: Up | None = None

    async def events(self) -> AsyncGenerator[Event, None]:
        """Progress and Log. Raises the errors of ``failures``, TimedOut, Unreachable."""
        await self._open()
        if self.redirected:
            place = Hub(f"{parse(self._from).origin}/", None).place
            yield Progress("resolving", f"{self._hub.place} sends us on to {place}")
        while not (told := await self._next()).last:
            for event in self._showing.events(told):
                yield event
        for event in self._showing.rest():
            yield event
        self.up = await self._ended(told)

    @property
    def resumable(self) -> bool:
        """A build had begun, and no server had been asked for."""
        return bool(self._showing.phase) and not self.begun

    @property
    def redirected(self) -> bool:
        """Another host answers, as in a federation; it never saw the hub's token."""
        return parse(self._from).origin != parse(self._hub.url).origin

    async def awaited(self) -> None:
        """Read on, showing nothing, until the server is there. Raises as ``events``."""
        while not (told := await self._next()).last:
            pass
        self.up = await self._ended(told)

    async def close(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            with suppress(asyncio.CancelledError, BinderclipError):
                await self._pending
            self._pending = None
        await self._stack.aclose()

    async def _open(self) -> None:
        url, silence_s = f"{self._hub.url}{self._path}", self._deadlines.silence_s
        try:
            async with asyncio.timeout_at(self._until):
                answer, self._data = await self._stack.enter_async_context(
                    self._web.events(url, token=self._hub.token, silence_s=silence_s)
                )
        except TimeoutError as error:
            raise self._too_long() from error
        except Unreachable as error:
            self._look_closer(error)
            raise
        self._from = answer.url
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not answer.ok or kind != "text/event-stream":
            raise answered(answer, self._around())

    async def _next(self) -> Told:
        """The next event; what is none is told of in a line of the log."""
        if self._pending is None:
            # A task, so that the stream outlives our being cancelled here.
            self._pending = asyncio.ensure_future(_following(self._data))
        left_s = self._until - asyncio.get_running_loop().time()
        wait_s = max(0.0, min(self._deadlines.between_events_s, left_s))
        done, _ = await asyncio.wait({self._pending}, timeout=wait_s)
        if not done:
            raise self._too_long() if wait_s >= left_s else self._quiet()
        task, self._pending = self._pending, None
        try:
            data = task.result()
        except Unreachable as error:
            self._look_closer(error)
            raise
        if data is None:
            raise Unreachable(
                f"{self._hub.place} ended its answer before the launch was over{self._while()}",
                hint="try again: a build that goes on there is taken up where it is",
            )
        # What is no event is not shown: it may be a broken one, and hold a token.
        told = tellings.parse(data) or Told("unknown", f"({len(data):,} characters, no event)\n")
        self.begun = self.begun or told.phase in {"built", "launching"}
        return told

    async def _ended(self, told: Told) -> Up:
        """The server of the last event. Raises what became of it instead."""
        if told.phase != "ready":
            raise failed(told, self._around())
        if told.url is None or told.token is None:
            only = ": it only builds images" if told.image else ""
            raise LaunchError(
                f"{self._hub.place} says ready, and names no server{only}",
                hint="name another hub with --on: this one launches nothing",
            )
        if not _A_TOKEN.fullmatch(told.token):
            raise LaunchError(
                f"{self._hub.place} launched a server whose token no request can carry",
                hint="name another hub with --on: this one is not a BinderHub as we know it",
            )
        url = await server_address(told.url, self._from, self._hub.place, self._web.guard)
        return Up(url, told.token)

    def _around(self) -> Circumstances:
        provider, _, spec = self._path.removeprefix("build/").partition("/")
        return Circumstances(
            place=self._hub.place,
            url=self._hub.url,
            spec=f"{provider}/{printable(unquote(spec))}",
            phase=self._showing.phase,
            tail=tuple(self._showing.tail),
            known=self._hub.token is not None,
            clean=self._clean,
        )

    def _while(self) -> str:
        return f" (last: {self._clean.said(self._showing.phase)})" if self._showing.phase else ""

    def _look_closer(self, error: Unreachable) -> None:
        """Raise TimedOut for a silence: that is an outcome of its own."""
        import httpcore  # noqa: PLC0415 - slow to import, and loaded with the connection

        if isinstance(error.__cause__, httpcore.ReadTimeout):
            raise TimedOut(
                f"{self._hub.place} fell silent: nothing came for "
                f"{self._deadlines.silence_s:g} s{self._while()}",
                hint="try again; hubs that are alive send something every 25 s",
            ) from error

    def _quiet(self) -> TimedOut:
        return TimedOut(
            f"{self._hub.place} is alive and told nothing new for "
            f"{self._deadlines.between_events_s:g} s{self._while()}",
            hint="try again later: a build that goes on there is taken up where it is",
        )

    def _too_long(self) -> TimedOut:
        return TimedOut(
            f"the launch was not over within {self._deadlines.overall_s:g} s, at "
            f"{self._hub.place}{self._while()}",
            hint="try again: a build that goes on there is taken up where it is",
        )


async def _following(data: AsyncIterator[str]) -> str | None:
    return await anext(data, None)


async def _nothing() -> AsyncGenerator[str, None]:
    return
    yield


async def server_address(url: str, hub: str, place: str, guard: Guard) -> str:
    """The server's address, if it is one that we go to with a token. Raises LaunchError."""
    try:
        link = parse(urljoin(hub, url))
    except (SourceError, ValueError) as error:
        raise LaunchError(
            f"{place} launched a server at {masked(url)!r}, expected an http(s) address",
            hint="ask those who run the hub: its hub_url is not set well",
        ) from error
    if link.userinfo is not None:
        raise LaunchError(
            f"{place} launched a server at {masked(url)!r}, expected an address without a user",
            hint="ask those who run the hub: its hub_url is not set well",
        )
    if hub.startswith("https:") and link.scheme != "https":
        raise LaunchError(
            f"{place} is asked over https, and its server is at {masked(link.url)}, without",
            hint="whoever listens in could run code there: ask those who run the hub",
        )
    if await misleads(hub, link.url, guard):
        raise LaunchError(
            f"{place} launched a server at {masked(link.url)}, which is on this machine or in a "
            "private network, and the hub is not",
            hint="name another hub with --on: what would run is not what this one launched",
        )
    return f"{link.origin}{link.path.rstrip('/')}/"
