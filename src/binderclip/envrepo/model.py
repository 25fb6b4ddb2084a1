"""An environment as a Git repository: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from binderclip.environment import Environment

if TYPE_CHECKING:
    from binderclip.rees import Buildpack

Prefer: TypeAlias = Literal["image", "build"]
"""What counts of a notebook that names both; ``image`` is what the specification has first."""

Kind: TypeAlias = Literal["commit", "tree", "blob"]

HUBS = "linux-64"
"""The platform of most hubs."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a tree. ``path`` is relative, with slashes."""

    path: str
    content: bytes = field(repr=False)
    executable: bool = False

    @property
    def mode(self) -> str:
        """As git writes it; there are no others here."""
        return "100755" if self.executable else "100644"


@dataclass(frozen=True, slots=True)
class Object:
    """A Git object: ``id`` is the SHA-1 of its kind, size and ``body``, 40 hex digits."""

    id: str
    kind: Kind
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a commit holds. ``listed`` is for what the repository of ``build`` has, folders
    and what is left out too. All of it is held in memory.
    """

    files: int = 10_000
    file_bytes: int = 50 * 2**20
    total_bytes: int = 200 * 2**20
    listed: int = 40_000


@dataclass(frozen=True, slots=True)
class Packed:
    """One commit without parents, and all that it consists of.

    ``environment`` is what of the notebook's is in it, resolved: an image alone, or a repository
    and files. Its key tells the commit; several keys may have the same one. ``files`` are in the
    order of their paths; ``objects`` are the commit, the trees from the root down, and the blobs,
    each once. ``buildpack`` is what repo2docker would choose, None where it fails before that.
    ``remarks`` are for people: what was left out, and why.
    """

    commit: str
    environment: Environment
    files: tuple[File, ...]
    objects: tuple[Object, ...] = field(repr=False)
    buildpack: Buildpack | None = None
    remarks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Of what is in it; see Environment."""
        return self.environment.key
