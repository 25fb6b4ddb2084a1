"""What this person shared: a small private file each, with the token that takes it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from binderclip import private
from binderclip.errors import CacheError
from binderclip.folders import state_folder

_MAX_BYTES = 64 * 1024


class Share(msgspec.Struct, frozen=True):
    """``url`` is the notebook's address as everybody has it, ``at`` as we reach the gateway."""

    url: str
    at: str
    name: str
    since: str
    expires: str
    deletion: str

    def __repr__(self) -> str:
        return f"<the share {self.url}>"

    @property
    def over(self) -> bool:
        try:
            return dt.datetime.fromisoformat(self.expires) <= dt.datetime.now(dt.UTC)
        except (ValueError, TypeError):
            return False


class Shares:
    """A folder of them: mode 0700, each file 0600. All methods raise CacheError."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = state_folder() / "shared" if folder is None else folder

    def keep(self, share: Share) -> None:
        try:
            private.make_folder(self.folder)
            private.check_folder(self.folder)
            private.write(self._path(share), msgspec.json.encode(share))
        except (OSError, private.NotPrivate) as error:
            raise self._unusable(error) from error

    def drop(self, share: Share) -> None:
        try:
            self._path(share).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def of(self, url: str) -> tuple[Share, ...]:
        """All of that address: each time it was shared has a token of its own."""
        return tuple(one for one in self.all() if url in {one.url, one.at})

    def all(self) -> tuple[Share, ...]:
        """The oldest first; those that are over are forgotten, and what is none is left out."""
        found = list(self._read())
        for one in found:
            if one.over:
                self.drop(one)
        return tuple(sorted((one for one in found if not one.over), key=lambda one: one.since))

    def _read(self) -> Iterator[Share]:
        try:
            paths = sorted(self.folder.glob("*.json"))
        except OSError as error:
            raise self._unusable(error) from error
        for path in paths:
            try:
                yield msgspec.json.decode(private.read(path, _MAX_BYTES), type=Share)
            except (OSError, private.NotPrivate, msgspec.MsgspecError):
                continue

    def _path(self, share: Share) -> Path:
        return self.folder / f"{sha256(share.deletion.encode()).hexdigest()[:32]}.json"

    def _unusable(self, error: OSError | private.NotPrivate) -> CacheError:
        why = error.strerror if isinstance(error, OSError) else f"it is {error}"
        return CacheError(
            f"{self.folder}: cannot be used ({why})",
            hint="set BINDERCLIP_STATE to a folder of your own that can be written",
        )
