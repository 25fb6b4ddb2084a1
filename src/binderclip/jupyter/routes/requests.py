"""Bodies of requests, parsed into frozen data. What a route does not know it refuses."""

from __future__ import annotations

import re

import msgspec
from msgspec import UNSET, Struct, UnsetType

from binderclip.freeze.options import Options
from binderclip.freeze.parts import PARTS
from binderclip.platforms import PINNED
from binderclip.rest.bodies import LinkWishes, Metadata, Name, Names, Subject, one_of


class FillAsked(Struct, frozen=True, forbid_unknown_fields=True):
    metadata: Metadata


class BuildpackAsked(Struct, frozen=True, forbid_unknown_fields=True):
    files: dict[str, str | tuple[str, ...]]


class FreezeOptions(Struct, frozen=True, forbid_unknown_fields=True):
    only: Names = ()
    upgrade: bool = False
    deep: bool = False
    platform: str | None = None
    python: str | None = None

    def __post_init__(self) -> None:
        if not set(self.only) <= set(PARTS):
            raise ValueError(f"expected some of {', '.join(PARTS)} for `only`")
        if self.platform is not None and self.platform not in PINNED:
            raise ValueError(f"expected one of {', '.join(PINNED)} for `platform`")
        if self.python is not None and not re.fullmatch(r"3\.[0-9]{1,2}", self.python):
            raise ValueError("expected a version like 3.12 for `python`")

    @property
    def options(self) -> Options:
        return Options(
            frozenset(self.only),
            upgrade=self.upgrade,
            deep=self.deep,
            platform=self.platform,
            python=self.python,
        )


class FreezeAsked(Subject, frozen=True, forbid_unknown_fields=True, kw_only=True):
    options: FreezeOptions = FreezeOptions()


class LinksAsked(LinkWishes, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``path`` is the notebook's on this server, ``place`` in a repository."""

    path: Name | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.path is not None and self.place is not None:
            raise ValueError("expected either `path` or `place`")


class ImportAsked(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The notebook itself, or its path on this server."""

    notebook: msgspec.Raw | UnsetType = UNSET
    path: Name | UnsetType = UNSET

    def __post_init__(self) -> None:
        one_of(self, "notebook", "path")
