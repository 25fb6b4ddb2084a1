"""One answer for all who ask the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Once:
    """Remembers answers and errors alike. Somebody who stops waiting does not take an answer away
    from the others.
    """

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What ``make`` gave for the first who asked for ``key``."""
        task = self._tasks.get(key)
        if task is None:

            async def made() -> T:
                return await make()

            task = self._tasks[key] = asyncio.create_task(made())
        found: T = await asyncio.shield(task)
        return found

    async def close(self) -> None:
        """End what is still under way."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
