"""How much a fetch may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """``max_bytes`` holds for a body as sent and as decompressed, of each answer.
    ``total_timeout_s`` covers everything: names, look-ups, redirects, the last byte.
    """

    max_bytes: int = 100 * 2**20
    connect_timeout_s: float = 10.0
    total_timeout_s: float = 120.0
    max_redirects: int = 10
