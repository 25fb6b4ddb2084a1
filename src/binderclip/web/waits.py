"""How long to wait: what servers state in headers, and what grows while nothing is stated."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

FIRST_S, LONGEST_S = 0.1, 2.0
"""The first wait between two questions, and the longest."""
_TOO_LONG_S = 7 * 24 * 3600
_DIGITS = re.compile("[0-9]{1,12}")


def date(text: str) -> dt.datetime | None:
    """A date of HTTP's (RFC 9110, 5.6.7). None for what is none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def stated_wait(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` in seconds, or as a date by the clock of ``Date`` (RFC 9110, 10.2.3);
    ``X-RateLimit-Reset``, a time since 1970. None where nothing is stated that can be meant.
    """
    stated = headers.get("retry-after", "").strip()
    if _DIGITS.fullmatch(stated):
        return sane_wait(float(stated))
    if stated:
        until, now = date(stated), date(headers.get("date", "")) or dt.datetime.now(dt.UTC)
        return sane_wait((until - now).total_seconds()) if until else None
    reset = headers.get("x-ratelimit-reset", "").strip()
    return sane_wait(float(reset) - time.time()) if _DIGITS.fullmatch(reset) else None


def sane_wait(seconds: float) -> float | None:
    return max(seconds, 0.0) if seconds < _TOO_LONG_S else None


async def longer(wait_s: float, most_s: float = LONGEST_S) -> float:
    """Wait, and give the next wait, which is longer."""
    await asyncio.sleep(wait_s)
    return min(wait_s * 1.6, most_s)
