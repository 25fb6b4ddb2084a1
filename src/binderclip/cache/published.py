"""``ready.json``: the file that makes an environment visible."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

LAYOUT = 1
"""Counts up when a folder written by an older binderclip cannot be used any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What ``ready.json`` says. ``wrapper`` is relative to ``repo``; ``made_at`` is a POSIX time;
    ``texts``, ``commands`` and ``scripts`` are those of the plan that was approved. A conda
    environment has ``variables`` to set, if none in particular; ``activation`` is the script
    beside ``repo`` through which everything is run there, the wrapper included, where it needs
    one.
    """

    token: str
    python: str
    interpreter: str
    size_bytes: int
    made_at: float
    summary: str
    cloned: bool
    wrapper: str | None
    texts: dict[str, str]
    commands: tuple[str, ...]
    scripts: tuple[str, ...]
    machine: str
    layout: int = LAYOUT
    variables: dict[str, str] | None = None
    activation: str | None = None


def names(default_python: str) -> tuple[str, str]:
    return "ready.json", f"ready-{default_python}.json"


def machine() -> str:
    """What an environment is built for: two machines may share a home."""
    return f"{sys.platform}-{os.uname().machine}"


def read(path: Path) -> Published | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Published)
    except (OSError, msgspec.MsgspecError):
        return None


def works(folder: Path, record: Published) -> bool:
    python = folder / "prefix" / "bin" / "python"
    fits = record.layout == LAYOUT and record.machine == machine()
    return fits and os.access(python, os.X_OK) and os.path.realpath(python) == record.interpreter


def write(path: Path, content: bytes, *, used_at: float | None = None) -> None:
    fresh = path.with_name(f"{path.name}.tmp")
    with fresh.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if used_at is not None:
        os.utime(fresh, (used_at, used_at))
    fresh.replace(path)
