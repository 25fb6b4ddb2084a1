"""Waiting for a hub: for a start, for the end of another one, for the server to answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError, LaunchError, Refused, TimedOut, Unreachable
from binderclip.events import Progress
from binderclip.hubs.faults import home_page, no_scopes
from binderclip.hubs.jupyterhub import HubServerState, JupyterHub, Step
from binderclip.servers import Server
from binderclip.session import HubServer, Session
from binderclip.targets.jupyterhub.deadlines import Deadlines
from binderclip.targets.jupyterhub.options import Wish, about
from binderclip.web import Web
from binderclip.web.waits import FIRST_S, longer

# A stream that is cut at once so often will be cut again: the state is asked for, then.
_VAIN_STREAMS = 3
_IN_TIME = re.compile(r"time(d )?out|in time|in \d+ s", re.IGNORECASE)
# JupyterHub's own timeouts have no text (jupyterhub/user.py).
_NO_REASON = "the hub gives no reason, as where a start takes too long for it"
_FAILED = re.compile(r"(?:Spawn failed:? ?)?(?:HTTP \d+: [^(]*\((?P<why>.*)\)|(?P<other>.*))")


class Waiting:
    """On the server at ``place``; one clock runs for all of it."""

    def __init__(self, hub: JupyterHub, place: HubServer, deadlines: Deadlines) -> None:
        self._hub, self._place, self._deadlines = hub, place, deadlines
        self._clock = asyncio.get_running_loop().time
        self._until = self._clock() + deadlines.overall_s

    async def state(self) -> HubServerState | None:
        """As the hub has it. One that does not answer is asked again for a while, since hubs are
        restarted with their users' servers running. Raises Unreachable.
        """
        until, wait_s = self._clock() + self._deadlines.absence_s, FIRST_S
        while True:
            try:
                return await self._hub.server(self._place.user, self._place.name)
            except Unreachable as error:
                if self._clock() + wait_s > until:
                    raise Unreachable(
                        f"{error.message}; so it was for {self._deadlines.absence_s:g} s",
                        hint="if the hub did start the server, `binderclip sessions stop` ends it",
                    ) from error
            wait_s = await longer(wait_s)

    async def until_stopped(self) -> HubServerState | None:
        """Until a stop that somebody asked for is through. Raises TimedOut, Unreachable."""
        until, wait_s = self._clock() + self._deadlines.stop_s, FIRST_S
        while (state := await self.state()) is not None and state.pending == "stop":
            if self._clock() + wait_s > until:
                raise TimedOut(
                    f"{self.shown} is being stopped, and still was {self._deadlines.stop_s:g} s on",
                    hint=f"look at {masked(home_page(self._hub.api))}",
                )
            wait_s = await longer(wait_s)
        return state

    async def until_ready(self, wish: Wish) -> AsyncGenerator[Progress, None]:
        """What the hub says of the start, each line once. Raises what ``failed`` makes of a start
        that fails, TimedOut, Unreachable.
        """
        said: set[str] = set()
        vain, wait_s = 0, FIRST_S
        while (state := await self.state()) is None or not state.ready:
            if state is None or not state.active:
                why = await self._hub.reason(self._place.user, self._place.name)
                raise failed(self._hub, self.shown, why, wish)
            if self._clock() + wait_s > self._until:
                raise self._late()
            if vain == _VAIN_STREAMS:
                wait_s = await longer(wait_s)
                continue
            before = len(said)
            async with aclosing(self._steps()) as steps:
                async for step in steps:
                    if step.state == "failed":
                        raise failed(self._hub, self.shown, step.message, wish)
                    if step.state is None and step.message and step.message not in said:
                        said.add(step.message)
                        yield Progress("launching", _line(step))
            vain = 0 if len(said) > before else vain + 1
            wait_s = await longer(wait_s)

    async def until_answering(self, web: Web, session: Session) -> None:
        """Until the server itself takes the token. Raises TimedOut, Unreachable, Refused, and
        LaunchError for a server that ends right after it started.
        """
        server = Server(web, session)
        until, wait_s = self._clock() + self._deadlines.up_s, FIRST_S
        while True:
            status, why = await _status(server)
            if status == 200:  # noqa: PLR2004 - HTTP
                return
            if status in {401, 403}:
                raise no_scopes(self._hub.api, self._place.user, ("access:servers",))
            state = await self.state()
            if state is None or not state.active:
                raise failed(self._hub, self.shown, "it ended right after its start", Wish(None))
            if self._clock() + wait_s > until:
                raise TimedOut(
                    f"{server.shown}: the hub says that it is ready, and it did not answer within "
                    f"{self._deadlines.up_s:g} s ({why or status})",
                    hint="try again; if it stays so, ask those who run the hub",
                )
            wait_s = await longer(wait_s)

    @property
    def shown(self) -> str:
        """The server, for people."""
        base = masked(self._hub.api.removesuffix("hub/api/"))
        return (
            f"your server {self._place.name!r} on {base}"
            if self._place.name
            else (f"your server on {base}")
        )

    async def _steps(self) -> AsyncGenerator[Step, None]:
        """Of one stream, to its end or to where it breaks off."""
        place = self._place
        steps = self._hub.progress(place.user, place.name, silence_s=self._deadlines.silence_s)
        async with aclosing(steps):
            while True:
                try:
                    async with asyncio.timeout_at(self._until):
                        step = await anext(steps, None)
                except TimeoutError as error:
                    raise self._late() from error
                except Unreachable:
                    return
                if step is None:
                    return
                yield step

    def _late(self) -> TimedOut:
        return TimedOut(
            f"{self.shown} did not start within {self._deadlines.overall_s:g} s",
            hint="hubs take long where an image or a machine has to come first: try again",
        )


def failed(hub: JupyterHub, shown: str, why: str, wish: Wish) -> LaunchError:
    """The error for a start that failed: Refused where the hub does not have what it was asked
    for, TimedOut where it took too long for the hub.
    """
    found = _FAILED.fullmatch(why)
    why = ((found["why"] or found["other"] or "") if found else why).strip().rstrip(".")
    if wish.effect and about(wish, why):
        return Refused(
            f"{shown}: the hub does not take {wish.shown}: {why}",
            hint=f"{masked(hub.api.removesuffix('api/'))}spawn shows in a browser what it offers",
        )
    message = f"{shown} did not start: {why or _NO_REASON}"
    if _IN_TIME.search(why):
        return TimedOut(message, hint="try again; if it stays so, ask those who run the hub")
    return LaunchError(
        message, hint=f"try it on {masked(home_page(hub.api))}, or ask those who run the hub"
    )


async def _status(server: Server) -> tuple[int, str]:
    """What the server answers, 0 for nothing, and why not. A page instead of JSON is the hub's."""
    try:
        answer = await server.ask("GET", "api/status", timeout_s=10)
        if answer.ok:
            answer.json(Unreachable)
    except BinderclipError as error:
        return 0, error.message
    return answer.status, ""


def _line(step: Step) -> str:
    return step.message if not step.percent else f"{step.message} ({step.percent:.0f} %)"
