"""The faults that a reading has found so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from binderclip.errors import Problem
from binderclip.spec.grammar import Form
from binderclip.spec.model import JSON

MAX_WARNINGS = 16
"""Unknown keys of one object that are warned about one by one."""


class Faults:
    """Problems and warnings, in the order in which they were met."""

    __slots__ = ("problems", "warnings")

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def wrong(self, path: str, value: JSON, expected: Form) -> None:
        """``value`` is not what is ``expected`` at ``path``."""
        from binderclip.spec.explain import wrong  # noqa: PLC0415 - most values are right

        self.problems.append(wrong(path, value, expected))

    def missing(self, path: str, owner: Mapping[str, JSON], key: str, expected: Form) -> None:
        """``owner``, found at ``path``, lacks ``key``."""
        from binderclip.spec.explain import missing  # noqa: PLC0415 - most values are right

        self.problems.append(missing(path, owner, key, expected))

    def say(self, path: str, found: str, expected: str, hint: str | None = None) -> None:
        self.problems.append(Problem(path, found, expected, hint))

    def unknown(self, path: str, keys: Iterable[str], known: tuple[str, ...]) -> None:
        """Warn about ``keys``; those that begin with ``x-`` are for private use."""
        strange = [key for key in keys if not key.startswith("x-")]
        if not strange:
            return
        from binderclip.spec.explain import unknown  # noqa: PLC0415 - most keys are known

        self.warnings += (unknown(path, key, known) for key in strange[:MAX_WARNINGS])
        if len(strange) > MAX_WARNINGS:
            rest = f"{len(strange) - MAX_WARNINGS} more unknown keys"
            self.warnings.append(Problem(path, rest, "known ones"))
