"""Which networks an address may lead to that a person clicked on."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

from binderclip.filling.words import remark
from binderclip.guard import Network, PublicGuard


def guard_of(networks: Sequence[str]) -> tuple[PublicGuard, tuple[str, ...]]:
    """The public internet and ``networks``; and a line for each of them that is none."""
    allowed: list[Network] = []
    remarks: list[str] = []
    for text in networks:
        try:
            allowed.append(ip_network(text))
        except ValueError as error:
            reason = f"{error}; expected a network like 10.2.0.0/16"
            remarks.append(remark("c.Binderclip.allowed_networks", reason))
    return PublicGuard(allow=allowed), tuple(remarks)
