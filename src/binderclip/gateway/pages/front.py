"""The front page: an address, please; and what of yours is running."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.pages.frame import Frame
from binderclip.gateway.pages.query import KEYS, Query
from binderclip.gateway.pages.running import listed
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.pages.markup import Html, element, joined
from binderclip.pages.parts import address_box, going_on, notice

_WORDS = (
    "A file on GitHub or another forge, a gist, a DOI, a launch link, or any address that begins "
    "with https: or http:. You are shown what it is before anything runs."
)


def front(
    frame: Frame,
    query: Query,
    places: Iterable[PlaceSettings],
    running: Sequence[Launch],
    csrf: str = "",
    *,
    logged_out: bool = False,
) -> str:
    """``running`` are the visitor's own, and ``csrf`` is for what ends them. What else ``query``
    says goes along. ``logged_out``: they did that a moment ago.
    """
    return frame.page(
        "Run a notebook",
        _logged_out(frame) if logged_out else None,
        notice(query.remarks),
        element("h1", "Run a notebook from its address"),
        element(
            "form",
            element("label", "The notebook's address", for_="url"),
            address_box(query.url, "https://"),
            element("p", _WORDS, class_="quiet", id="about"),
            joined(
                element("input", type="hidden", name=key, value=value)
                for key in KEYS[1:]
                if (value := str(getattr(query, key)))
            ),
            element("p", element("button", "Show it", type="submit"), class_="actions"),
            method="get",
            action=frame.prefix,
        ),
        listed(frame, running, csrf),
        _where(tuple(places)),
    )


def waiting(frame: Frame, query: Query, page: str, job: str, steps: Sequence[str]) -> str:
    """Looks again by itself, script or not."""
    again = query.link(frame.to(page), job=job)
    return frame.page(
        "Fetching",
        element("h1", "Fetching the notebook"),
        going_on(steps, "Nothing runs yet.", again),
        head=(element("meta", http_equiv="refresh", content=f"1; url={again}"),),
    )


def _logged_out(frame: Frame) -> Html:
    again = element("a", "Log in again", href=frame.to("login"))
    said = "You are logged out here. At the hub you may still be logged in. "
    return element("div", element("p", said, again), class_="notice", role="status")


def _where(places: tuple[PlaceSettings, ...]) -> Html:
    names = [place.title for place in places]
    text = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return element("p", f"Notebooks run on {text}.", class_="quiet foot")
