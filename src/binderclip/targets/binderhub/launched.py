"""The server that a BinderHub launched: whose token it takes, and its end.

On a hub with logins the token of ``ready`` opens nothing: the server takes tokens of the person's,
and its JupyterHub ends it (``binderhub/binderspawner_mixin.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

from binderclip.errors import BinderclipError, LaunchError, SessionError, TimedOut
from binderclip.fetch.faults import within
from binderclip.hubs.bases import server_parts
from binderclip.hubs.faults import no_narrow_token
from binderclip.hubs.jupyterhub import JupyterHub
from binderclip.hubs.models import moment
from binderclip.servers.ending import ANSWER_S, shown, state, stopped_by_itself
from binderclip.session import HubServer, Session
from binderclip.web import Web
from binderclip.web.waits import FIRST_S, longer

# Right after its start a server is reached by way of its hub now and then, which takes no token of
# the server's.
_REFUSALS = 6
_TELL_US = (
    "make a token on the hub's page /hub/token, and give it with 'binderclip token add ADDRESS'"
)
# The hub's own time of the start, told twice.
_SAME = timedelta(seconds=2)


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
        until, wait_s, refusals = clock() + within_s, FIRST_S, 0
        while (now := await state(self._web, self.session)) != "up":
            refusals = refusals + 1 if now == "refused" else 0
            if now == "refused" and self.session.hub is None and await self._of_hub():
                continue
            if refusals == _REFUSALS:
                raise LaunchError(
                    f"{shown(self.session)} came up, and its server takes no token that we have",
                    hint=f"if its hub has logins, {_TELL_US}",
                )
            if clock() + wait_s > until:
                raise TimedOut(
                    f"{shown(self.session)} was said to be ready, and did not answer within "
                    f"{within_s:g} s",
                    hint="try again; if it stays so, ask those who run the hub",
                )
            wait_s = await longer(wait_s)
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
            raise no_narrow_token(hub.api, shown(self.session))
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
        f"{shown(session)} could not be stopped within {stop_s + ANSWER_S:g} s",
        hint="try again with 'binderclip sessions stop'; hubs stop servers that are idle",
    )
    async with within(stop_s + ANSWER_S, late):
        if session.hub is None:
            await stopped_by_itself(web, session, stop_s)
            return
        if hub_token is None:
            raise SessionError(
                f"{shown(session)} is stopped by its hub, which wants a token, and there is none",
                hint=f"{_TELL_US}, or stop the server on the hub's page /hub/home",
            )
        await _stopped_by_hub(JupyterHub(web, session.hub.api, hub_token), session.hub, stop_s)


async def _stopped_by_hub(hub: JupyterHub, server: HubServer, stop_s: float) -> None:
    """One that was started after ours had ended is not ours."""
    found = await hub.server(server.user, server.name)
    ours = moment(server.started)
    since = found and found.active and found.started and ours and abs(found.started - ours) > _SAME
    if found is not None and not since:
        await hub.stop_server(server.user, server.name, remove=server.made, within_s=stop_s)
    if server.token_id:
        await hub.revoke_token(server.user, server.token_id)


def _hub_of(session: Session) -> HubServer | None:
    """Where a JupyterHub would be that has the server, by its address."""
    parts = server_parts(session.url or "")
    if parts is None:
        return None
    base, user, name = parts
    # A named server's name is BinderHub's choice, for this launch alone.
    return HubServer(f"{base}hub/api/", unquote(user), unquote(name), made=bool(name))
