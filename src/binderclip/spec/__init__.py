"""`metadata.binder`: the specification, its model and its dialects.

``read`` takes any dialect, ``write`` gives any; ``problems`` tells all that is wrong.
"""

from __future__ import annotations

from typing import get_args

from binderclip.spec.model import Binder, Dialect, Fetch, Frozen, Reference
from binderclip.spec.parse import Reading, detect, problems, read
from binderclip.spec.write import write

DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
"""Oldest first."""

__all__ = [
    "DIALECTS",
    "Binder",
    "Dialect",
    "Fetch",
    "Frozen",
    "Reading",
    "Reference",
    "detect",
    "problems",
    "read",
    "schema_text",
    "write",
]


def schema_text() -> str:
    """The normative JSON Schema (2020-12) of version 1, as published."""
    from importlib.resources import files  # noqa: PLC0415 - one verb alone needs it

    return files(__name__).joinpath("schema.json").read_text("utf-8")
