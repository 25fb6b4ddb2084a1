"""From the click to the notebook: the order, its page, its events, the way there, and the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from binderclip.errors import RateLimited, Refused, TimedOut
from binderclip.gateway.asked import source_of
from binderclip.gateway.context import gateway_of
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.looking import at_ref
from binderclip.gateway.launches.model import Look
from binderclip.gateway.launches.telling import step_frame
from binderclip.gateway.launches.urlpath import checked
from binderclip.gateway.leaving import check_staying
from binderclip.gateway.ordering import order_for
from binderclip.gateway.pages.answering import PAGE, NotHere, about, beside, frame_of, see
from binderclip.gateway.pages.looking import asking, yours
from binderclip.gateway.pages.progress import address, shown
from binderclip.gateway.pages.query import Query
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.gateway.streams import Terms, counted, frame, start_after, streams_of
from binderclip.gateway.visitors.forms import checked_form, csrf
from binderclip.gateway.visitors.once import Turn
from binderclip.gateway.visitors.signing import LaunchTicket
from binderclip.gateway.visitors.who import visitor

_LOOK_S = 120.0
_CHANGED = "the notebook is another one than when you were asked: this is what it says now"


async def launch(request: Request) -> Response:
    """Raises NotTrusted for a form or ticket that is not this visitor's, or too old; Closing."""
    gateway = gateway_of(request)

    async def look(fields: Mapping[str, str]) -> None:
        """The ticket says the way back; and that a page is too old, before its form does."""
        text = fields.get("ticket", "")
        if (said := LaunchTicket.said(gateway.signer, text)) is not None:
            about(request, _asked(said))
            LaunchTicket.read(gateway.signer, text, (await visitor(request)).owner)

    fields = await checked_form(request, look)
    check_staying(request.app)
    owner = (await visitor(request)).owner
    ticket = LaunchTicket.read(gateway.signer, fields.get("ticket", ""), owner)
    async with gateway.used.turn(ticket) as turn:
        if (first := turn.first(gateway.launches)) is not None:
            return see(request, address(first))
        return await _launched(request, ticket, turn, fields.get("job", ""))


async def _launched(request: Request, ticket: LaunchTicket, turn: Turn, number: str) -> Response:
    gateway, who = gateway_of(request), await visitor(request)
    query = _asked(ticket)
    place = _place(request, ticket.place)
    look, job = await _looked_at(request, ticket, number)
    if look.digest != ticket.digest:
        response = await asking(request, query, PAGE, look, job, notices=(_CHANGED,))
        response.status_code = 409
        return response
    order = replace(
        order_for(who, place, hint="log in again"),
        look=look,
        urlpath=checked(ticket.urlpath),
        ref=ticket.ref,
    )
    try:
        started = gateway.launches.start(order)
    except RateLimited:
        beside(request, await yours(request))
        raise
    turn.launched(started)
    # Straight on from the click, and not when somebody comes back to look after it.
    return see(request, f"{address(started)}?clicked")


def _asked(ticket: LaunchTicket) -> Query:
    return Query(ticket.address, ticket.place, ticket.urlpath or "", ticket.ref or "")


def _place(request: Request, name: str) -> PlaceSettings:
    place = gateway_of(request).settings.places.get(name)
    if place is None:
        raise Refused(f"found the place {name!r}, which is gone", hint="open the page again")
    return place


async def _looked_at(request: Request, ticket: LaunchTicket, number: str) -> tuple[Look, str]:
    """What the page showed, if it is still there; else a new look."""
    gateway, who = gateway_of(request), await visitor(request)
    source = source_of(ticket.address)
    job = gateway.looker.find(number, source.address, who.owner)
    if job is None or job.result is None:
        gateway.counter.take("looks", who.client)
        job = gateway.looker.begin(who.owner, source, client=who.client)
        await gateway.looker.settled(job, _LOOK_S)
    if job.failure is not None:
        raise job.failure
    if job.result is None:
        raise TimedOut(f"the notebook was not there after {_LOOK_S:g} s", hint="try again")
    return (at_ref(job.result, ticket.ref) if ticket.ref else job.result), job.id


async def one(request: Request) -> Response:
    found = await _own(request)
    clicked = "clicked" in request.query_params
    page = shown(await frame_of(request), found, await csrf(request), clicked=clicked)
    return HTMLResponse(page)


async def events(request: Request) -> Response:
    """For the page's own script: no token is in them."""
    found, who = await _own(request), await visitor(request)
    start = request.query_params.get("from", "")
    first = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 0  # noqa: PLR2004 - as in frames
    again = request.headers.get("last-event-id")
    terms = Terms(
        start=start_after(again) if again else first,
        last=lambda: frame({"state": found.state}, event="over"),
        counted=counted(gateway_of(request), who.client),
    )
    return streams_of(request).follow(found, step_frame, terms)


async def go(request: Request) -> Response:
    """The one answer with a token in it: in its ``Location``, for the browser of who launched."""
    found = await _own(request)
    if found.state != "ready" or found.landing is None:
        return see(request, address(found))
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(found.landing.browsers_url, 303, headers)


async def stop(request: Request) -> Response:
    await checked_form(request)
    found = await _own(request)
    await gateway_of(request).launches.stop(found)
    return see(request, address(found))


async def _own(request: Request) -> Launch:
    """Raises NotHere for what is not there, and for other people's."""
    owner = (await visitor(request)).owner
    found = gateway_of(request).launches.get(request.path_params["id"], owner)
    if found is None:
        raise NotHere(
            "there is no such launch of yours: it is over, or was started in another browser",
            hint="open the notebook's link again",
        )
    return found
