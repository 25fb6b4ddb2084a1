"""What a BinderHub cannot take as it is, made into a repository that it can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from binderclip.addresses.loopback import is_loopback
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.envrepo import HUBS, Limits, NetworkSources, Packed, needs_none, pack, part
from binderclip.errors import Refused
from binderclip.flow.bringing import CONTENT, room_made
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.guard import Guard
from binderclip.spec.model import Reference

LIMITS = Limits(files=4000, file_bytes=16 * 2**20, total_bytes=48 * 2**20, listed=20_000)
"""All of it is held in memory, while others wait to be answered."""


class Shelf(Protocol):
    """Where repositories are served from; ``add`` may wait for the disk."""

    def add(self, packed: Packed) -> str: ...


def needed(place: PlaceSettings, env: Environment) -> bool:
    """Whether a repository of ours has to stand in: ``place`` builds repositories alone, and
    ``env`` is not one as it is. One with an image besides goes by its repository.
    """
    if place.kind != "binderhub" or env.bare or _pinned_elsewhere_alone(env):
        return False
    return env.build is None or not needs_none(part(env, prefer="build"))


def refusal(settings: Settings, place: PlaceSettings) -> str | None:
    """Why ``place`` could not fetch a repository from here."""
    if _loopback(settings.public_url) and place.url and not _loopback(place.url):
        return (
            f"{place.title} would have to fetch the environment from {settings.public_url}, which "
            "is an address of this machine alone: the service needs a public one (public_url)"
        )
    return None


async def prepared(
    env: Environment,
    settings: Settings,
    place: PlaceSettings,
    *,
    shelf: Shelf,
    cache: Cache,
    guard: Guard,
    tell: Callable[[str], None],
) -> Environment:
    """``env`` as ``place`` can take it. Nothing of it is run. Raises Refused, TooLarge,
    ResolveError, Unreachable, RateLimited, CacheError and AddressForbidden.
    """
    if place.kind == "binderhub" and env.build is not None and not needed(place, env):
        return replace(env, image=None)
    if not needed(place, env):
        if place.here and env.build is not None:  # which is fetched here, too
            await room_made(cache)
        return env
    if reason := refusal(settings, place):
        raise Refused(reason)
    await room_made(cache)
    async with NetworkSources(cache, guard, anonymous=True, bounds=CONTENT) as sources:
        packed = await pack(env, sources, limits=LIMITS, observe=tell)
    for remark in packed.remarks:
        tell(remark)
    key = await asyncio.to_thread(shelf.add, packed)
    tell(f"the environment is commit {packed.commit[:12]} of a repository of this service")
    parts = urlsplit(settings.public_url)
    path = f"{parts.path.lstrip('/')}env/{key}.git"
    host = f"{parts.scheme}://{parts.netloc}"
    return Environment(build=Reference(host=host, path=path, hash=packed.commit))


def _pinned_elsewhere_alone(env: Environment) -> bool:
    """Nothing is named but files that were pinned for another platform."""
    pinned = env.frozen is not None and env.frozen.platform not in {None, HUBS}
    return pinned and replace(env, frozen=None).bare


def _loopback(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")
