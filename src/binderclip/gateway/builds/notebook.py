"""``GET /build/notebook/ADDRESS``: a look at the notebook, then its launch, as one stream.

``host=`` names the place, ``urlpath=`` the page to land on, and ``ref=`` another ref of the
repository that the notebook names to build. A forge's ref is in the address itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from starlette.requests import Request

from binderclip.addresses.source import Source
from binderclip.environment import Environment
from binderclip.errors import LaunchError
from binderclip.gateway.asked import quoted_rest, source_of
from binderclip.gateway.builds import events
from binderclip.gateway.builds.build import Ending, Tell, Work
from binderclip.gateway.context import Gateway, gateway_of
from binderclip.gateway.launches.choosing import place_for
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.model import Look, Order
from binderclip.gateway.launches.urlpath import checked
from binderclip.gateway.ordering import order_for
from binderclip.gateway.visitors.consent import agreed, told_token
from binderclip.gateway.visitors.model import Visitor
from binderclip.gateway.visitors.signing import LaunchTicket
from binderclip.gateway.visitors.who import visitor

BEFORE = "/build/notebook/"


@dataclass(frozen=True, slots=True)
class Wish:
    source: Source
    host: str | None
    urlpath: str | None
    ref: str | None


def wished(request: Request) -> Wish:
    """Raises Refused, AddressForbidden."""
    asked = request.query_params
    return Wish(
        source_of(quoted_rest(request, BEFORE)),
        asked.get("host") or None,
        checked(asked.get("urlpath")),
        asked.get("ref") or None,
    )


async def work(request: Request) -> Work:
    """Counts a look. Raises Refused, AddressForbidden, NotTrusted, RateLimited."""
    wish = wished(request)
    gateway, asking = gateway_of(request), await visitor(request)
    # The notebook may name a better one, which the launch sees to.
    place, _ = place_for(gateway.settings, Environment(), wish.host)
    ticket = await agreed(request, place, wish.source.address, wish.urlpath, wish.ref)
    order = order_for(asking, place)
    gateway.counter.take("looks", asking.client)
    order = replace(
        order,
        source=wish.source,
        urlpath=wish.urlpath,
        ref=wish.ref,
        fixed=wish.host is not None or ticket is not None,
    )
    return partial(_launched, gateway, order, asking, ticket)


async def _launched(
    gateway: Gateway, order: Order, who: Visitor, ticket: LaunchTicket | None, tell: Tell
) -> Ending:
    look = await _looked_at(gateway, order, ticket, tell)
    launch, ours = await _started(gateway, replace(order, look=look), ticket)
    try:
        return await _followed(gateway, launch, look, who, tell)
    finally:
        if ours and launch.under_way:
            await gateway.launches.stop(launch)


async def _looked_at(
    gateway: Gateway, order: Order, ticket: LaunchTicket | None, tell: Tell
) -> Look:
    assert order.source is not None  # noqa: S101 - for the type checker

    def say(line: str) -> None:
        tell(events.told("fetching", line))

    look = await gateway.looker.look(order.source, say, ref=order.ref, client=order.client)
    if ticket is not None:
        ticket.hold(
            address=order.source.address,
            digest=look.digest,
            place=order.place.name,
            urlpath=order.urlpath,
            ref=order.ref,
        )
    for remark in look.remarks:
        tell(events.told("waiting", remark))
    return look


async def _started(
    gateway: Gateway, order: Order, ticket: LaunchTicket | None
) -> tuple[Launch, bool]:
    """The launch, and whether it is this stream's: a ticket leads to what it launched before."""
    if ticket is None:
        return gateway.launches.start(order), True
    async with gateway.used.turn(ticket) as turn:
        if (first := turn.first(gateway.launches)) is not None:
            return first, False
        launch = gateway.launches.start(order)
        turn.launched(launch)
        return launch, True


async def _followed(
    gateway: Gateway, launch: Launch, look: Look, who: Visitor, tell: Tell
) -> Ending:
    telling = events.Telling()
    async for _, step in launch.follow():
        if (event := telling.event(step)) is not None:
            tell(event)
    if launch.landing is not None:
        token = told_token(launch.landing, launch.order.place, who)
        event = events.ready(launch.landing, look, gateway.settings.public_url, token)
        return Ending(event, well=True)
    raise launch.error or LaunchError(
        "the launch was stopped before it was ready", hint="ask for it again"
    )
