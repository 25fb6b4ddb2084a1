"""What requests for links say, and links that cannot be made, in the words of JSON."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from binderclip.errors import Problem, Refused, SpecError
from binderclip.links import Asked, Kind, Links, Place, links
from binderclip.links.parts import path_there
from binderclip.references import at, repository
from binderclip.rest.bodies import PlaceAsked
from binderclip.spec.faults import Faults
from binderclip.spec.grammar import fits

_KEYS = {"--repo and --path": "place", "--ref": "place.ref", "--hub": "hubs"}
"""What is an option there and a key here."""


def linked(question: Asked, kinds: Collection[Kind]) -> Links:
    """As ``links``. Raises Refused in our own words."""
    try:
        found = links(question, kinds)
    except Refused as error:
        raise _in_our_words(error) from error
    return Links(
        tuple(replace(one, notes=tuple(map(_ours, one.notes))) for one in found.links),
        tuple((kind, _in_our_words(error)) for kind, error in found.refused),
    )


def stated(asked: PlaceAsked) -> Place:
    """Raises SpecError."""
    try:
        there = repository(asked.repository)
        there = at(there, asked.ref) if asked.ref else there
    except SpecError as error:
        problems = tuple(replace(one, path="place.repository") for one in error.problems)
        raise SpecError(problems, hint=error.hint) from error
    if asked.ref and not fits("ref", asked.ref):
        raise SpecError((Problem("place.ref", ascii(asked.ref), "a branch, tag or commit"),))
    return Place(there, path_there(asked.path, "place.path"))


def addresses(key: str, given: Sequence[str]) -> tuple[str, ...]:
    """Raises SpecError for those that are none."""
    faults = Faults()
    for number, text in enumerate(given):
        if not fits("host", text):
            faults.wrong(f"{key}[{number}]", text, "host")
    if faults.problems:
        raise SpecError(tuple(faults.problems))
    return tuple(given)


def _in_our_words(error: Refused) -> Refused:
    hints = (error.hint or "").split("; or ")
    return Refused(error.message, hint="; or ".join(dict.fromkeys(map(_ours, hints))) or None)


def _ours(text: str) -> str:
    """What ``links`` says of options of the command line, for those who send JSON."""
    if re.search("say with --url|--url if", text):
        return "put it into a repository on the web, and say with `place` where it is"
    for option, key in _KEYS.items():
        text = text.replace(f"with {option}", f"with `{key}`")
    return text
