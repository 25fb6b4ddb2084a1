"""Where shared notebooks lie: content-addressed, in a folder or wherever fsspec leads.

Of each there is a folder named by the SHA-256 of its bytes. It holds the bytes (``notebook.ipynb``)
and a claim for each time that somebody shared them, an object whose name says all of it:
``until-`` and the second since 1970 when it ends, ``-``, and the SHA-256 of the token that gives
it up. So nothing is ever changed in place, and no two requests write the same object. A notebook
is there while one claim on it stands; its bytes are looked at again before they are given out.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from binderclip import private
from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError, CacheError, ConfigError

NOTEBOOK = "notebook.ipynb"

_DIGEST = re.compile(r"[0-9a-f]{64}")
_CLAIM = re.compile(r"until-([0-9]{1,12})-([0-9a-f]{64})")
# What a claim counts for: file systems and object stores charge for the smallest of objects too.
_CLAIM_BYTES = 1024
# Another process may share the store, and expired notebooks make room.
_COUNTED_ANEW_S = 600.0


class Full(BinderclipError):
    """There is no room for it."""

    code = "full"
    http_status = 507


@dataclass(frozen=True, slots=True)
class Kept:
    """``digest`` names the notebook, ``until`` is the second since 1970 when this claim on it
    ends; ``deletion`` is the token that gives it up, and is told this once.
    """

    digest: str
    until: int
    deletion: str = field(repr=False)


class Shelf:
    """All methods block, and may be called from several threads. Each raises CacheError where the
    store does not do what it should.

    ``url`` is as fsspec has it; ``total_bytes`` is what may lie there at a time. Raises ConfigError
    for an address that fsspec, or what is installed beside it, cannot use.
    """

    def __init__(
        self, url: str, *, total_bytes: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._shown = masked(url)
        self._total_bytes, self._clock = total_bytes, clock
        self._fs, self._root = _opened(url)
        self._folder = isinstance(self._fs, LocalFileSystem)
        self._changing = threading.Lock()
        self._taken, self._counted = 0, -_COUNTED_ANEW_S

    def keep(self, data: bytes, seconds: float) -> Kept:
        """Share ``data`` for so long; what lies there already is not written again. Raises Full."""
        digest, deletion = sha256(data).hexdigest(), secrets.token_urlsafe(24)
        now = self._clock()
        until = int(now + seconds)
        with self._changing, self._store():
            self._make_room(len(data) + _CLAIM_BYTES, now)
            there = any(one.until > now for one in self._claims(digest))
            # The claim comes first: a notebook that nobody claims is swept away.
            self._write(f"{digest}/{_claim(until, deletion)}", b"")
            self._taken += _CLAIM_BYTES
            if not there or self._size(digest) != len(data):
                self._write(f"{digest}/{NOTEBOOK}", data)
                self._taken += len(data)
        return Kept(digest, until, deletion)

    def there(self, digest: str) -> bool:
        """Whether a claim on it stands."""
        if not _DIGEST.fullmatch(digest):
            return False
        with self._store():
            now = self._clock()
            return any(one.until > now for one in self._claims(digest))

    def read(self, digest: str) -> bytes | None:
        """None for what is not there, or not any more."""
        if not self.there(digest):
            return None
        with self._store():
            try:
                data: bytes = self._fs.cat_file(f"{self._root}/{digest}/{NOTEBOOK}")
            except FileNotFoundError:
                return None
        # A write that was cut off, or somebody else's: not what its address says.
        return data if sha256(data).hexdigest() == digest else None

    def give_up(self, digest: str, deletion: str) -> int | None:
        """End the claim that ``deletion`` stands for. The notebook goes with the last one: returns
        the second since 1970 until which others keep it, or 0; None where there is no such claim.
        """
        if not _DIGEST.fullmatch(digest):
            return None
        with self._changing, self._store():
            claims = self._claims(digest)
            ours = [one for one in claims if one.token_hash == _hashed(deletion)]
            if not ours:
                return None
            last = max((one.until for one in claims if one not in ours), default=0)
            kept = last if last > self._clock() else 0
            if kept:
                for one in ours:
                    self._fs.rm_file(f"{self._root}/{digest}/{one.name}")
            else:
                self._remove(digest)
        return kept

    def sweep(self) -> None:
        """Remove what has expired, and count what is there."""
        with self._changing, self._store():
            self._sweep(self._clock())

    def _make_room(self, wanted: int, now: float) -> None:
        stale = now - self._counted >= _COUNTED_ANEW_S
        if stale or self._taken + wanted > self._total_bytes:
            self._sweep(now)
        if self._taken + wanted > self._total_bytes:
            raise Full(
                "found no room for another shared notebook here",
                hint="notebooks expire and make room: try again tomorrow, or put it elsewhere",
            )

    def _sweep(self, now: float) -> None:
        taken = 0
        for digest, sizes in self._folders().items():
            claims = [found for name in sizes if (found := _Claim.read(name))]
            expired = [one for one in claims if one.until <= now]
            if len(expired) == len(claims):
                self._remove(digest)
                continue
            for one in expired:
                with suppress(FileNotFoundError):
                    self._fs.rm_file(f"{self._root}/{digest}/{one.name}")
            taken += sizes.get(NOTEBOOK, 0) + _CLAIM_BYTES * (len(claims) - len(expired))
        self._taken, self._counted = taken, now

    def _folders(self) -> Mapping[str, Mapping[str, int]]:
        """All that lies there and is ours: sizes in bytes, by digest and name."""
        found: dict[str, dict[str, int]] = {}
        for path, facts in self._fs.find(self._root, detail=True).items():
            *_, digest, name = f"/{path}".rsplit("/", 2)
            if _DIGEST.fullmatch(digest) and (name == NOTEBOOK or _CLAIM.fullmatch(name)):
                found.setdefault(digest, {})[name] = int(facts.get("size") or 0)
        return found

    def _claims(self, digest: str) -> list[_Claim]:
        try:
            paths = self._fs.ls(f"{self._root}/{digest}", detail=False)
        except FileNotFoundError:
            return []
        return [found for path in paths if (found := _Claim.read(path.rpartition("/")[2]))]

    def _size(self, digest: str) -> int | None:
        try:
            return int(self._fs.size(f"{self._root}/{digest}/{NOTEBOOK}"))
        except FileNotFoundError:
            return None

    def _write(self, name: str, data: bytes) -> None:
        path = f"{self._root}/{name}"
        if self._folder:  # elsewhere folders are names, and asking for one may make a bucket
            private.make_folder(Path(path).parent)
        self._fs.pipe_file(path, data)

    def _remove(self, digest: str) -> None:
        with suppress(FileNotFoundError):
            self._fs.rm(f"{self._root}/{digest}", recursive=True)

    @contextmanager
    def _store(self) -> Iterator[None]:
        """What goes wrong with the store, as an error of ours; never in its driver's words, which
        may hold addresses with secrets.
        """
        try:
            yield
        except Full:
            raise
        except Exception as error:  # every driver of fsspec has errors of its own
            raise CacheError(
                f"{self._shown}: shared notebooks are kept there, and it does not answer as it "
                f"should ({type(error).__name__})",
                hint="try again later; those who run this service see more in its log",
            ) from error


@dataclass(frozen=True, slots=True)
class _Claim:
    until: int
    token_hash: str

    @classmethod
    def read(cls, name: str) -> _Claim | None:
        found = _CLAIM.fullmatch(name)
        return cls(int(found[1]), found[2]) if found else None

    @property
    def name(self) -> str:
        return f"until-{self.until}-{self.token_hash}"


def _claim(until: int, deletion: str) -> str:
    return _Claim(until, _hashed(deletion)).name


def _hashed(deletion: str) -> str:
    return sha256(deletion.encode("utf-8", "surrogateescape")).hexdigest()


def _opened(url: str) -> tuple[Any, str]:
    """The file system, and the folder in it, without a slash at its end."""
    try:
        fs, root = url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
        if isinstance(fs, LocalFileSystem):
            private.make_folder(Path(root))
    except ImportError as error:
        raise ConfigError(
            f"share.url: {masked(url)} takes a driver of fsspec that is not installed",
            hint=f"pip install {_driver(url)}",
        ) from error
    except OSError as error:
        raise ConfigError(
            f"share.url: {masked(url)} cannot be used ({error.strerror or type(error).__name__})",
            hint="expected a folder that can be made and written, as in file:///srv/shared",
        ) from error
    except Exception as error:  # see Shelf._store
        raise ConfigError(
            f"share.url: {masked(url)} cannot be used ({type(error).__name__})",
            hint="expected an address of fsspec: file:///srv/shared, s3://bucket/folder",
        ) from error
    return fs, str(root).rstrip("/")


def _driver(url: str) -> str:
    drivers = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}
    scheme = url.partition(":")[0]
    return drivers.get(scheme, f"'fsspec[{scheme}]'" if scheme.isalnum() else "fsspec")
