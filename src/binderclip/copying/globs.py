"""Globs over the paths of a repository: ``*``, ``?`` and ``[…]`` within a name, ``**`` across
folders, as docs/spec.md has it.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator

_MAGIC = re.compile(r"[*?\[]")


class Glob:
    """One glob. ``root`` is the folder before its first part with magic, "" for the top: what is
    matched keeps its path below it.

    A part with magic does not match a name's leading dot, nor does ``**`` go into such a folder.
    A folder that is matched brings all that lies below it, whatever its name.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        parts = text.split("/")
        fixed = next((n for n, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
        self.root = "/".join(parts[: min(fixed, len(parts) - 1)])
        parts = [p for n, p in enumerate(parts) if p != "**" or parts[n - 1 : n] != ["**"]]
        # ``**`` at the end is all that lies in a folder, and not a file of that folder's name.
        self._inside = parts[-1] == "**"
        self._parts = tuple(parts[:-1] if self._inside else parts)
        self._patterns = [
            re.compile(fnmatch.translate(part)) if _MAGIC.search(part) else None
            for part in self._parts
        ]

    def matches(self, path: str, *, hidden: bool = True) -> bool:
        """Does it take the file at ``path``, by its own name or by that of a folder above it?
        Without ``hidden``, a folder brings nothing whose name, below it, begins with a dot.
        """
        end, names = len(self._parts), path.split("/")
        alive = self._closed({0})
        for at, name in enumerate(names):
            if end in alive and (hidden or not _any_hidden(names[at:])):
                return True
            alive = self._step(alive, name)
            if not alive or (self._inside and at == len(names) - 1):
                return False
        return end in alive

    def enters(self, folder: str) -> bool:
        """May it take a file in ``folder``, by ``matches`` without ``hidden``?"""
        end, names = len(self._parts), folder.split("/")
        alive = self._closed({0})
        for at, name in enumerate(names):
            if end in alive and not _any_hidden(names[at:]):
                return True
            alive = self._step(alive, name)
        return bool(alive)

    def below(self, path: str) -> str:
        """A matched path as it is placed: below ``root``."""
        return path.removeprefix(f"{self.root}/") if self.root else path

    def _step(self, alive: set[int], name: str) -> set[int]:
        end = len(self._parts)
        return self._closed({to for at in alive if at < end for to in self._after(at, name)})

    def _after(self, at: int, name: str) -> Iterator[int]:
        part = self._parts[at]
        if part == "**":
            if not name.startswith("."):
                yield at
        elif (pattern := self._patterns[at]) is None:
            if part == name:
                yield at + 1
        elif pattern.match(name) and (part.startswith(".") or not name.startswith(".")):
            yield at + 1

    def _closed(self, states: set[int]) -> set[int]:
        """With those that are reached where a ``**`` stands for no folder at all."""
        return states | {at + 1 for at in states if self._parts[at : at + 1] == ("**",)}


def _any_hidden(names: list[str]) -> bool:
    return any(name.startswith(".") for name in names)
