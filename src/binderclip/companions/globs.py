"""Patterns over a folder, looked for part by part: no more of it is read than they ask for."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from binderclip.companions.names import is_hidden, is_secret
from binderclip.errors import Refused, TooLarge

_MAGIC = re.compile(r"[*?\[]")
_ONLY_MAGIC = re.compile(r"[*?.]+")
_DEEPEST = 100
_CACHES = frozenset({"__pycache__"})

Kind: TypeAlias = Literal["file", "folder"]


def is_magic(part: str) -> bool:
    return _MAGIC.search(part) is not None


@lru_cache(maxsize=1000)
def _compiled(part: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(part))


def fixed_part(parts: tuple[str, ...]) -> bool:
    """False for patterns that say nothing of what they look for, as ``**/*``."""
    return not all(_ONLY_MAGIC.fullmatch(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Budget:
    """The most for all patterns together: how many there are, the entries of folders that are
    read, each once, and the names that are compared with patterns.
    """

    patterns: int
    read: int
    compared: int


_UNASKED = Budget(patterns=1000, read=20_000, compared=200_000)
_ASKED = Budget(patterns=100_000, read=100_000, compared=5_000_000)


class Search:
    """The search for all patterns in ``folder``, one after another. ``wary``: they come from a
    notebook, not from a person, and what cannot be taken is passed over without a word.
    ``left_out`` are those that only their own names would have found.
    """

    def __init__(self, folder: Path, *, wary: bool) -> None:
        self.folder, self.wary = folder, wary
        self.left_out: list[Path] = []
        self._real, self._depth = folder.resolve(), len(folder.parts)
        self._most = _UNASKED if wary else _ASKED
        self._patterns = self._read = self._compared = 0
        self._listed: dict[Path, list[os.DirEntry[str]]] = {}
        self._kinds: dict[Path, Kind | None] = {}

    def begin(self) -> None:
        """Another pattern. Raises TooLarge."""
        self._patterns += 1
        if self._patterns > self._most.patterns:
            raise self._too_large(
                f"more than {self._most.patterns:,} patterns of files to look for"
            )

    def names(self, path: Path) -> list[os.DirEntry[str]]:
        """What is in a folder, sorted. Raises Refused, TooLarge."""
        if (found := self._listed.get(path)) is None:
            found = self._listed[path] = self._scanned(path)
        self._compared += len(found) + 1
        if self._compared > self._most.compared:
            raise self._too_large(f"more than {self._most.compared:,} names to compare")
        return found

    def _scanned(self, path: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except NotADirectoryError:
            return []
        except OSError as error:
            if self.wary:
                return []
            raise Refused(f"{path}: cannot be read ({error.strerror})") from error
        self._read += len(found) + 1
        if self._read > self._most.read or len(path.parts) - self._depth > _DEEPEST:
            raise self._too_large(
                f"more than {self._most.read:,} files to look through, or folders"
                f" more than {_DEEPEST} deep"
            )
        return found

    def _too_large(self, what: str) -> TooLarge:
        return TooLarge(
            f"{self.folder}: {what}",
            hint="say with --with which files to send, by a pattern that covers less of it",
        )

    def swept(self, entry: os.DirEntry[str], *, hidden: bool = False) -> bool:
        """Whether it is found without being named. ``hidden``: by a pattern that begins with a
        dot.
        """
        if is_secret(entry.name) or (is_hidden(entry.name) and not hidden):
            self.left_out.append(Path(entry.path))
            return False
        return entry.name not in _CACHES

    def kind(self, path: Path) -> Kind | None:
        """None for what is not there, is neither file nor folder, or leads out of the folder.
        Raises Refused for a person's link that does.
        """
        if path not in self._kinds:
            self._kinds[path] = self._kind(path)
        return self._kinds[path]

    def _kind(self, path: Path) -> Kind | None:
        try:
            kind: Kind | None = "folder" if path.is_dir() else "file" if path.is_file() else None
            if not path.is_symlink() or not path.exists():
                return kind
            inside = path.resolve().is_relative_to(self._real)
        except (OSError, RuntimeError):  # RuntimeError: links in a ring
            return None
        if not inside and not self.wary:
            raise Refused(
                f"{path}: is a link that leads out of {self.folder}",
                hint="copy the file into the folder, or leave it out of the pattern",
            )
        return kind if inside else None


def glob(search: Search, parts: tuple[str, ...]) -> Iterator[Path]:
    """The regular files that the pattern names, some more than once. Raises Refused, TooLarge."""
    search.begin()
    while parts[-1:] == ("**",):  # all that is in a folder, as the folder itself
        parts = parts[:-1]
    for path in _expanded(search, search.folder, parts, set()):
        kind = search.kind(path)
        if kind == "folder":
            yield from _below(search, path, frozenset())
        elif kind == "file":
            yield path


def _expanded(
    search: Search, base: Path, parts: tuple[str, ...], seen: set[tuple[Path, int]]
) -> Iterator[Path]:
    """``seen`` are the folders and how many parts were left for them: ``**`` leads to one and the
    same in many ways.
    """
    if (base, len(parts)) in seen:
        return
    seen.add((base, len(parts)))
    if not parts:
        yield base
        return
    first, rest = parts[0], parts[1:]
    if first == "**":
        yield from _expanded(search, base, rest, seen)
        for entry in search.names(base):
            # Links are not followed here: they lead to what is found by its own path.
            if entry.is_dir(follow_symlinks=False) and search.swept(entry):
                yield from _expanded(search, base / entry.name, parts, seen)
        return
    for path in _matching(search, base, first):
        if search.kind(path):
            yield from _expanded(search, path, rest, seen)


def _matching(search: Search, base: Path, part: str) -> Iterator[Path]:
    if not is_magic(part):
        yield base / part
        return
    matches = _compiled(part).match
    for entry in search.names(base):
        if matches(entry.name) and search.swept(entry, hidden=is_hidden(part)):
            yield base / entry.name


def _below(search: Search, folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """All that is in a folder; a link to a folder that it lies in ends there."""
    real = folder.resolve()
    if real in above:
        return
    for entry in search.names(folder):
        path = folder / entry.name
        if not search.swept(entry):
            continue
        kind = search.kind(path)
        if kind == "folder":
            yield from _below(search, path, above | {real})
        elif kind == "file":
            yield path
