"""Launching by program: begin, follow, stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from binderclip.addresses.source import Source
from binderclip.environment import Environment
from binderclip.errors import Refused
from binderclip.gateway.answers import answered
from binderclip.gateway.api.notebooks import looked_at
from binderclip.gateway.api.requests import LaunchAsked
from binderclip.gateway.api.resource import body_of
from binderclip.gateway.api.telling import first_frame, last_frame, launch_as_json
from binderclip.gateway.asked import source_of
from binderclip.gateway.context import gateway_of
from binderclip.gateway.launches.choosing import place_for, refusal
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.model import Look, Order
from binderclip.gateway.launches.telling import step_frame
from binderclip.gateway.launches.urlpath import checked
from binderclip.gateway.leaving import check_staying
from binderclip.gateway.ordering import order_for
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.gateway.streams import Terms, counted, start_after, streams_of
from binderclip.gateway.visitors.consent import agreed
from binderclip.gateway.visitors.signing import LaunchTicket
from binderclip.gateway.visitors.who import asks, remembered, visitor
from binderclip.rest.faults import NotFound
from binderclip.spec import read
from binderclip.spec.model import JSON


async def begin(request: Request) -> Response:
    asked = await body_of(request, LaunchAsked)
    check_staying(request.app)
    gateway = gateway_of(request)
    launch = await _begun(request, asked)
    where = f"{gateway.settings.public_url}api/v1/launches/{launch.id}"
    if "text/event-stream" in request.headers.get("accept", "").lower():
        response = await _streamed(request, launch)
        response.headers["Location"] = where
    else:
        response = answered(launch_as_json(launch), 201, {"Location": where})
    response.status_code = 201
    return remembered(request, response)


async def _begun(request: Request, asked: LaunchAsked) -> Launch:
    """A launch; with a ticket that was used before, the one that it was used for."""
    gateway, ticket = gateway_of(request), (await asks(request)).ticket
    if ticket is None:
        return gateway.launches.start(await _ordered(request, asked))
    async with gateway.used.turn(ticket) as turn:
        if (first := turn.first(gateway.launches)) is not None:
            await _agreed(request, asked)
            return first
        launch = gateway.launches.start(await _ordered(request, asked))
        turn.launched(launch)
        return launch


async def all_own(request: Request) -> Response:
    gateway = gateway_of(request)
    found = gateway.launches.of((await visitor(request)).owner)
    return answered({"launches": [launch_as_json(one) for one in found]})


async def one(request: Request) -> Response:
    return answered(launch_as_json(await _own(request)))


async def events(request: Request) -> Response:
    launch, who = await _own(request), await visitor(request)
    terms = Terms(
        start=start_after(request.headers.get("last-event-id")),
        last=lambda: last_frame(launch, who),
        counted=counted(gateway_of(request), who.client),
    )
    return streams_of(request).follow(launch, step_frame, terms)


async def stop(request: Request) -> Response:
    launch = await _own(request)
    await gateway_of(request).launches.stop(launch)
    return Response(status_code=204)


async def _own(request: Request) -> Launch:
    """Raises NotFound for what is not there, and for other people's."""
    owner = (await visitor(request)).owner
    launch = gateway_of(request).launches.get(request.path_params["id"], owner)
    if launch is None:
        raise NotFound(
            "there is no such launch of yours",
            hint="send the cookie or the token that it was launched with",
        )
    return launch


async def _streamed(request: Request, launch: Launch) -> Response:
    """Who hangs up before the end cancels it."""
    launches, who = gateway_of(request).launches, await visitor(request)

    async def frames() -> AsyncIterator[bytes]:
        yield first_frame(launch)
        async with aclosing(launch.follow()) as steps:  # type: ignore[type-var] # a generator
            async for number, step in steps:
                yield step_frame(number, step)

    async def gone() -> None:
        if launch.under_way:
            await launches.stop(launch)

    terms = Terms(
        last=lambda: last_frame(launch, who),
        counted=counted(gateway_of(request), who.client),
        gone=gone,
    )
    return streams_of(request).of(frames(), terms)


async def _ordered(request: Request, asked: LaunchAsked) -> Order:
    """Raises Refused, SpecError, NotTrusted; with a ticket all that looking raises, since it is for
    the bytes that somebody saw.
    """
    place, source, ticket = await _agreed(request, asked)
    if source is None or asked.url is UNSET:
        environment = _environment(asked.binder)
        _check(request, place, environment)
        return await _order(request, asked, place, environment=environment)
    if ticket is None:
        return await _order(request, asked, place, source=source)
    look = await looked_at(request, asked.url)
    ticket.hold(
        address=source.address,
        digest=look.digest,
        place=place.name,
        urlpath=checked(asked.urlpath),
    )
    return await _order(request, asked, place, look=look)


async def _agreed(
    request: Request, asked: LaunchAsked
) -> tuple[PlaceSettings, Source | None, LaunchTicket | None]:
    """The place, what is launched there if that is a notebook, and the ticket that was brought.
    Raises Refused, NotTrusted.
    """
    urlpath = checked(asked.urlpath)
    source = None if asked.url is UNSET else source_of(asked.url)
    place = _place(request, asked.place)
    ticket = await agreed(request, place, source.address if source else "", urlpath)
    return place, source, ticket


def _environment(value: JSON) -> Environment:
    """Raises SpecError."""
    binder = read(value).binder
    return Environment() if binder is None else Environment.of(binder)


def _place(request: Request, stated: str | None) -> PlaceSettings:
    """The place that is ``stated``, else the default: a notebook may still name a better one once
    it is fetched. Raises Refused where there is no such place.
    """
    return place_for(gateway_of(request).settings, Environment(), stated or None)[0]


def _check(request: Request, place: PlaceSettings, environment: Environment) -> None:
    """Raises Refused where ``place`` cannot take it."""
    if (why := refusal(gateway_of(request).settings, place, environment)) is not None:
        raise Refused(f"{place.name}: {why}", hint="GET places names all there are")


async def _order(
    request: Request,
    asked: LaunchAsked,
    place: PlaceSettings,
    *,
    look: Look | None = None,
    source: Source | None = None,
    environment: Environment | None = None,
) -> Order:
    """Raises NotTrusted where the place is for people who are logged in."""
    who = await visitor(request)
    return replace(
        order_for(who, place),
        look=look,
        source=source,
        environment=environment,
        urlpath=checked(asked.urlpath),
        fixed=bool(asked.place) or look is not None,
    )
