"""What a person has said yes to: pairs of an environment key and an origin.

An environment that changes in any way has another key, so it is asked about again; the same
environment from another address is asked about again too.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from binderclip.errors import CacheError


@dataclass(frozen=True, slots=True)
class Grant:
    """``key``: 64 hex digits. ``at``: when it was granted, RFC 3339, UTC."""

    key: str
    origin: str
    at: str


class TrustStore:
    """A JSON file of grants, mode 0600, replaced whole."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "trust.json"

    def grants(self) -> tuple[Grant, ...]:
        """All grants, oldest first. Raises CacheError when the file cannot be read or is open to
        others.
        """
        try:
            for path in (self._file.parent, self._file):
                _check_private(path)
            return tuple(msgspec.json.decode(self._file.read_bytes(), type=list[Grant]))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise CacheError(
                f"{self._file}: cannot be read ({error.strerror})",
                hint="set BINDERCLIP_STATE to a folder that is yours",
            ) from error
        except msgspec.MsgspecError as error:
            raise CacheError(
                f"{self._file}: cannot be read as a list of grants ({error})",
                hint="mend it, or remove it to be asked again about everything",
            ) from error

    def trusts(self, key: str, origin: str) -> bool:
        return any(grant.key == key and grant.origin == origin for grant in self.grants())

    def grant(self, key: str, origin: str) -> None:
        """Remember a yes. Granting again changes nothing."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        with self._locked():
            if not self.trusts(key, origin):
                self._write((*self.grants(), Grant(key, origin, now)))

    def revoke(self, word: str) -> tuple[Grant, ...]:
        """Forget the grants whose key begins with ``word`` (8 digits or more) or whose origin
        is ``word``; return them.
        """
        by_key = len(word) >= 8  # noqa: PLR2004 - as short as git's abbreviated ids get
        with self._locked():
            grants = self.grants()
            gone = tuple(
                g for g in grants if g.origin == word or (by_key and g.key.startswith(word))
            )
            if gone:
                self._write(tuple(g for g in grants if g not in gone))
        return gone

    def clear(self) -> tuple[Grant, ...]:
        """Forget everything; return what was forgotten."""
        with self._locked():
            grants = self.grants()
            self._write(())
        return grants

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Raises CacheError for whatever the folder, the lock or the writing says."""
        from filelock import FileLock  # noqa: PLC0415 - reading takes no lock

        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self._file.with_suffix(".lock"), mode=0o600):
                yield
        except OSError as error:
            raise CacheError(
                f"{self._file.parent}: cannot be written into ({error.strerror or error})",
                hint="set BINDERCLIP_STATE to a folder that can be written",
            ) from error

    def _write(self, grants: tuple[Grant, ...]) -> None:
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}.tmp")
        text = msgspec.json.format(msgspec.json.encode(grants), indent=1)
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            fresh.replace(self._file)
        finally:
            fresh.unlink(missing_ok=True)


def _check_private(path: Path) -> None:
    """Whoever may write here may say yes for its owner. Raises CacheError, OSError."""
    facts = path.stat()
    if facts.st_uid != os.getuid() or facts.st_mode & 0o022:
        raise CacheError(
            f"{path}: found what others may write to, expected it to be yours alone",
            hint=f"chmod go-w {path}, or set BINDERCLIP_STATE to another folder",
        )
