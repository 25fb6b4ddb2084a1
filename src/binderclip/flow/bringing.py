"""What a notebook brings, fetched for strangers: anonymously, under a guard, and within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from binderclip.cache import Cache
from binderclip.copying import Copies, Limits, prepare
from binderclip.errors import RateLimited, SourceError
from binderclip.events import Event
from binderclip.guard import Guard
from binderclip.repositories.bounds import Bounds
from binderclip.repositories.guarded import holds_guarded
from binderclip.spec.model import Binder

CONTENT_S = 300.0
"""How long the repositories of ``content`` and ``config`` may take."""
CONTENT = Bounds(fetched_bytes=128 * 2**20, fetch_s=CONTENT_S)
CONTENT_MOST = Limits(file_bytes=64 * 2**20, total_bytes=256 * 2**20)
UNUSED_S = 3 * 24 * 3600.0
"""When what was fetched for strangers is dropped."""
KEPT_BYTES = 4 * 2**30
"""The most that is kept of it; what is being fetched comes on top."""
BUSY_S = 120.0
"""What was used within that time may be read just now."""


async def room_made(cache: Cache, max_bytes: int = KEPT_BYTES) -> None:
    """Before anything is fetched for strangers: links fill the cache, and nobody prunes one that
    they do not know of. Raises RateLimited where all that is there was fetched a moment ago, and
    CacheError.
    """
    left = await asyncio.to_thread(_pruned, cache, max_bytes)
    if left > max_bytes:
        raise RateLimited(
            "found more repositories being fetched here than there is room for",
            hint="try again in some minutes",
            retry_after_s=BUSY_S,
        )


def _pruned(cache: Cache, max_bytes: int) -> int:
    cache.prune_repositories(UNUSED_S, holds_guarded)
    return cache.shrink_repositories(max_bytes, holds_guarded, idle_s=BUSY_S)


async def brought(
    binder: Binder, *, cache: Cache, guard: Guard, observe: Callable[[Event], None]
) -> Copies:
    """``copying.prepare`` for those who are not at this machine. Raises as that does, and
    SourceError where it takes too long, RateLimited where the cache is full.
    """
    try:
        async with asyncio.timeout(CONTENT_S):
            await room_made(cache)
            return await prepare(
                binder,
                cache=cache,
                anonymous=True,
                observe=observe,
                guard=guard,
                limits=CONTENT_MOST,
                bounds=CONTENT,
            )
    except TimeoutError as exc:
        raise SourceError(
            f"content: not there after {CONTENT_S:g} s", hint="clone the repository yourself"
        ) from exc
