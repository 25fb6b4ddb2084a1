"""Folders of files, wherever they are: in a notebook, on disk, in a repository, or one laid over
another.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from binderclip import atomic
from binderclip.errors import Refused

_LARGEST_BYTES = 1 << 20


class Listing(Protocol):
    """A folder of files, wherever it is. Paths are relative, with slashes."""

    def folder(self, path: str) -> bool: ...

    def read(self, path: str) -> str | None:
        """The text of a file, what is not UTF-8 replaced; None when there is no such file."""
        ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """The files of a notebook's metadata, as if they lay in a folder."""

    files: Mapping[str, str]

    def folder(self, path: str) -> bool:
        return any(name.startswith(f"{path}/") for name in self.files)

    def read(self, path: str) -> str | None:
        return self.files.get(path)


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A repository's files with a notebook's laid over its configuration folder."""

    below: Listing
    files: Mapping[str, str]
    at: str

    def folder(self, path: str) -> bool:
        inside = any(posixpath.join(self.at, name).startswith(f"{path}/") for name in self.files)
        return inside or self.below.folder(path)

    def read(self, path: str) -> str | None:
        name = posixpath.relpath(path, self.at or ".")
        return self.files[name] if name in self.files else self.below.read(path)


@dataclass(frozen=True, slots=True)
class FolderListing:
    """A folder on disk. Links are followed inside it only.

    All methods raise Refused for a link that leads out of it; ``read`` and ``content`` also for
    what is too long, is a pipe or a device, or cannot be read.
    """

    root: Path

    def folder(self, path: str) -> bool:
        full = self._inside(path)
        return full is not None and os.path.isdir(full)  # noqa: PTH112 - raises nothing

    def read(self, path: str) -> str | None:
        data = self.content(path)
        return None if data is None else data.decode("utf-8", "replace")

    def content(self, path: str, max_bytes: int = _LARGEST_BYTES) -> bytes | None:
        """The file as it is; None when there is no such file."""
        full = self._inside(path)
        if full is None:
            return None
        try:
            return atomic.read(Path(full), max_bytes)[0]
        except atomic.NotAFile as error:
            if str(error) == "a folder":
                return None
            raise Refused(f"{path}: is {error}, expected a file") from error
        except atomic.TooManyBytes as error:
            raise Refused(
                f"{path}: is {error.size:,} bytes long, expected at most {max_bytes:,}"
            ) from error
        except OSError as error:
            raise Refused(f"{path}: cannot be read ({error.strerror})") from error

    def _inside(self, path: str) -> str | None:
        """Where ``path`` leads; None where there is nothing, as behind a link to itself."""
        try:
            root = os.path.realpath(self.root)
            full = os.path.realpath(os.path.join(root, path))  # noqa: PTH118 - takes any text
            os.stat(full)  # noqa: PTH116 - as above
        except (OSError, ValueError):
            return None
        if os.path.commonpath([root, full]) != root:
            raise Refused(
                f"{path}: is a link that leads out of {self.root}",
                hint="keep what is needed beside the file that names it",
            )
        return full
