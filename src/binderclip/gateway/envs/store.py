"""The packs that are served, on disk: bounded, least recently used first to go."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from binderclip import private
from binderclip.amounts import size
from binderclip.envrepo import Packed, pack_file
from binderclip.errors import CacheError, TooLarge

KEY = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(rf"({KEY.pattern})-([0-9a-f]{{40}})\.pack")
_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")
_SUM_BYTES = 20
_BLOCK_BYTES = 1 << 20
MOST_BYTES = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Stored:
    """``commit`` is the one that the pack at ``path`` has, with all that it consists of."""

    key: str
    commit: str
    path: Path
    size_bytes: int
    checked: bool = False


class EnvStore:
    """One of a process, for any number of threads. Every method may wait for the disk: an event
    loop calls it in a thread. What is there outlives the process.
    """

    def __init__(self, folder: Path, max_bytes: int = MOST_BYTES) -> None:
        """Makes the folder where there is none. Raises CacheError."""
        self._folder, self._max_bytes = folder, max_bytes
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Stored] = OrderedDict()
        try:
            private.make_folder(folder)
            private.check_folder(folder)
            self._known.update((one.key, one) for one in self._found())
        except (OSError, private.NotPrivate) as exc:
            raise _unusable(folder, exc) from exc
        self._drop_what_is_too_much()

    def add(self, packed: Packed) -> str:
        """The key that it is served by. Raises TooLarge for one that is more than all may be, and
        CacheError.
        """
        there = self.get(packed.key)
        if there is not None and there.commit == packed.commit:
            return packed.key
        pack = pack_file(packed.objects)
        if len(pack) > self._max_bytes:
            raise TooLarge(
                f"found an environment of {size(len(pack))}, expected at most "
                f"{size(self._max_bytes)}"
            )
        path = self._folder / f"{packed.key}-{packed.commit}.pack"
        try:
            private.write(path, pack)
        except OSError as exc:
            raise _unusable(self._folder, exc) from exc
        with self._lock:
            # Last, and so the last to go.
            self._known.pop(packed.key, None)
            self._known[packed.key] = Stored(packed.key, packed.commit, path, len(pack), True)
        if there is not None:
            there.path.unlink(missing_ok=True)
        self._drop_what_is_too_much()
        return packed.key

    def get(self, key: str) -> Stored | None:
        """None for what was never there, is there no more, or was damaged."""
        with self._lock:
            found = self._known.get(key)
            if found is None:
                return None
            self._known.move_to_end(key)
        if not found.checked and not _whole(found):
            self._forget(found)
            return None
        try:
            os.utime(found.path)  # the order outlives the process
        except OSError:
            self._forget(found)
            return None
        checked = replace(found, checked=True)
        with self._lock:
            if self._known.get(key) == found:
                self._known[key] = checked
        return checked

    def _found(self) -> Iterator[Stored]:
        """What an earlier process left, least recently used first."""
        there = []
        for path in self._folder.iterdir():
            if _TEMPORARY.fullmatch(path.name):
                path.unlink(missing_ok=True)
            elif named := _NAME.fullmatch(path.name):
                facts = path.lstat()
                there.append((facts.st_mtime_ns, Stored(named[1], named[2], path, facts.st_size)))
        yield from (one for _, one in sorted(there, key=lambda pair: pair[0]))

    def _drop_what_is_too_much(self) -> None:
        dropped = []
        with self._lock:
            held = sum(one.size_bytes for one in self._known.values())
            while held > self._max_bytes:
                _, oldest = self._known.popitem(last=False)
                held -= oldest.size_bytes
                dropped.append(oldest)
        # Whoever is being sent one has it open, and gets it to its end.
        for one in dropped:
            with suppress(OSError):
                one.path.unlink(missing_ok=True)

    def _forget(self, one: Stored) -> None:
        with self._lock:
            if self._known.get(one.key) == one:
                del self._known[one.key]
        with suppress(OSError):
            one.path.unlink(missing_ok=True)


def _whole(one: Stored) -> bool:
    """A pack ends in the SHA-1 of what stands before it."""
    digest = hashlib.sha1(usedforsecurity=False)
    left = one.size_bytes - _SUM_BYTES
    try:
        descriptor = os.open(one.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            while left > 0 and (block := file.read(min(left, _BLOCK_BYTES))):
                digest.update(block)
                left -= len(block)
            return left == 0 and file.read() == digest.digest()
    except OSError:
        return False


def _unusable(folder: Path, why: Exception) -> CacheError:
    said = getattr(why, "strerror", None) or str(why)
    return CacheError(
        f"{folder}: environments cannot be kept there ({said})",
        hint="name another folder as the storage of the service",
    )
