"""A launch, step by step: find the hub, look at the server, ask for it, wait until it answers."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote, urljoin

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked, printable
from binderclip.environment import Environment
from binderclip.errors import (
    BinderclipError,
    LaunchError,
    RateLimited,
    Refused,
    SourceError,
    Unreachable,
)
from binderclip.events import Event, Progress, Ready
from binderclip.hubs.bases import hub_bases, leads_home
from binderclip.hubs.faults import (
    home_page,
    lacking,
    no_narrow_token,
    no_scopes,
    tokens_page,
)
from binderclip.hubs.jupyterhub import HubServerState, JupyterHub, Started
from binderclip.hubs.near import misleads
from binderclip.hubs.probe import probe
from binderclip.records import Ledger
from binderclip.session import HubServer, Session
from binderclip.spec.model import JSON
from binderclip.targets.jupyterhub.deadlines import Deadlines
from binderclip.targets.jupyterhub.ending import ended, left
from binderclip.targets.jupyterhub.options import Wish, agree, foreign, shown, wishes
from binderclip.targets.jupyterhub.waiting import Waiting, failed
from binderclip.unbroken import to_its_end
from binderclip.web import Web

_LET_GO_S = 1.0


class Launch:
    """One launch on the hub at ``url``, over connections of its own."""

    def __init__(
        self, web: Web, url: str, token: str, ledger: Ledger, deadlines: Deadlines
    ) -> None:
        self._web, self._url, self._token = web, url, token
        self._ledger, self._deadlines = ledger, deadlines
        self._session = Session("jupyterhub", f"jupyterhub-{secrets.token_hex(8)}")
        self._stated: Mapping[str, JSON] = {}
        self._noted = False
        self._posting: asyncio.Task[Started] | None = None

    async def events(
        self, env: Environment, name: str, options: Mapping[str, JSON], *, as_is: bool
    ) -> AsyncGenerator[Event, None]:
        """Those of the launch. Closed or failing before Ready, it leaves nothing running that it
        began.
        """
        try:
            async with aclosing(self._steps(env, name, options, as_is=as_is)) as steps:
                async for step in steps:
                    yield step
        except BaseException:
            await to_its_end(self._undone())
            raise
        yield Ready(self._session)

    async def _steps(
        self, env: Environment, name: str, options: Mapping[str, JSON], *, as_is: bool
    ) -> AsyncGenerator[Progress, None]:
        yield Progress("launching", f"asking {masked(self._url)}")
        base, version = await self._found()
        hub = JupyterHub(self._web, f"{base}hub/api/", self._token)
        user, known = await self._user(hub, name)
        yield Progress("launching", f"{version} at {masked(base)}, as {printable(user, 60)}")
        place = HubServer(hub.api, user, name, made=bool(name) and name not in known)
        self._session = replace(self._session, hub=place)
        self._stated = options
        if not await self._narrowed(hub, place):
            yield Progress("launching", "your token makes none for one server, and goes to it")
        waiting = Waiting(hub, place, self._deadlines)
        state = known.get(name)
        if state is not None and state.pending == "stop":
            yield Progress("waiting", f"{waiting.shown} is being stopped")
            state = await waiting.until_stopped()
        wanted = wishes(options, env, state.options if state else {})
        if state is not None and state.active:
            lines = self._joined(waiting, state, wanted[-1], as_is=as_is)
        else:
            lines = self._started(hub, waiting, wanted)
        image = None
        async with aclosing(lines):
            async for line in lines:
                if isinstance(line, Wish):
                    image = line.image
                else:
                    yield line
        await self._up(hub, waiting)
        if not env.bare and (image is None or env.image is None):
            yield Progress("launching", f"the hub's own environment stands in for {_named(env)}")

    async def _found(self) -> tuple[str, str]:
        """The hub's address and what it calls itself. Raises Refused, Unreachable."""
        if not self._token:
            raise Refused(
                f"{masked(self._url)}: a JupyterHub takes a token of yours, and none is known",
                hint="its page /hub/token makes one; `binderclip token add` keeps it",
            )
        found = await probe(
            self._web, self._url, kind="jupyterhub", timeout_s=self._deadlines.probe_s
        )
        if found.kind is None:
            raise Unreachable(
                f"{masked(found.url)}: {found.why}",
                hint="expected the address of a JupyterHub, such as https://hub.example.org/",
            )
        given, led = parse(hub_bases(self._url)[0]), parse(found.url)
        if not leads_home(given, led):
            raise Refused(
                f"{masked(given.url)} leads to another place, {masked(found.url)}",
                hint="your token was given for the first: name the second address yourself",
            )
        return found.url, found.why

    async def _user(self, hub: JupyterHub, server: str) -> tuple[str, Mapping[str, HubServerState]]:
        """The token's user and the user's servers. Raises Refused for a token of another kind."""
        user = await hub.user()
        if user.kind != "user":
            raise Refused(
                f"{masked(hub.api)}: the token is that of the {printable(user.kind, 20)} "
                f"{printable(user.name, 60)}, expected a person's",
                hint=f"{masked(tokens_page(hub.api))} makes one",
            )
        missing = lacking(user.scopes, user.name, server)
        if missing or user.servers is None:
            raise no_scopes(hub.api, user.name, missing or ("read:servers",))
        return user.name, user.servers

    async def _narrowed(self, hub: JupyterHub, place: HubServer) -> bool:
        """Whether there is a token for this server alone; else the session has the person's."""
        note = f"binderclip session {self._session.id}"
        made = await hub.server_token(place.user, place.name, note=note)
        if made is None:
            self._session = replace(self._session, token=self._token)
            return False
        place = replace(place, token_id=made.id)
        self._session = replace(self._session, token=made.token, hub=place)
        return True

    def _check(self, waiting: Waiting, wish: Wish, effect: Mapping[str, JSON]) -> None:
        """Raises Refused where a stranger's image would get to see the person's own token."""
        place = self._session.hub
        if place and not place.token_id and foreign(wish, effect, self._stated):
            raise no_narrow_token(place.api, waiting.shown)

    async def _joined(
        self, waiting: Waiting, state: HubServerState, wish: Wish, *, as_is: bool
    ) -> AsyncGenerator[Progress | Wish, None]:
        """A server that runs, or that somebody else is starting. Raises Refused where it has not
        what is asked for.
        """
        self._session = replace(self._session, owned=False)
        agrees = agree(wish, state.options)
        if not agrees and not (wish.image and as_is):
            raise Refused(
                f"{waiting.shown} runs already with {shown(state.options) or 'no options'}, and "
                f"not with {wish.shown}",
                hint="stop it first, take another named server, or ask for nothing else",
            )
        self._check(waiting, wish if agrees else Wish(None), state.options)
        doing = "runs already" if state.ready else "is starting already"
        yield Progress("launching", f"{waiting.shown} {doing}: it is used, and left running")
        async with aclosing(waiting.until_ready(wish)) as lines:
            async for line in lines:
                yield line
        if agrees:
            yield wish

    async def _started(
        self,
        hub: JupyterHub,
        waiting: Waiting,
        wanted: Sequence[Wish],
    ) -> AsyncGenerator[Progress | Wish, None]:
        """A server of ours: the first of the wishes that the hub grants."""
        for wish in wanted:
            yield Progress("launching", f"asking for {waiting.shown}{_with(wish)}")
            try:
                self._check(waiting, wish, wish.effect)
                await self._asked(hub, waiting, wish)
                async with aclosing(waiting.until_ready(wish)) as lines:
                    async for line in lines:
                        yield line
            except Refused as error:
                if not wish.tentative:
                    raise
                refusal = error.message
            else:
                yield wish
                return
            yield Progress("launching", refusal)

    async def _asked(self, hub: JupyterHub, waiting: Waiting, wish: Wish) -> None:
        """Ask for the server, once it is noted that we did. Raises Refused, RateLimited, and what
        ``failed`` makes of a start that fails at once.
        """
        place = self._session.hub
        if place is None:  # set before, for good
            return
        now = await hub.now() or datetime.now(UTC)
        self._note(replace(self._session, hub=replace(place, started=now.isoformat())))
        self._posting = asyncio.create_task(hub.start_server(place.user, place.name, wish.options))
        self._posting.add_done_callback(_seen)
        try:
            how = await asyncio.shield(self._posting)
        except (Refused, RateLimited):
            raise
        except (LaunchError, Unreachable) as error:
            # The hub's answer is no proof: with some faults the start goes on.
            state = await waiting.state()
            if state is None or not state.active:
                why = await hub.reason(place.user, place.name)
                raise (failed(hub, waiting.shown, why, wish) if why else error) from error
            return
        if how == "running":  # somebody was faster
            self._forget()
            self._session = replace(self._session, owned=False)
            if state := await waiting.state():
                self._check(waiting, wish, state.options)

    async def _up(self, hub: JupyterHub, waiting: Waiting) -> None:
        """Complete the session, and see the server answer."""
        state = await waiting.state()
        place = self._session.hub
        if state is None or place is None:
            raise LaunchError(
                f"{waiting.shown} was ready, and is gone",
                hint=f"look at {masked(home_page(hub.api))}: somebody may have stopped it",
            )
        started = state.started.isoformat() if state.started else place.started
        self._session = replace(
            self._session,
            url=await _address(self._web, hub, place, state.url),
            hub=replace(place, started=started),
        )
        if self._session.owned:
            self._note(self._session)
        await waiting.until_answering(self._web, self._session)

    def _note(self, session: Session) -> None:
        self._session = session
        place = session.hub.api.removesuffix("hub/api/") if session.hub else self._url
        self._ledger.note(session, place=masked(place))
        self._noted = True

    def _forget(self) -> None:
        self._noted = False
        self._ledger.drop(self._session.id)

    async def _undone(self) -> None:
        """Stop what was begun, also a request that is still under way. Where that fails, the
        record stays.
        """
        place, posting = self._session.hub, self._posting
        if place is None:
            return
        if not self._noted:
            await left(self._web, place, self._token)
            return
        try:
            on_its_way = True
            while on_its_way:
                on_its_way = posting is not None and not posting.done()
                await ended(self._web, place, self._token, self._deadlines.stop_s)
                if posting is not None:
                    await asyncio.wait({posting}, timeout=_LET_GO_S)
            self._forget()
        except BinderclipError:
            return  # what went wrong before counts more
        finally:
            if posting is not None:
                posting.cancel()


async def _address(web: Web, hub: JupyterHub, place: HubServer, url: str | None) -> str:
    """The server's address. Raises LaunchError where the hub leads its token astray."""
    own_path = "/".join(quote(part, safe="") for part in ("user", place.user, place.name) if part)
    path = url or f"{hub.api.removesuffix('hub/api/')}{own_path}/"
    try:
        found, own = parse(urljoin(hub.api, path)), parse(hub.api)
    except (SourceError, ValueError) as error:
        raise LaunchError(
            f"{masked(hub.api)}: found {masked(path)!r} as the server's address"
        ) from error
    if own.scheme == "https" and found.scheme == "http":
        raise LaunchError(
            f"{masked(hub.api)}: the server is at {masked(found.url)}, without encryption",
            hint="ask those who run the hub",
        )
    if await misleads(hub.api, found.url, web.guard):
        raise LaunchError(
            f"{masked(hub.api)}: the server is at {masked(found.url)}, which is on this machine or "
            "in a private network, and the hub is not",
            hint="ask those who run the hub",
        )
    return found.url if found.url.endswith("/") else f"{found.url}/"


def _seen(posting: asyncio.Task[Started]) -> None:
    """Whoever waits for it gets its error; when nobody does any more, asyncio need not complain."""
    if not posting.cancelled():
        posting.exception()


def _with(wish: Wish) -> str:
    if not wish.effect:
        return ""
    return f" with {'what was chosen last, ' if wish.options is None else ''}{wish.shown}"


def _named(env: Environment) -> str:
    if env.image is not None:
        return f"the image {masked(env.image.url)}"
    if env.build is not None:
        return f"the repository {masked(env.build.url)}"
    return "the files that the notebook carries"
