"""The page that says what would run, and where, with the one button."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from binderclip.gateway.launches.model import Look
from binderclip.gateway.pages.environs import brought, environment
from binderclip.gateway.pages.frame import Frame, Way, actions
from binderclip.gateway.pages.places import Choice, elsewhere, warning, where
from binderclip.gateway.pages.query import Query
from binderclip.gateway.pages.telling import notice
from binderclip.pages.markup import Html, element
from binderclip.pages.parts import beginning, called, facts, origin, sentences, summary


@dataclass(frozen=True, slots=True)
class Offer:
    """``page`` is where ``query`` leads to; ``fields`` make the form this visitor's. ``auto``: the
    script sends it by itself, since nobody is to be asked.
    """

    look: Look
    query: Query
    page: str
    choice: Choice
    others: tuple[Choice, ...] = ()
    remarks: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    auto: bool = False
    notices: tuple[str, ...] = ()


def offered(frame: Frame, offer: Offer, *more: Html | None) -> str:
    """``more`` stands at the end of the page."""
    look, choice = offer.look, offer.choice
    name = look.source.name
    notebook = look.opened.notebook
    rows = {
        "From": origin(look.source, look.source.url or ""),
        "Environment": environment(look),
        "With it": brought(look),
        "Runs on": where(choice),
        "Note": sentences(_remarks(offer)),
    }
    return frame.page(
        f"Run {name}?",
        notice(offer.notices),
        element("h1", "Run ", element("bdi", name), "?"),
        called(look.excerpt),
        summary(look.excerpt, len(notebook.data), text=notebook.text),
        facts(rows),
        _form(frame, offer) if choice.refusal is None else _other(frame, offer),
        elsewhere(frame, offer.query, offer.page, offer.others),
        beginning(look.excerpt),
        *more,
    )


def _remarks(offer: Offer) -> Iterator[str]:
    said = offer.look.opened.note
    # The environment's own row tells that it is lent, or a plain Python.
    yield from (line for line in offer.look.remarks if not offer.look.lent or line == said)
    yield from offer.remarks
    yield from offer.query.remarks


def _form(frame: Frame, offer: Offer) -> Html:
    place = offer.choice.place
    said = warning(place) or "It starts by itself."
    if place.ask or not offer.auto:
        said = warning(place) or "Nothing runs before you click."
    return element(
        "form",
        *(element("input", type="hidden", name=name, value=value) for name, value in offer.fields),
        element("p", element("button", f"Run on {place.title}", type="submit"), class_="actions"),
        element("p", said, class_="quiet"),
        method="post",
        action=frame.to("v2/launch"),
        class_="go",
        data_once=True,
        data_auto=offer.auto or None,
    )


def _other(frame: Frame, offer: Offer) -> Html | None:
    """The button leads to the first place that can."""
    able = next((one.place for one in offer.others if one.refusal is None), None)
    if able is None:
        return None
    to = offer.query.at(able.name).link(frame.to(offer.page))
    return actions([Way(f"See it for {able.title}", to)])
