"""Connections that are open at a time, by who opened them."""

from __future__ import annotations

import ipaddress
from collections import Counter as Numbers
from collections.abc import Iterable

from binderclip.gateway.visitors.client import WIDER, counted, wider


class Peers:
    """``each`` is how many one client may have; its network of IPv6 may have ``WIDER`` times as
    many. ``trusted`` are the proxies, as addresses or networks: theirs are everybody's, and are not
    counted.
    """

    def __init__(self, each: int, trusted: Iterable[str] = ()) -> None:
        self._each = each
        self._trusted = [ipaddress.ip_network(one, strict=False) for one in trusted]
        self._open: Numbers[str] = Numbers()

    def come(self, host: str) -> bool:
        """Whether there is room for one more of ``host``'s, which then is counted."""
        bounds = self._bounds(host)
        if any(self._open[name] >= most for name, most in bounds):
            return False
        self._open.update(name for name, _ in bounds)
        return True

    def gone(self, host: str) -> None:
        """One that had come."""
        for name, _ in self._bounds(host):
            self._open[name] -= 1
            if self._open[name] <= 0:
                del self._open[name]

    def __len__(self) -> int:
        """Of how many they are, networks among them."""
        return len(self._open)

    def _bounds(self, host: str) -> list[tuple[str, int]]:
        client = counted(host)
        if self._trusts(host):
            return []
        network = wider(client)
        return [(client, self._each), *([(network, self._each * WIDER)] if network else [])]

    def _trusts(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in self._trusted)
