"""What is copied into a session's home: plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from binderclip.events import Event

if TYPE_CHECKING:
    from binderclip.repositories import Repository  # brings msgspec

Name: TypeAlias = Literal["config", "content"]
"""The key of the metadata that names a repository to copy from."""

Observe: TypeAlias = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is copied, all repositories taken together; ``listed`` is for the files that
    one repository has, copied or not.
    """

    file_bytes: int = 128 * 2**20
    total_bytes: int = 512 * 2**20
    files: int = 10_000
    listed: int = 200_000


@dataclass(frozen=True, slots=True)
class Origin:
    """A repository to copy from, at ``commit`` (40 or 64 hex digits), fetched. ``ref`` is what a
    person said.
    """

    name: Name
    ref: str
    commit: str
    repository: Repository = field(repr=False)


@dataclass(frozen=True, slots=True)
class File:
    """One file to put at ``path``, relative to the home, with slashes. ``object`` is the name of
    its blob and ``source`` its path in the repository of ``origin``.
    """

    path: str
    origin: Origin
    source: str
    object: str
    size_bytes: int
    executable: bool

    @property
    def hidden(self) -> bool:
        """Does its name, or a folder's above it, begin with a dot?"""
        return any(part.startswith(".") for part in self.path.split("/"))


@dataclass(frozen=True, slots=True)
class Copies:
    """What would be put where, by path. ``described``: lines for people who are asked for their
    consent. ``digest``: 64 hex digits over the commits and the maps of globs, for binding that
    consent to them; "" where there is nothing to copy. ``remarks``: what was left out, and why.
    """

    files: tuple[File, ...] = ()
    described: tuple[str, ...] = ()
    digest: str = ""
    remarks: tuple[str, ...] = ()
