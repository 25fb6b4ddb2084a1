"""Sessions on disk, so that one that a killed process left behind can be found and stopped.

A record is a small file of its own. Its lock tells that the process that made it lives: the kernel
drops the lock with the process, after ``kill -9`` too.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Protocol

import msgspec

from binderclip import private
from binderclip.addresses.link import parse
from binderclip.errors import CacheError, SourceError
from binderclip.folders import state_folder
from binderclip.session import HubServer, Session

__all__ = ["Damaged", "Ledger", "Nobody", "Record", "Records"]

_MAX_BYTES = 64 * 1024


class Ledger(Protocol):
    """Where targets say what there is to stop."""

    def note(self, session: Session, *, place: str) -> None:
        """Create or replace the record of ``session.id``. ``place`` is the host as it is shown.

        Raises CacheError.
        """
        ...

    def drop(self, session_id: str) -> None:
        """There is nothing to stop any more. Raises CacheError."""
        ...


class Nobody:
    """A ledger that notes nothing."""

    def note(self, session: Session, *, place: str) -> None: ...

    def drop(self, session_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Record:
    """A session that somebody started. ``since`` is RFC 3339, UTC; ``pid`` and ``machine`` name
    the process that did. ``alive``: that process lives; ``kept``: it left the session on purpose.

    ``session.token`` is the session's own; a hub's is not kept here.
    """

    session: Session
    place: str
    since: str
    pid: int
    machine: str
    alive: bool
    kept: bool

    @property
    def left(self) -> bool:
        """Its process is gone, and did not mean to leave it."""
        return not self.alive and not self.kept


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file among the records that is none; ``why`` says what it is instead."""

    path: Path
    why: str


class _Stored(msgspec.Struct):
    """The file's content; a newer binderclip may have written more."""

    id: str
    target: str
    url: str | None
    token: str | None
    hub: HubServer | None
    throwaway: bool
    place: str
    since: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    pid: Annotated[int, msgspec.Meta(ge=1, lt=2**31)]
    machine: str
    kept: bool = False
    launch: str | None = None

    def __repr__(self) -> str:
        return f"<the record of {self.id}>"


class Records:
    """A folder of records: mode 0700, each file 0600."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = state_folder() / "sessions" if folder is None else folder
        self._held: dict[str, tuple[int, dt.datetime]] = {}

    def note(self, session: Session, *, place: str) -> None:
        """Of a session on this machine and of one that is not ours nothing is noted: there is
        nothing to stop.
        """
        if session.runtime is not None or not session.owned:
            return
        _, since = self._held.get(session.id, (None, dt.datetime.now(dt.UTC)))
        stored = _Stored(
            id=session.id,
            target=session.target,
            url=session.url,
            token=None if session.hub else session.token,
            hub=session.hub,
            throwaway=session.throwaway,
            place=place,
            since=since,
            pid=os.getpid(),
            machine=os.uname().nodename,
            launch=session.launch,
        )
        try:
            private.make_folder(self.folder)
            self._check()
            descriptor = private.write_locked(self._path(session.id), msgspec.json.encode(stored))
        except OSError as error:
            raise self._unusable(error) from error
        self._let_go(session.id)
        self._held[session.id] = (descriptor, since)

    def drop(self, session_id: str) -> None:
        try:
            self._path(session_id).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        self._let_go(session_id)

    def keep(self, session_id: str) -> None:
        """Its owner leaves it on purpose. Without a record there is nothing to stop, and nothing
        to keep. Raises CacheError.
        """
        path = self._path(session_id)
        try:
            self._check()
            stored = msgspec.json.decode(private.read(path, _MAX_BYTES), type=_Stored)
            stored.kept = True
            private.write(path, msgspec.json.encode(stored))
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unusable(error) from error
        except (private.NotPrivate, msgspec.MsgspecError) as error:
            raise CacheError(f"{path}: cannot be read as a session's record ({error})") from error
        self._let_go(session_id)

    def all(self) -> tuple[Record, ...]:
        """The sessions, oldest first; files that are no records are left out. Raises CacheError."""
        return self.look()[0]

    def look(self) -> tuple[tuple[Record, ...], tuple[Damaged, ...]]:
        """The sessions, oldest first, and what else lies there. Raises CacheError."""
        records: list[Record] = []
        damaged: list[Damaged] = []
        try:
            self._check()
            paths = sorted(p for p in self.folder.iterdir() if p.suffix == ".json")
        except FileNotFoundError:
            return (), ()
        except OSError as error:
            raise self._unusable(error) from error
        for path in paths:
            try:
                records.append(self._read(path))
            except FileNotFoundError:
                continue  # stopped meanwhile
            except (private.NotPrivate, msgspec.MsgspecError, SourceError) as error:
                damaged.append(Damaged(path, str(error)))
            except OSError as error:
                damaged.append(Damaged(path, error.strerror or "unreadable"))
        records.sort(key=lambda record: (record.since, record.session.id))
        return tuple(records), tuple(damaged)

    def _read(self, path: Path) -> Record:
        descriptor = private.open_file(path, _MAX_BYTES)
        try:
            stored = msgspec.json.decode(os.read(descriptor, _MAX_BYTES), type=_Stored)
            alive = private.locked(descriptor)
        finally:
            os.close(descriptor)
        if self._path(stored.id) != path:
            raise private.NotPrivate("the record of another session than its name says")
        for url in (stored.url, stored.launch, stored.hub.api if stored.hub else None):
            if url is not None and parse(url).userinfo is not None:
                raise private.NotPrivate("a record with a password in its address")
        return Record(
            session=Session(
                target=stored.target,
                id=stored.id,
                url=stored.url,
                token=stored.token,
                hub=stored.hub,
                throwaway=stored.throwaway,
                launch=stored.launch,
            ),
            place=stored.place,
            since=stored.since.astimezone(dt.UTC).isoformat(timespec="seconds"),
            pid=stored.pid,
            machine=stored.machine,
            alive=_lives(stored) if alive is None else alive,
            kept=stored.kept,
        )

    def _path(self, session_id: str) -> Path:
        """An id may hold anything; a file's name may not."""
        return self.folder / f"{sha256(session_id.encode()).hexdigest()[:32]}.json"

    def _let_go(self, session_id: str) -> None:
        if held := self._held.pop(session_id, None):
            os.close(held[0])

    def _check(self) -> None:
        try:
            private.check_folder(self.folder)
        except private.NotPrivate as error:
            raise CacheError(
                f"{self.folder}: found {error}, expected a folder of your own",
                hint=f"chmod go-w {self.folder}, or set BINDERCLIP_STATE to another folder",
            ) from error

    def _unusable(self, error: OSError) -> CacheError:
        return CacheError(
            f"{self.folder}: cannot be used ({error.strerror or error})",
            hint="set BINDERCLIP_STATE to a folder that can be written",
        )


def _lives(stored: _Stored) -> bool:
    """Where there are no locks: whether the process is there. Of other machines we cannot know,
    and what may be in use is not to be stopped unasked.
    """
    if stored.machine != os.uname().nodename:
        return True
    try:
        os.kill(stored.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
