"""Places in words: where it would run, what happens there, and where else it could."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from binderclip.gateway.pages.frame import Frame
from binderclip.gateway.pages.query import Query
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.pages.markup import Html, element, joined
from binderclip.pages.telling import sentence

_HAPPENS: Mapping[str, str] = {
    "local": "The machine that this service runs on: the environment is made there, and JupyterLab "
    "opens the notebook.",
    "binderhub": "It builds the environment, or has it already, and starts a server for you alone.",
    "jupyterhub": "Your own server there is started, and the notebook is put among your files.",
    "server": "The notebook is put among the files of that Jupyter Server.",
}
_CALLED: Mapping[str, str] = {"jupyterhub": "hub", "server": "server"}
"""Places that build nothing."""
_OTHER = "The environment comes up there, and the notebook is opened in it."
_WARNS: Mapping[str, str] = {
    "local": "What runs there can do what this service can: launch what you trust alone.",
    "jupyterhub": "What runs there can do what you can on that hub: launch what you trust alone.",
    "server": "What runs there can do what that server can: launch what you trust alone.",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A place, and why it cannot take the notebook. ``stands_in``: what it has is used instead of
    the notebook's environment.
    """

    place: PlaceSettings
    refusal: str | None = None
    stands_in: bool = False


def where(choice: Choice) -> Html:
    place = choice.place
    return joined(
        (
            element("p", element("strong", place.title, class_="host"), _host(place)),
            element("p", _HAPPENS.get(place.kind, _OTHER), class_="quiet")
            if choice.refusal is None
            else element("p", sentence(f"It cannot be here: {choice.refusal}"), class_="refusal"),
        )
    )


def warning(place: PlaceSettings) -> str | None:
    """What a click says yes to, where somebody is asked."""
    if not place.ask:
        return None
    return _WARNS.get(place.kind, "Launch what you trust alone.")


def lacking(choice: Choice, *, named: bool) -> tuple[str, ...]:
    """What a click says yes to besides, where the notebook ``named`` an environment."""
    what = _CALLED.get(choice.place.kind)
    if what is None or not named or not choice.stands_in:
        return ()
    said = (
        f"This {what} builds nothing: it runs with what the {what} has, which may lack packages "
        "that the notebook asks for"
    )
    return (said,)


def has(choice: Choice) -> str | None:
    """What a notebook gets there that named no environment; None for what the service gives it."""
    what = _CALLED.get(choice.place.kind)
    return what and f"What the {what} has: the notebook names no environment."


def elsewhere(frame: Frame, query: Query, page: str, others: Sequence[Choice]) -> Html | None:
    """Links to this page for the other places."""
    if not others:
        return None
    rows = []
    for other in others:
        if other.refusal is None:
            to = query.at(other.place.name).link(frame.to(page))
            rows.append(element("li", element("a", other.place.title, href=to), _host(other.place)))
        else:
            why = element("span", sentence(other.refusal), class_="quiet")
            rows.append(element("li", other.place.title, ": ", why))
    return element("details", element("summary", "Run it elsewhere"), element("ul", *rows))


def _host(place: PlaceSettings) -> Html | None:
    """The host, where the title is not its name."""
    host = urlsplit(place.public_url or place.url or "").hostname
    if not host or host in place.title:
        return None
    return element("span", f" {host}", class_="address", dir="ltr")
