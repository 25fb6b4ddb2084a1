"""The pages, as HTML: what is asked, what goes on, what went wrong, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError
from binderclip.jupyter.opening.query import Query
from binderclip.jupyter.opening.telling import told
from binderclip.pages.markup import Html, document, element, joined
from binderclip.pages.parts import address_box, going_on, notice
from binderclip.pages.telling import sentence, shortened

STYLE = "open/style.css"
"""Relative to the page."""
_REFRESH_S = 1


@dataclass(frozen=True, slots=True)
class Frame:
    """What all pages have: the server's ``base`` path, and a tag for the style sheet's version."""

    base: str
    version: str

    def page(self, title: str, *body: str | None, head: Sequence[Html] = ()) -> str:
        style = element("link", rel="stylesheet", href=f"{STYLE}?v={self.version}")
        icon = element("link", rel="icon", href=f"{self.base}static/favicons/favicon.ico")
        brand = element("p", "binderclip", element("span", "open by address"), class_="brand")
        return document(
            f"{title} · binderclip",
            element("header", brand),
            element("main", *body),
            head=(style, icon, *head),
        )


def waiting(frame: Frame, query: Query, job: str, steps: Sequence[str], was: str = "") -> str:
    """Looks again by itself, script or not."""
    again = query.link(job=job, was=was)
    refresh = element("meta", http_equiv="refresh", content=f"{_REFRESH_S}; url={again}")
    return frame.page(
        "Fetching",
        element("h1", "Fetching the notebook"),
        element("p", element("span", masked(query.url), class_="address", dir="ltr")),
        going_on(
            [shortened(step) for step in steps],
            "Nothing is written yet: you are asked first.",
            again,
        ),
        head=(refresh,),
    )


def front(frame: Frame, query: Query, remarks: Sequence[str] = ()) -> str:
    """Asks for an address. What else ``query`` says goes along."""
    words = (
        "A file on GitHub or another forge, a gist, a DOI, a launch link, or any address that "
        "begins with https: or http:. You are shown what it is before anything is saved."
    )
    return frame.page(
        "Open a notebook",
        notice(remarks),
        element("h1", "Open a notebook by its address"),
        element(
            "form",
            element("label", "The notebook's address", for_="url"),
            address_box(query.url),
            query.hidden("url"),
            element("p", words, class_="quiet", id="about"),
            element("p", element("button", "Show it", type="submit"), class_="actions"),
            method="get",
            action="open",
        ),
    )


def failed(frame: Frame, error: BinderclipError, query: Query | None) -> str:
    """``query`` offers to try again, where that can help, and else to change the address."""
    said = told(error)
    found = joined(element("p", sentence(line)) for line in said.lines)
    links = [element("a", "Go to Jupyter", href=frame.base, class_="button plain")]
    if query is not None and said.again and query.url:
        links.insert(0, element("a", "Try again", href=query.link(), class_="button"))
    elif query is not None:
        change = query.link(change="1")
        links.insert(0, element("a", "Change the address", href=change, class_="button"))
    return frame.page(
        "Not opened",
        element("h1", "The notebook was not opened"),
        element("div", found, class_="found"),
        element("p", element("strong", "What to do: "), sentence(said.hint)) if said.hint else None,
        element("p", *links, class_="actions"),
        element("p", "Nothing was saved.", class_="quiet"),
    )


def incomplete(
    frame: Frame, path: str, missing: Sequence[str], goes_on: str | None, application: str | None
) -> str:
    """The notebook is saved at ``path``, and something else is not as the person was told; or
    nothing here shows notebooks.
    """
    lines = [element("li", sentence(line)) for line in missing]
    before = joined((element("h2", "Before you go on"), element("ul", *lines)))
    if goes_on and application:
        link = element("a", f"Open it in {application}", href=goes_on, class_="button")
    else:
        link = element("a", "Go to Jupyter", href=frame.base, class_="button plain")
    return frame.page(
        "Saved",
        element("h1", "The notebook is saved"),
        element("p", "It is ", element("bdi", path, class_="name"), "."),
        before if lines else None,
        None if application else element("p", "This server has no application that shows it."),
        element("p", link, class_="actions"),
    )
