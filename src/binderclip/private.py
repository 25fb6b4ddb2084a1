"""Small files that are their owner's alone: read with care, replaced whole and flushed."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

_OTHERS_WRITE = 0o022
_OTHERS = 0o077


class NotPrivate(Exception):
    """The message says what the file or folder is instead, as ``a link``."""


def make_folder(folder: Path) -> None:
    """Make ``folder`` and its parents; those that are made are mode 0700. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def check_folder(folder: Path) -> None:
    """Whoever may write into it may put words into our mouth. Raises NotPrivate, OSError."""
    facts = folder.stat()
    if facts.st_uid != os.getuid():
        raise NotPrivate("somebody else's")
    if facts.st_mode & _OTHERS_WRITE:
        raise NotPrivate("one that others may write into")


def open_file(path: Path, max_bytes: int) -> int:
    """A descriptor to read from: no link was followed, no pipe waited for, and nobody else may
    read or write the file. Raises NotPrivate, OSError.
    """
    if path.is_symlink():
        raise NotPrivate("a link")
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    if fault := _fault(os.fstat(descriptor), max_bytes):
        os.close(descriptor)
        raise NotPrivate(fault)
    return descriptor


def _fault(facts: os.stat_result, max_bytes: int) -> str | None:
    if not stat.S_ISREG(facts.st_mode):
        return "not a plain file"
    if facts.st_uid != os.getuid():
        return "somebody else's"
    if facts.st_mode & _OTHERS:
        return "open to others"
    return f"larger than {max_bytes} bytes" if facts.st_size > max_bytes else None


def read(path: Path, max_bytes: int) -> bytes:
    """The content. Raises NotPrivate, OSError."""
    descriptor = open_file(path, max_bytes)
    try:
        return os.read(descriptor, max_bytes)
    finally:
        os.close(descriptor)


def write(path: Path, data: bytes) -> None:
    """Replace ``path`` whole, mode 0600, on disk on return. Raises OSError."""
    os.close(_replace(path, data, lock=False))


def write_locked(path: Path, data: bytes) -> int:
    """As ``write``, but the file is locked before it gets its name; the descriptor holds the lock.

    The kernel drops the lock with the process, however that ends.
    """
    return _replace(path, data, lock=True)


def locked(descriptor: int) -> bool | None:
    """Whether a living process holds the lock; None where the file system knows no locks."""
    try:
        # Shared, so that two who look do not take each other for the owner.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _replace(path: Path, data: bytes, *, lock: bool) -> int:
    fresh = path.with_name(f".{os.urandom(8).hex()}.tmp")
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if lock:
            _lock(descriptor)
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
        fresh.replace(path)
        _flush_folder(path.parent)
    except BaseException:
        os.close(descriptor)
        fresh.unlink(missing_ok=True)
        raise
    return descriptor


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # A file system without locks: whoever looks is told so too.
        return


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError:
        return  # not every file system can flush a folder
    finally:
        os.close(descriptor)
