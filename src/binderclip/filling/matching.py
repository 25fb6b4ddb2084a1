"""Is what a notebook names what this server has?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from binderclip.errors import SpecError
from binderclip.filling.model import Facts
from binderclip.spec.model import Reference
from binderclip.spec.named import image_name, repository_name
from binderclip.spec.places import DEFAULT_REFS, canonical

if TYPE_CHECKING:
    from binderclip.environment import Environment

Verdict: TypeAlias = Literal["same", "other", "unknown"]
_Part: TypeAlias = Literal["image", "build"]

# How much a comparison tells; the lowest number decides. Image and build are two ways to one
# environment, so where one is the same beyond doubt, the other does not matter.
_PINNED_SAME, _PINNED_OTHER, _NAMED_SAME, _NAMED_OTHER, _OPEN = range(5)
_VERDICTS: tuple[Verdict, ...] = ("same", "other", "same", "other", "unknown")
_Told: TypeAlias = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Match:
    """``why`` is for people: a sentence without capital and full stop."""

    verdict: Verdict
    why: str


def match(environment: Environment, facts: Facts) -> Match:
    """Whether a server of which ``facts`` are has what ``environment`` asks for. A place that can
    be written in several ways is one place; a hash counts before a ref.
    """
    if environment.bare:
        return Match("same", "the notebook names no environment, so there is nothing to be missed")
    if facts.image is None and facts.build is None:
        return Match("unknown", "this server does not say which environment it has")
    told: list[_Told] = []
    if environment.image and facts.image:
        told.append(_images(environment.image, facts.image))
    if environment.build and facts.build:
        told.append(_builds(environment, environment.build, facts.build))
    rank, why = min(told, default=(_OPEN, _apart(environment)))
    return Match(_VERDICTS[rank], why)


def _images(wanted: Reference, here: Reference) -> _Told:
    wanted, here = _image(wanted), _image(here)
    if wanted.url != here.url:
        return _NAMED_OTHER, _differ("image", wanted, here)
    # What is known by its digest alone may have had any tag.
    tag = here.ref or (None if here.hash else DEFAULT_REFS["image"])
    return _compared("image", wanted, here, tag)


def _builds(environment: Environment, wanted: Reference, here: Reference) -> _Told:
    from binderclip.links.remotes import same  # noqa: PLC0415 - a save needs no links

    wanted, here = canonical(wanted), canonical(here)
    if not same(wanted, here):
        return _NAMED_OTHER, _differ("build", wanted, here)
    # HEAD is some branch, nobody knows which.
    comparable = (wanted.ref is None) == (here.ref is None)
    ref = here.ref or DEFAULT_REFS["build"]
    rank, why = _compared("build", wanted, here, ref if comparable else None)
    if _adds_files(environment) and _VERDICTS[rank] == "same":
        place = _named("build", wanted)
        return _OPEN, f"the notebook adds files of its own to {place}, which this server has"
    return rank, why


def _compared(part: _Part, wanted: Reference, here: Reference, ref: str | None) -> _Told:
    """Two references to one place, of which ``ref`` is that of ``here``, as far as is known."""
    want, have = _named(part, wanted), _named(part, here)
    differ = _differ(part, wanted, here)
    if wanted.hash and here.hash:
        same = wanted.hash == here.hash
        told = f"this server has {have}, as the notebook wants"
        return (_PINNED_SAME, told) if same else (_PINNED_OTHER, differ)
    if wanted.ref and here.ref and wanted.ref != here.ref:
        return _NAMED_OTHER, differ
    if wanted.hash or ref is None:
        return _OPEN, f"{differ}: whether that is the same is not told"
    if ref != (wanted.ref or DEFAULT_REFS[part]):
        return _NAMED_OTHER, differ
    return _NAMED_SAME, f"this server has {have}, and the notebook wants {want}: the same by name"


def _image(reference: Reference) -> Reference:
    """In the one form for its registry."""
    from binderclip import references  # noqa: PLC0415 - a save needs none

    try:
        place = references.image(reference.url)
    except SpecError:  # written in a way that nobody would type
        place = replace(reference, host=reference.host.rstrip("/").lower())
    return Reference(place.host, place.path, reference.ref, reference.hash)


def _differ(part: _Part, wanted: Reference, here: Reference) -> str:
    return f"this server has {_named(part, here)}, and the notebook wants {_named(part, wanted)}"


def _named(part: _Part, reference: Reference) -> str:
    return image_name(reference) if part == "image" else repository_name(reference)


def _apart(environment: Environment) -> str:
    """Why nothing could be compared."""
    if environment.image:
        wanted = _named("image", _image(environment.image))
        return f"the notebook wants the image {wanted}, and this server does not say which it runs"
    if environment.build:
        wanted = _named("build", canonical(environment.build))
        return f"the notebook wants {wanted}, and this server does not say what it was built from"
    return "the notebook brings environment files, and whether this server has them is not told"


def _adds_files(environment: Environment) -> bool:
    return bool(environment.files or (environment.frozen and environment.frozen.files))
