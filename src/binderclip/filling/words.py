"""What operators, hubs and images say of a part → a value that version 1 allows, or a remark."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NoReturn

from binderclip import references
from binderclip.addresses import link
from binderclip.addresses.masking import printable
from binderclip.errors import BinderclipError, Problem, SourceError, SpecError
from binderclip.filling.elsewhere import is_here, never_elsewhere
from binderclip.filling.model import Part
from binderclip.spec.faults import Faults
from binderclip.spec.grammar import MAX_HOSTS, fits
from binderclip.spec.model import JSON, NOTHING, Binder, Reference
from binderclip.spec.parse import problems
from binderclip.spec.places import canonical
from binderclip.spec.shown import has_credentials, shown
from binderclip.spec.v1 import reference as reference_of_v1
from binderclip.spec.write import as_v1

MAX_WORD = 8192
"""Characters: as long as a launch link may be."""
_MAX_REMARK = 400
_BINDERHUB = "the address of a BinderHub like 'https://mybinder.org'"
_IMAGE = "an image that others can pull, like 'quay.io/owner/name:tag'"


@dataclass(frozen=True, slots=True)
class Word:
    """What ``source`` says of ``part``: hosts, or a reference. None where it says what cannot be
    used: nobody else is asked then, and ``remark`` says why.
    """

    part: Part
    source: str
    value: tuple[str, ...] | Reference | None
    remark: str = ""


def word(part: Part, source: str, said: JSON) -> Word:
    """``said`` is text as people write it, or as ``metadata.binder`` has it. What lies on this
    machine itself is of use to somebody who tries things out here: it is taken, with a remark.
    """
    try:
        value = value_of(part, said)
    except BinderclipError as error:
        return broken(part, source, f"{why(error)}; no {part} is filled in")
    places = value if isinstance(value, tuple) else (value.url,)
    own = [shown(place) for place in places if is_here(place)]
    reason = "is an address of this machine itself; notebooks carry it, and nobody else gets there"
    return Word(part, source, value, remark(source, f"{own[0]} {reason}") if own else "")


def broken(part: Part, source: str, reason: str) -> Word:
    return Word(part, source, None, remark(source, reason))


def remark(source: str, reason: str) -> str:
    """On one line, fit to be logged and shown."""
    return printable(f"{source}: {reason}", _MAX_REMARK)


def why(error: BinderclipError) -> str:
    """The first thing that is wrong."""
    if not isinstance(error, SpecError):
        return error.message
    first = error.problems[0]
    place = first.path.partition(".")[2].partition(".")[2]
    if place:  # what to do next was said of notebooks
        return f"{place}: found {first.found}, expected {first.expected}"
    return str(first).removeprefix(f"{first.path}: ")


def host(text: str) -> str:
    """A hub's address in one form: lower case, international names as IDNA, no default port, no
    slash at the end. Raises SpecError.
    """
    _without_secrets("host", text)
    try:
        found = link.parse(text)
    except SourceError as error:
        raise SpecError((Problem("binder.host", shown(text), _BINDERHUB),)) from error
    if launch := re.match("(.*?)/v2/.", found.path):
        hint = f"did you mean {shown(found.origin + launch[1])}?"
        _refuse("host", f"the launch link {shown(text)}", _BINDERHUB, hint)
    plain = found.origin + found.path.rstrip("/")
    if found.userinfo is not None or found.query or found.fragment or not fits("host", plain):
        _refuse("host", shown(text), _BINDERHUB)
    return plain


def repository(reference: Reference) -> Reference:
    """``reference`` in the one form for its place. Raises SpecError."""
    return _sound("build", canonical(replace(reference, extra=NOTHING)))


def value_of(part: Part, said: JSON) -> tuple[str, ...] | Reference:
    """What version 1 has for it. Raises SpecError at ``binder.<part>``."""
    if part == "host":
        return _hosts([said] if isinstance(said, str) else said)
    if isinstance(said, str):
        _without_secrets(part, said)
        found = references.image(said) if part == "image" else references.repository(said)
    else:
        found = _reference(part, said)
    return _image(found, said) if part == "image" else repository(found)


def _image(found: Reference, said: JSON) -> Reference:
    text = said if isinstance(said, str) else ""
    if reason := never_elsewhere(found, text):
        _refuse("image", f"{shown(text or found.url)}, {reason[0]}", _IMAGE, reason[1])
    return _sound("image", found)


def _hosts(said: JSON) -> tuple[str, ...]:
    if not isinstance(said, list):
        _refuse("host", shown(said), f"{_BINDERHUB}, or a list of them")
    found = tuple(dict.fromkeys(map(host, _texts(said))))
    if not 1 <= len(found) <= MAX_HOSTS:
        _refuse("host", f"{len(found)} hubs", f"1 to {MAX_HOSTS}")
    return found


def _texts(said: list[JSON]) -> Iterable[str]:
    for one in said:
        if not isinstance(one, str):
            _refuse("host", shown(one), _BINDERHUB)
        yield one


def _reference(part: Part, said: JSON) -> Reference:
    faults = Faults()
    found = reference_of_v1({part: said}, part, "binder", faults)
    if faults.problems or found is None:
        raise SpecError(tuple(faults.problems))
    return replace(found, host=found.host.rstrip("/"), extra=NOTHING)


def _sound(part: Part, found: Reference) -> Reference:
    binder = Binder(image=found) if part == "image" else Binder(build=found)
    if faults := problems(as_v1(binder)):
        raise SpecError(faults)
    return found


def _without_secrets(part: Part, text: str) -> None:
    if len(text) > MAX_WORD:
        _refuse(part, f"{len(text)} characters", f"at most {MAX_WORD}")
    if has_credentials(text):
        _refuse(part, "an address with a user name, a password or a token", "one without")


def _refuse(part: Part, found: str, expected: str, hint: str | None = None) -> NoReturn:
    raise SpecError((Problem(f"binder.{part}", found, expected, hint),))
