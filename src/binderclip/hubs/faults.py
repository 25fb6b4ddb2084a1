"""A JupyterHub's refusals as errors of ours."""

from __future__ import annotations

from collections.abc import Iterable

from binderclip.addresses.masking import MASK, masked
from binderclip.errors import (
    BinderclipError,
    LaunchError,
    RateLimited,
    Refused,
    SessionError,
    Unreachable,
)
from binderclip.hubs.models import one_line
from binderclip.web import Answer, Web
from binderclip.web.waits import stated_wait

NEEDED = ("read:servers", "start:servers", "delete:servers", "access:servers")
"""Scopes of a token that can do all of it (jupyterhub/scopes.py). Before JupyterHub 6 the second
is ``servers``, which still holds all but the last.
"""


def tokens_page(api: str) -> str:
    return f"{api.removesuffix('api/')}token"


def home_page(api: str) -> str:
    return f"{api.removesuffix('api/')}home"


def lacking(scopes: Iterable[str] | None, user: str, server: str) -> tuple[str, ...]:
    """Those of NEEDED that ``scopes`` do not hold for the user's server. Groups' scopes count:
    who is in a group is not ours to know. None (hubs before 2.0): nothing is lacking.
    """
    if scopes is None:
        return ()
    filters = {"", f"user={user}", f"server={user}/{server}"}
    held = set()
    for scope in scopes:
        name, _, limit = scope.partition("!")
        if limit in filters or limit.startswith("group="):
            held.add(name)
    if "servers" in held:
        held |= {"start:servers", "delete:servers", "read:servers"}
    return tuple(scope for scope in NEEDED if scope not in held)


def no_scopes(api: str, user: str, missing: Iterable[str]) -> Refused:
    return Refused(
        f"{masked(api)}: the token of {one_line(user)} may not do all of it, it lacks "
        f"{', '.join(missing)}",
        hint=f"make one at {masked(tokens_page(api))} with the scopes tokens, servers and "
        "access:servers, or with none named, which is all of yours",
    )


def no_narrow_token(api: str, shown: str) -> Refused:
    """For a server that runs a stranger's code: it could take what a whole token opens."""
    return Refused(
        f"{shown} runs an image that is not the hub's own, so your token of {masked(api)} is not "
        "given to it; and that token may not make one for this server alone",
        hint=f"it lacks the scope tokens!user (and the hub must be a JupyterHub 3 or newer): make "
        f"one at {masked(tokens_page(api))} with the scopes tokens, servers and access:servers, "
        "or with none named, which is all of yours",
    )


def not_taken(web: Web, api: str) -> BinderclipError:
    kind = SessionError if web.failure is SessionError else Refused
    return kind(
        f"{masked(api)}: the hub does not take this token",
        hint=f"it may have expired; {masked(tokens_page(api))} makes one",
    )


def refused(web: Web, api: str, what: str, answer: Answer, token: str) -> BinderclipError:
    """The error for an answer that is not the one that was hoped for. Where ``web`` is for running
    sessions it is a SessionError, whatever the cause.
    """
    said = one_line(answer.said.replace(token, MASK) if token else answer.said)
    message = f"{masked(api)} answered {answer.status} to {what}{f': {said}' if said else ''}"
    kind, hint = _BY_STATUS.get(answer.status, _OTHERWISE)
    if answer.status in _WISHES:
        hint = next((better for part, better in _BY_REASON if part in said), hint)
    hint = hint.format(home=masked(home_page(api)), token=masked(tokens_page(api)))
    if web.failure is SessionError:
        return SessionError(message, hint=hint)
    if kind is RateLimited:
        return RateLimited(message, hint=hint, retry_after_s=stated_wait(answer.headers))
    return kind(message, hint=hint)


_WISHES = frozenset({400, 409, 422})
_NO_TOKEN = (
    Refused,
    (
        "the token is not one that this hub takes, or may not do this: it needs the scopes servers "
        "and access:servers; {token} makes one"
    ),
)
_DOWN = (Unreachable, "the hub is down or being restarted: try again in a minute")
_BY_STATUS: dict[int, tuple[type[LaunchError], str]] = {
    401: _NO_TOKEN,
    403: _NO_TOKEN,
    404: (
        Refused,
        (
            "there is no such user or server, or the token lacks the scopes servers and "
            "access:servers; {token} makes one"
        ),
    ),
    429: (RateLimited, "the hub is at its limit: wait, and try again"),
    **dict.fromkeys((502, 503, 504), _DOWN),
    **dict.fromkeys(_WISHES, (Refused, "look at {home} what the hub offers")),
}
_OTHERWISE = (LaunchError, "the hub's own log says more: ask those who run it")
_BY_REASON = (
    ("the maximum of", "delete a server at {home}, or name one that is there"),
    ("amed servers are not enabled", "this hub has one server for each user: name none"),
)
