"""What is asked once, however many ask for it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Memo:
    """Answers by what was asked, errors included; at most ``at_once`` are worked on at a time."""

    def __init__(self, at_once: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def once(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer of ``ask``, which must not come here itself."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._in_turn(ask))
        answer: T = await asyncio.shield(task)  # others may wait for it too
        return answer

    async def aclose(self) -> None:
        """Cancel what is still going on, and wait until it ended."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _in_turn(self, ask: Callable[[], Awaitable[T]]) -> T:
        async with self._turns:
            return await ask()
