"""How a notebook is to be opened, and where what comes of it goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from binderclip.servers.pages import UI


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is to be opened: in a ``browser`` or by its printed address; by which page; and
    whether a server elsewhere is left running (``detach``).
    """

    browser: bool
    ui: UI | None
    detach: bool


def free(path: Path) -> Path:
    """``path``, or the first of ``path-1``, ``path-2``, … that is not there."""
    number, found = 0, path
    while found.exists() or found.is_symlink():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found
