"""Which commits the environment of a notebook was, by the notebook's address, on disk.

Builders ask for a commit minutes after it was resolved, and people launch what was pinned years
ago: the notebook may say something else by then.
"""

from __future__ import annotations

import hashlib
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from binderclip import private
from binderclip.errors import CacheError
from binderclip.gateway.envs.store import KEY

COMMIT = re.compile(r"[0-9a-f]{40}")
FRESH_S = 3600.0
"""For which what was resolved is what builders get who name no commit."""
_COMMITS = 20
_MOST_BYTES = 64 * 2**10
_FILES = 200
"""In each of 256 folders."""


@dataclass(frozen=True, slots=True)
class Base:
    """What a repository of ours was made of: another one, by BinderHub's ``provider`` and ``spec``,
    or an ``image``; by their addresses, for those who ban some.
    """

    provider: str | None = None
    spec: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """A commit, and where it is: in the repository of ours with that ``key``, which was made ``on``
    something, or in the one at ``url``.
    """

    commit: str
    key: str | None = None
    url: str | None = None
    on: Base | None = None

    @property
    def sound(self) -> bool:
        """Files may be damaged, and an address leads builders somewhere."""
        if self.key is not None:
            here = KEY.fullmatch(self.key) is not None
        else:
            here = self.url is not None and urlsplit(self.url).scheme in {"http", "https"}
        return here and COMMIT.fullmatch(self.commit) is not None


class _Line(msgspec.Struct, frozen=True):
    commit: str
    at: float
    key: str | None = None
    url: str | None = None
    on: Base | None = None


class Remembered:
    """Every method may wait for the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, address: str, built: Built) -> None:
        """Raises CacheError."""
        path = self._path(address)
        others = [line for line in self._lines(path) if line.commit != built.commit]
        newest = _Line(built.commit, time.time(), built.key, built.url, built.on)
        try:
            private.make_folder(path.parent)
            if not path.exists():
                _make_room(path.parent)
            private.write(path, msgspec.json.encode([newest, *others][:_COMMITS]))
        except OSError as exc:
            raise CacheError(
                f"{self._folder}: nothing can be kept there ({exc.strerror})",
                hint="name another folder as the storage of the service",
            ) from exc

    def find(self, address: str, commit: str | None = None) -> Built | None:
        """That ``commit``; or the newest one, unless it is too long ago."""
        for line in self._lines(self._path(address)):
            found = Built(line.commit, line.key, line.url, line.on)
            if not found.sound:
                continue
            if commit is None:
                return found if abs(time.time() - line.at) < FRESH_S else None
            if commit == line.commit:
                return found
        return None

    def _path(self, address: str) -> Path:
        # An address may hold a secret: it is not written down.
        name = hashlib.sha256(address.encode()).hexdigest()
        return self._folder / name[:2] / f"{name[2:]}.json"

    def _lines(self, path: Path) -> list[_Line]:
        try:
            return msgspec.json.decode(private.read(path, _MOST_BYTES), type=list[_Line])
        except (OSError, private.NotPrivate, msgspec.MsgspecError):
            return []


def _make_room(folder: Path) -> None:
    """The oldest go."""
    ages = []
    for path in folder.iterdir():
        with suppress(OSError):
            ages.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(ages)[: max(0, len(ages) - _FILES + 1)]:
        path.unlink(missing_ok=True)
