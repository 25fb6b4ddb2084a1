"""Links as JSON, for front ends and scripts."""

from __future__ import annotations

from binderclip.links.formats import FORMS, written
from binderclip.links.model import Asked, Link, Links, Nowhere, Place


def links_as_json(asked: Asked, found: Links, *, badge: str | None) -> dict[str, object]:
    """``place``, or why there is none in ``nowhere``; ``links``, best first, each in all forms;
    ``refused``.
    """
    place = asked.place
    return {
        "place": None if isinstance(place, Nowhere) else _place(place),
        "nowhere": place.why if isinstance(place, Nowhere) else None,
        "links": [_link(link, asked.name, badge) for link in found.links],
        "refused": [
            {"kind": kind, "message": error.message, "hint": error.hint}
            for kind, error in found.refused
        ],
    }


def _place(place: Place) -> dict[str, object]:
    where = place.repository
    return {
        "repository": where.url,
        "ref": where.ref,
        "hash": where.hash,
        "path": place.path,
        "notes": list(place.notes),
    }


def _link(link: Link, name: str, badge: str | None) -> dict[str, object]:
    forms: dict[str, str] = {form: written(link, form, name=name, badge=badge) for form in FORMS}
    return {
        "kind": link.kind,
        "url": link.url,
        "host": link.host,
        "what": link.what,
        "notes": list(link.notes),
        **forms,
    }
