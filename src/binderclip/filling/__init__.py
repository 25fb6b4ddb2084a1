"""Metadata that fills itself in: what a server knows of its environment, and what of it goes into a
notebook that is saved there.

``filling.gather`` is a module of its own: a server needs it once.
"""

from __future__ import annotations

from binderclip.filling.as_json import facts_as_json
from binderclip.filling.fill import fill
from binderclip.filling.matching import Match, match
from binderclip.filling.model import PARTS, POLICIES, Facts, Part, Policy, Stated

__all__ = [
    "PARTS",
    "POLICIES",
    "Facts",
    "Match",
    "Part",
    "Policy",
    "Stated",
    "facts_as_json",
    "fill",
    "match",
]
