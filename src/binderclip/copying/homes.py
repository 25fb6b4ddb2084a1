"""Where files are put: the seam, and a session's home on this machine."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from binderclip.errors import SessionError

Outcome: TypeAlias = Literal["placed", "there", "kept", "blocked", "hidden", "plain"]
"""What came of putting a file: it is there now; it was, with the same content; something else is
there and stays; a folder above it is a file or a link; the home takes no hidden names; it is
there now, but cannot be made executable.
"""


class Home(Protocol):
    """``at_once`` is how many files may be put at the same time."""

    @property
    def at_once(self) -> int: ...

    async def put(self, path: str, data: bytes, *, executable: bool) -> Outcome:
        """Make a new file at ``path``, relative and with slashes, and the folders above it. What
        is there already stays as it is. Raises SessionError.
        """
        ...


class LocalHome:
    """A folder of this machine. Nothing is written outside it: links in it are not followed."""

    at_once = 1

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, path: str, data: bytes, *, executable: bool) -> Outcome:
        try:
            return await asyncio.to_thread(self._put, path, data, 0o777 if executable else 0o666)
        except OSError as error:
            raise SessionError(
                f"{self._folder / path}: could not be written ({error.strerror or error})",
                hint="see that there is room",
            ) from error

    def _put(self, path: str, data: bytes, mode: int) -> Outcome:
        *folders, name = path.split("/")
        if "\0" in path or {"", ".", ".."} & {*folders, name}:
            raise SessionError(f"found the path {path!r}, expected one inside {self._folder}")
        try:
            with _opened(self._folder, folders) as inside:
                return _made(inside, name, data, mode)
        except OSError as error:
            # What O_NOFOLLOW and O_DIRECTORY say of a link: ELOOP or ENOTDIR, by system.
            if folders and error.errno in {errno.ELOOP, errno.ENOTDIR}:
                return "blocked"
            raise


@contextmanager
def _opened(root: Path, folders: list[str]) -> Iterator[int]:
    """A descriptor of the folder below ``root``, made where it is not there; no link on the way
    is followed, whoever changes the folders meanwhile.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    held = os.open(root, flags)
    try:
        for name in folders:
            try:
                inner = os.open(name, flags | os.O_NOFOLLOW, dir_fd=held)
            except FileNotFoundError:
                os.mkdir(name, dir_fd=held)
                inner = os.open(name, flags | os.O_NOFOLLOW, dir_fd=held)
            os.close(held)
            held = inner
        yield held
    finally:
        os.close(held)


def _made(folder: int, name: str, data: bytes, mode: int) -> Outcome:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, mode, dir_fd=folder)
    except FileExistsError:
        return "there" if _holds(folder, name, data) else "kept"
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise
    return "placed"


def _holds(folder: int, name: str, data: bytes) -> bool:
    """Is ``name`` a plain file with this content? What cannot be read is not."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=folder)
    except OSError:
        return False
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size != len(data):
            return False
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(len(data) + 1) == data
    finally:
        os.close(descriptor)
