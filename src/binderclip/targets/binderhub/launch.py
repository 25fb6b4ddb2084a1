"""One launch on one hub, from the request to a session; and its undoing."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from binderclip.errors import BinderclipError, LaunchError, Unreachable
from binderclip.events import Event, Progress, Ready
from binderclip.records import Ledger
from binderclip.session import Session
from binderclip.targets.binderhub.build import Build, Hub
from binderclip.targets.binderhub.deadlines import Deadlines
from binderclip.targets.binderhub.launched import settled, stopped
from binderclip.web import Web

# Hubs go on building when we are gone, and whoever asks again is told of the same build. Each time
# counts as a launch where those are limited.
_ASKED = 3


@dataclass
class Launch:
    """``until`` is the event loop's time when all must be over."""

    web: Web
    hub: Hub
    path: str
    ledger: Ledger
    deadlines: Deadlines
    until: float
    _session: Session | None = field(default=None, repr=False)
    _hub_token: str | None = field(default=None, repr=False)

    async def events(self) -> AsyncGenerator[Event, None]:
        """Progress, Log, and Ready. Left early, or failing, nothing stays behind that could be
        ended.
        """
        build = Build(self.web, self.hub, self.path, self.deadlines, self.until)
        try:
            for left in reversed(range(_ASKED)):
                try:
                    async with aclosing(build.events()) as events:
                        async for event in events:
                            yield event
                    break
                except Unreachable:
                    if not left or not build.resumable:
                        raise
                await build.close()
                yield Progress("waiting", "the connection broke; asking again, the build goes on")
                build = Build(self.web, self.hub, self.path, self.deadlines, self.until)
            self._begin(build)
            await build.close()
            yield Progress("launching", "the server is there; waiting for its answer")
            session = await self._settled()
        except (GeneratorExit, asyncio.CancelledError):
            await to_its_end(self._left(build))
            raise
        except BaseException:
            await to_its_end(self._undone(build))
            raise
        yield Ready(session)

    def _begin(self, build: Build) -> None:
        assert build.up is not None  # noqa: S101 - events() ended without an error
        url, token = build.up.url, build.up.token
        self._hub_token = None if build.redirected else self.hub.token
        self._session = Session(
            "binderhub", secrets.token_hex(8), url=url, token=token, throwaway=True
        )
        self.ledger.note(self._session, place=self.hub.place)

    async def _settled(self) -> Session:
        assert self._session is not None  # noqa: S101 - begun before
        session = await settled(self.web, self._session, self._hub_token, self.deadlines.up_s)
        if session != self._session:
            self.ledger.note(session, place=self.hub.place)
        self._session = session
        return session

    async def _left(self, build: Build) -> None:
        """Somebody went before it was over. A server that the hub was asked for comes up all the
        same, and who waits for it can end it.
        """
        if build.begun and build.up is None:
            with suppress(BinderclipError, TimeoutError):
                async with asyncio.timeout(self.deadlines.left_s):
                    await build.awaited()
        if build.up is not None and self._session is None:
            with suppress(BinderclipError):
                self._begin(build)
        await self._undone(build)

    async def _undone(self, build: Build) -> None:
        """What fails here was not what went wrong: the ledger still has it."""
        await build.close()
        session, deadlines = self._session, self.deadlines
        if session is None:
            return
        with suppress(BinderclipError):
            if session.hub is None and self._hub_token:
                try:
                    session = await settled(self.web, session, self._hub_token, deadlines.stop_s)
                except LaunchError:
                    session = replace(session, token=self._hub_token)
            await stopped(self.web, session, deadlines.stop_s)
            self.ledger.drop(session.id)


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do ``work`` whole, even if cancelled meanwhile."""
    task = asyncio.create_task(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    task.result()
