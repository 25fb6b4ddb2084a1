"""All entries of a commit, as git-ls-tree(1) lists them: nothing is checked out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Literal, TypeAlias

from binderclip.errors import ResolveError, TooLarge
from binderclip.repositories import git
from binderclip.repositories.bounds import Bounds, out_of_bounds

Kind: TypeAlias = Literal["file", "link", "module"]

_CHUNK = 1 << 16
_MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """``path`` as the tree has it: hostile ones hold ``..``, controls, or halves of surrogate
    pairs for bytes that are no UTF-8. ``object`` is the blob's name, for a module its commit's.
    """

    path: str
    kind: Kind
    object: str
    size_bytes: int
    executable: bool


def entries(
    store: Path, commit: str, shown: str, max_entries: int, bounds: Bounds | None = None
) -> tuple[Entry, ...]:
    """Raises TooLarge for more than ``max_entries``, folders included, and for what goes beyond
    ``bounds``; ResolveError for what is no tree.

    A tree may hold itself many times over, so that a few objects list as billions of files, or of
    empty folders: git is stopped at the limit.
    """
    called = bounds.reading() if bounds else ["git"]
    command = ["ls-tree", "-r", "-t", "-z", "-l", "--full-tree", commit]
    try:
        process = subprocess.Popen(
            [*called, f"--git-dir={store}", *command],
            env=git.closed(None) if bounds else git.environ("", network=False),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise git.no_git() from error
    with process:
        try:
            found = list(islice(_records(process.stdout), max_entries + 1))
        except BaseException:
            process.kill()
            raise
        if len(found) > max_entries:
            process.kill()
    if len(found) > max_entries:
        raise TooLarge(
            f"{shown}: found more than {max_entries} files and folders in the repository, "
            "expected at most that many"
        )
    if bounds and out_of_bounds(process.returncode):
        raise TooLarge(f"{shown}: takes more time or memory to list than it may")
    if process.returncode:
        raise ResolveError(f"git could not list the files of commit {commit[:12]} of {shown}")
    return tuple(entry for record in found if (entry := _entry(record)))


def _records(stream: IO[bytes] | None) -> Iterator[bytes]:
    rest, read_bytes = b"", 0
    while stream and (chunk := stream.read(_CHUNK)):
        read_bytes += len(chunk)
        if read_bytes > _MAX_BYTES:
            raise TooLarge(f"found a list of files of more than {_MAX_BYTES} bytes in a repository")
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole


def _entry(record: bytes) -> Entry | None:
    """None for a folder: the paths of its files say that it is there."""
    facts, _, path = record.partition(b"\t")
    mode, kind, name, size = facts.decode("ascii").split()
    if kind == "tree":
        return None
    of: Kind = "module" if kind == "commit" else "link" if mode.startswith("12") else "file"
    return Entry(
        path=path.decode("utf-8", "surrogateescape"),
        kind=of,
        object=name,
        size_bytes=int(size) if size.isdigit() else 0,
        executable=of == "file" and mode.endswith("755"),
    )
