"""What a notebook's code wants installed. Inert data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NO_CANDIDATES: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A module that code imports: ``name`` dotted as far as it is told, ``why`` for people
    ("cell 3: import cv2"). ``optional``: code goes on without it. ``extension``: of IPython's.
    """

    name: str
    why: str
    optional: bool = False
    extension: bool = False

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Named:
    """A distribution that code itself installs. ``name`` is None where only building it tells;
    what is asked of it is ``tail`` ("<2", " @ git+https://…"), the whole line where it has no
    name. ``sure`` is False where that may be another one elsewhere: by a name of conda's, or from
    an index of its own.
    """

    name: str | None
    tail: str
    why: str
    sure: bool = True

    @property
    def requirement(self) -> str:
        return f"{self.name or ''}{self.tail}"

    @property
    def addressed(self) -> bool:
        """Does it say where it comes from?"""
        return self.name is None or " @ " in self.tail


@dataclass(frozen=True, slots=True)
class Installs:
    """What code installs; ``remarks`` tell what of that could not be taken over."""

    named: tuple[Named, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """All that code says. ``unread`` names the cells of which only lines could be searched."""

    modules: tuple[Wanted, ...] = ()
    named: tuple[Named, ...] = ()
    unread: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed one."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Guessed:
    """``module`` is the first import that asks for ``distribution``, "" where code installs it by
    its name. ``specifier`` is what that said ("<2"), ``version`` the one that is installed, where
    one is. ``sure``: installed, named, or well known. ``others`` would do as well. ``optional``:
    code goes on without it.
    """

    module: str
    distribution: str
    why: str
    version: str | None = None
    sure: bool = True
    specifier: str = ""
    others: tuple[str, ...] = ()
    optional: bool = False

    def line(self, *, pin: bool) -> str:
        """As a line of a requirements file; pinned to ``version`` where there is one."""
        if pin and self.version:
            return f"{self.distribution}=={self.version}"
        return f"{self.distribution}{self.specifier}"


@dataclass(frozen=True, slots=True)
class Guess:
    """``distributions`` are sorted by name. ``unknown`` are modules that nobody provides as far as
    is known, with ``candidates`` where some distributions have one of that name; ``local`` are
    those of them that look like files of one's own. ``notes`` are for people. ``complete``: the
    table of names was there to be asked.
    """

    distributions: tuple[Guessed, ...]
    unknown: tuple[str, ...]
    candidates: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_CANDIDATES)
    local: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    complete: bool = True
