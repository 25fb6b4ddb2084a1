"""Text from outside, made safe for a terminal; and the few ways we print things."""

from __future__ import annotations

import re
from typing import Any

import click
import msgspec

# Everything that can move the cursor, rename the window or hide text, bidirectional marks too:
# https://trojansource.codes, ECMA-48.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff]"
)


def clean(text: str) -> str:
    """``text`` with what is not printable shown as an escape; new lines and tabs stay."""
    return _UNSAFE.sub(lambda found: repr(found[0])[1:-1], text.replace("\r\n", "\n"))


def print_json(value: Any) -> None:
    """``value`` on standard output, indented by two, keys in their order."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def size(n_bytes: int) -> str:
    """Bytes for people: ``1.4 MB``; powers of ten, as ``df --si`` and disks' makers count."""
    amount = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:  # noqa: PLR2004 - powers of ten
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def duration(seconds: float) -> str:
    """Seconds for people: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 10:  # noqa: PLR2004 - a digit after the point while it tells something
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
