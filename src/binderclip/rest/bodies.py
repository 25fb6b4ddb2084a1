"""Bodies of requests, parsed into frozen data. What is not known is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeAlias, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from binderclip.links import KINDS, UIS, Kind
from binderclip.notebook import MISSING, Missing
from binderclip.rest.faults import BadRequest
from binderclip.servers.pages import UI
from binderclip.spec.model import JSON
from binderclip.spec.nearmiss import did_you_mean
from binderclip.spec.shown import shown

T = TypeVar("T")
Name: TypeAlias = Annotated[str, Meta(max_length=4096)]
Names: TypeAlias = Annotated[tuple[Name, ...], Meta(max_length=16)]
_WORDS: Mapping[str, tuple[str, ...]] = {"kinds": KINDS, "ui": UIS}
"""By key, where few will do."""
_MAX_WORD = 60
_HINT = "openapi.json says what each route takes"


class Metadata(Struct, frozen=True):
    """A notebook's metadata; of all that may be in it, the one key that counts here."""

    binder: Any = UNSET


class Subject(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is asked about: all the metadata, or the value of ``binder`` alone."""

    metadata: Metadata | UnsetType = UNSET
    binder: Any = UNSET

    def __post_init__(self) -> None:
        one_of(self, "metadata", "binder")

    @property
    def value(self) -> JSON | Missing:
        found: Any = self.binder if self.metadata is UNSET else self.metadata.binder
        return MISSING if found is UNSET else found


class PlaceAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A notebook's place in a repository that is on the web."""

    repository: Name
    path: Name
    ref: Name | None = None


class LinkWishes(Subject, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of which notebook links are wanted, which ones, and where they lead."""

    place: PlaceAsked | None = None
    hosts: Names = ()
    hubs: Names = ()
    kinds: Annotated[tuple[Kind, ...], Meta(max_length=16)] = ()
    ui: UI | UnsetType = UNSET
    badge: Annotated[str, Meta(pattern="^https?://", max_length=4096)] | None = None
    latest: bool = False


def one_of(body: Struct, *keys: str) -> None:
    """Raises ValueError unless just one of ``keys`` was sent."""
    if sum(getattr(body, key) is not UNSET for key in keys) != 1:
        *first, last = (f"`{key}`" for key in keys)
        raise ValueError(f"expected {'either ' * (len(first) == 1)}{', '.join(first)} or {last}")


def parsed(body: bytes, kind: type[T]) -> T:
    """Raises BadRequest for what is no JSON, or not of that kind."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).rpartition(" - at `$")
        place = where.strip("`.") if what else ""
        _check_word(place, what)
        said = what or str(error)
        plain = said.replace("Object contains", "found").replace("Expected", "expected")
        raise BadRequest(
            f"{place or 'the request'}: {plain}", hint=_near_key(kind, place, said) or _HINT
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BadRequest(
            f"the body is not JSON ({why})", hint="send one JSON object in UTF-8"
        ) from error


def _near_key(kind: type[Any], place: str, said: str) -> str | None:
    found = re.search("unknown field `(.*)`", said, re.DOTALL)
    struct = _struct_at(kind, place) if found else None
    near = did_you_mean(found[1], struct.__struct_fields__) if found and struct else None
    return f"did you mean {near!r}?" if near else None


def _struct_at(kind: Any, place: str) -> type[Struct] | None:
    """The kind of what stands at ``place`` ("options.only[0]") in a body of ``kind``."""
    for key in filter(None, place.split(".")):
        inside = next(_structs(kind), None)
        kind = inside and get_type_hints(inside).get(key.partition("[")[0])
    return next(_structs(kind), None)


def _structs(kind: Any) -> Iterator[type[Struct]]:
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
    for one in get_args(kind):
        yield from _structs(one)


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


def encoded(body: object) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # halves of surrogate pairs, of other tools' metadata
        import json  # noqa: PLC0415 - hardly ever

        return json.dumps(body).encode()
