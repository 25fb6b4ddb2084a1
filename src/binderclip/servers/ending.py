"""A server that is told to end itself, and whether it did."""

from __future__ import annotations

import asyncio
from typing import Literal, TypeAlias

from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError, SessionError
from binderclip.servers import Server
from binderclip.session import Session
from binderclip.web import Web
from binderclip.web.waits import FIRST_S, longer

ANSWER_S = 10.0
_CAUSES = 12

State: TypeAlias = Literal["up", "refused", "gone", "hidden", "unknown"]
"""``hidden``: its hub's proxy answers, and does not reach it; ``unknown``: we reach nothing."""


async def stopped_by_itself(web: Web, session: Session, stop_s: float) -> None:
    """It is gone on return. Raises SessionError."""
    clock = asyncio.get_running_loop().time
    until, wait_s = clock() + stop_s, FIRST_S
    told = False
    while (now := await state(web, session)) != "gone":
        if now == "up":
            told = await _tell(web, session) or told
        elif told and now in {"refused", "hidden"}:
            return  # its hub answers in its place
        elif now == "refused":
            raise SessionError(
                f"{shown(session)} does not take the token of its session",
                hint="it may have been stopped, and another one started in its place",
            )
        if clock() + wait_s > until:
            raise SessionError(
                f"{shown(session)} could not be stopped within {stop_s:g} s "
                f"({'it was told to end' if told else 'it does not answer'})",
                hint="try again with 'binderclip sessions stop'; hubs stop servers that are idle",
            )
        wait_s = await longer(wait_s)


async def state(web: Web, session: Session) -> State:
    """What ``api/status`` tells."""
    server = Server(web, session)
    try:
        answer = await server.ask("GET", "api/status", timeout_s=ANSWER_S)
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
        answer = await server.ask("POST", "api/shutdown", timeout_s=ANSWER_S)
    except BinderclipError:
        return False  # it may have gone before it answered
    if answer.status in {401, 403}:
        raise server.refused("a request to stop", answer)
    return answer.ok


def shown(session: Session) -> str:
    """The server's address as it may be printed."""
    return masked(session.url or "")


def _nobody_listens(error: BaseException) -> bool:
    """A refused connection: the machine is there, and the server is not."""
    seen: BaseException | None = error
    for _ in range(_CAUSES):
        if isinstance(seen, ConnectionRefusedError) or seen is None:
            break
        seen = seen.__cause__ or seen.__context__
    return isinstance(seen, ConnectionRefusedError)
