"""What a launch tells while it goes on. Inert data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from binderclip.session import Session

Phase: TypeAlias = Literal["resolving", "fetching", "waiting", "building", "launching", "ready"]


@dataclass(frozen=True, slots=True)
class Progress:
    """The launch entered ``phase``; ``message`` is one line for people."""

    phase: Phase
    message: str


@dataclass(frozen=True, slots=True)
class Log:
    """One line that a builder printed, without its line end."""

    line: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The environment is up. Exactly one, and last."""

    session: Session


Event: TypeAlias = Progress | Log | Ready
