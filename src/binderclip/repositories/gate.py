"""The one way out for a git that works for strangers.

git connects where servers tell it to, and no setting stops all of that: a server may send
`packfile-uris` unasked (fetch-pack.c, since 2.28), from wherever it likes. So each git process
gets a gate to one server. libcurl takes it for every connection of git and its children, and
leaves the looking up of names to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from binderclip.gates import base
from binderclip.gates.base import Shut
from binderclip.guard import Endpoint


class Gate(base.Gate):
    """Leads to ``server`` (host and port, as they stand in the address), at ``endpoints``.

    ``strangers`` are the other places that were asked for, none of which was connected to.
    """

    def __init__(self, server: Endpoint, endpoints: Sequence[Endpoint], max_bytes: int) -> None:
        super().__init__("socks", max_bytes)
        self.strangers: list[str] = []
        self._server, self._endpoints = server, tuple(endpoints)

    async def places(self, asked: Endpoint) -> Sequence[Endpoint]:
        if asked != self._server:
            self.strangers.append(f"{asked[0]}:{asked[1]}")
            raise Shut
        return self._endpoints
