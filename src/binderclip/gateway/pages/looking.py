"""From an address to the page that asks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from binderclip.errors import NotTrusted
from binderclip.gateway.asked import quoted_rest, source_of
from binderclip.gateway.context import Gateway, gateway_of
from binderclip.gateway.launches.choosing import place_for, refusal, stands_in
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.looking import at_ref
from binderclip.gateway.launches.model import Look, Order
from binderclip.gateway.launches.urlpath import checked
from binderclip.gateway.pages.answering import PAGE, about, frame_of, gone_to, see
from binderclip.gateway.pages.front import front as front_page
from binderclip.gateway.pages.front import waiting
from binderclip.gateway.pages.linkbox import linkbox
from binderclip.gateway.pages.offer import Offer, offered
from binderclip.gateway.pages.places import Choice
from binderclip.gateway.pages.query import Query
from binderclip.gateway.pages.running import listed
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.gateway.share.shelving import kept_digest
from binderclip.gateway.visitors.forms import csrf
from binderclip.gateway.visitors.model import LOGGED_OUT
from binderclip.gateway.visitors.signing import LaunchTicket
from binderclip.gateway.visitors.who import visitor
from binderclip.pages.kept import Job
from binderclip.pages.markup import Html

FRONT = ""
_PATIENCE_S = 1.5
"""How long a browser waits for the page itself, before it is told what goes on."""


async def front(request: Request) -> Response:
    query = Query.of(request.query_params)
    if query.url and "change" not in request.query_params:
        return await _shown(request, query, FRONT)
    gateway = gateway_of(request)
    going = await _going(request)
    token = await csrf(request) if going else ""
    places = gateway.settings.places.values()
    frame = await frame_of(request)
    out = LOGGED_OUT in request.query_params and frame.user is None
    return HTMLResponse(front_page(frame, query, places, going, token, logged_out=out))


async def yours(request: Request) -> Html | None:
    """What this visitor could stop."""
    return listed(await frame_of(request), await _going(request), await csrf(request))


async def _going(request: Request) -> list[Launch]:
    """The visitor's own, newest first."""
    own = gateway_of(request).launches.of((await visitor(request)).owner)
    return [launch for launch in reversed(own) if not launch.over]


async def by_query(request: Request) -> Response:
    query = Query.of(request.query_params)
    return await _shown(request, query, PAGE) if query.url else see(request, FRONT)


async def by_path(request: Request) -> Response:
    url = quoted_rest(request, f"/{PAGE}/")
    query = Query.of(request.query_params, url)
    about(request, query)
    return await _shown(request, query, PAGE)


async def _shown(request: Request, query: Query, page: str) -> Response:
    """Raises Refused, NotTrusted, RateLimited, and all that looking raises."""
    gone_to(request)
    source_of(query.url)
    checked(query.urlpath)
    gateway = gateway_of(request)
    job = await _job(request, query)
    if not await gateway.looker.settled(job, _PATIENCE_S):
        return HTMLResponse(waiting(await frame_of(request), query, page, job.id, job.steps))
    if job.failure is not None:
        raise job.failure
    if job.result is None:  # cancelled, when the service ends
        return see(request, query.link(page))
    look = at_ref(job.result, query.ref) if query.ref else job.result
    return await asking(request, query, page, look, job.id)


async def _job(request: Request, query: Query) -> Job[Look]:
    """The fetch that this page waits for, or a new one."""
    gateway, who, source = gateway_of(request), await visitor(request), source_of(query.url)
    if number := request.query_params.get("job"):
        if (job := gateway.looker.find(number, source.address, who.owner)) is not None:
            return job
        if who.proof == "nothing" and request.headers.get("sec-fetch-site") == "same-origin":
            raise NotTrusted(
                "found no cookie of this service, expected the one that it set a moment ago",
                hint="allow cookies for this site, and open the link again",
            )
    gateway.counter.take("looks", who.client)
    return gateway.looker.begin(who.owner, source, client=who.client)


async def asking(
    request: Request,
    query: Query,
    page: str,
    look: Look,
    job: str,
    *,
    notices: tuple[str, ...] = (),
) -> Response:
    """The page with the button; the way to the login instead, where the place needs one."""
    gateway = gateway_of(request)
    settings = gateway.settings
    place, remarks = place_for(settings, look, query.host or None)
    if place.login:
        from binderclip.gateway.visitors.login import required  # noqa: PLC0415 - for hubs alone

        if (away := await required(request)) is not None:
            return away
    choice = _choice(gateway, place.name, look)
    fields = await _fields(request, query, look, job, choice)
    others = (one for one in settings.places if one != place.name)
    auto = page == PAGE and not place.ask and choice.refusal is None and not notices
    offer = Offer(
        look=look,
        query=query,
        page=page,
        choice=choice,
        others=tuple(_choice(gateway, one, look) for one in others),
        remarks=remarks,
        fields=fields,
        auto=auto,
        notices=notices,
        own=_own(gateway, look),
        up=None if auto or choice.refusal else await _up(request, query, look, place),
    )
    more = linkbox(look, settings) if page == FRONT else None
    return HTMLResponse(offered(await frame_of(request), offer, more))


async def _up(request: Request, query: Query, look: Look, place: PlaceSettings) -> Launch | None:
    who = await visitor(request)
    same = Order(
        place=place,
        owner=who.owner,
        client=who.client,
        look=look,
        urlpath=checked(query.urlpath),
        ref=query.ref or None,
    )
    return gateway_of(request).launches.up(same)


async def _fields(
    request: Request, query: Query, look: Look, job: str, choice: Choice
) -> tuple[tuple[str, str], ...]:
    """What makes the form this visitor's, and for this very notebook and place."""
    ticket = LaunchTicket(
        address=source_of(query.url).address,
        digest=look.digest,
        place=choice.place.name,
        owner=(await visitor(request)).owner,
        urlpath=query.urlpath or None,
        ref=query.ref or None,
    )
    signed = ticket.signed(gateway_of(request).signer)
    return (("csrf", await csrf(request)), ("ticket", signed), ("job", job))


def _own(gateway: Gateway, look: Look) -> bool:
    """Whether the service itself keeps the notebook, so that it came over no network."""
    url = look.source.url or ""
    return gateway.shelf is not None and kept_digest(gateway.settings.public_url, url) is not None


def _choice(gateway: Gateway, name: str, look: Look) -> Choice:
    place = gateway.settings.places[name]
    environment = look.opened.environment
    return Choice(
        place,
        refusal(gateway.settings, place, environment),
        stands_in=stands_in(gateway.settings, place, environment),
    )
