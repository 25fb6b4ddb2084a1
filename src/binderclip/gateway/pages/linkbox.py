"""Links and badges for a notebook, to be copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from binderclip.errors import Refused
from binderclip.gateway.launches.model import Look
from binderclip.gateway.linking import asked_for
from binderclip.gateway.settings.model import Settings
from binderclip.links import Form, Link, links, written
from binderclip.pages.markup import Html, element
from binderclip.pages.parts import lines_of
from binderclip.pages.telling import sentence

_FORMS: Sequence[tuple[Form, str]] = (
    ("text", "Link"),
    ("markdown", "Markdown"),
    ("html", "HTML"),
    ("rst", "reStructuredText"),
)


def linkbox(look: Look, settings: Settings) -> Html:
    """Never raises for a notebook that no link can be made for: the page says why."""
    title = element("h2", "Links and badges")
    try:
        found = links(asked_for(look, settings)).links
    except Refused as error:
        said = element("p", sentence(error.message), class_="quiet")
        return element("section", title, said, class_="links")
    own = [link for link in found if link.kind == "gateway"]
    others = [link for link in found if link.kind != "gateway"]
    parts = [part for link in own[:1] for part in _copies(link, look.source.name)]
    return element("section", title, *parts, _elsewhere(others), class_="links")


def _copies(link: Link, name: str) -> Iterator[Html]:
    yield element("p", "They lead to this page, for everybody who can reach it.", class_="quiet")
    for form, what in _FORMS:
        label = element("label", what, for_=f"as-{form}")
        button = element("button", "Copy", type="button", hidden=True, data_copy=True)
        box = _box(f"as-{form}", written(link, form, name=name))
        yield element("div", label, element("div", box, button), class_="copies")


def _box(name: str, text: str) -> Html:
    """A field has one line; in reStructuredText a badge has three."""
    lines = text.splitlines()
    if len(lines) == 1:
        return element("input", id=name, type="text", value=text, readonly=True)
    rows = str(len(lines))
    return element(
        "textarea", lines_of(lines), id=name, readonly=True, rows=rows, spellcheck="false"
    )


def _elsewhere(others: Sequence[Link]) -> Html | None:
    rows = [
        element("li", element("a", link.what, href=link.url, rel="noopener noreferrer"))
        for link in others
        if link.url.startswith(("https://", "http://"))
    ]
    if not rows:
        return None
    return element("details", element("summary", "Elsewhere"), element("ul", *rows))
