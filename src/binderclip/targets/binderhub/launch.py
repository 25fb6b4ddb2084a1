"""One launch on one hub, from the request to a session; and its undoing."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from binderclip.addresses.link import parse
from binderclip.errors import BinderclipError, LaunchError, Unreachable
from binderclip.events import Event, Progress, Ready
from binderclip.records import Ledger
from binderclip.session import Session
from binderclip.targets.binderhub.build import Build, Hub
from binderclip.targets.binderhub.deadlines import Deadlines
from binderclip.targets.binderhub.launched import Settling, stopped
from binderclip.unbroken import to_its_end
from binderclip.web import Web

if TYPE_CHECKING:
    from binderclip.tokens import Tokens

# Hubs go on building when we are gone, and whoever asks again is told of the same build. Each time
# counts as a launch where those are limited.
_ASKED = 3


@dataclass
class Launch:
    """``until`` is the event loop's time when all must be over; ``tokens`` are the person's."""

    web: Web
    hub: Hub
    path: str
    ledger: Ledger
    deadlines: Deadlines
    until: float
    tokens: Tokens | None = None
    _settling: Settling | None = field(default=None, repr=False)

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
            settling = self._begin(build)
            await build.close()
            yield Progress("launching", "the server is there; waiting for its answer")
            session = await settling.up(self.deadlines.up_s)
        except (GeneratorExit, asyncio.CancelledError):
            await to_its_end(self._left(build))
            raise
        except BaseException:
            await to_its_end(self._undone(build))
            raise
        yield Ready(session)

    def _begin(self, build: Build) -> Settling:
        assert build.up is not None  # noqa: S101 - events() ended without an error
        session = Session(
            "binderhub",
            secrets.token_hex(8),
            url=build.up.url,
            token=build.up.token,
            throwaway=True,
        )
        self._settling = Settling(self.web, session, self._token_at, self._note)
        self._note(session)
        return self._settling

    def _note(self, session: Session) -> None:
        self.ledger.note(session, place=self.hub.place)

    def _token_at(self, api: str) -> str | None:
        """The person's token for a JupyterHub: one that was given for it, or the BinderHub's where
        both are on one origin. A hub's word leads it to no other.
        """
        if self.tokens and (token := self.tokens.of(api)):
            return token
        return self.hub.token if parse(api).origin == parse(self.hub.url).origin else None

    async def _left(self, build: Build) -> None:
        """Somebody went before it was over. A server that the hub was asked for comes up all the
        same, and who waits for it can end it.
        """
        if build.begun and build.up is None:
            with suppress(BinderclipError, TimeoutError):
                async with asyncio.timeout(self.deadlines.left_s):
                    await build.awaited()
        if build.up is not None and self._settling is None:
            with suppress(BinderclipError):
                self._begin(build)
        await self._undone(build)

    async def _undone(self, build: Build) -> None:
        """What fails here was not what went wrong: the ledger still has it."""
        await build.close()
        settling, stop_s = self._settling, self.deadlines.stop_s
        if settling is None:
            return
        with suppress(BinderclipError):
            if settling.session.hub is None and settling.hub_token:
                with suppress(LaunchError):
                    await settling.up(stop_s)
            await stopped(self.web, settling.session, settling.hub_token, stop_s)
            self.ledger.drop(settling.session.id)
