"""What something long tells while it goes on: numbered, bounded, for as many as want to follow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Generic, TypeVar

S = TypeVar("S")


class Steps(Generic[S]):
    """The last ``kept`` steps of all that were told; they are numbered from 0, and ``first`` is the
    number of the first that is there. It belongs to one event loop.
    """

    def __init__(self, kept: int) -> None:
        self.first = 0
        self.ended = False
        self._steps: deque[S] = deque(maxlen=kept)
        self._moved = asyncio.Event()

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, index: int) -> S:
        return self._steps[index]

    def __iter__(self) -> Iterator[S]:
        return iter(tuple(self._steps))

    @property
    def end(self) -> int:
        """The number that the next one gets."""
        return self.first + len(self._steps)

    def tell(self, step: S) -> None:
        """After the end nothing is told any more."""
        if not self.ended:
            self.first += len(self._steps) == self._steps.maxlen
            self._steps.append(step)
            self.wake()

    def shorten(self, kept: int) -> None:
        """Keep the last ``kept`` alone: nobody reads the others any more."""
        for _ in range(len(self._steps) - kept):
            self._steps.popleft()
            self.first += 1

    def close(self) -> None:
        """There will be no more: whoever follows is done when they have read what there is."""
        if not self.ended:
            self.ended = True
            self.wake()

    async def follow(self, start: int = 0) -> AsyncIterator[tuple[int, S]]:
        """The steps from number ``start`` on, as they come, until the end. Who is too slow misses
        those that are no longer kept; the numbers show it.
        """
        at = start
        while True:
            at = max(at, self.first)
            while at < self.end:
                yield at, self._steps[at - self.first]
                at = max(at + 1, self.first)
            if self.ended:
                return
            await self.wait()

    async def wait(self) -> None:
        """Until something of it changes."""
        await self._moved.wait()

    def wake(self) -> None:
        """Something changed that those who wait may want to look at."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
