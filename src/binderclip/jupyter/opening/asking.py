"""The page that says what would be done, and asks."""

from __future__ import annotations

from collections.abc import Iterator

from binderclip.amounts import count
from binderclip.jupyter.opening.brought import content
from binderclip.jupyter.opening.environs import environment
from binderclip.jupyter.opening.offer import Offer
from binderclip.jupyter.opening.pages import Frame
from binderclip.jupyter.opening.query import Query
from binderclip.pages.markup import Html, element, joined
from binderclip.pages.parts import beginning, called, facts, origin, sentences, summary


def asking(frame: Frame, query: Query, offer: Offer, *, job: str, xsrf: Html) -> str:
    found = offer.found
    name = found.fetched.source.name
    rows = {
        "From": origin(found.fetched.source, found.fetched.url or found.fetched.source.url or ""),
        "There already" if offer.spot.other else "Saved as": _spot(offer),
        "Environment": environment(found.wanted),
        "With it": content(offer),
        "Not done here": sentences(found.wanted.idle),
        "Note": sentences(offer.remarks),
    }
    return frame.page(
        f"Open {name}?",
        element("p", offer.notice, class_="notice", role="status") if offer.notice else None,
        element("h1", "Open ", element("bdi", name), "?"),
        called(found.excerpt),
        summary(found.excerpt, len(found.fetched.data), text=found.text),
        facts(rows),
        _form(query, offer, job, xsrf),
        beginning(found.excerpt),
    )


def _spot(offer: Offer) -> Html:
    spot = offer.spot
    folder, _, name = spot.path.rpartition("/")
    where = element("bdi", f"{folder}/", class_="name") if folder else "this server's root folder"
    saved = element("bdi", name, class_="name strong")
    if spot.other:
        mine = element("bdi", _name(spot.other), class_="name strong")
        copy = " is the same as at the address." if spot.there else " would be a new copy."
        return joined(
            (
                element("p", mine, " in ", where),
                element("p", "It differs from what is at the address, and stays as it is. "
                        "Perhaps you edited it.", class_="quiet"),
                element("p", saved, copy),
            )
        )  # fmt: skip
    told = None
    if spot.there:
        told = "It is there already, with the same content: it is opened as it is."
    elif name != offer.destination.name:
        told = f"{offer.destination.name} is something else that is there already, and stays."
    return joined(
        (
            element("p", saved, " in ", where),
            element("p", told, class_="quiet") if told else None,
        )
    )


def _form(query: Query, offer: Offer, job: str, xsrf: Html) -> Html:
    other = offer.spot.other if offer.other_page else None
    mine = None
    if other:
        text = ("Open the ", element("bdi", _name(other)), " that is there")
        mine = element("a", *text, href=offer.other_page, class_="button")
    said = "Nothing is saved before you click, and the notebook runs nothing before you run it."
    button = element(
        "button",
        *_verb(offer, beside=bool(other)),
        type="submit",
        class_="plain" if other else None,
    )
    return element(
        "form",
        xsrf,
        query.hidden(job=job, digest=offer.found.digest),
        element("p", mine, button, class_="actions"),
        element("p", said, class_="quiet"),
        method="post",
        action="open",
    )


def _verb(offer: Offer, *, beside: bool) -> Iterator[str]:
    """What the button does. ``beside``: there is one before it that opens the person's own."""
    files = count(offer.new, "file") if offer.new else None
    name = element("bdi", _name(offer.spot.path))
    where = f" in {offer.application}" if offer.application else ""
    if offer.spot.there:
        yield f"Save {files} and open" if files else "Open"
        yield joined((" ", name)) if beside else where
    elif beside:
        yield joined(("Save a new copy as ", name, f" with {files}" if files else None))
    else:
        yield f"Save with {files}" if files else "Save"
        yield f" and open{where}" if offer.application else ""


def _name(path: str) -> str:
    return path.rpartition("/")[2]
