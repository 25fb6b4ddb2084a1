"""Launches of the visitor's that are not over: what they are, since when, and how each is ended."""

from __future__ import annotations

import time
from collections.abc import Sequence

from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.pages.frame import Frame
from binderclip.gateway.pages.progress import address, stop_form
from binderclip.pages.markup import Html, element

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def listed(frame: Frame, running: Sequence[Launch], csrf: str) -> Html | None:
    if not running:
        return None
    rows = [
        element(
            "li",
            element(
                "span",
                element("a", element("bdi", launch.title), href=frame.to(address(launch))),
                element("span", _state(launch), class_="state"),
            ),
            stop_form(frame, launch, csrf, "Stop"),
        )
        for launch in running
    ]
    title = element("h2", "Yours")
    return element("section", title, element("ul", *rows, class_="plain-list running"))


def already(frame: Frame, launch: Launch) -> Html:
    """The way to one that is up. What is elsewhere may have ended since: its hub tells nobody."""
    place = launch.order.place
    said = "It is running already" if place.here else "You have launched it already"
    since = f", started {ago(launch)}." if place.here else f", {ago(launch)}. It may be up still."
    way = element("a", "Open it", href=frame.to(f"{address(launch)}/go"), class_="button")
    return element(
        "section",
        element("p", element("strong", said), since),
        element("p", way, class_="actions"),
        class_="already",
    )


def ago(launch: Launch) -> str:
    seconds = time.monotonic() - launch.made_s
    for size, unit in _UNITS:
        if (count := int(seconds // size)) > 0:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "a moment ago"


def _state(launch: Launch) -> str:
    going = "running" if launch.state == "ready" else "starting"
    return f" {going} on {launch.order.place.title}, started {ago(launch)}"
