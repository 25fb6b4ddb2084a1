"""``metadata.binder`` as frozen data. Parsing lives in ``parse``, writing in ``write``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Dialect: TypeAlias = Literal["components", "environment-url", "v0", "url", "v1"]
Text: TypeAlias = "str | tuple[str, ...]"
"""A file's content: a string, or its lines with their line ends, as a cell's source."""

NOTHING: Mapping[str, JSON] = MappingProxyType({})
NO_FILES: Mapping[str, Text] = MappingProxyType({})
NO_TEXTS: Mapping[str, str] = MappingProxyType({})


def joined(text: Text) -> str:
    """The content as one string."""
    return text if isinstance(text, str) else "".join(text)


def lined(text: str) -> tuple[str, ...]:
    """The content as people and git like it: each line with its line end, a newline alone."""
    # Not splitlines(): it takes form feeds and the like for line ends.
    return tuple(re.findall(r"[^\n]*\n|[^\n]+", text))


@dataclass(frozen=True, slots=True)
class Reference:
    """A repository or an image: ``ref`` is what a person says, ``hash`` what it was frozen to.

    ``hash`` is a commit of 40 or 64 lower-case hex digits, or for images ``sha256:`` and 64.
    ``extra`` holds unknown keys as they were.
    """

    host: str
    path: str
    ref: str | None = None
    hash: str | None = None
    extra: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)

    @property
    def url(self) -> str:
        """``host`` and ``path`` joined with one slash."""
        return f"{self.host.rstrip('/')}/{self.path}"


@dataclass(frozen=True, slots=True)
class Fetch(Reference):
    """A repository to fetch at launch; ``copy`` maps a glob in it to a folder under ``$HOME/``."""

    copy: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a machine pinned: ``at`` in RFC 3339, ``platform`` in conda's terms (``linux-64``)."""

    at: str | None = None
    platform: str | None = None
    files: Mapping[str, Text] = field(default_factory=lambda: NO_FILES)
    extra: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Binder:
    """The whole of ``metadata.binder``, version 1. ``host`` lists hubs in order of preference."""

    host: tuple[str, ...] = ()
    image: Reference | None = None
    build: Reference | None = None
    files: Mapping[str, Text] = field(default_factory=lambda: NO_FILES)
    config: Fetch | None = None
    content: Fetch | None = None
    frozen: Frozen | None = None
    auto: bool = False
    extra: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)
