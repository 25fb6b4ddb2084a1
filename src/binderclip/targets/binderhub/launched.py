"""The server that a BinderHub launched: whose token it takes, and its end.

On a hub with logins the token of ``ready`` opens nothing: the server takes the person's own, and
its JupyterHub ends it (``binderhub/binderspawner_mixin.py``).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Literal, TypeAlias
from urllib.parse import unquote

from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError, LaunchError, SessionError, TimedOut
from binderclip.hubs.bases import server_parts
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


async def settled(web: Web, session: Session, hub_token: str | None, up_s: float) -> Session:
    """``session`` once its server answers, with the token that it takes. ``session.token`` is the
    one of ``ready``; where the server takes ``hub_token`` instead, ``hub`` is set.

    Raises TimedOut, LaunchError.
    """
    clock = asyncio.get_running_loop().time
    until, wait_s, refusals = clock() + up_s, _FIRST_WAIT_S, 0
    tokens = list(dict.fromkeys(token for token in (session.token, hub_token) if token))
    while True:
        states = []
        for token in tokens:
            states.append(await state(web, replace(session, token=token)))
            if states[-1] == "up":
                return session if token == session.token else await _of_hub(web, session, token)
        refusals = refusals + 1 if set(states) == {"refused"} else 0
        if refusals == _REFUSALS:
            raise LaunchError(
                f"{_shown(session)} came up, and its server takes no token that we have",
                hint=f"if its hub has logins, {_TELL_US}",
            )
        if clock() + wait_s > until:
            raise TimedOut(
                f"{_shown(session)} was said to be ready, and did not answer within {up_s:g} s",
                hint="try again; if it stays so, ask those who run the hub",
            )
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 1.6, _LONGEST_WAIT_S)


async def stopped(web: Web, session: Session, stop_s: float) -> None:
    """End the server; it is gone on return. One that ended before is fine. Raises SessionError."""
    if session.hub is not None:
        if session.token is None:
            raise SessionError(
                f"{_shown(session)} is stopped by its hub, which wants a token, and there is none",
                hint=f"{_TELL_US}, or stop the server on the hub's page /hub/home",
            )
        await _stopped_by_hub(JupyterHub(web, session.hub.api, session.token), session.hub, stop_s)
        return
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
    if found is None:
        return
    ours = moment(server.started)
    if found.active and found.started and ours and abs(found.started - ours) > _SAME:
        return
    await hub.stop_server(server.user, server.name, within_s=stop_s)
    if server.made:
        # Apart: a hub that is told both at once now and then forgets to forget it.
        await hub.stop_server(server.user, server.name, remove=True, within_s=stop_s)


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


async def _of_hub(web: Web, session: Session, token: str) -> Session:
    """The session of a server whose JupyterHub ends it. Raises LaunchError."""
    parts = server_parts(session.url or "")
    if parts is None:
        raise LaunchError(
            f"{_shown(session)} came up, and takes your token of its hub: expected an address "
            "such as https://hub.example.org/user/NAME/",
            hint="stop the server on the hub's page /hub/home",
        )
    base, user, name = parts
    # A named server's name is BinderHub's choice, for this launch alone.
    hub = HubServer(f"{base}hub/api/", unquote(user), unquote(name), made=bool(name))
    found = await JupyterHub(web, hub.api, token).user()
    if found.name != hub.user:
        raise LaunchError(
            f"{_shown(session)} belongs to another user than your token of the hub {masked(base)}",
            hint=_TELL_US,
        )
    running = (found.servers or {}).get(hub.name)
    started = running.started.isoformat() if running and running.started else None
    return replace(session, token=token, hub=replace(hub, started=started))


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
