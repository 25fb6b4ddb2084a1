"""How large a notebook may be that strangers lead to, and is read for a page."""

from __future__ import annotations

from binderclip.addresses.naming import TEXT_SUFFIXES, suffix
from binderclip.errors import TooLarge
from binderclip.fetch import Fetched

TEXT_BYTES = 4 * 2**20
"""The largest text notebook: their headers are slower to read."""
LARGE_BYTES = 2**20
"""Notebooks above that are looked at one at a time."""


def refuse_long_text(fetched: Fetched, hint: str) -> None:
    """Raises TooLarge for a text notebook of more than ``TEXT_BYTES``."""
    name, size = fetched.source.name, len(fetched.data)
    if suffix(name) in TEXT_SUFFIXES and size > TEXT_BYTES:
        raise TooLarge(
            f"{name}: found a text notebook of {size:,} bytes, expected at most {TEXT_BYTES:,}",
            hint=hint,
        )
