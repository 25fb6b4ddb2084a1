"""The shelf of a running service: opened with it, and swept while it runs."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from binderclip.errors import CacheError
from binderclip.gateway.settings.model import ShareSettings
from binderclip.gateway.share.shelf import Shelf

_ADDRESS = re.compile(r"shared/([0-9a-f]{64})\.ipynb")
_log = logging.getLogger("binderclip.gateway")


@asynccontextmanager
async def shelf_of(
    settings: ShareSettings | None, *, every_s: float = 3600.0
) -> AsyncIterator[Shelf | None]:
    """None where nothing is shared. What has expired is removed every so often, even where nobody
    asks for anything. Raises ConfigError for a store that cannot be used.
    """
    if settings is None:
        yield None
        return
    shelf = await asyncio.to_thread(Shelf, settings.url, total_bytes=settings.total_bytes)
    sweeping = asyncio.create_task(_sweep(shelf, every_s))
    try:
        yield shelf
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping


def own_notebooks(public_url: str, shelf: Shelf | None) -> Callable[[str], Awaitable[bytes | None]]:
    """Reads a notebook of the shelf by its address, so that the service can launch what it keeps
    where its own address is one that the guard forbids: on loopback, or in a private network.
    """

    async def read(url: str) -> bytes | None:
        digest = kept_digest(public_url, url)
        if shelf is None or digest is None:
            return None
        return await asyncio.to_thread(shelf.read, digest)

    return read


def kept_digest(public_url: str, url: str) -> str | None:
    """Which notebook ``url`` names, if it is the address of one of the shelf."""
    if not url.startswith(public_url):
        return None
    found = _ADDRESS.fullmatch(url.removeprefix(public_url))
    return found[1] if found else None


async def _sweep(shelf: Shelf, every_s: float) -> None:
    while True:
        try:
            await asyncio.to_thread(shelf.sweep)
        except CacheError as error:
            _log.warning("%s", error.message)
        await asyncio.sleep(every_s)
