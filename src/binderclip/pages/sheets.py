"""The style sheet that all pages have in common, and what each shell's pages need besides."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

_NAME = "style.css"


@cache
def sheet(*packages: str) -> tuple[bytes, str]:
    """The common one, then that of each of ``packages``; and a tag that names these very bytes."""
    parts = [
        resources.files(name).joinpath(_NAME).read_bytes() for name in (__package__, *packages)
    ]
    data = b"\n".join(parts)
    return data, tag(data)


def tag(data: bytes) -> str:
    """For addresses of what may be kept as long as it stays the same."""
    return hashlib.sha256(data).hexdigest()[:12]
