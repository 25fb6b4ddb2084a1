"""What a notebook's code wants installed. Inert data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NO_CANDIDATES: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A module that code imports: ``name`` dotted as far as it is told, ``why`` for people
    ("cell 3: import cv2").
    """

    name: str
    why: str

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Named:
    """A distribution that code itself installs; ``requirement`` as it stands there. ``conda``: by
    a name of conda's.
    """

    requirement: str
    why: str
    conda: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """All that code says. ``unread`` names the cells of which only lines could be searched."""

    modules: tuple[Wanted, ...] = ()
    named: tuple[Named, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed one."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Guessed:
    """``module`` is the first import that asks for ``distribution``, "" where code installs it by
    its name. ``specifier`` is what that said ("<2"), ``version`` the one that is installed, where
    one is. ``sure``: installed, named, or well known. ``others`` would do as well.
    """

    module: str
    distribution: str
    why: str
    version: str | None = None
    sure: bool = True
    specifier: str = ""
    others: tuple[str, ...] = ()

    def line(self, *, pin: bool) -> str:
        """As a line of a requirements file; pinned to ``version`` where there is one."""
        if pin and self.version:
            return f"{self.distribution}=={self.version}"
        return f"{self.distribution}{self.specifier}"


@dataclass(frozen=True, slots=True)
class Guess:
    """``distributions`` are sorted by name. ``unknown`` are modules that nobody provides as far as
    is known, with ``candidates`` where some distributions have one of that name. ``notes`` are for
    people. ``complete``: the table of names was there to be asked.
    """

    distributions: tuple[Guessed, ...]
    unknown: tuple[str, ...]
    candidates: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_CANDIDATES)
    notes: tuple[str, ...] = ()
    complete: bool = True
