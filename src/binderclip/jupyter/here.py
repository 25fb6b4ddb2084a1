"""What the handlers know of their server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from binderclip.filling import Facts
from binderclip.guard import Guard
from binderclip.spec.grammar import fits
from binderclip.spec.shown import shown

KEY = "binderclip"
"""Under which the web application's settings hold ``Here``."""


@dataclass(frozen=True, slots=True)
class Here:
    """``guard`` stands before every address that somebody else may have chosen. ``hub`` is the
    JupyterHub's public address, for links alone.
    """

    facts: Facts
    guard: Guard
    hub: str | None = None


def hub_of(environ: Mapping[str, str]) -> tuple[str | None, tuple[str, ...]]:
    """What ``BINDERCLIP_HUB`` says, and a line where that is no address."""
    said = environ.get("BINDERCLIP_HUB", "").strip()
    if not said or fits("host", said):
        return said or None, ()
    expected = "an address such as 'https://hub.example.org'"
    return None, (f"BINDERCLIP_HUB: found {shown(said)}, expected {expected}; no links lead to it",)
