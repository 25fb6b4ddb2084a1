"""A place of the settings, in the words that targets are made of."""

from __future__ import annotations

from binderclip.addresses.link import parse
from binderclip.errors import NotTrusted
from binderclip.flow.making import Means, Wanted
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.guard import Endpoint, Guard, OpenGuard, system_resolver
from binderclip.repositories.address import endpoint

OPEN = Means(guard=OpenGuard())
"""For targets that are asked what they refuse, and nothing else."""


def words_for(place: PlaceSettings, token: str | None) -> Wanted:
    """``token`` is the one that is sent there."""
    return Wanted(
        urls=(place.url,) if place.url else (),
        token=token,
        server=place.server,
        options=place.options,
        as_is=place.as_is,
    )


def token_for(place: PlaceSettings, hub_token: str | None) -> str | None:
    """The person's own where the place takes that, and the service's otherwise. Raises NotTrusted
    where nobody is logged in.
    """
    if not place.login:
        return place.token
    if hub_token is None:
        raise NotTrusted(
            f"{place.title} starts a server of your own, and nobody is logged in",
            hint="log in first",
        )
    return hub_token


class PlaceGuard:
    """Lets through the place itself, which the operator named, wherever that is; all else that a
    hub leads to is up to ``inner``.
    """

    personal = False

    def __init__(self, place: PlaceSettings, inner: Guard) -> None:
        self._inner = inner
        self._own = {endpoint(parse(url)) for url in (place.url, place.public_url) if url}

    async def endpoints(self, host: str, port: int) -> tuple[Endpoint, ...]:
        if (host.lower(), port) in self._own:
            return await OpenGuard(system_resolver).endpoints(host, port)
        return await self._inner.endpoints(host, port)
