"""Whether somebody may launch at a place without a page that asked them, and what they are told
when it is up.
"""

from __future__ import annotations

from starlette.requests import Request

from binderclip.errors import NotTrusted
from binderclip.gateway.context import gateway_of
from binderclip.gateway.launches.model import Landing
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.gateway.visitors.model import Visitor
from binderclip.gateway.visitors.origins import SAFE, of_another_site, welcome
from binderclip.gateway.visitors.signing import LaunchTicket
from binderclip.gateway.visitors.who import asks


async def agreed(
    request: Request,
    place: PlaceSettings,
    address: str,
    urlpath: str | None = None,
    ref: str | None = None,
) -> LaunchTicket | None:
    """Return where the launch of ``address`` at ``place`` needs no page (``GET /build/…``,
    ``POST /api/v1/launches``): a token says yes to everything, a ticket to what it names, and
    nothing is needed where servers are nobody's own. The ticket, if one came: whoever launches has
    to ``hold`` it against the bytes that were read. Raises NotTrusted.
    """
    settings = gateway_of(request).settings
    found = await asks(request)
    if of_another_site(request, settings) and not welcome(request, settings):
        raise NotTrusted(
            "found a request of another web site, expected one of those that may launch here",
            hint="open the launch page itself, or ask whoever runs the service to allow the site",
        )
    if (ticket := found.ticket) is not None:
        ticket.hold(
            address=address, digest=ticket.digest, place=place.name, urlpath=urlpath, ref=ref
        )
        return ticket
    if place.ask and not found.visitor.machine:
        raise NotTrusted(
            f"found no token, expected one: launches at {place.title} need somebody's yes",
            hint="open the launch page and confirm there, or send a token of this service's "
            "in the header Authorization: Bearer …",
        )
    return None


def told_token(landing: Landing, place: PlaceSettings, who: Visitor) -> str | None:
    """The server's token, for whoever launched it at ``place``. One that opens more than the launch
    is for the operator's machines; on a hub, for the person whose own token started the server.
    """
    own = place.login and who.proof == "token"
    return landing.token if landing.sends_token or own or who.trusted else None


def own_request(request: Request) -> None:
    """For what changes something by cookie alone, without a form (``DELETE``, ``POST`` of JSON).
    Raises NotTrusted where another site sent it.
    """
    settings = gateway_of(request).settings
    if request.method not in SAFE and of_another_site(request, settings):
        raise NotTrusted(
            "found a request of another web site, expected one of our own pages or of a program",
            hint="send it from a page of this service",
        )
