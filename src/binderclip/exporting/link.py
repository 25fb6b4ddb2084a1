"""The best launch link, as ``binderclip link --first`` has it."""

from __future__ import annotations

from binderclip.errors import Problem, SpecError
from binderclip.exporting.model import Said, Wanted
from binderclip.links import Asked, Kind, Link, Place, links


def made(wanted: Wanted) -> Said:
    """Raises Refused where no link can be made, SpecError where nobody said for what."""
    if wanted.asked is None:
        problem = Problem("binder.build", "no place of the notebook", "where it lies, for a link")
        raise SpecError((problem,))
    asked = wanted.asked
    link = links(asked).links[0]
    return Said(f"{link.url}\n".encode(), _keys(asked, link), notes=link.notes)


_BUILT: frozenset[Kind] = frozenset({"binder", "binder-open", "binder-pull", "binder-empty"})


def _keys(asked: Asked, link: Link) -> frozenset[str]:
    """``host`` is not among them: for each of the others there is a link too."""
    keys = {"binder.build"} if link.kind in _BUILT else set()
    binder = asked.binder
    if link.kind == "binder-pull" and binder and binder.content and _pulls_content(asked):
        keys.add("binder.content")
    return frozenset(keys)


def _pulls_content(asked: Asked) -> bool:
    return not isinstance(asked.place, Place)
