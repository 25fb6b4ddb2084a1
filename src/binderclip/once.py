"""What is asked once, however many ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, TypeVar

T = TypeVar("T")


class Once:
    """Answers by what was asked, errors included; with ``at_once`` no more are worked on at a time.
    Somebody who stops waiting does not take an answer away from the others.
    """

    def __init__(self, at_once: int | None = None) -> None:
        self._turn: AbstractAsyncContextManager[Any] = (
            nullcontext() if at_once is None else asyncio.Semaphore(at_once)
        )
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What ``make`` gave for the first who asked for ``key``. With ``at_once`` it must not come
        here itself: it would wait for a turn while it has one.
        """
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._in_turn(make))
        found: T = await asyncio.shield(task)
        return found

    async def aclose(self) -> None:
        """Cancel what is still under way, and wait until it ended."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _in_turn(self, make: Callable[[], Awaitable[T]]) -> T:
        async with self._turn:
            return await make()
