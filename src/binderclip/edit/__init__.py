"""A person's changes to ``metadata.binder``: everything that was not asked for stays."""

from __future__ import annotations

from binderclip.edit.model import KEYS, Edited, Fetching, Wish
from binderclip.edit.pinning import frozen, thawed
from binderclip.edit.whole import converted, stripped
from binderclip.edit.wishing import check, edited
from binderclip.edit.writing import readable

__all__ = [
    "KEYS",
    "Edited",
    "Fetching",
    "Wish",
    "check",
    "converted",
    "edited",
    "frozen",
    "readable",
    "stripped",
    "thawed",
]
