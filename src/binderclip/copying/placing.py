"""Putting what was prepared into a home."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Literal, TypeAlias

from binderclip.amounts import count, size, some
from binderclip.copying.homes import Home, Outcome
from binderclip.copying.model import Copies, File, Name, Observe
from binderclip.copying.together import all_or_none
from binderclip.events import Progress
from binderclip.repositories.tree import Tree

_Told: TypeAlias = Outcome | Literal["pointer"]

_LARGE = 4 * 2**20
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTER = b"version https://git-lfs.github.com/spec/"
_LONGEST_POINTER = 1024

_REMARKS: Mapping[_Told, str] = {
    "kept": "left alone what was there already, with other content",
    "blocked": "not placed, since a folder above it is a file or a link",
    "hidden": "not placed, since the server takes no names that begin with a dot",
    "plain": "placed, but the server cannot make it executable",
    "pointer": "kept in Git LFS, so that a pointer was placed instead of the content",
}


async def place(copies: Copies, home: Home, *, observe: Observe) -> tuple[str, ...]:
    """Put all files of ``copies`` into ``home``; return remarks for people, those of ``copies``
    first. What is there already stays as it is. Raises SessionError, and CacheError where the
    repositories were removed in the meantime.
    """
    if not copies.files:
        return copies.remarks
    total = size(sum(file.size_bytes for file in copies.files))
    what = f"copying {count(len(copies.files), 'file')}, {total}, into the session's home"
    observe(Progress("launching", what))
    with ExitStack() as stack:
        origins = {file.origin.name: file.origin for file in copies.files}
        readers = {
            name: _Reader(stack.enter_context(origin.repository.tree(origin.commit)))
            for name, origin in origins.items()
        }
        told: dict[_Told, list[File]] = {told: [] for told in _REMARKS}
        # Several large ones at once would need the memory for all of them.
        small = iter([file for file in copies.files if file.size_bytes <= _LARGE])
        large = [file for file in copies.files if file.size_bytes > _LARGE]
        await all_or_none([_put_all(small, readers, home, told) for _ in range(home.at_once)])
        for file in large:
            observe(Progress("launching", f"copying {file.path}, {size(file.size_bytes)}"))
            await _put_all([file], readers, home, told)
    return (*copies.remarks, *_remarks(told))


class _Reader:
    """One file at a time comes out of git."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._turn = asyncio.Lock()

    async def read(self, file: File) -> bytes:
        async with self._turn:
            return await asyncio.to_thread(self._tree.blob, file.object)


async def _put_all(
    files: Iterable[File],
    readers: Mapping[Name, _Reader],
    home: Home,
    told: Mapping[_Told, list[File]],
) -> None:
    """Put what ``files`` gives; others may be taking from the same iterator."""
    for file in files:
        data = await readers[file.origin.name].read(file)
        outcome = await home.put(file.path, data, executable=file.executable)
        if outcome in told:
            told[outcome].append(file)
        if outcome in {"placed", "there"} and _is_pointer(data):
            told["pointer"].append(file)


def _is_pointer(data: bytes) -> bool:
    return len(data) < _LONGEST_POINTER and data.startswith(_POINTER)


def _remarks(told: Mapping[_Told, Iterable[File]]) -> Iterator[str]:
    for outcome, files in told.items():
        for name in ("config", "content"):
            paths = sorted(f"$HOME/{file.path}" for file in files if file.origin.name == name)
            if paths:
                yield f"{name}: {_REMARKS[outcome]}: {some(paths)}"
