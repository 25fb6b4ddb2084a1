"""Each ticket launches once: whoever brings it again is led to what it launched."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from binderclip.errors import NotTrusted
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.table import Launches
from binderclip.gateway.visitors.signing import TICKET_S, LaunchTicket

_MOST = 20_000


@dataclass(slots=True)
class _Use:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    launch: str | None = None
    used_s: float = 0.0
    holders: int = 0


class Turn:
    """With one ticket, alone: nobody else launches with it meanwhile."""

    def __init__(self, use: _Use, ticket: LaunchTicket, clock: Callable[[], float]) -> None:
        self._use, self._ticket, self._clock = use, ticket, clock

    def first(self, launches: Launches) -> Launch | None:
        """What it launched before; None for one that is not used yet. Raises NotTrusted where that
        launch is forgotten.
        """
        if self._use.launch is None:
            return None
        found = launches.get(self._use.launch, self._ticket.owner)
        if found is None:
            raise NotTrusted(
                "found a page that was used before, and what it started is over",
                hint="open the page again and confirm there",
            )
        return found

    def launched(self, launch: Launch) -> None:
        self._use.launch, self._use.used_s = launch.id, self._clock()


class Used:
    """Tickets that were used in this process, for as long as they would still be taken. ``clock``
    is in seconds and never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, _Use] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    @asynccontextmanager
    async def turn(self, ticket: LaunchTicket) -> AsyncIterator[Turn]:
        """Two that come at once wait for each other. A ticket that launched nothing is as good as
        before.
        """
        self._forget()
        use = self._known.setdefault(ticket.nonce, _Use())
        use.holders += 1
        try:
            async with use.lock:
                yield Turn(use, ticket, self._clock)
        finally:
            use.holders -= 1
            if not use.holders and use.launch is None:
                self._known.pop(ticket.nonce, None)

    def _forget(self) -> None:
        """Oldest first: of those that nobody holds."""
        now = self._clock()
        for nonce, use in list(self._known.items()):
            if use.holders:
                continue
            if now - use.used_s <= TICKET_S and len(self._known) <= _MOST:
                return
            del self._known[nonce]
