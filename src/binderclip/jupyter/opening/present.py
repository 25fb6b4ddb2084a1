"""Which files of ``content`` are in the home folder already, before anybody is asked."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from binderclip.copying.model import File

State: TypeAlias = Literal["new", "same", "other", "there", "blocked"]
"""Nothing is there; the same; something else, which stays; something that was not read, which stays
too; or a folder above it is a file or a link.
"""

_MOST_BYTES = 32 * 2**20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def present(files: Iterable[File], home: Path) -> Mapping[str, State]:
    """By path. At most 32 MiB are read; nothing is written, and no link is followed."""
    folders: dict[str, State] = {}
    left = _MOST_BYTES
    found: dict[str, State] = {}
    for file in files:
        folder = file.path.rpartition("/")[0]
        above = _folder(home, folder, folders)
        state = above if above != "there" else _file(home / file.path, file, left)
        if state in {"same", "other"}:
            left -= file.size_bytes
        found[file.path] = state
    return found


def _folder(home: Path, folder: str, known: dict[str, State]) -> State:
    if not folder:
        return "there"
    if folder not in known:
        above = _folder(home, folder.rpartition("/")[0], known)
        known[folder] = above if above != "there" else _kind(home / folder)
    return known[folder]


def _kind(folder: Path) -> State:
    try:
        mode = folder.lstat().st_mode
    except FileNotFoundError:
        return "new"
    except OSError:
        return "blocked"
    return "there" if stat.S_ISDIR(mode) else "blocked"


def _file(path: Path, file: File, left: int) -> State:
    try:
        facts = path.lstat()
    except OSError as error:
        return "new" if isinstance(error, FileNotFoundError) else "there"
    if not stat.S_ISREG(facts.st_mode) or facts.st_size != file.size_bytes:
        return "other"
    if file.size_bytes > left:
        return "there"
    try:
        with open(os.open(path, _FLAGS), "rb") as stream:  # noqa: PTH123 - no link is followed
            data = stream.read(file.size_bytes + 1)
    except OSError:
        return "there"
    return "same" if _object(data, file.object) else "other"


def _object(data: bytes, name: str) -> bool:
    """Is ``name`` what git calls a blob with that content?"""
    kind = hashlib.sha256 if len(name) == 64 else hashlib.sha1  # noqa: PLR2004 - hex digits
    head = f"blob {len(data)}\0".encode()
    return kind(head + data, usedforsecurity=False).hexdigest() == name
