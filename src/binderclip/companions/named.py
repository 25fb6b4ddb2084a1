"""From what code names to files that are there and may be sent."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from binderclip.companions.code import Reader
from binderclip.companions.globs import Search, fixed_part, glob
from binderclip.companions.names import is_hidden, is_secret, parts_of
from binderclip.errors import TooLarge

_MOST_TRIED = 20_000


class Named:
    """What readers name in ``folder``, each name looked for once. ``left_out`` are files and
    folders that are there, and look like secrets.
    """

    def __init__(self, folder: Path) -> None:
        self.left_out: set[Path] = set()
        self._folder, self._real = folder, folder.resolve()
        self._search = Search(folder, wary=True)
        self._sizes: dict[Path, int | None] = {}
        self._patterns: set[tuple[str, ...]] = set()
        # Most strings name nothing, and then the file system need not be asked.
        self._first = {_folded(name) for name in _listed(folder)}

    def by(self, reader: Reader) -> Iterator[Path]:
        """Paths that may be there. Raises TooLarge."""
        for name in sorted(reader.paths):
            if (parts := parts_of(name)) and _folded(parts[0]) in self._first:
                yield self._folder.joinpath(*parts)
        for pattern in sorted(reader.globs):
            parts = parts_of(pattern)
            if parts and fixed_part(parts):
                yield from self._glob(parts)
        for module in sorted(reader.modules):
            if _folded(f"{module}.py") in self._first:
                yield self._folder / f"{module}.py"
            if _folded(module) in self._first and (self._folder / module).is_dir():
                yield from self._glob((module, "**", "*.py"))

    def size(self, path: Path) -> int | None:
        """Of a regular file that a notebook may take along, or None. Raises TooLarge."""
        if path not in self._sizes:
            if len(self._sizes) == _MOST_TRIED:
                raise TooLarge(
                    f"the notebook names more than {_MOST_TRIED:,} paths to look for beside it",
                    hint="say with --with which files to send, as in --with 'data/*.csv'",
                )
            self._sizes[path] = self._size(path)
        return self._sizes[path]

    def _glob(self, parts: tuple[str, ...]) -> Iterator[Path]:
        if parts not in self._patterns:
            self._patterns.add(parts)
            yield from glob(self._search, parts)
            self.left_out |= secrets(self._search.left_out)
            self._search.left_out.clear()

    def _size(self, path: Path) -> int | None:
        try:
            if not path.is_file():
                return None
            inside = path.resolve().relative_to(self._real)
            facts = path.stat()
        except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a ring
            return None
        parts = (*path.relative_to(self._folder).parts, *inside.parts)
        if any(map(is_secret, parts)):
            self.left_out.add(path)
        elif stat.S_ISREG(facts.st_mode) and not any(map(is_hidden, parts)):
            return facts.st_size
        return None


def secrets(left_out: Iterable[Path]) -> set[Path]:
    """Of what a search left out, that which patterns would have found but for its name."""
    return {path for path in left_out if is_secret(path.name) and not is_hidden(path.name)}


def _listed(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except OSError:
        return []


def _folded(name: str) -> str:
    """Equal for names that some file systems take for one."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
