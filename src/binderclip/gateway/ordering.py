"""From who asks to what is ordered for them."""

from __future__ import annotations

from binderclip.errors import NotTrusted
from binderclip.gateway.launches.model import Order
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.gateway.visitors.model import Visitor

_HINT = "send a token of yours of that hub: Authorization: Bearer …"


def order_for(who: Visitor, place: PlaceSettings, *, hint: str = _HINT) -> Order:
    """To be filled in with what is to be launched. Raises NotTrusted where the place is for people
    who are logged in, and nobody is.
    """
    if place.login and who.hub_token is None:
        raise NotTrusted(
            f"{place.title} runs the servers of its hub's people, and nobody is logged in",
            hint=hint,
        )
    return Order(
        place=place,
        owner=who.owner,
        client=who.client,
        hub_token=who.hub_token,
        trusted=who.trusted,
    )
