"""The server that a BinderHub launched: whose token it takes, and its end.

On a hub with logins the token of ``ready`` opens nothing: the server takes tokens of the person's,
and its JupyterHub ends it (``binderhub/binderspawner_mixin.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Literal, TypeAlias
from urllib.parse import unquote

from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError, LaunchError, SessionError, TimedOut
from binderclip.fetch.faults import within
from binderclip.hubs.bases import server_parts
from binderclip.hubs.faults import no_narrow_token
from binderclip.hubs.jupyterhub import JupyterHub
from binderclip.hubs.models import moment
from binderclip.servers import Server
from binderclip.session import HubServer, Session
from binderclip.web import Web

_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 2.0
# Right after its start a server is reached by way of its hub now and then, which takes no token of
# the server's.
_REFUSALS = 6
_ANSWER_S = 10.0
_CAUSES = 12
_TELL_US = (
    "make a token on the hub's page /hub/token, and give it with 'binderclip token add ADDRESS'"
)
# The hub's own time of the start, told twice.
_SAME = timedelta(seconds=2)

State: TypeAlias = Literal["up", "refused", "gone", "hidden", "unknown"]
"""``hidden``: its hub's proxy answers, and does not reach it; ``unknown``: we reach nothing."""


class Settling:
    """A server on its way up. ``session.token`` is the one of ``ready`` at first; where a
    JupyterHub with logins has the server, ``session.hub`` is set, and the token one that was made
    for this server alone: it runs a stranger's code, which never gets to see the person's own.

    ``known`` tells the person's token for a JupyterHub's API; ``note`` is told of each change.
    """

    def __init__(
        self,
        web: Web,
        session: Session,
        known: Callable[[str], str | None],
        note: Callable[[Session], None],
    ) -> None:
        self._web, self._known, self._note = web, known, note
        self.session = session

    @property
    def hub_token(self) -> str | None:
        """The person's for the hub that has the server, or may have it."""
        hub = self.session.hub or _hub_of(self.session)
        return self._known(hub.api) if hub else None

    async def up(self, within_s: float) -> Session:
        """The session once its server answers. Raises TimedOut, LaunchError, and Refused where
        the hub makes no token for it.
        """
        clock = asyncio.get_running_loop().time
        until, wait_s, refusals = clock() + within_s, _FIRST_WAIT_S, 0
        while (now := await state(self._web, self.session)) != "up":
            refusals = refusals + 1 if now == "refused" else 0
            if now == "refused" and self.session.hub is None and await self._of_hub():
                continue
            if refusals == _REFUSALS:
                raise LaunchError(
                    f"{_shown(self.session)} came up, and its server takes no token that we have",
                    hint=f"if its hub has logins, {_TELL_US}",
                )
            if clock() + wait_s > until:
                raise TimedOut(
                    f"{_shown(self.session)} was said to be ready, and did not answer within "
                    f"{within_s:g} s",
                    hint="try again; if it stays so, ask those who run the hub",
                )
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 1.6, _LONGEST_WAIT_S)
        return self.session

    async def _of_hub(self) -> bool:
        """Whether the server is the person's own on a JupyterHub that knows them. Raises Refused
        where that makes no token for it.
        """
        hub, token = _hub_of(self.session), self.hub_token
        if hub is None or token is None:
            return False
        jupyterhub = JupyterHub(self._web, hub.api, token)
        try:
            found = await jupyterhub.user()
        except BinderclipError:
            return False
        if found.name != hub.user:
            return False
        running = (found.servers or {}).get(hub.name)
        started = running.started.isoformat() if running and running.started else None
        # The token of ready is nothing to a hub with logins.
        self._set(replace(self.session, token=None, hub=replace(hub, started=started)))
        note = f"binderclip session {self.session.id}"
        made = await jupyterhub.server_token(hub.user, hub.name, note=note)
        if made is None:
            raise no_narrow_token(hub.api, _shown(self.session))
        hub = replace(hub, started=started, token_id=made.id)
        self._set(replace(self.session, token=made.token, hub=hub))
        return True

    def _set(self, session: Session) -> None:
        self.session = session
        self._note(session)


async def stopped(web: Web, session: Session, hub_token: str | None, stop_s: float) -> None:
    """End the server; it is gone on return. One that ended before is fine. ``hub_token`` is the
    person's, for a server that its hub ends. Raises SessionError.
    """
    late = SessionError(
        f"{_shown(session)} could not be stopped within {stop_s + _ANSWER_S:g} s",
        hint="try again with 'binderclip sessions stop'; hubs stop servers that are idle",
    )
    async with within(stop_s + _ANSWER_S, late):
        if session.hub is None:
            await _stopped_by_itself(web, session, stop_s)
            return
        if hub_token is None:
            raise SessionError(
                f"{_shown(session)} is stopped by its hub, which wants a token, and there is none",
                hint=f"{_TELL_US}, or stop the server on the hub's page /hub/home",
            )
        await _stopped_by_hub(JupyterHub(web, session.hub.api, hub_token), session.hub, stop_s)


async def _stopped_by_itself(web: Web, session: Session, stop_s: float) -> None:
    clock = asyncio.get_running_loop().time
    until, wait_s = clock() + stop_s, _FIRST_WAIT_S
    told = False
    while (now := await state(web, session)) != "gone":
        if now == "up":
            told = await _tell(web, session) or told
        elif told and now in {"refused", "hidden"}:
            return  # its hub answers in its place
        elif now == "refused":
            raise SessionError(
                f"{_shown(session)} does not take the token of its session",
                hint="it may have been stopped, and another one started in its place",
            )
        if clock() + wait_s > until:
            raise SessionError(
                f"{_shown(session)} could not be stopped within {stop_s:g} s "
                f"({'it was told to end' if told else 'it does not answer'})",
                hint="try again with 'binderclip sessions stop'; hubs stop servers that are idle",
            )
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 1.6, _LONGEST_WAIT_S)


async def _stopped_by_hub(hub: JupyterHub, server: HubServer, stop_s: float) -> None:
    """One that was started after ours had ended is not ours."""
    found = await hub.server(server.user, server.name)
    ours = moment(server.started)
    since = found and found.active and found.started and ours and abs(found.started - ours) > _SAME
    if found is not None and not since:
        await hub.stop_server(server.user, server.name, remove=server.made, within_s=stop_s)
    if server.token_id:
        await hub.revoke_token(server.user, server.token_id)


async def state(web: Web, session: Session) -> State:
    """What ``api/status`` tells."""
    server = Server(web, session)
    try:
        answer = await server.ask("GET", "api/status", timeout_s=_ANSWER_S)
    except BinderclipError as error:
        return "gone" if _nobody_listens(error) else "unknown"
    if answer.status in {404, 424}:
        return "gone"
    if answer.url.partition("?")[0] != f"{server.url}api/status":
        # The server sends those whom it does not know to its hub's OAuth; where there is no server,
        # the hub sends everybody to its login page.
        return "refused" if "oauth2" in answer.url else "gone"
    if answer.status in {401, 403}:
        return "refused"
    try:
        value = answer.json()
    except SessionError:
        return "hidden"
    return "up" if answer.ok and isinstance(value, dict) and "started" in value else "hidden"


async def _tell(web: Web, session: Session) -> bool:
    """Ask the server to end itself; whether it said yes. Raises SessionError."""
    server = Server(web, session)
    try:
        answer = await server.ask("POST", "api/shutdown", timeout_s=_ANSWER_S)
    except BinderclipError:
        return False  # it may have gone before it answered
    if answer.status in {401, 403}:
        raise server.refused("a request to stop", answer)
    return answer.ok


def _hub_of(session: Session) -> HubServer | None:
    """Where a JupyterHub would be that has the server, by its address."""
    parts = server_parts(session.url or "")
    if parts is None:
        return None
    base, user, name = parts
    # A named server's name is BinderHub's choice, for this launch alone.
    return HubServer(f"{base}hub/api/", unquote(user), unquote(name), made=bool(name))


def _nobody_listens(error: BaseException) -> bool:
    """A refused connection: the machine is there, and the server is not."""
    seen: BaseException | None = error
    for _ in range(_CAUSES):
        if isinstance(seen, ConnectionRefusedError) or seen is None:
            break
        seen = seen.__cause__ or seen.__context__
    return isinstance(seen, ConnectionRefusedError)


def _shown(session: Session) -> str:
    return masked(session.url or "")
