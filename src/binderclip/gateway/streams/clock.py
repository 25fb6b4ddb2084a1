"""One clock for all streams: it shows, now and then, that quiet connections live."""

from __future__ import annotations

import asyncio
import itertools

from binderclip.gateway.streams.source import Follower

# A stream is silent for less than two rounds; BinderHub, and so its clients, go by 25 s.
BEAT_S = 12.0
_HANDS = 30


class Clock:
    """Streams lie in as many parts as a round has ticks, and a tick is for one part: the work of
    thousands is spread out. It runs while there are streams.
    """

    def __init__(self, beat_s: float = BEAT_S) -> None:
        self._tick_s = beat_s / _HANDS
        self._parts: tuple[set[Follower], ...] = tuple(set() for _ in range(_HANDS))
        self._next = itertools.cycle(range(_HANDS))
        self._turn = itertools.cycle(self._parts)
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Future[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return self._count

    def add(self, follower: Follower) -> None:
        follower.part = next(self._next)
        self._parts[follower.part].add(follower)
        self._count += 1
        if self._timer is None:
            self._again()

    def drop(self, follower: Follower) -> None:
        self._parts[follower.part].remove(follower)
        self._count -= 1

    async def open_for(self, seconds: float) -> None:
        """So long, and not after ``close``."""
        if not self._closed:
            if self._closing is None:
                self._closing = asyncio.get_running_loop().create_future()
            await asyncio.wait({self._closing}, timeout=seconds)

    def close(self) -> None:
        """Nobody is waited for any more."""
        self._closed = True
        if self._closing is not None and not self._closing.done():
            self._closing.set_result(None)

    def _again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        for follower in next(self._turn):
            if follower.quiet:
                follower.beat = True
                follower.wake()
            follower.quiet = True
        if self._count:
            self._again()
