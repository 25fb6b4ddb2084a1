"""What is to be frozen, and how; and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from binderclip.errors import Failure
from binderclip.spec.model import Frozen


@dataclass(frozen=True, slots=True)
class Options:
    """``only`` are names of ``parts.PARTS``, empty for all. ``upgrade`` asks again for what is
    pinned. ``deep`` also pins what the repository of ``build`` leaves open. ``platform``
    ("linux-64") and ``python`` ("3.11") are what the person asks for, or None.
    """

    only: frozenset[str] = frozenset()
    upgrade: bool = False
    deep: bool = False
    platform: str | None = None
    python: str | None = None

    def take(self, key: str) -> bool:
        """Is this reference to be frozen?"""
        return not self.only or key in self.only

    def take_file(self, *names: str) -> bool:
        """Is the file to be frozen that goes by these names?"""
        return not self.only or not self.only.isdisjoint({"files", *names})


@dataclass(frozen=True, slots=True)
class Part:
    """One part, ``build`` or ``requirements.txt``, and what of it changed or would, in words.
    ``would`` are the words for where nothing is written, if these are others.
    """

    name: str
    what: str
    would: str = ""

    @property
    def ahead(self) -> Part:
        """In words for where nothing is written."""
        return Part(self.name, self.would or self.what)

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"


@dataclass(frozen=True, slots=True)
class Findings:
    """What freezing came to. ``hashes`` are by key of the reference; ``frozen`` stands in for that
    of before; ``failures`` say that nothing may be written.
    """

    hashes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    frozen: Frozen | None = None
    changes: tuple[Part, ...] = ()
    remarks: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
