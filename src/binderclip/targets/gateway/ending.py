"""The end of a session that a gateway launched."""

from __future__ import annotations

from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError, NotTrusted, SessionError
from binderclip.fetch.faults import within
from binderclip.hubs.gateway import Gateway, Gone, base_of
from binderclip.servers.ending import ANSWER_S, state, stopped_by_itself
from binderclip.session import Session
from binderclip.web import Web


async def ended(web: Web, session: Session, token: str | None, stop_s: float) -> None:
    """It is gone on return. The gateway ends it for whoever launched it with a token; where that
    was nobody in particular, the server ends itself. Raises SessionError.
    """
    shown = masked(session.url or session.launch or "")
    late = SessionError(
        f"{shown} could not be stopped within {stop_s + ANSWER_S:g} s",
        hint="try again with 'binderclip sessions stop'; gateways stop what is idle",
    )
    async with within(stop_s + ANSWER_S, late):
        refused = await _by_gateway(web, session, token, stop_s)
        if refused is None:
            return
        if session.url is not None and await state(web, session) != "hidden":
            await stopped_by_itself(web, session, stop_s)
        elif not isinstance(refused, Gone):
            raise refused


async def _by_gateway(
    web: Web, session: Session, token: str | None, stop_s: float
) -> BinderclipError | None:
    """None where it was ended; else why not. Raises SessionError where nothing answers."""
    if session.launch is None:
        return Gone("no gateway has it")
    gateway = Gateway(web, base_of(session.launch), token)
    if token is None:
        return SessionError(
            f"{masked(gateway.url)}: stopping a launch that is not up takes the token that it was "
            "made with",
            hint=f"`binderclip token add {masked(gateway.url)}` keeps one; gateways stop what is "
            "idle",
        )
    try:
        await gateway.end(session.launch, timeout_s=stop_s)
    except (Gone, NotTrusted) as error:
        return error if isinstance(error, Gone) else SessionError(error.message, hint=error.hint)
    except SessionError:
        raise
    except BinderclipError as error:
        raise SessionError(error.message, hint=error.hint) from error
    return None
