"""What a run tells while it goes on. Inert data; cells of all types count from 1."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class KernelReady:
    """The kernel answered, ``seconds`` after it was started."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CellStarted:
    """``source_head`` is the first line of the cell that says something, as it stands there."""

    cell: int
    of: int
    source_head: str


@dataclass(frozen=True, slots=True)
class CellFinished:
    """``failed`` also where the failure is allowed."""

    cell: int
    of: int
    seconds: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """The notebook with all outputs so far is in ``path``."""

    path: Path


@dataclass(frozen=True, slots=True)
class Notice:
    """A line that the person should read; the run goes on."""

    message: str


RunEvent: TypeAlias = KernelReady | CellStarted | CellFinished | Saved | Notice
