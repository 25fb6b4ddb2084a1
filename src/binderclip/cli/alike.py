"""Notebooks that say the same, worked on once for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar

from binderclip.errors import BinderclipError, NotebookChanged
from binderclip.notebook import MISSING, Missing
from binderclip.spec.model import JSON

T = TypeVar("T")


def key(value: JSON | Missing) -> str:
    """The same for what is the same, in the same order."""
    return "" if value is MISSING else json.dumps(value)


def outcome(outcomes: Mapping[str, T | BinderclipError], value: JSON | Missing, during: str) -> T:
    """What came of ``value``, by its key. Raises the error that came of it; NotebookChanged, which
    says ``during`` what, where it was another before.
    """
    found = outcomes.get(key(value))
    if found is None:
        raise NotebookChanged(
            f"its metadata changed while it was {during}; nothing was written",
            hint="run the command again",
        )
    if isinstance(found, BinderclipError):
        raise found
    return found
