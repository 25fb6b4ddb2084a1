"""Bodies of requests, parsed into frozen data. What a route does not know it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from binderclip.freeze.options import Options
from binderclip.freeze.parts import PARTS
from binderclip.jupyter.routes.faults import BadRequest
from binderclip.links import KINDS, UIS, Kind
from binderclip.notebook import MISSING, Missing
from binderclip.platforms import PINNED
from binderclip.servers.pages import UI
from binderclip.spec.model import JSON
from binderclip.spec.shown import shown

T = TypeVar("T")
_Name = Annotated[str, Meta(max_length=4096)]
_Names = Annotated[tuple[_Name, ...], Meta(max_length=16)]
_WORDS: Mapping[str, tuple[str, ...]] = {"kinds": KINDS, "ui": UIS}
"""By key, where few will do."""
_MAX_WORD = 60


class Metadata(Struct, frozen=True):
    """A notebook's metadata; of all that may be in it, the one key that counts here."""

    binder: Any = UNSET


class Subject(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is asked about: all the metadata, or the value of ``binder`` alone."""

    metadata: Metadata | UnsetType = UNSET
    binder: Any = UNSET

    def __post_init__(self) -> None:
        if (self.metadata is UNSET) == (self.binder is UNSET):
            raise ValueError("expected either `metadata` or `binder`")

    @property
    def value(self) -> JSON | Missing:
        found: Any = self.binder if self.metadata is UNSET else self.metadata.binder
        return MISSING if found is UNSET else found


class FillAsked(Struct, frozen=True, forbid_unknown_fields=True):
    metadata: Metadata


class BuildpackAsked(Struct, frozen=True, forbid_unknown_fields=True):
    files: dict[str, str | tuple[str, ...]]


class FreezeOptions(Struct, frozen=True, forbid_unknown_fields=True):
    only: _Names = ()
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


class PlaceAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A notebook's place in a repository that is on the web."""

    repository: _Name
    path: _Name
    ref: _Name | None = None


class LinksAsked(Subject, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``path`` is the notebook's on this server, ``place`` in a repository."""

    path: _Name | None = None
    place: PlaceAsked | None = None
    hosts: _Names = ()
    hubs: _Names = ()
    kinds: Annotated[tuple[Kind, ...], Meta(max_length=16)] = ()
    ui: UI | UnsetType = UNSET
    badge: Annotated[str, Meta(pattern="^https?://", max_length=4096)] | None = None
    latest: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.path is not None and self.place is not None:
            raise ValueError("expected either `path` or `place`")


class ImportAsked(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The notebook itself, or its path on this server."""

    notebook: msgspec.Raw | UnsetType = UNSET
    path: _Name | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.notebook is UNSET) == (self.path is UNSET):
            raise ValueError("expected either `notebook` or `path`")


def parsed(body: bytes, kind: type[T]) -> T:
    """Raises BadRequest for what is no JSON, or not of that kind."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).rpartition(" - at `$")
        place = where.strip("`.") if what else ""
        _check_word(place, what)
        said = (
            (what or str(error)).replace("Object contains", "found").replace("Expected", "expected")
        )
        raise BadRequest(
            f"{place or 'the request'}: {said}", hint="openapi.json says what each route takes"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BadRequest(
            f"the body is not JSON ({why})", hint="send one JSON object in UTF-8"
        ) from error


def _check_word(place: str, said: str) -> None:
    """Raises BadRequest, in better words, where ``said`` is of a word that is none of the known."""
    known = _WORDS.get(place.partition("[")[0], ())
    found = re.fullmatch("Invalid enum value ['\"](.*)['\"]", said, re.DOTALL)
    if not (known and found):
        return
    word = found[1][:_MAX_WORD]
    near = get_close_matches(word, known, n=1)
    raise BadRequest(
        f"{place}: found {shown(word)}, expected one of {', '.join(known)}",
        hint=f"did you mean {near[0]!r}?" if near else "docs/links.md says what each does",
    )
