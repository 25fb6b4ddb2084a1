"""The page that says what would run, and where, with the one button."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.model import Look
from binderclip.gateway.pages.environs import brought, environment
from binderclip.gateway.pages.frame import Frame, Way, actions
from binderclip.gateway.pages.places import Choice, elsewhere, has, lacking, warning, where
from binderclip.gateway.pages.query import Query
from binderclip.gateway.pages.rendered import rendered
from binderclip.gateway.pages.running import already
from binderclip.pages.markup import Html, element
from binderclip.pages.parts import (
    beginning,
    called,
    digest_named,
    facts,
    named,
    notice,
    origin,
    plain,
    sentences,
    summary,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """``page`` is where ``query`` leads to; ``fields`` make the form this visitor's. ``auto``: the
    script sends it by itself, since nobody is to be asked. ``own``: the service itself keeps the
    notebook. ``up`` is the same that this visitor has there already.
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
    own: bool = False
    up: Launch | None = None

    @property
    def instead(self) -> str | None:
        """What the notebook gets that names no environment, where the place has its own."""
        environment = self.look.opened.environment
        unnamed = self.look.opened.binder is None and environment.bare
        lent = self.look.lent and self.choice.stands_in
        return has(self.choice) if unnamed or lent else None


def offered(frame: Frame, offer: Offer, *more: Html | None) -> str:
    """``more`` stands at the end of the page."""
    look, choice = offer.look, offer.choice
    name, title = look.source.name, look.excerpt.title
    notebook = look.opened.notebook
    rows = {
        "From": origin(look.source, look.source.url or "", own=offer.own),
        "Environment": environment(look, offer.instead),
        "With it": brought(look),
        "Runs on": where(choice),
        "Note": sentences(_remarks(offer)),
    }
    return frame.page(
        f"Run {title or plain(name)}?" if digest_named(name) else f"Run {name}?",
        notice((*offer.notices, *lacking(choice, named=not look.lent))),
        element("h1", "Run ", named(name, title), "?"),
        None if digest_named(name) else called(look.excerpt),
        summary(look.excerpt, len(notebook.data), text=notebook.text),
        facts(rows),
        already(frame, offer.up) if offer.up else None,
        _form(frame, offer) if choice.refusal is None else _other(frame, offer),
        elsewhere(frame, offer.query, offer.page, offer.others),
        beginning(look.excerpt, rendered(look.excerpt, notebook.name, text=notebook.text)),
        *more,
    )


def _remarks(offer: Offer) -> Iterator[str]:
    # The environment's own row tells that it is lent, or what stands in for none.
    told = {offer.look.opened.note} if offer.instead else set()
    yield from (line for line in offer.look.remarks if not offer.look.lent and line not in told)
    yield from offer.remarks
    yield from offer.query.remarks


def _form(frame: Frame, offer: Offer) -> Html:
    place = offer.choice.place
    said = warning(place) or "It starts by itself."
    if place.ask or not offer.auto:
        said = warning(place) or "Nothing runs before you click."
    text = "Run another" if offer.up else f"Run on {place.title}"
    button = element("button", text, type="submit", class_="plain" if offer.up else None)
    return element(
        "form",
        *(element("input", type="hidden", name=name, value=value) for name, value in offer.fields),
        element("p", button, class_="actions"),
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
