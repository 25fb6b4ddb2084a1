"""Where a notebook on this server lies, and the links that launch it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from msgspec import UNSET

from binderclip.jupyter.here import Here
from binderclip.jupyter.routes.requests import LinksAsked
from binderclip.links import Asked, Nowhere, Place
from binderclip.links.answer import links_as_json
from binderclip.links.checkout import in_checkout
from binderclip.notebook import MISSING
from binderclip.rest import linking
from binderclip.rest.faults import NotFound
from binderclip.spec import read
from binderclip.spec.places import MYBINDER


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
    return links_as_json(question, linking.linked(question, asked.kinds), badge=asked.badge)


def _question(asked: LinksAsked, root: Root, here: Here) -> Asked:
    binder = None if asked.value is MISSING else read(asked.value).binder
    place, name = _place(asked, root)
    own = binder.host if binder else ()
    own_hub = (here.hub,) if here.hub else ()
    return Asked(
        binder=binder,
        place=place,
        name=name,
        hosts=linking.addresses("hosts", asked.hosts) or own or here.facts.host or (MYBINDER,),
        hubs=linking.addresses("hubs", asked.hubs) or own_hub,
        opening=frozenset(own_hub),
        ui=None if asked.ui is UNSET else asked.ui,
        latest=asked.latest,
    )


def _place(asked: LinksAsked, root: Root) -> tuple[Place | Nowhere, str]:
    """And the notebook's file name."""
    if asked.place is not None:
        place = linking.stated(asked.place)
        return place, PurePosixPath(place.path).name
    if asked.path is None:
        return Nowhere("was not said to lie anywhere"), "notebook.ipynb"
    file = root.file(asked.path)
    if file is None:
        name = PurePosixPath(asked.path).name or "notebook.ipynb"
        return Nowhere("lies in no folder of this server"), name
    return in_checkout(file), file.name
