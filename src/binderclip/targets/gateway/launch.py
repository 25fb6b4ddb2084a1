"""A launch through a gateway: ask for it, follow what it tells, see the server answer."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked
from binderclip.environment import Environment
from binderclip.errors import (
    BinderclipError,
    LaunchError,
    NotTrusted,
    RateLimited,
    Refused,
    SourceError,
    SpecError,
    TimedOut,
    Unreachable,
)
from binderclip.events import Event, Log, Progress, Ready
from binderclip.hubs.bases import hub_bases, leads_home
from binderclip.hubs.gateway import Gateway, Gone, Started, Up, remarks
from binderclip.hubs.near import misleads
from binderclip.hubs.probe import probe
from binderclip.records import Ledger
from binderclip.servers.ending import state
from binderclip.session import Session
from binderclip.spec import write
from binderclip.spec.model import JSON, Binder
from binderclip.targets import HERE
from binderclip.targets.gateway.deadlines import Deadlines
from binderclip.targets.gateway.hints import tokens, typed
from binderclip.unbroken import to_its_end
from binderclip.web import Web
from binderclip.web.waits import FIRST_S, longer

_LONGEST_WAIT_S = 5.0
_LET_GO_S = 30.0
# Their servers are made for one launch, and go with it.
_OWN_HOMES: frozenset[str] = HERE | {"binderhub"}


class Launch:
    """One launch on the gateway at ``url``, over connections of its own."""

    def __init__(
        self, web: Web, url: str, token: str | None, ledger: Ledger, deadlines: Deadlines
    ) -> None:
        self._web, self._url, self._token = web, url, token
        self._ledger, self._deadlines = ledger, deadlines
        self._clock = asyncio.get_running_loop().time
        self._until = self._clock() + deadlines.overall_s
        self._session = Session("gateway", f"gateway-{secrets.token_hex(8)}")
        self._asking: asyncio.Task[Started] | None = None
        self._gateway: Gateway | None = None

    async def events(self, env: Environment, place: str) -> AsyncGenerator[Event, None]:
        """Those of the launch. Closed or failing before Ready, it leaves nothing running that it
        began.
        """
        try:
            async with aclosing(self._steps(env, place)) as steps:
                async for step in steps:
                    yield step
        except BaseException as error:
            await to_its_end(self._undone())
            if isinstance(error, BinderclipError):
                error.hint = typed(error, self._gateway.url if self._gateway else self._url)
            raise
        yield Ready(self._session)

    async def _steps(self, env: Environment, place: str) -> AsyncGenerator[Event, None]:
        yield Progress("launching", f"asking {masked(self._url)}")
        gateway = self._gateway = await self._found()
        started = await self._begun(gateway, _stated(env), place)
        up = None
        async with aclosing(self._followed(gateway, started.id)) as steps:
            async for step in steps:
                if isinstance(step, Up):
                    up = step
                else:
                    yield step
        if up is None:  # the loop above ends with it, or raises
            raise LaunchError(f"{masked(gateway.url)}: the launch ended without a server")
        for line in remarks(up):
            yield Progress("launching", line)
        self._note(replace(self._session, url=await self._server(gateway, up), token=up.token))
        yield Progress("launching", "the server is there; waiting for its answer")
        await self._answering()

    async def _found(self) -> Gateway:
        """Raises Refused, Unreachable."""
        found = await probe(self._web, self._url, kind="gateway", timeout_s=self._deadlines.probe_s)
        if found.kind is None:
            raise Unreachable(
                f"{masked(found.url)}: {found.why}",
                hint="expected the address of a gateway, such as https://gateway.example.org/",
            )
        given, led = parse(hub_bases(self._url)[0]), parse(found.url)
        if self._token and not leads_home(given, led):
            raise Refused(
                f"{masked(given.url)} leads to another place, {masked(found.url)}",
                hint="your token was given for the first: name the second address yourself",
            )
        return Gateway(self._web, found.url, self._token)

    async def _begun(self, gateway: Gateway, binder: JSON, place: str) -> Started:
        self._asking = asyncio.create_task(gateway.start(binder, place))
        self._asking.add_done_callback(_seen)
        try:
            started = await asyncio.shield(self._asking)
        except NotTrusted as error:
            raise Refused(error.message, hint=error.hint or tokens(gateway.url)) from error
        self._note(
            replace(
                self._session,
                launch=gateway.launch(started.id),
                throwaway=started.kind in _OWN_HOMES,
            )
        )
        return started

    async def _followed(
        self, gateway: Gateway, launch_id: str
    ) -> AsyncGenerator[Progress | Log | Up, None]:
        """What it tells, to its end. A connection that breaks is taken up where it was: the launch
        goes on at the gateway. Raises what it fails with, TimedOut, Unreachable.
        """
        after, lost_at, wait_s = "", None, FIRST_S
        while True:
            why = "the connection ended"
            try:
                async with (
                    gateway.following(launch_id, after, self._deadlines.silence_s) as told,
                    aclosing(told),
                ):
                    while (found := await self._next(told)) is not None:
                        number, step = found
                        if isinstance(step, Up):
                            yield step
                            return
                        if number and number == after:
                            continue  # told again: that is no progress
                        after, lost_at, wait_s = number or after, None, FIRST_S
                        yield step
            except Gone as error:
                raise LaunchError(error.message, hint="it was stopped there; try again") from error
            except (Unreachable, RateLimited) as error:
                why = error.message
            now = self._clock()
            lost_at = now if lost_at is None else lost_at
            if now + wait_s > lost_at + self._deadlines.absence_s:
                raise Unreachable(
                    f"{why}; so it was for {self._deadlines.absence_s:g} s",
                    hint="try again: what was built until then may be there still",
                )
            wait_s = await longer(wait_s, _LONGEST_WAIT_S)

    async def _next(
        self, told: AsyncGenerator[tuple[str, Progress | Log | Up], None]
    ) -> tuple[str, Progress | Log | Up] | None:
        try:
            async with asyncio.timeout_at(self._until) as clock:
                return await anext(told, None)
        except TimeoutError as error:
            if not clock.expired():
                raise
            raise TimedOut(
                f"{masked(self._url)}: the launch took longer than {self._deadlines.overall_s:g} s",
                hint="try again: what was built until then may be there still",
            ) from error

    async def _server(self, gateway: Gateway, up: Up) -> str:
        """The server's address. Raises LaunchError where it cannot be used from here."""
        if up.token is None:
            raise LaunchError(
                f"{masked(gateway.url)}: the server that it launched takes its person's login, "
                "and the gateway hands out no token for it",
                hint="name the hub or server itself with --on, or open the notebook in a browser",
            )
        try:
            found, own = parse(up.server), parse(gateway.url)
        except SourceError as error:
            raise LaunchError(
                f"{masked(gateway.url)}: found {masked(up.server)!r} as the server's address"
            ) from error
        if found.userinfo is not None or (own.scheme, found.scheme) == ("https", "http"):
            raise LaunchError(
                f"{masked(gateway.url)}: the server is at {masked(found.url)}, without encryption",
                hint="ask those who run the gateway",
            )
        if await misleads(gateway.url, found.url, self._web.guard):
            raise LaunchError(
                f"{masked(gateway.url)}: the server is at {masked(found.url)}, which is on this "
                "machine or in a private network, and the gateway is not",
                hint="ask those who run the gateway",
            )
        return found.url if found.url.endswith("/") else f"{found.url}/"

    async def _answering(self) -> None:
        until, wait_s = self._clock() + self._deadlines.up_s, FIRST_S
        while (now := await state(self._web, self._session)) != "up":
            if self._clock() + wait_s > until:
                raise TimedOut(
                    f"{masked(self._session.url or '')} was said to be ready, and did not answer "
                    f"as a server does within {self._deadlines.up_s:g} s ({now})",
                    hint="try again; if it stays so, ask those who run the gateway",
                )
            wait_s = await longer(wait_s, _LONGEST_WAIT_S)

    def _note(self, session: Session) -> None:
        self._session = session
        self._ledger.note(session, place=masked(self._gateway.url if self._gateway else self._url))

    async def _undone(self) -> None:
        """End what was begun, also what was asked for and not yet answered. Where that fails, the
        record stays.
        """
        gateway, asking = self._gateway, self._asking
        if gateway is None or asking is None:
            return
        with suppress(BinderclipError):
            await asyncio.wait({asking}, timeout=_LET_GO_S)
            if not asking.done():
                asking.cancel()
                return
            if not asking.cancelled() and asking.exception() is None:
                url = gateway.launch(asking.result().id)
                with suppress(Gone):
                    await gateway.end(url, timeout_s=self._deadlines.stop_s)
                self._ledger.drop(self._session.id)


def _stated(env: Environment) -> JSON:
    """As ``metadata.binder`` would say it. Raises Refused for what that cannot."""
    binder = Binder(image=env.image, build=env.build, files=env.files, frozen=env.frozen)
    try:
        return write(binder)
    except SpecError as error:
        raise Refused(error.message, hint=error.hint) from error


def _seen(asking: asyncio.Task[Started]) -> None:
    """Whoever waits for it gets its error; when nobody does any more, asyncio need not complain."""
    if not asking.cancelled():
        asking.exception()
