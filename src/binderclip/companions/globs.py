"""Patterns over a folder, looked for part by part: no more of it is read than they ask for."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from pathlib import Path

from binderclip.companions.names import is_hidden, is_secret
from binderclip.errors import Refused, TooLarge

_MAGIC = re.compile(r"[*?\[]")
_ONLY_MAGIC = re.compile(r"[*?.]+")
_MOST_LOOKED_AT = 100_000
_MOST_LOOKED_AT_UNASKED = 20_000
_DEEPEST = 100
_CACHES = frozenset({"__pycache__"})


def is_magic(part: str) -> bool:
    return _MAGIC.search(part) is not None


def fixed_part(parts: tuple[str, ...]) -> bool:
    """False for patterns that say nothing of what they look for, as ``**/*``."""
    return not all(_ONLY_MAGIC.fullmatch(part) for part in parts)


class Search:
    """One pattern's search in ``folder``. ``wary``: it comes from a notebook, not from a person,
    and what cannot be taken is passed over without a word. ``left_out`` are those that only their
    own names would have found.
    """

    def __init__(self, folder: Path, *, wary: bool) -> None:
        self.folder, self.wary = folder, wary
        self.left_out: list[Path] = []
        self._real, self._depth = folder.resolve(), len(folder.parts)
        self._most, self._looked_at = _MOST_LOOKED_AT_UNASKED if wary else _MOST_LOOKED_AT, 0

    def names(self, path: Path) -> list[os.DirEntry[str]]:
        """What is in a folder, sorted. Raises Refused, TooLarge."""
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except NotADirectoryError:
            return []
        except OSError as error:
            if self.wary:
                return []
            raise Refused(f"{path}: cannot be read ({error.strerror})") from error
        self._looked_at += len(found) + 1
        if self._looked_at > self._most or len(path.parts) - self._depth > _DEEPEST:
            raise TooLarge(
                f"{self.folder}: more than {self._most:,} files to look through, or folders"
                f" more than {_DEEPEST} deep",
                hint="say with --with which files to send, by a pattern that covers less of it",
            )
        return found

    def swept(self, entry: os.DirEntry[str], *, hidden: bool = False) -> bool:
        """Whether it is found without being named. ``hidden``: by a pattern that begins with a
        dot.
        """
        if is_secret(entry.name) or (is_hidden(entry.name) and not hidden):
            self.left_out.append(Path(entry.path))
            return False
        return entry.name not in _CACHES

    def passes(self, path: Path) -> bool:
        """Whether it is there and stays inside. Raises Refused for a link that leads out."""
        try:
            if not path.is_symlink() or not path.exists():
                return path.exists()
            inside = path.resolve().is_relative_to(self._real)
        except (OSError, RuntimeError):  # RuntimeError: links in a ring
            return False
        if not inside and not self.wary:
            raise Refused(
                f"{path}: is a link that leads out of {self.folder}",
                hint="copy the file into the folder, or leave it out of the pattern",
            )
        return inside


def glob(search: Search, parts: tuple[str, ...]) -> Iterator[Path]:
    """The regular files that the pattern names, some more than once. Raises Refused, TooLarge."""
    while parts[-1:] == ("**",):  # all that is in a folder, as the folder itself
        parts = parts[:-1]
    for path in _expanded(search, search.folder, parts):
        if path.is_dir():
            yield from _below(search, path, frozenset())
        elif path.is_file():
            yield path


def _expanded(search: Search, base: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    if not parts:
        yield base
        return
    first, rest = parts[0], parts[1:]
    if first == "**":
        yield from _expanded(search, base, rest)
        for entry in search.names(base):
            # Links are not followed here: they lead to what is found by its own path.
            if entry.is_dir(follow_symlinks=False) and search.swept(entry):
                yield from _expanded(search, base / entry.name, parts)
    elif is_magic(first):
        matches = re.compile(fnmatch.translate(first)).match
        for entry in search.names(base):
            if not matches(entry.name) or not search.swept(entry, hidden=is_hidden(first)):
                continue
            if search.passes(base / entry.name):
                yield from _expanded(search, base / entry.name, rest)
    elif search.passes(base / first):
        yield from _expanded(search, base / first, rest)


def _below(search: Search, folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """All that is in a folder; a link to a folder that it lies in ends there."""
    real = folder.resolve()
    if real in above:
        return
    for entry in search.names(folder):
        path = folder / entry.name
        if not search.swept(entry) or not search.passes(path):
            continue
        if path.is_dir():
            yield from _below(search, path, above | {real})
        elif path.is_file():
            yield path
