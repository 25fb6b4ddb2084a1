"""A repository's files with its links followed: nobody places a link."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from binderclip.repositories.listing import Entry

_LONGEST = 4096
_MOST_HOPS = 40

Read: TypeAlias = Callable[[str], bytes]
"""From an object's name to its content."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file as a glob sees it. ``entry`` is what is copied; where there is nothing to copy it is
    None, and ``why`` says what it is: "a link that leads to nothing".
    """

    path: str
    entry: Entry | None
    why: str = ""


def followed(entries: Sequence[Entry], read: Read) -> Iterator[Found]:
    """Every file, links to files as the file, links to folders as what lies in them. Far more may
    come out than went in: count.
    """
    links = _Links(entries, read)
    for entry in entries:
        if entry.kind == "file":
            yield Found(entry.path, entry)
        elif entry.kind == "module":
            yield Found(entry.path, None, "a submodule")
        else:
            yield from links.followed(entry)


class _Astray(Exception):
    """A link that cannot be followed; the message says where it leads."""


class _Links:
    def __init__(self, entries: Sequence[Entry], read: Read) -> None:
        self._entries = {entry.path: entry for entry in entries}
        self._paths = sorted(self._entries)
        self._read = read

    def followed(self, link: Entry) -> Iterator[Found]:
        try:
            target = self._target(link)
        except _Astray as astray:
            yield Found(link.path, None, f"a link that {astray}")
            return
        if target in self._entries:
            yield Found(link.path, self._entries[target])
            return
        for inner in self._below(target):
            path = f"{link.path}/{inner.path[len(target) + 1 if target else 0 :]}"
            yield self._within(inner, path)

    def _within(self, inner: Entry, path: str) -> Found:
        """What ``inner``, in a folder that a link leads to, is at ``path``."""
        if inner.kind == "file":
            return Found(path, inner)
        if inner.kind == "module":
            return Found(path, None, "a submodule")
        try:
            target = self._target(inner)
        except _Astray as astray:
            return Found(path, None, f"a link that {astray}")
        if target in self._entries:
            return Found(path, self._entries[target])
        # One folder of links to folders could unfold without end.
        return Found(path, None, "a link to a folder, in a folder that a link leads to")

    def _target(self, link: Entry) -> str:
        """The path of the file or folder that ``link`` leads to in the end. Raises _Astray."""
        done: list[str] = []
        todo = link.path.split("/")[::-1]
        hops = 0
        while todo:
            part = todo.pop()
            if part == ".." and not done:
                raise _Astray("leads out of the repository")
            if part == "..":
                done.pop()
            elif part not in {"", "."}:
                entry = self._entries.get("/".join([*done, part]))
                if entry is None or (entry.kind == "file" and not todo):
                    done.append(part)
                elif entry.kind == "link":
                    hops += 1
                    todo += self._words(entry, hops)
                else:
                    what = "into a submodule" if entry.kind == "module" else "to nothing"
                    raise _Astray(f"leads {what}")
        return self._checked("/".join(done), link)

    def _words(self, link: Entry, hops: int) -> list[str]:
        """The parts of a link's text, the last one first."""
        if hops > _MOST_HOPS:
            raise _Astray("leads round in a circle")
        if link.size_bytes > _LONGEST:
            raise _Astray(f"is longer than {_LONGEST} bytes")
        text = self._read(link.object).decode("utf-8", "surrogateescape")
        if text.startswith("/"):
            raise _Astray("leads out of the repository")
        return text.split("/")[::-1]

    def _checked(self, target: str, link: Entry) -> str:
        if target in self._entries:
            return target
        inside = f"{target}/" if target else ""
        if link.path.startswith(inside):
            raise _Astray("leads to a folder that it lies in")
        if next(self._below(target), None) is None:
            raise _Astray("leads to nothing")
        return target

    def _below(self, folder: str) -> Iterator[Entry]:
        start = f"{folder}/" if folder else ""
        for at in range(bisect.bisect_left(self._paths, start), len(self._paths)):
            path = self._paths[at]
            if not path.startswith(start):
                return
            yield self._entries[path]
