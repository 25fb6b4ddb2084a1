"""What streams send: frames that all who follow the same thing share."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

_KEPT = 512
_AT_ONCE_BYTES = 32 * 2**10
_WOKEN_AT_ONCE = 200


class Follower(ABC):
    """One stream's place in a source. ``at`` is the number of the next frame; ``quiet`` is True
    where nothing was sent since the clock came by last, and ``beat`` where it is time to show that
    the connection lives. ``part`` is the clock's.
    """

    __slots__ = ("at", "beat", "part", "quiet")

    def __init__(self, at: int) -> None:
        self.at = at
        self.quiet = False
        self.beat = False
        self.part = 0

    @abstractmethod
    def wake(self) -> None:
        """There may be something new."""


class Source:
    """Reads ``frames`` (each with its number) once, for all followers, as long as there is one. Of
    very many only the last are kept: who is further behind misses some.
    """

    def __init__(
        self, frames: AsyncGenerator[tuple[int, bytes], None], dropped: Callable[[], None]
    ) -> None:
        self.ended = False
        self.error: Exception | None = None
        self.followers: set[Follower] = set()
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=_KEPT)
        self._dropped = dropped
        self._reading = asyncio.ensure_future(self._read(frames))

    def join(self, follower: Follower) -> None:
        self.followers.add(follower)

    def leave(self, follower: Follower) -> None:
        self.followers.discard(follower)
        if not self.followers:
            self._reading.cancel()
            self._dropped()

    def take(self, follower: Follower) -> bytes:
        """What is new for it, a bounded amount at a time; empty where nothing is."""
        if not self._kept or self._kept[-1][0] < follower.at:
            return b""
        taken, size = [], 0
        for number, one in self._after(follower.at):
            taken.append(one)
            size += len(one)
            follower.at = number + 1
            if size >= _AT_ONCE_BYTES:
                break
        # The very same bytes for all of them, in the usual case of one.
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def _after(self, at: int) -> list[tuple[int, bytes]]:
        found = []
        for one in reversed(self._kept):
            if one[0] < at:
                break
            found.append(one)
        found.reverse()
        return found

    async def _read(self, frames: AsyncGenerator[tuple[int, bytes], None]) -> None:
        try:
            async with aclosing(frames):
                async for one in frames:
                    self._kept.append(one)
                    await self._wake()
        except Exception as error:  # noqa: BLE001 - raised again in each stream
            self.error = error
        finally:
            self.ended = True
            for follower in tuple(self.followers):
                follower.wake()

    async def _wake(self) -> None:
        """A part at a time, so that thousands of them hold up nobody else."""
        followers = list(self.followers)
        for start in range(0, len(followers), _WOKEN_AT_ONCE):
            for follower in followers[start : start + _WOKEN_AT_ONCE]:
                follower.wake()
            await asyncio.sleep(0)
