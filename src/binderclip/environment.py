"""What to build, apart from what to open in it; and the key that names it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from binderclip.spec.model import NO_FILES, Binder, Frozen, Reference, Text, joined

_canonical = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Environment:
    """``image``, ``build`` and ``files`` of a notebook, with what froze them. All may be absent:
    the bare environment, a Python with a kernel and nothing else.
    """

    image: Reference | None = None
    build: Reference | None = None
    files: Mapping[str, Text] = field(default_factory=lambda: NO_FILES)
    frozen: Frozen | None = None

    @classmethod
    def of(cls, binder: Binder) -> Environment:
        return cls(binder.image, binder.build, binder.files, binder.frozen)

    @property
    def bare(self) -> bool:
        """True when nothing is named, not even by what froze it."""
        pinned = self.frozen is not None and self.frozen.files
        return self.image is None and self.build is None and not self.files and not pinned

    def realised_files(self, platform: str) -> Mapping[str, str]:
        """The files to lay over ``build``, lines joined, by relative POSIX path.

        Frozen files stand in for those of the same name, or are added: but only where nobody
        said for which platform they were pinned, or it is ``platform`` (``linux-64``).
        """
        files = _texts(self.files)
        frozen = self.frozen
        if frozen and frozen.platform in {None, platform}:
            files |= _texts(frozen.files)
        return MappingProxyType(files)

    @property
    def key(self) -> str:
        """SHA-256, 64 hex digits, over the canonical JSON of the environment alone.

        Canonical: keys sorted by code point, no white space, UTF-8; a file's lines joined; a
        reference as host (without a slash at its end), path, and its hash or else its ref; what
        is absent or empty left out; frozen files with their platform, not the time of freezing;
        no unknown keys. docs/spec.md has a worked example.
        """
        parts = {
            "image": _pinned(self.image, "latest"),
            "build": _pinned(self.build, "HEAD"),
            "files": _texts(self.files),
            "frozen": _frozen(self.frozen),
        }
        stated = {name: part for name, part in parts.items() if part}
        return hashlib.sha256(_canonical.encode(stated)).hexdigest()


def _pinned(reference: Reference | None, default_ref: str) -> dict[str, str] | None:
    if reference is None:
        return None
    place = {"host": reference.host.rstrip("/"), "path": reference.path}
    if reference.hash:
        return {**place, "hash": reference.hash}
    return {**place, "ref": reference.ref or default_ref}


def _frozen(frozen: Frozen | None) -> dict[str, object] | None:
    if frozen is None or not frozen.files:
        return None
    files: dict[str, object] = {"files": _texts(frozen.files)}
    return {**files, "platform": frozen.platform} if frozen.platform else files


def _texts(files: Mapping[str, Text]) -> dict[str, str]:
    return {name: joined(text) for name, text in files.items()}
