"""Where a notebook on this server lies, and the links that launch it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from msgspec import UNSET

from binderclip.errors import Problem, Refused, SpecError
from binderclip.jupyter.here import Here
from binderclip.jupyter.routes.faults import NotFound
from binderclip.jupyter.routes.requests import LinksAsked, PlaceAsked
from binderclip.links import Asked, Links, Nowhere, Place, links
from binderclip.links.answer import links_as_json
from binderclip.links.checkout import in_checkout
from binderclip.links.parts import path_there
from binderclip.notebook import MISSING
from binderclip.references import at, repository
from binderclip.spec import read
from binderclip.spec.faults import Faults
from binderclip.spec.grammar import fits
from binderclip.spec.places import MYBINDER

_KEYS = {"--repo and --path": "place", "--ref": "place.ref", "--hub": "hubs"}
"""What is an option there and a key here."""


@dataclass(frozen=True, slots=True)
class Root:
    """The folder that the server shows; None where what it shows lies in no folder."""

    folder: Path | None
    hidden: bool = False

    def file(self, path: str) -> Path | None:
        """The file at ``path``, as the contents API names it. Raises NotFound for what is not
        there, and for all that the server itself would not show.
        """
        if self.folder is None:
            return None
        parts = PurePosixPath(path.strip("/")).parts
        secret = any(part.startswith(".") for part in parts) and not self.hidden
        if parts and not secret and ".." not in parts and "\0" not in path:
            root = os.path.realpath(self.folder)
            found = os.path.realpath(os.path.join(root, *parts))  # noqa: PTH118 - takes any text
            if os.path.isfile(found) and os.path.commonpath([root, found]) == root:  # noqa: PTH113 - raises nothing
                return Path(found)
        raise NotFound("path: there is no such file on this server", hint="save it first")


def linked(asked: LinksAsked, root: Root, here: Here) -> dict[str, object]:
    """Raises SpecError, NotFound; Refused where no link can be made. Asks git."""
    question = _question(asked, root, here)
    try:
        found = links(question, asked.kinds)
    except Refused as error:
        raise _in_our_words(error) from error
    found = Links(
        tuple(replace(one, notes=tuple(map(_ours, one.notes))) for one in found.links),
        tuple((kind, _in_our_words(error)) for kind, error in found.refused),
    )
    return links_as_json(question, found, badge=asked.badge)


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


def _question(asked: LinksAsked, root: Root, here: Here) -> Asked:
    binder = None if asked.value is MISSING else read(asked.value).binder
    place, name = _place(asked, root)
    own = binder.host if binder else ()
    own_hub = (here.hub,) if here.hub else ()
    return Asked(
        binder=binder,
        place=place,
        name=name,
        hosts=_addresses("hosts", asked.hosts) or own or here.facts.host or (MYBINDER,),
        hubs=_addresses("hubs", asked.hubs) or own_hub,
        opening=frozenset(own_hub),
        ui=None if asked.ui is UNSET else asked.ui,
        latest=asked.latest,
    )


def _place(asked: LinksAsked, root: Root) -> tuple[Place | Nowhere, str]:
    """And the notebook's file name."""
    if asked.place is not None:
        place = _stated(asked.place)
        return place, PurePosixPath(place.path).name
    if asked.path is None:
        return Nowhere("was not said to lie anywhere"), "notebook.ipynb"
    file = root.file(asked.path)
    if file is None:
        name = PurePosixPath(asked.path).name or "notebook.ipynb"
        return Nowhere("lies in no folder of this server"), name
    return in_checkout(file), file.name


def _stated(asked: PlaceAsked) -> Place:
    try:
        there = repository(asked.repository)
        there = at(there, asked.ref) if asked.ref else there
    except SpecError as error:
        problems = tuple(replace(one, path="place.repository") for one in error.problems)
        raise SpecError(problems, hint=error.hint) from error
    if asked.ref and not fits("ref", asked.ref):
        raise SpecError((Problem("place.ref", ascii(asked.ref), "a branch, tag or commit"),))
    return Place(there, path_there(asked.path, "place.path"))


def _addresses(key: str, stated: Sequence[str]) -> tuple[str, ...]:
    faults = Faults()
    for number, text in enumerate(stated):
        if not fits("host", text):
            faults.wrong(f"{key}[{number}]", text, "host")
    if faults.problems:
        raise SpecError(tuple(faults.problems))
    return tuple(stated)
