"""``GET /build/PROVIDER/SPEC`` for the other providers: what the BinderHub of the settings says.

Its events are copied as they are, up to the one that ends the launch. Nothing of the visitor's is
sent on: no token, cookie, address or query.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial

from starlette.requests import Request

from binderclip.errors import LaunchError, Refused, TimedOut
from binderclip.gateway.asked import raw_path
from binderclip.gateway.builds import events
from binderclip.gateway.builds.build import Ending, Tell, Work
from binderclip.gateway.context import gateway_of
from binderclip.gateway.launches.wanting import PlaceGuard
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.gateway.visitors.consent import agreed
from binderclip.gateway.visitors.who import visitor
from binderclip.guard import Guard
from binderclip.targets.binderhub.told import parse
from binderclip.web import Web

_BEFORE = b"/build/"
_MAX_CHARACTERS = 4096
# What addresses may be made of (RFC 3986), without queries.
_SPEC = re.compile(r"[a-z0-9]{1,40}/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})+")
_UPWARDS = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
# Hubs that are alive send something every 25 s.
_SILENCE_S = 90.0
_MAX_EVENTS = 100_000


def hub_of(settings: Settings) -> PlaceSettings | None:
    """The BinderHub that other providers are passed through to."""
    return settings.places[settings.providers] if settings.providers is not None else None


async def work(request: Request) -> Work:
    """Counts a launch. Raises Refused, NotTrusted, RateLimited."""
    gateway = gateway_of(request)
    spec = _spec(request)
    provider = spec.partition("/")[0]
    place = hub_of(gateway.settings)
    if place is None or place.url is None or place.login:
        raise Refused(
            f"No provider found for prefix {provider}",
            hint="this service launches notebooks: /build/notebook/ and the address, quoted",
        )
    await agreed(request, place, spec)
    client = (await visitor(request)).client
    gateway.counter.take("launches", client)
    gateway.counter.take("environment", spec)
    guard = PlaceGuard(place, gateway.guard)
    most_s = gateway.settings.limits.launch_s
    return partial(_copied, place, f"{place.url}build/{spec}", guard, most_s)


def _spec(request: Request) -> str:
    raw = raw_path(request).partition(_BEFORE)[2].decode("latin-1")
    if len(raw) > _MAX_CHARACTERS or not _SPEC.fullmatch(raw) or _UPWARDS.search(raw):
        raise Refused(
            "found a path that is no PROVIDER/SPEC, expected one like gh/user/repository/ref",
            hint="quote addresses in it: git/https%3A%2F%2Fexample.org%2Frepository/main",
        )
    return raw


async def _copied(
    place: PlaceSettings, url: str, guard: Guard, most_s: float, tell: Tell
) -> Ending:
    late = asyncio.timeout(most_s)
    try:
        async with (
            late,
            Web(guard) as web,
            web.events(url, token=place.token, silence_s=_SILENCE_S) as (answer, lines),
        ):
            if (ending := await _read(lines, tell)) is not None:
                return ending
    except TimeoutError as error:
        if not late.expired():
            raise
        raise TimedOut(
            f"{place.title} was not done within {most_s / 60:.0f} minutes",
            hint="try again: a build that goes on there is taken up where it is",
        ) from error
    raise LaunchError(
        f"{place.title} ended its answer (status {answer.status}) before the launch was over",
        hint="try again in some minutes",
    )


async def _read(lines: AsyncIterator[str], tell: Tell) -> Ending | None:
    """Up to the event that ends it. None where there is none, or too much of it."""
    number = 0
    async for line in lines:
        number += 1
        said = parse(line)
        if said is None or number > _MAX_EVENTS:
            return None
        if said.last:
            return Ending(events.copied(line, last=True), well=said.phase == "ready")
        tell(events.copied(line))
    return None
