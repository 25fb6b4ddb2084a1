"""What strangers' notebooks make a cache hold."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, aclosing
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.local.conftest import make_origin, serve  # noqa: F401 - pytest looks for them

from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.envrepo import NetworkSources
from binderclip.errors import AddressForbidden, BinderclipError, NotTrusted, RateLimited, TooLarge
from binderclip.events import Event
from binderclip.flow.bringing import UNUSED_S, room_made
from binderclip.flow.making import TARGETS, Means, Wanted
from binderclip.guard import OpenGuard, PublicGuard
from binderclip.repositories.bounds import Bounds
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from tests.local.conftest import Origin, Served

FEW = Bounds(fetched_bytes=20_000)
MB = 2**20
LOOPBACK = (ip_network("127.0.0.0/8"),)


def kept(cache: Cache, name: str, age_s: float, size: int, store: str = f"{'a' * 40}.git") -> Path:
    folder = cache.root / "repositories" / name
    (folder / store).mkdir(parents=True)
    (folder / store / "pack").write_bytes(b"x" * size)
    then = time.time() - age_s
    os.utime(folder, (then, then))
    return folder


def test_what_strangers_named_has_a_total(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    old = kept(cache, "old", UNUSED_S + 10, 10)
    first, second = kept(cache, "first", 900, 2 * MB), kept(cache, "second", 600, 2 * MB)
    own = kept(cache, "own", 5000, 9 * MB, "sha1.git")
    fresh = kept(cache, "fresh", 5, 2 * MB)
    asyncio.run(room_made(cache, 5 * MB))
    assert [one.exists() for one in (old, first, second, fresh, own)] == [0, 0, 1, 1, 1]
    # What may be read just now is not taken away: whoever comes next waits.
    with pytest.raises(RateLimited, match="than there is room for"):
        asyncio.run(room_made(cache, MB))
    assert [one.exists() for one in (second, fresh, own)] == [0, 1, 1]


@pytest.fixture
def large(
    make_origin: Callable[..., Origin],  # noqa: F811 - pytest's way
    serve: Callable[..., AbstractContextManager[Served]],  # noqa: F811 - as above
) -> Iterator[Served]:
    made = make_origin("large")
    made.commit({"requirements.txt": "six\n", "noise": os.urandom(60_000).hex()})
    with serve(made.path.parent) as server:
        yield server


def launched(means: Means, build: Reference) -> None:
    async def go() -> list[Event]:
        target = TARGETS["local"](Wanted(), means)
        async with aclosing(target.launch(Environment(build=build))) as events:
            return [event async for event in events]

    asyncio.run(go())


def test_a_repository_that_is_laid_over_is_fetched_within_bounds(
    large: Served, tmp_path: Path
) -> None:
    async def fetched(bounds: Bounds | None) -> None:
        guard = PublicGuard(allow=LOOPBACK)
        async with NetworkSources(Cache(tmp_path / "c"), guard, bounds=bounds) as sources:
            await sources.fetched(Reference(large.url, "large.git", ref="main"))

    with pytest.raises(TooLarge):
        asyncio.run(fetched(FEW))
    asyncio.run(fetched(None))


def test_this_machine_fetches_what_strangers_name_under_the_guard(
    large: Served, tmp_path: Path
) -> None:
    """SSRF by a notebook's ``build``: the address is inside, and never asked."""
    cache = Cache(tmp_path / "cache")
    build = Reference(large.url, "large.git", ref="main")
    means = Means(guard=PublicGuard(), cache=cache, anonymous=True)
    with pytest.raises(AddressForbidden):
        launched(means, build)
    assert large.seen == []
    for host in ("file:///etc", "ssh://git@127.0.0.1"):
        with pytest.raises(BinderclipError):
            launched(means, Reference(host, "x", ref="main"))
    with pytest.raises(TooLarge):
        launched(Means(guard=PublicGuard(allow=LOOPBACK), cache=cache, bounds=FEW), build)


def test_ones_own_are_fetched_as_before(large: Served, tmp_path: Path) -> None:
    means = Means(guard=OpenGuard(), cache=Cache(tmp_path / "cache"), bounds=FEW)
    with pytest.raises(NotTrusted):  # it is there, and nobody says yes
        launched(means, Reference(large.url, "large.git", ref="main"))
