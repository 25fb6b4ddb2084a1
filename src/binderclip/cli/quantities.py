"""Lengths of time and sizes as people write them: ``30d``, ``5GB``."""

from __future__ import annotations

import re
from collections.abc import Mapping

import click

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {"b": 1} | {
    f"{prefix}{end}": base**power
    for power, prefix in enumerate("kmgt", 1)
    for end, base in (("", 1000), ("b", 1000), ("ib", 1024))
}


def span(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    """``12h``, ``30d`` → seconds; a unit is needed."""
    return None if text is None else _amount(text, _SECONDS, "a span of time like 30d")


def size(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
    """``500MB``, ``5GiB`` → bytes; powers of ten but for KiB, MiB and so on. A unit is needed:
    whoever writes 5 hardly means to keep five bytes. Zero is zero in all of them.
    """
    return None if text is None else int(_amount(text, _BYTES, "a size like 5GB"))


def _amount(text: str, units: Mapping[str, int], expected: str) -> float:
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)", text.strip().lower())
    if found and not found[2] and not float(found[1]):
        return 0
    unit = units.get(found[2]) if found else None
    if found is None or unit is None:
        raise click.BadParameter(f"found {text!r}, expected {expected} ({', '.join(units)})")
    return float(found[1]) * unit
