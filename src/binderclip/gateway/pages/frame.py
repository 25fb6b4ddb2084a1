"""What all pages have: the head, the name at the top, and ways out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from binderclip.addresses.masking import masked
from binderclip.addresses.source import Source
from binderclip.errors import BinderclipError
from binderclip.gateway.pages.static import address
from binderclip.gateway.pages.telling import problem
from binderclip.gateway.visitors.forms import FIELD
from binderclip.pages.markup import Html, document, element, joined
from binderclip.pages.parts import plain


@dataclass(frozen=True, slots=True)
class Frame:
    """``prefix`` is the path of all pages; ``user`` is who is logged in at the JupyterHub, and
    ``csrf`` the token of the form that logs them out.
    """

    prefix: str
    user: str | None = None
    csrf: str | None = field(default=None, repr=False)

    def to(self, page: str) -> str:
        """The path of a page that is named without the prefix."""
        return self.prefix + page

    def page(
        self, title: str, *body: str | None, head: Iterable[Html] = (), **main: str | None
    ) -> str:
        """``main`` are attributes of the page's own part, as ``markup.element`` takes them."""
        style = element("link", rel="stylesheet", href=self.to(address("style.css")))
        script = element("script", src=self.to(address("script.js")), defer=True)
        icon = element("link", rel="icon", type="image/svg+xml", href=self.to(address("icon.svg")))
        return document(
            f"{title} · binderclip",
            element("header", self._brand(), self._person()),
            element("main", *body, **main),
            head=(style, icon, script, *head),
        )

    def _brand(self) -> Html:
        return element("p", element("a", "binderclip", href=self.prefix), class_="brand")

    def _person(self) -> Html | None:
        if self.user is None or self.csrf is None:
            return None
        return element(
            "form",
            element("span", element("bdi", self.user)),
            element("input", type="hidden", name=FIELD, value=self.csrf),
            element("button", "Log out", type="submit", class_="plain"),
            method="post",
            action=self.to("logout"),
            class_="person",
        )


@dataclass(frozen=True, slots=True)
class Way:
    """A link out of a page."""

    text: str
    href: str


def failed(
    frame: Frame,
    error: BinderclipError,
    heading: str,
    ways: Sequence[Way],
    more: Html | None = None,
) -> str:
    """The first of ``ways`` is what most people want; ``more`` stands at the end."""
    return frame.page(heading, element("h1", heading), *problem(error), actions(ways), more)


def faulty(frame: Frame, error: BinderclipError, source: Source, ways: Sequence[Way]) -> str:
    """For a notebook whose metadata is wrong, which is its author's to mend."""
    return frame.page(
        f"{plain(source.name)} cannot be run",
        element("h1", element("bdi", plain(source.name)), " cannot be run"),
        element("p", masked(source.address), class_="address", dir="ltr"),
        element("p", "What it says of its environment is wrong. Its author has to mend that:"),
        *problem(error),
        actions(ways),
    )


def actions(ways: Sequence[Way], *more: Html | None) -> Html:
    buttons = [
        element("a", way.text, href=way.href, class_="button plain" if number else "button")
        for number, way in enumerate(ways)
    ]
    return element("div", joined(buttons), *more, class_="actions")
