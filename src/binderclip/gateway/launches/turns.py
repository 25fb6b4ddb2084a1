"""So many at a time, in the order in which they came; all others know how many come first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Before = Callable[[int], None]
"""Told how many come first, each time that it changes."""


class Turns:
    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._queue: list[tuple[asyncio.Future[None], Before]] = []

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @asynccontextmanager
    async def turn(self, before: Before) -> AsyncIterator[None]:
        if self._free > 0:
            self._free -= 1
        else:
            await self._wait(before)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, before: Before) -> None:
        given = asyncio.get_running_loop().create_future()
        self._queue.append((given, before))
        before(len(self._queue) - 1)
        try:
            await given
        except asyncio.CancelledError:
            if (given, before) in self._queue:
                self._queue.remove((given, before))
                self._tell()
            elif not given.cancelled():
                self._pass_on()  # it was given to one who no longer wants it
            raise

    def _pass_on(self) -> None:
        while self._queue:
            given, _ = self._queue.pop(0)
            if not given.done():
                given.set_result(None)
                self._tell()
                return
        self._free += 1

    def _tell(self) -> None:
        for number, (_, before) in enumerate(self._queue):
            before(number)
