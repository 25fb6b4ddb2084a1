"""What was found of each part of an environment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

State: TypeAlias = Literal["well", "loose", "newer", "moved", "silent", "gone"]
"""``well``: there, and unchanged. ``loose``: there, and not frozen. ``newer``: there, and there is
a newer tag. ``moved``: there, and its ref leads elsewhere now. ``silent``: nobody could be asked.
``gone``: it is not there any more.
"""

STATES: tuple[State, ...] = get_args(State)
"""From best to worst."""

PROBLEMS: frozenset[State] = frozenset({"silent", "gone"})
NEWS: frozenset[State] = frozenset({"loose", "newer", "moved"})


@dataclass(frozen=True, slots=True)
class Sign:
    """One part: ``part`` is its key ("build", "host", "frozen.requirements.txt"), ``what`` its
    address, ``said`` a line for people. ``now`` is what the ref is today, ``ahead`` how many
    commits that has which the hash lacks, ``newer`` are tags, the newest last.
    """

    part: str
    what: str
    state: State
    said: str
    now: str | None = None
    ahead: int | None = None
    newer: tuple[str, ...] = ()


def worst(signs: Iterable[Sign]) -> State:
    """``well`` where there are none."""
    return max((sign.state for sign in signs), key=STATES.index, default="well")
