"""The pipeline from an address to a running environment, step by step. Shells call it."""

from __future__ import annotations

from binderclip.flow.launching import Candidate, launched, launched_on_first
from binderclip.flow.opened import (
    Opened,
    open_address,
    opened_from,
    thawed,
    working_folder,
)

__all__ = [
    "Candidate",
    "Opened",
    "launched",
    "launched_on_first",
    "open_address",
    "opened_from",
    "thawed",
    "working_folder",
]
