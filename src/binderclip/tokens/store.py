"""Where a person keeps tokens: the keyring, else a file that nobody else may read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from binderclip import private
from binderclip.addresses.link import Link
from binderclip.config import base, covers
from binderclip.errors import ConfigError, SourceError
from binderclip.folders import config_folder
from binderclip.tokens.ring import Ring, RingFailed

__all__ = ["NAME", "Kept", "TokenStore", "sound"]

NAME: Final = "tokens.json"
Place: TypeAlias = Literal["keyring", "file"]

_MAX_BYTES = 1024 * 1024
_MAX_TOKEN = 8192
_DEEPEST = 8
"""Segments of a path; each costs a question to the keyring."""


def sound(token: str) -> bool:
    """Whether a header can hold it."""
    return len(token) <= _MAX_TOKEN and re.fullmatch(r"[!-~]+", token) is not None


@dataclass(frozen=True, slots=True)
class Kept:
    """A token that is kept: ``where`` says it to people. ``remark``: why not in the keyring."""

    address: str
    place: Place
    where: str
    remark: str | None = None


class _Stored(msgspec.Struct, forbid_unknown_fields=True):
    """The file. ``keyring`` lists the addresses whose tokens are there, which keyrings cannot."""

    tokens: dict[str, str] = {}
    keyring: list[str] = []

    def __repr__(self) -> str:
        return f"<{len(self.tokens)} tokens>"


class TokenStore:
    """Tokens by address, as ``config.base`` makes them. Every method raises ConfigError for a file
    that cannot be used or that others may read.
    """

    def __init__(self, folder: Path | None = None, ring: Ring | None = None) -> None:
        self.file = (config_folder() if folder is None else folder) / NAME
        self._ring = Ring() if ring is None else ring

    def add(self, address: str, token: str) -> Kept:
        """Keep ``token`` in the keyring, or where there is none in the file."""
        remark = None
        with self._locked():
            stored = self._read()
            try:
                keyring = self._ring.put(address, token)
            except RingFailed as error:
                keyring, remark = None, str(error)
            if keyring is None:
                stored.tokens[address] = token
                stored.keyring = [one for one in stored.keyring if one != address]
            else:
                stored.tokens.pop(address, None)
                stored.keyring = sorted({*stored.keyring, address})
            self._write(stored)
        if keyring is None:
            return Kept(address, "file", str(self.file), remark)
        return Kept(address, "keyring", keyring)

    def all(self) -> tuple[Kept, ...]:
        """What is kept, by address. The keyring is not asked."""
        stored = self._read()
        found = [Kept(address, "file", str(self.file)) for address in stored.tokens]
        found += [Kept(address, "keyring", "keyring") for address in stored.keyring]
        return tuple(sorted(found, key=lambda kept: (kept.address, kept.place)))

    def remove(self, address: str) -> tuple[Kept, ...]:
        """Forget the tokens of exactly this address; return where they were. Raises ConfigError
        also where the keyring fails and may hold it.
        """
        gone = []
        with self._locked():
            stored = self._read()
            if self._out_of_keyring(address, stored):
                gone.append(Kept(address, "keyring", "keyring"))
            if stored.tokens.pop(address, None) is not None:
                gone.append(Kept(address, "file", str(self.file)))
            stored.keyring = [one for one in stored.keyring if one != address]
            self._write(stored)
        return tuple(gone)

    def _out_of_keyring(self, address: str, stored: _Stored) -> bool:
        try:
            return self._ring.remove(address)
        except RingFailed as error:
            if address in stored.tokens:  # which is where it went when the keyring failed
                return False
            raise ConfigError(
                f"{address}: its token cannot be taken out of the keyring: {error}",
                hint="unlock the keyring and try again",
            ) from error

    def in_keyring(self, link: Link) -> str | None:
        """The token of the longest address that ``link`` lies under. Raises RingFailed."""
        for address in _prefixes(link):
            if token := self._ring.get(address):
                return token
        return None

    def in_file(self, link: Link) -> str | None:
        """As ``in_keyring``, in the file."""
        tokens = self._read().tokens
        fitting = [address for address in tokens if covers(address, link)]
        return tokens[max(fitting, key=len)] if fitting else None

    def _read(self) -> _Stored:
        try:
            stored = msgspec.json.decode(private.read(self.file, _MAX_BYTES), type=_Stored)
            _check((*stored.tokens, *stored.keyring))
        except (FileNotFoundError, NotADirectoryError):
            return _Stored()
        except private.NotPrivate as error:
            raise ConfigError(
                f"{self.file}: found a file that is {error}, expected one that is yours alone",
                hint=f"chmod 600 {self.file}; where others could read it, get new tokens",
            ) from error
        except OSError as error:
            raise ConfigError(f"{self.file}: cannot be read ({error.strerror})") from error
        except (msgspec.MsgspecError, SourceError) as error:
            # Not what the parser says: it may quote what is there.
            raise ConfigError(
                f"{self.file}: cannot be read as a list of tokens",
                hint="mend it, or remove it and add the tokens again",
            ) from error
        return stored

    def _write(self, stored: _Stored) -> None:
        text = msgspec.json.format(msgspec.json.encode(stored), indent=1)
        private.write(self.file, text + b"\n")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock  # noqa: PLC0415 - reading takes no lock

        try:
            private.make_folder(self.file.parent)
            with FileLock(self.file.with_suffix(".lock"), mode=0o600):
                yield
        except OSError as error:
            raise ConfigError(
                f"{self.file.parent}: cannot be written into ({error.strerror or error})",
                hint="set BINDERCLIP_CONFIG to a folder that can be written",
            ) from error


def _check(addresses: tuple[str, ...]) -> None:
    """One such as ``https://`` would be the beginning of everybody's. Raises SourceError."""
    for address in addresses:
        if base(address) != address:
            raise SourceError("found an address in another form than it is kept in")


def _prefixes(link: Link) -> Iterator[str]:
    """Addresses that ``link`` lies under, the longest first."""
    parts = [part for part in link.path.split("/")[1:] if part][:_DEEPEST]
    for length in range(len(parts), -1, -1):
        yield "/".join((link.origin, *parts[:length], ""))
