"""Files replaced whole: after a crash at any moment each is the old one or the new one."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

# A file written within this time before it was read may be written again without a new time
# stamp: a kernel's tick, or two seconds where stamps are whole seconds.
_TICK_NS = 20_000_000
_SECONDS_NS = 2_000_000_000
_SECOND_NS = 1_000_000_000

_BLOCK_BYTES = 1 << 30
_UNSUPPORTED = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK, errno.EACCES}


class Changed(Exception):
    """The file is not the one that was read; the message says what happened to it."""


class NotAFile(Exception):
    """The message is what it is instead, as ``a folder``."""


class TooManyBytes(Exception):
    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


@dataclass(frozen=True, slots=True)
class Seen:
    """A file's state when it was read. Not ``settled``: it may have changed without a trace."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    settled: bool

    def holds(self, state: os.stat_result) -> bool:
        """True where the state alone proves that the content is what was read."""
        return (
            self.settled
            and self.inode == state.st_ino
            and self.size == state.st_size
            and self.mtime_ns == state.st_mtime_ns
            and self.ctime_ns == state.st_ctime_ns
            and self.device == state.st_dev
        )


@dataclass(frozen=True, slots=True)
class Change:
    """``path``, which held ``old`` when it was ``seen``, shall hold ``new``."""

    path: Path
    seen: Seen
    old: bytes
    new: bytes


@dataclass(slots=True)
class _Replacement:
    """A change on its way: the new content under a name of its own, in the target's folder."""

    change: Change
    target: Path
    temporary: Path
    descriptor: int | None = None
    renamed: bool = False
    failure: OSError | Changed | None = None

    @classmethod
    def of(cls, change: Change) -> _Replacement:
        target = change.path.resolve() if change.path.is_symlink() else change.path
        return cls(change, target, target.with_name(f".binderclip-{os.urandom(8).hex()}.tmp"))

    def attempt(self, step: _Step) -> None:
        """One step, unless one before it failed."""
        if self.failure is None and self.descriptor is not None:
            try:
                step(self, self.descriptor)
            except (OSError, Changed) as exc:
                self.fail(exc)

    def create(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            self.descriptor = os.open(self.temporary, flags, 0o600)
        except OSError as exc:
            self.fail(exc)

    def fail(self, exc: OSError | Changed) -> None:
        if isinstance(exc, FileNotFoundError):
            exc, exc.__cause__ = Changed("it was removed or renamed"), exc
        self.failure = exc

    def tidy(self) -> None:
        if self.descriptor is None:
            return
        os.close(self.descriptor)
        if not self.renamed:
            with suppress(OSError):
                self.temporary.unlink()


_Step: TypeAlias = Callable[[_Replacement, int], None]


def read(path: Path, max_bytes: int) -> tuple[bytes, Seen]:
    """A regular file's content and state. Raises OSError, NotAFile, TooManyBytes."""
    # Opening a pipe would wait for its other end.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        now_ns = time.time_ns()
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise NotAFile("a folder" if stat.S_ISDIR(state.st_mode) else "a device or pipe")
        if state.st_size > max_bytes:
            raise TooManyBytes(state.st_size)
        data = _content(descriptor, state.st_size)
    finally:
        os.close(descriptor)
    coarse = state.st_ctime_ns % _SECOND_NS == 0
    settled = state.st_ctime_ns < now_ns - (_SECONDS_NS if coarse else _TICK_NS)
    seen = Seen(
        state.st_dev, state.st_ino, len(data), state.st_mtime_ns, state.st_ctime_ns, settled
    )
    return data, seen


def replace_all(changes: Sequence[Change]) -> list[OSError | Changed | None]:
    """Replace each file, durably: first all are written, then flushed, then renamed.

    What went wrong with each, or None. A file for which something is returned is as it was,
    save where the last flush of its folder failed.
    """
    under_way = [_Replacement.of(change) for change in changes]
    try:
        for replacement in under_way:
            replacement.create()
            replacement.attempt(_write)
        for step in (_flush, _rename):
            for replacement in under_way:
                replacement.attempt(step)
    finally:
        for replacement in under_way:
            replacement.tidy()
    folders = {replacement.target.parent for replacement in under_way if replacement.renamed}
    unflushed = {folder: exc for folder in folders if (exc := _flush_folder(folder))}
    return [done.failure or unflushed.get(done.target.parent) for done in under_way]


def _write(new: _Replacement, descriptor: int) -> None:
    rest = memoryview(new.change.new)
    while rest:
        rest = rest[os.write(descriptor, rest[:_BLOCK_BYTES]) :]
    _dress(descriptor, new.target)
    if sys.platform == "linux":
        # Starts the writing of all before the first is waited for: the waits then are short.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _dress(descriptor: int, target: Path) -> None:
    """Owner, mode and extended attributes of the target, as far as permitted."""
    wanted, given = target.stat(), os.fstat(descriptor)
    owned = (given.st_uid, given.st_gid) == (wanted.st_uid, wanted.st_gid)
    if not owned:
        try:
            os.fchown(descriptor, wanted.st_uid, wanted.st_gid)
            owned = True
        except PermissionError:
            with suppress(PermissionError):
                os.fchown(descriptor, -1, wanted.st_gid)
    os.fchmod(descriptor, wanted.st_mode & (0o7777 if owned else 0o777))
    if sys.platform == "linux":
        for name in os.listxattr(target):
            with suppress(OSError):
                os.setxattr(descriptor, name, os.getxattr(target, name))


def _rename(new: _Replacement, _descriptor: int) -> None:
    """Put the new file in the target's place, unless that changed; against others of our kind
    a lock on the file makes the check and the renaming one step.
    """
    original = os.open(new.target, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        _lock(original)
        _check(new.change, original)
        new.temporary.replace(new.target)
        new.renamed = True
    finally:
        os.close(original)


def _check(change: Change, descriptor: int) -> None:
    state = os.fstat(descriptor)
    if not change.seen.holds(state) and not _same(descriptor, state, change.old):
        raise Changed("it was changed")
    found = change.path.stat()
    if (found.st_dev, found.st_ino) != (state.st_dev, state.st_ino):
        raise Changed("it was replaced")


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise Changed("another program has locked it") from exc
    except OSError as exc:
        if exc.errno not in _UNSUPPORTED:
            raise


def _same(descriptor: int, state: os.stat_result, old: bytes) -> bool:
    return (
        stat.S_ISREG(state.st_mode)
        and state.st_size == len(old)
        and _content(descriptor, len(old)) == old
    )


def _content(descriptor: int, expected_bytes: int) -> bytes:
    """All that is there to read; ``expected_bytes`` saves further calls where it is right."""
    blocks = []
    size = expected_bytes + 1
    while block := os.read(descriptor, min(size, _BLOCK_BYTES)):
        blocks.append(block)
        if len(block) < size <= _BLOCK_BYTES:
            break
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def _flush(_new: _Replacement, descriptor: int) -> None:
    if sys.platform == "darwin":
        # There fsync leaves the data in the drive's cache.
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def _flush_folder(folder: Path) -> OSError | None:
    """Makes the renaming last. What went wrong, unless that cannot be had of the file system."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as exc:
        return None if exc.errno in _UNSUPPORTED else exc
    return None
