"""Where built environments live, and what may be removed of them.

    envs/KEY/TOKEN/{prefix,repo,run}   built in place, never moved: paths of it are inside it
    envs/KEY/ready[-PYTHON].json       names the token to use; renamed in when all of it is there
    locks/KEY.lock                     held while KEY is built or removed
    sessions/ID.lock, sessions/ID/     see ``leases``
    repositories/ID/                   see ``binderclip.repositories``
    conda/                             channels' indexes and packages, see ``binderclip.conda``

See docs/adr/0003-environments-are-published-not-moved.md.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from binderclip import processes
from binderclip.cache import leases, published, trees
from binderclip.cache.published import Published
from binderclip.errors import CacheError
from binderclip.folders import cache_folder

if TYPE_CHECKING:
    from datetime import datetime

    from filelock import FileLock

_LEAST_BYTES = 2**20
"""Small ones, by the hundred thousand, use up a disk as well."""
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by binderclip; see https://bford.info/cachedir/\n"


@dataclass(frozen=True, slots=True)
class CachedEnvironment:
    """One built environment, as ``cache ls`` shows it. Times are in UTC."""

    key: str
    size_bytes: int
    made_at: datetime
    used_at: datetime
    python: str
    summary: str
    in_use: bool


class Cache:
    """The cache's folder: private to its owner. Raises CacheError when it cannot be used."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or cache_folder()).absolute()
        with _translated(self.root):
            if not self.root.is_dir():
                trees.make_private(self.root)
                (self.root / "CACHEDIR.TAG").write_text(_TAG)
            facts = self.root.stat()
        if facts.st_uid != os.getuid() or facts.st_mode & 0o022:
            raise CacheError(
                f"{self.root}: found a folder that others may write to, expected one of your own",
                hint=f"chmod go-w {self.root}, or set BINDERCLIP_CACHE to another folder",
            )

    @property
    def sessions(self) -> Path:
        return self.root / "sessions"

    @property
    def conda(self) -> Path:
        return self.root / "conda"

    @contextmanager
    def using_conda(self) -> Iterator[None]:
        """Keep ``conda`` from being removed; others may use it at the same time."""
        import fcntl  # noqa: PLC0415 - conda environments alone need it

        with _translated(self.root):
            trees.make_private(self.root / "locks")
            # The file of ``lock("conda")``, which whoever removes the folder holds alone.
            path = self.root / "locks" / "conda.lock"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    def folder(self, key: str, token: str) -> Path:
        """Where the environment ``key`` was built, or is being built, under ``token``."""
        return self.root / "envs" / key / token

    def find(self, key: str, default_python: str) -> Published | None:
        """The environment ``key``, if it is built and works on this machine. Takes no lock."""
        for name in published.names(default_python):
            found = published.read(self.root / "envs" / key / name)
            if found and published.works(self.folder(key, found.token), found):
                return found
        return None

    def take(self, key: str, found: Published) -> leases.Lease | None:
        """Open a session in ``found``; None when that was removed in the meantime."""
        with _translated(self.sessions):
            leases.sweep(self.sessions)
            lease = leases.take(self.sessions, key, found.token)
            for path in self._ready_files(key):
                named = published.read(path)
                if named and named.token == found.token:
                    os.utime(path)
                    return lease
            leases.give_back(lease)
            return None

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn an OSError within the cache into a CacheError."""
        with _translated(self.root):
            yield

    def lock(self, name: str) -> FileLock:
        """The lock of an environment's key or of a fetched repository; not taken yet."""
        from filelock import FileLock  # noqa: PLC0415 - 20 ms, and a warm launch takes none

        with _translated(self.root):
            trees.make_private(self.root / "locks")
        return FileLock(self.root / "locks" / f"{name}.lock", mode=0o600, thread_local=False)

    def begin(self, key: str) -> Path:
        """A fresh folder to build ``key`` in. Its lock must be held: what a killed build of the
        same key left is removed first.
        """
        with _translated(self.root):
            self._sweep_key(key)
            leases.sweep(self.sessions)
            folder = self.folder(key, os.urandom(4).hex())
            trees.make_private(folder / "run")
            return folder

    def discard(self, folder: Path) -> None:
        """Give up a build: its processes are ended and its folder is removed."""
        with _translated(folder):
            processes.stop_all(folder / "run", 0)
            trees.remove(folder)
            with suppress(OSError):  # other builds of the key may be there
                folder.parent.rmdir()

    def publish(self, key: str, record: Published, *, default_python: str | None) -> None:
        """Make a finished build visible. ``default_python`` is given where the environment did
        not say which Python it wants. Its lock must be held.
        """
        name = f"ready-{default_python}.json" if default_python else "ready.json"
        with _translated(self.root):
            published.write(self.root / "envs" / key / name, msgspec.json.encode(record))

    def environments(self) -> tuple[CachedEnvironment, ...]:
        """All that is built, the most recently used first."""
        with _translated(self.root):
            used = {held.token for held in leases.living(self.sessions)}
            found = [
                _described(path, record, in_use=record.token in used)
                for path in self._ready_files("*")
                if (record := published.read(path))
            ]
        return tuple(sorted(found, key=lambda e: e.used_at, reverse=True))

    def remove(self, prefix: str) -> tuple[CachedEnvironment, ...]:
        """Remove the environment whose key begins with ``prefix``; return what was removed.

        Raises CacheError when there is none, several, or one in use.
        """
        found = [e for e in self.environments() if prefix and e.key.startswith(prefix)]
        keys = sorted({e.key for e in found})
        if not keys:
            raise CacheError(
                f"no environment in {self.root} has a key that begins with {prefix!r}",
                hint="binderclip cache ls shows them",
            )
        if len(keys) > 1:
            raise CacheError(
                f"{prefix!r} stands for {len(keys)} environments: "
                + ", ".join(key[:12] for key in keys),
                hint="write more digits of the key",
            )
        if not (removed := self._remove_key(keys[0])):
            raise CacheError(
                f"environment {keys[0][:12]} is in use by {self._users(keys[0])}",
                hint="end it first",
            )
        return removed

    def prune(
        self,
        *,
        older_than_s: float | None = None,
        max_bytes: int | None = None,
        everything: bool = False,
    ) -> tuple[CachedEnvironment, ...]:
        """Remove environments unused for ``older_than_s``, then the longest unused until at most
        ``max_bytes`` are left; or ``everything``, fetched repositories and conda packages included.
        What is in use or being built stays. Returns what was removed.
        """
        self.sweep()
        removed: list[CachedEnvironment] = []
        left = sum(e.size_bytes for e in self.environments())
        for cached in reversed(self.environments()):
            idle_s = time.time() - cached.used_at.timestamp()
            old = older_than_s is not None and idle_s > older_than_s
            if everything or old or (max_bytes is not None and left > max_bytes):
                gone = self._remove_key(cached.key)
                left -= sum(e.size_bytes for e in gone)
                removed += gone
        if everything or older_than_s is not None:
            self.prune_repositories(0 if everything else older_than_s or 0)
        if everything:
            with self._locked("conda") as held, _translated(self.root):
                if held:
                    trees.remove(self.conda)
        return tuple(removed)

    def sweep(self) -> None:
        """Remove what killed builds and dead sessions left, their processes included."""
        with _translated(self.root):
            leases.sweep(self.sessions)
            for folder in self._key_folders():
                with self._locked(folder.name) as held:
                    if held:
                        self._sweep_key(folder.name)

    def _users(self, key: str) -> str:
        held = [h for h in leases.living(self.sessions) if h.key == key]
        pids = ", ".join(sorted({str(h.pid) for h in held}))
        return f"process {pids}" if pids else "a build that is under way"

    def _remove_key(self, key: str) -> tuple[CachedEnvironment, ...]:
        """Unpublish, then look for sessions: a launch that saw it published and noted itself is
        seen here, and one that did not will find it gone (``take``).
        """
        removed = []
        with self._locked(key) as held, _translated(self.root):
            for path in self._ready_files(key) if held else ():
                if (record := published.read(path)) is None:
                    continue  # swept below
                content, described = path.read_bytes(), _described(path, record, in_use=False)
                path.unlink()
                if record.token in {h.token for h in leases.living(self.sessions)}:
                    published.write(path, content, used_at=described.used_at.timestamp())
                else:
                    removed.append(described)
            if held:
                self._sweep_key(key)
        return tuple(removed)

    def _sweep_key(self, key: str) -> None:
        """Remove what is neither published nor in use."""
        home = self.root / "envs" / key
        kept = {held.token for held in leases.living(self.sessions)}
        for path in self._ready_files(key):
            if record := published.read(path):
                kept |= {path.name, record.token}
        with suppress(FileNotFoundError):
            for path in [p for p in home.iterdir() if p.name not in kept]:
                if path.is_dir() and not path.is_symlink():
                    self.discard(path)
                else:
                    path.unlink()
            if not any(home.iterdir()):
                home.rmdir()

    def prune_repositories(
        self, older_than_s: float, only: Callable[[Path], bool] | None = None
    ) -> None:
        """Remove what was fetched of repositories, unless it was used since, or ``only`` says no
        to its folder.
        """
        with _translated(self.root):
            for idle_s, folder in self._repositories(only):
                if idle_s >= older_than_s:
                    self._remove_repository(folder)

    def shrink_repositories(
        self, max_bytes: int, only: Callable[[Path], bool] | None = None, *, idle_s: float = 0.0
    ) -> int:
        """Remove what was fetched of repositories, the longest unused first, until at most
        ``max_bytes`` are left of those that ``only`` says yes to; none that was used within
        ``idle_s``. Each counts for a megabyte at least. Returns how many bytes are left.
        """
        with _translated(self.root):
            found = [
                (unused_s, max(_LEAST_BYTES, trees.size(folder)), folder)
                for unused_s, folder in self._repositories(only)
            ]
            left = sum(size for _, size, _ in found)
            for unused_s, size, folder in sorted(found, reverse=True):
                if left <= max_bytes or unused_s < idle_s:
                    break
                if self._remove_repository(folder):
                    left -= size
        return left

    def _repositories(self, only: Callable[[Path], bool] | None) -> list[tuple[float, Path]]:
        """For how many seconds each was not used, and its folder. Others may remove some."""
        found: list[tuple[float, Path]] = []
        with suppress(FileNotFoundError):
            for folder in list((self.root / "repositories").iterdir()):
                with suppress(FileNotFoundError):
                    if only is None or only(folder):
                        found.append((time.time() - folder.stat().st_mtime, folder))
        return found

    def _remove_repository(self, folder: Path) -> bool:
        """Whether it is gone: what somebody fetches just now stays."""
        with self._locked(folder.name) as held:
            if held:
                trees.remove(folder)
        return held

    @contextmanager
    def _locked(self, name: str) -> Iterator[bool]:
        """Hold a lock, or say that somebody else does."""
        from filelock import Timeout  # noqa: PLC0415 - see lock()

        lock = self.lock(name)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _key_folders(self) -> list[Path]:
        with suppress(FileNotFoundError):
            return sorted((self.root / "envs").iterdir())
        return []

    def _ready_files(self, key: str) -> Sequence[Path]:
        return sorted((self.root / "envs").glob(f"{key}/ready*.json"))


def _described(path: Path, record: Published, *, in_use: bool) -> CachedEnvironment:
    from datetime import UTC, datetime  # noqa: PLC0415 - for listing alone

    try:
        used_at = max(path.stat().st_mtime, record.made_at)
    except FileNotFoundError:
        used_at = record.made_at
    return CachedEnvironment(
        key=path.parent.name,
        size_bytes=record.size_bytes,
        made_at=datetime.fromtimestamp(record.made_at, UTC),
        used_at=datetime.fromtimestamp(used_at, UTC),
        python=record.python,
        summary=record.summary,
        in_use=in_use,
    )


@contextmanager
def _translated(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CacheError(
            f"{error.filename or place}: {error.strerror or error}",
            hint="set BINDERCLIP_CACHE to a folder that you can write to",
        ) from error
