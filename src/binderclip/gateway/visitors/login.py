"""Logging in at the JupyterHub whose service we are: OAuth with PKCE, by JupyterHub's library.

Whose browser it is, is signed into a login's ``state``, so that several may be under way; after a
restart they end at the front page.
"""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from binderclip.errors import NotTrusted
from binderclip.gateway.context import gateway_of
from binderclip.gateway.visitors.forms import checked_form
from binderclip.gateway.visitors.hub import LoginHub
from binderclip.gateway.visitors.logins import Login
from binderclip.gateway.visitors.model import LOGGED_OUT
from binderclip.gateway.visitors.signing import same
from binderclip.gateway.visitors.who import (
    asks,
    forgotten,
    remembered,
    renewed,
    session_of,
    visitor,
)

STATE_S = 600.0
_STATE = "login"
_MAX_NEXT = 4096
_SEE_OTHER = 303
# Printable ASCII without what browsers take for a slash, or for the end of an address.
_PATH = re.compile(r"/[!#-;=?-\[\]^_a-z{|}~]*")


def routes() -> list[BaseRoute]:
    return [
        Route("/login", _login, methods=["GET"]),
        Route("/oauth_callback", _callback, methods=["GET"]),
        Route("/logout", _logout, methods=["POST"]),
    ]


async def required(request: Request) -> Response | None:
    """The way to the login, where the service is a JupyterHub's and nobody is logged in; else None.
    Afterwards people are back at the page that they asked for.
    """
    gateway = gateway_of(request)
    hub = gateway.logins.hub(gateway.settings)
    if hub is None or (await visitor(request)).user is not None:
        return None
    asked = request.scope.get("raw_path", b"").partition(b"?")[0].decode("ascii", "replace")
    if query := request.scope.get("query_string", b"").decode("ascii", "replace"):
        asked = f"{asked}?{query}"
    return await _away(request, hub, asked if request.method == "GET" else "")


def landing(path: str, prefix: str) -> str:
    """``path`` where it lies below ``prefix`` on this very host; else ``prefix`` itself."""
    fits = len(path) <= _MAX_NEXT and path.startswith(prefix) and _PATH.fullmatch(path)
    # Browsers take // for another host, and walk .. before they ask.
    steps = re.split(r"[?#]", path.lower(), maxsplit=1)[0].replace("%2e", ".").split("/")
    return path if fits and not path.startswith("//") and ".." not in steps else prefix


async def _away(request: Request, hub: LoginHub, asked: str) -> Response:
    gateway = gateway_of(request)
    session = (await asks(request)).session or ""
    state = gateway.signer.sign(
        _STATE,
        {
            "session": gateway.signer.name(_STATE, session),
            "way": gateway.logins.set_out(landing(asked, gateway.settings.prefix)),
        },
    )
    challenge = hashlib.sha256(_verifier(request, state).encode()).digest()
    written = base64.urlsafe_b64encode(challenge).decode().rstrip("=")
    answer = RedirectResponse(hub.login_url(state, written), _SEE_OTHER)
    return remembered(request, answer)


def _verifier(request: Request, state: str) -> str:
    """PKCE's secret: nobody but us can make it of the state."""
    return gateway_of(request).signer.name("pkce", state)


async def _login(request: Request) -> Response:
    gateway = gateway_of(request)
    asked = landing(request.query_params.get("next", ""), gateway.settings.prefix)
    hub = gateway.logins.hub(gateway.settings)
    if hub is None or (await visitor(request)).user is not None:
        return RedirectResponse(asked, _SEE_OTHER)
    return await _away(request, hub, asked)


async def _callback(request: Request) -> Response:
    gateway = gateway_of(request)
    hub = gateway.logins.hub(gateway.settings)
    state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
    signed = gateway.signer.read(_STATE, state, STATE_S)
    session = session_of(request)
    if session is None or not same(
        str(signed.get("session")), gateway.signer.name(_STATE, session)
    ):
        raise NotTrusted(
            "found a login that another browser began, expected one of this browser's",
            hint="open the page again; cookies have to be allowed for this site",
        )
    if hub is None or not code:
        raise NotTrusted("the hub did not log you in", hint="open the page again to try once more")
    token = await hub.token(code, _verifier(request, state))
    name = await hub.user(token)
    if name is None:
        raise NotTrusted(
            "the hub says that you may not use this service",
            hint=f"whoever runs the hub gives the scope access:services!service={_name(request)}",
        )
    path = gateway.logins.arrive(str(signed.get("way"))) or gateway.settings.prefix
    answer = RedirectResponse(path, _SEE_OTHER)
    # Whoever put a session of theirs into this browser does not get into its login.
    gateway.logins.drop(session)
    gateway.logins.keep(renewed(request, answer), Login(name, token))
    return answer


async def _logout(request: Request) -> Response:
    """Here, not at the hub: its own page does that."""
    await checked_form(request)
    gateway = gateway_of(request)
    if (session := session_of(request)) is not None:
        gateway.logins.drop(session)
    to = f"{gateway.settings.prefix}?{LOGGED_OUT}"
    return forgotten(request, RedirectResponse(to, _SEE_OTHER))


def _name(request: Request) -> str:
    service = gateway_of(request).settings.service
    return "" if service is None else service.name
