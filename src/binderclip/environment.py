"""What to build, apart from what to open in it; and the key that names it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from binderclip.spec.model import Binder, Frozen, Reference, Text, joined

_canonical = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Environment:
    """``image``, ``build`` and ``files`` of a notebook, with what froze them. All may be absent:
    the bare environment, a Python with a kernel and nothing else.
    """

    image: Reference | None = None
    build: Reference | None = None
    files: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    frozen: Frozen | None = None

    @classmethod
    def of(cls, binder: Binder) -> Environment:
        return cls(binder.image, binder.build, binder.files, binder.frozen)

    @property
    def bare(self) -> bool:
        """True when nothing is named."""
        return self.image is None and self.build is None and not self.files

    @property
    def key(self) -> str:
        """SHA-256, 64 hex digits, over the canonical JSON of the environment alone.

        Canonical: keys sorted, no white space, UTF-8, a file's lines joined, a reference by its
        hash where it has one and by its ref otherwise; no unknown keys, no time of freezing.
        """
        parts = {
            "image": _pinned(self.image, "latest"),
            "build": _pinned(self.build, "HEAD"),
            "files": _texts(self.files),
            "frozen": self.frozen
            and {"platform": self.frozen.platform, "files": _texts(self.frozen.files)},
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


def _texts(files: Mapping[str, Text]) -> dict[str, str]:
    return {name: joined(text) for name, text in files.items()}
