"""How much of strangers' notebooks is in memory while they are looked at, whoever asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from binderclip.errors import RateLimited

SMALL_BYTES = 2**20
"""What every notebook may have of its own part of the room, so that large ones cannot fill it."""
ROOM_BYTES = 256 * 2**20
"""For small ones, and as much again for what is beyond that of large ones."""
_RETRY_S = 10.0


class Room:
    """One of a process. Half of what there is for large notebooks is the most for one client."""

    def __init__(self, most_bytes: int = ROOM_BYTES) -> None:
        self._most = most_bytes
        self._small, self._large = 0, 0
        self._clients: Counter[str] = Counter()

    @contextmanager
    def taken(self, client: str | None) -> Iterator[Callable[[int], None]]:
        """What it gives is called with how many bytes a notebook has by now, and raises RateLimited
        where there is no room for that many. All is given back at the end.
        """
        small, large = 0, 0

        def took(size: int) -> None:
            nonlocal small, large
            more = max(small, min(size, SMALL_BYTES)) - small
            beyond = max(large, size - SMALL_BYTES) - large
            self._check(more, beyond, client)
            small, large = small + more, large + beyond
            self._add(more, beyond, client)

        try:
            yield took
        finally:
            self._add(-small, -large, client)

    def _check(self, small: int, large: int, client: str | None) -> None:
        own = client is not None and large > 0 and self._clients[client] + large > self._most // 2
        full = small > 0 and self._small + small > self._most
        full = full or (large > 0 and self._large + large > self._most)
        if own or full:
            raise RateLimited(
                "found as many large notebooks being read "
                f"{'for you ' if own else ''}as fit into memory",
                hint="try again in some seconds, or clear the notebook's outputs",
                retry_after_s=_RETRY_S,
            )

    def _add(self, small: int, large: int, client: str | None) -> None:
        self._small, self._large = self._small + small, self._large + large
        if client is not None and large:
            self._clients[client] += large
            if self._clients[client] <= 0:
                del self._clients[client]
