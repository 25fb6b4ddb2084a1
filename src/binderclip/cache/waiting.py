"""Waiting for a lock of the cache without holding up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from binderclip.cache import Cache

if TYPE_CHECKING:
    from filelock import FileLock

_POLL_S = 0.1


@asynccontextmanager
async def holding(cache: Cache, name: str) -> AsyncIterator[None]:
    """Hold the lock of that name; wait for it as long as another process has it."""
    lock = cache.lock(name)
    await taken(cache, lock)
    try:
        yield
    finally:
        lock.release()


async def taken(cache: Cache, lock: FileLock) -> None:
    """Return once ``lock`` is ours. Raises CacheError."""
    while not got(cache, lock):  # noqa: ASYNC110 - another process holds it: no event tells
        await asyncio.sleep(_POLL_S)


def got(cache: Cache, lock: FileLock) -> bool:
    """Take ``lock`` if it is free now. Raises CacheError."""
    from filelock import Timeout  # noqa: PLC0415 - a warm launch takes no lock

    with cache.translated():
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        return True
