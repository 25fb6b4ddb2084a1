"""Who asks: by a cookie of ours, a token, or a ticket."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import cast

from starlette.requests import HTTPConnection
from starlette.responses import Response

from binderclip.errors import NotTrusted
from binderclip.gateway.context import gateway_of
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.visitors.client import client_of
from binderclip.gateway.visitors.logins import Login
from binderclip.gateway.visitors.model import Proof, Visitor
from binderclip.gateway.visitors.origins import of_another_site
from binderclip.gateway.visitors.signing import LaunchTicket, same

COOKIE_S = 7 * 24 * 3600
QUERY_TOKEN = "build_token"  # noqa: S105 - a key of queries
_KEY = "binderclip.asks"
_SESSION = "session"
_SCHEMES = ("bearer", "token")
_MAX_HUB_TOKEN = 256


@dataclass(frozen=True, slots=True)
class Asks:
    """``session`` is what the cookie says, or will say once it is ``remembered``."""

    visitor: Visitor
    session: str | None = field(default=None, repr=False)
    ticket: LaunchTicket | None = field(default=None, repr=False)


async def visitor(connection: HTTPConnection) -> Visitor:
    """The same for all of one request. Somebody new is given a session, which ``remembered`` has to
    put into the answer if it is to last. Raises NotTrusted for a token that is none of ours.
    """
    return (await asks(connection)).visitor


async def asks(connection: HTTPConnection) -> Asks:
    """Like ``visitor``, with what they brought."""
    scope = connection.scope
    if _KEY not in scope:
        token = presented(connection)
        scope[_KEY] = await _by_token(connection, token) if token else await _by_cookie(connection)
    return cast("Asks", scope[_KEY])


def remembered(connection: HTTPConnection, response: Response) -> Response:
    """``response`` with the visitor's cookie; the same one without, where no cookie is needed."""
    found = connection.scope.get(_KEY)
    if isinstance(found, Asks) and found.session is not None:
        _set_cookie(connection, response, found.session)
    return response


def renewed(connection: HTTPConnection, response: Response) -> str:
    """Give them another session, in ``response``: who knew the old one knows nothing now."""
    session = secrets.token_urlsafe(24)
    _set_cookie(connection, response, session)
    return session


def forgotten(connection: HTTPConnection, response: Response) -> Response:
    """``response`` that takes the cookie away."""
    settings = gateway_of(connection).settings
    response.delete_cookie(cookie_name(settings), path=settings.prefix, httponly=True)
    return response


def presented(connection: HTTPConnection) -> str | None:
    """The token or ticket that a request brings, from its header or, as BinderHub's clients do,
    its query.
    """
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in _SCHEMES:
        token = connection.query_params.get(QUERY_TOKEN, "")
    return token.strip() or None


def cookie_name(settings: Settings) -> str:
    """Browsers hold to what the prefixes promise. Ports share cookies, so the port is in the name
    where it is part of the address.
    """
    scheme, _, rest = settings.public_url.partition("://")
    if scheme == "https":
        return "__Host-binderclip" if settings.prefix == "/" else "__Secure-binderclip"
    port = rest.partition("/")[0].rpartition("]")[2].rpartition(":")[2]
    return f"binderclip-{port}" if port.isdigit() else "binderclip"


def session_of(connection: HTTPConnection) -> str | None:
    """What a cookie of ours says; None where another site made the browser send it."""
    gateway = gateway_of(connection)
    text = connection.cookies.get(cookie_name(gateway.settings), "")
    if not text or of_another_site(connection, gateway.settings):
        return None
    try:
        session = gateway.signer.read(_SESSION, text, COOKIE_S).get("id")
    except NotTrusted:
        return None
    return session if isinstance(session, str) and session else None


def _set_cookie(connection: HTTPConnection, response: Response, session: str) -> None:
    gateway = gateway_of(connection)
    settings = gateway.settings
    response.set_cookie(
        cookie_name(settings),
        gateway.signer.sign(_SESSION, {"id": session}),
        max_age=COOKIE_S,
        path=settings.prefix,
        secure=settings.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"


async def _by_cookie(connection: HTTPConnection) -> Asks:
    gateway = gateway_of(connection)
    client = client_of(connection)
    session = session_of(connection)
    if session is None:
        session = secrets.token_urlsafe(24)
        return Asks(Visitor(_owner(connection, "session", session), client, "nothing"), session)
    if (user := await gateway.logins.user(gateway.settings, session)) is not None:
        return Asks(_logged_in(connection, user, "cookie"), session)
    return Asks(Visitor(_owner(connection, "session", session), client, "cookie"), session)


async def _by_token(connection: HTTPConnection, token: str) -> Asks:
    gateway = gateway_of(connection)
    for name, known in gateway.settings.tokens.items():
        if same(token, known):
            owner = _owner(connection, "token", name)
            return Asks(Visitor(owner, f"token {name}", "token"))
    with suppress(NotTrusted):
        found = await _by_cookie(connection)
        ticket = LaunchTicket.read(gateway.signer, token, found.visitor.owner)
        return replace(found, visitor=replace(found.visitor, proof="ticket"), ticket=ticket)
    if gateway.settings.service is not None and len(token) <= _MAX_HUB_TOKEN:
        # Each is asked of the hub, which must not be made to answer guesses without end.
        if not gateway.logins.known(token):
            gateway.counter.take("looks", client_of(connection))
        if (user := await gateway.logins.by_token(gateway.settings, token)) is not None:
            return Asks(_logged_in(connection, user, "token"))
    raise NotTrusted(
        "found a token that is not known here, expected one of this service's, or a launch ticket "
        "that has not expired",
        hint="leave it out where none is needed, or ask whoever runs the service for one",
    )


def _logged_in(connection: HTTPConnection, login: Login, proof: Proof) -> Visitor:
    owner = _owner(connection, "user", login.user)
    return Visitor(owner, f"user {login.user}", proof, user=login.user, hub_token=login.token)


def _owner(connection: HTTPConnection, kind: str, name: str) -> str:
    """The same for the same person each time; nobody can make it who has not the secret."""
    return gateway_of(connection).signer.name("owner", f"{kind} {name}")
