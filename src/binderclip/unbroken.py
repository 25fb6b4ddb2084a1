"""Work that is done whole, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Whoever cancels us waits until it is done; for tidying up after a cancelling, which is raised
    by the caller.
    """
    task = asyncio.create_task(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    task.result()
