"""A small application with the visitors' parts around it, as the whole service has them, and routes
that show what a handler gets. For tests of these parts alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from binderclip.errors import BinderclipError
from binderclip.gateway.answers import refused
from binderclip.gateway.bodies import whole
from binderclip.gateway.context import Gateway
from binderclip.gateway.headers import SecurityHeaders
from binderclip.gateway.prefix import Prefix
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.visitors.client import client_of
from binderclip.gateway.visitors.consent import agreed
from binderclip.gateway.visitors.cors import Cors
from binderclip.gateway.visitors.counting import Counter
from binderclip.gateway.visitors.crossing import Crossing
from binderclip.gateway.visitors.forms import checked_form, csrf
from binderclip.gateway.visitors.hosts import Hosts
from binderclip.gateway.visitors.signing import LaunchTicket, Signer
from binderclip.gateway.visitors.who import remembered, visitor

DIGEST = "sha256:00"
STANDING: tuple[Any, ...] = (SecurityHeaders, Hosts, Cors, Crossing)


class Visits(httpx.AsyncClient):
    gateway: Gateway


def _app(settings: Settings, clock: Callable[[], float], without: Any) -> tuple[Starlette, Gateway]:
    none: Any = None
    gateway = Gateway(
        settings=settings,
        guard=none,
        signer=Signer(settings.secret, clock),
        counter=Counter(settings.limits, clock=clock),
        envs=none,
        looker=none,
        launches=none,
        metrics=none,
    )
    app = Starlette(
        routes=[
            Route("/who", _who),
            Route("/form", _form, methods=["GET", "POST"]),
            Route("/form/slow", _slow, methods=["POST"]),
            Route("/build/{rest:path}", _build),
            Route("/api/v1/launches", _build, methods=["POST"]),
            Route("/api/v1/resolve", _who),
            Route("/go", _go),
        ],
        middleware=[
            Middleware(Prefix, prefix=settings.prefix),
            *(Middleware(one, settings=settings) for one in STANDING if one is not without),
        ],
        exception_handlers={BinderclipError: _told},
    )
    app.state.gateway = gateway
    return app, gateway


@asynccontextmanager
async def visiting(
    settings: Settings,
    clock: Callable[[], float] = lambda: 0.0,
    without: Any = None,
    **options: Any,
) -> AsyncIterator[Visits]:
    """``without`` is a part of ``STANDING`` that is left out, to see what it is good for."""
    app, gateway = _app(settings, clock, without)
    transport = httpx.ASGITransport(app, client=options.pop("client", ("203.0.113.7", 4711)))
    options = {"base_url": settings.public_url, "transport": transport, **options}
    async with Visits(**options) as client:
        client.gateway = gateway
        yield client


async def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, BinderclipError)
    return refused(error)


async def _who(request: Request) -> Response:
    found = await visitor(request)
    assert await visitor(request) is found
    shown = {"owner": found.owner, "client": found.client, "proof": found.proof}
    return remembered(request, JSONResponse({**shown, "counted": client_of(request)}))


async def _form(request: Request) -> Response:
    """``GET`` hands out the token and a ticket; ``POST`` takes both."""
    owner = (await visitor(request)).owner
    signer = request.app.state.gateway.signer
    if request.method == "GET":
        named = request.query_params
        ticket = LaunchTicket(named["address"], named.get("digest", DIGEST), "here", owner)
        fields = {"csrf": await csrf(request), "ticket": ticket.signed(signer)}
        return remembered(request, JSONResponse(fields))
    fields = dict(await checked_form(request))
    ticket = LaunchTicket.read(signer, fields["ticket"], owner)
    ticket.hold(address=fields["address"], digest=fields.get("digest", DIGEST), place="here")
    return JSONResponse({"launched": ticket.address})


async def _slow(request: Request) -> Response:
    return JSONResponse({"bytes": len(await whole(request, 100, 0.05))})


async def _build(request: Request) -> Response:
    settings: Settings = request.app.state.gateway.settings
    place = settings.places[request.query_params.get("host", settings.default)]
    address = request.path_params.get("rest", "") or request.query_params["address"]
    ticket = await agreed(request, place, address)
    if ticket is not None:
        ticket.hold(address=address, digest=DIGEST, place=place.name)
    request.app.state.gateway.counter.take("launches", (await visitor(request)).client)
    return JSONResponse({"launched": address})


async def _go(_request: Request) -> Response:
    found = {"Location": "https://hub.test/?token=secret", "Referrer-Policy": "no-referrer"}
    return Response(None, 303, found)
