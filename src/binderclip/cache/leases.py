"""A session's folder, and the lock that says that its owner lives.

``sessions/ID.lock`` is made first, locked, and only then says what it stands for; whoever can
lock it finds a dead owner. ``flock`` comes from the standard library here: a warm launch takes
such a lock, and has no time to import more. The kernel drops the lock with the process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from binderclip import processes
from binderclip.cache import trees
from binderclip.errors import SessionError

# A socket's path has 104 bytes on macOS and 108 on Linux, its end included; names in ``run``
# get what is left.
_LONGEST_RUN = 72


@dataclass(frozen=True, slots=True)
class Held:
    """What a lock file says: whose ``token`` is in use, by which process, with which ``run``."""

    key: str
    token: str
    run: str
    pid: int


@dataclass(frozen=True, slots=True)
class Lease:
    """A session's folder while its lock is held by this process."""

    id: str
    folder: Path
    run: Path
    descriptor: int

    @property
    def home(self) -> Path:
        return self.folder / "home"


def take(sessions: Path, key: str, token: str) -> Lease:
    """Make a session's folders and hold its lock. Raises OSError."""
    trees.make_private(sessions)
    while True:
        name = os.urandom(6).hex()
        path = sessions / f"{name}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        os.close(descriptor)  # a sweep was quicker than we were, and removes it
    folder = sessions / name
    run = folder / "run"
    if len(os.fsencode(run)) > _LONGEST_RUN:
        from tempfile import gettempdir  # noqa: PLC0415 - seldom so

        run = Path(gettempdir()) / f"binderclip-{name}"
    lease = Lease(name, folder, run, descriptor)
    try:
        os.write(descriptor, msgspec.json.encode(Held(key, token, str(run), os.getpid())))
        for made in (folder, folder / "home", run):
            made.mkdir(mode=0o700)
    except OSError:
        give_back(lease)
        raise
    return lease


def give_back(lease: Lease) -> None:
    """Remove the session's folders, then its lock. Its processes must be gone."""
    _clear(lease.folder, lease.run)
    lease.folder.with_suffix(".lock").unlink(missing_ok=True)
    os.close(lease.descriptor)


def living(sessions: Path) -> tuple[Held, ...]:
    """The sessions whose owners live. One that is just being made is waited for."""
    return tuple(held for _, held in _look(sessions, remove_dead=False) if held is not None)


def sweep(sessions: Path) -> None:
    """End what dead owners left running and remove their folders."""
    for _ in _look(sessions, remove_dead=True):
        pass


def _look(sessions: Path, *, remove_dead: bool) -> Iterator[tuple[Path, Held | None]]:
    try:
        paths = [path for path in sessions.iterdir() if path.suffix == ".lock"]
    except FileNotFoundError:
        return
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield path, _held(descriptor)
        else:
            if remove_dead:
                # What cannot be ended or removed now stays for the next sweep: it is no reason
                # why a launch of something else should fail.
                with suppress(OSError, SessionError):
                    _bury(path, descriptor)
        finally:
            os.close(descriptor)


def _held(descriptor: int) -> Held | None:
    """What the lock says; None when it was dropped or says nothing yet (then nothing is in use:
    its owner looks again at the environment after writing).
    """
    try:
        return msgspec.json.decode(os.pread(descriptor, 65536, 0), type=Held)
    except msgspec.MsgspecError:
        return None


def _bury(path: Path, descriptor: int) -> None:
    if os.fstat(descriptor).st_ino != path.stat().st_ino:
        return
    held = _held(descriptor)
    folder = path.with_suffix("")
    run = Path(held.run) if held else folder / "run"
    processes.stop_all(run, 0)
    _clear(folder, run)
    path.unlink()


def _clear(folder: Path, run: Path) -> None:
    if run.parent != folder and not run.is_symlink():
        trees.remove(run)
    trees.remove(folder)
