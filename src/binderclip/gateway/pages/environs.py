"""What the notebook's environment is made of, for people who are to say yes to it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from binderclip.gateway.launches.model import Look
from binderclip.pages.markup import Html, element, joined
from binderclip.pages.parts import lines_of
from binderclip.pages.telling import sentence
from binderclip.spec.model import Text
from binderclip.spec.model import joined as whole

_NAMES = {"image": "Image", "build": "Repository", "frozen": "Pinned", "builds": None}
"""Rows of ``portrait`` that tell of the environment; its files are shown themselves."""
_QUIET = frozenset({"not frozen"})
_BROUGHT = {"config": "Configuration", "content": "Content"}
_MAX_FILES = 12
_MAX_LINES = 60
_MAX_CHARACTERS = 4000
_FEW_LINES = 6
_LONGEST = 400


def environment(look: Look, instead: str | None = None) -> Html:
    """``instead`` is what stands in, where the notebook names none."""
    if instead is not None:
        return element("p", instead)
    rows = [part for what, says in look.rows if what in _NAMES for part in _row(what, says)]
    own = "the one that this service lends: the notebook names none"
    lent = element("p", sentence(own), class_="quiet") if look.lent else None
    return joined((*rows, *_files(look), lent))


def _row(what: str, says: list[str]) -> Iterator[Html]:
    name = _NAMES[what]
    if name is None:
        yield element("p", "A plain Python with a kernel.")
        return
    first, *rest = (line[:_LONGEST] for line in says)
    yield element("p", f"{name} ", element("bdi", first, class_="name"))
    for line in rest[:_MAX_FILES]:
        if line not in _QUIET:
            yield element("p", line, class_="quiet")


def _files(look: Look) -> Iterator[Html]:
    """Each to unfold: what is installed is what they say."""
    files = look.opened.environment.files
    for name, text in islice(files.items(), _MAX_FILES):
        lines = list(_shown(text))
        yield element(
            "details",
            element("summary", element("bdi", name, class_="name")),
            element("pre", lines_of(lines), dir="ltr"),
            class_="file",
            open=len(files) == 1 and len(lines) <= _FEW_LINES,
        )
    if len(files) > _MAX_FILES:
        yield element("p", f"and {len(files) - _MAX_FILES} more files", class_="quiet")


def _shown(text: Text) -> Iterator[str]:
    lines = whole(text)[:_MAX_CHARACTERS].splitlines()
    yield from lines[:_MAX_LINES]
    if len(lines) > _MAX_LINES or len(whole(text)) > _MAX_CHARACTERS:
        yield "…"


def brought(look: Look) -> Html | None:
    """What is copied beside the notebook."""
    rows = [
        element("p", f"{_BROUGHT[what]} from ", element("bdi", line[:_LONGEST], class_="name"))
        for what, says in look.rows
        if what in _BROUGHT
        for line in says[:1]
    ]
    return joined(rows) if rows else None
