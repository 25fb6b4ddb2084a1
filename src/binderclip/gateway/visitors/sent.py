"""Notebooks and metadata that are sent in bodies: how many are held, and how many read, at a time.
Reading one in a thread still holds up the whole process, so few are.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Numbers
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from binderclip.errors import RateLimited

_LARGE_BYTES = 1 << 20
_EACH, _MOST, _AT_ONCE = 2, 8, 2
_WAIT_S = _RETRY_S = 10.0


class Busy(RateLimited):
    """With what others sent."""

    code = "unavailable"
    http_status = 503


class Sent:
    """Of one process. Large bodies are held, from their first byte on, for ``each`` client at most
    so many and ``most`` in all; ``at_once`` are read, and who waits longer than ``wait_s`` for that
    is told to come again.
    """

    def __init__(
        self, each: int = _EACH, most: int = _MOST, at_once: int = _AT_ONCE, wait_s: float = _WAIT_S
    ) -> None:
        self._each, self._most, self._wait_s = each, most, wait_s
        self._held: Numbers[str] = Numbers()
        self._turns = asyncio.Semaphore(at_once)

    @contextmanager
    def held(self, client: str, length: str | None) -> Iterator[None]:
        """While a body comes and is read. ``length`` is what its header says; one that says nothing
        may be large. Raises RateLimited, and Busy where others send as much as fits.
        """
        if length is not None and length.isdecimal() and int(length[:18]) <= _LARGE_BYTES:
            yield
            return
        if self._held[client] >= self._each:
            raise RateLimited(
                f"found {self._each} large bodies of yours that are being read already",
                hint="send one after the other; of a notebook, its metadata is enough",
                retry_after_s=_RETRY_S,
            )
        if self._held.total() >= self._most:
            raise _busy()
        self._held[client] += 1
        try:
            yield
        finally:
            self._held[client] -= 1
            if not self._held[client]:
                del self._held[client]

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """While one is read. Raises Busy."""
        try:
            async with asyncio.timeout(self._wait_s):
                await self._turns.acquire()
        except TimeoutError as error:
            raise _busy() from error
        try:
            yield
        finally:
            self._turns.release()


def _busy() -> Busy:
    return Busy(
        "as many notebooks are being read as the service reads at once",
        hint="try again in some seconds",
        retry_after_s=_RETRY_S,
    )
