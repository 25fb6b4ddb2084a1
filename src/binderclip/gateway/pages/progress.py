"""The page of one launch: what goes on, that it is up, or why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from binderclip.addresses.source import Source
from binderclip.events import Log, Phase, Progress
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.telling import step_as_json
from binderclip.gateway.pages.answering import PAGE
from binderclip.gateway.pages.frame import Frame, Way, actions
from binderclip.gateway.pages.query import Query
from binderclip.gateway.pages.telling import problem
from binderclip.pages.markup import Html, element
from binderclip.pages.parts import lines_of, sentences
from binderclip.pages.telling import sentence

PHASES: Mapping[Phase, str] = {
    "resolving": "Looking up",
    "fetching": "Fetching",
    "waiting": "Waiting",
    "building": "Building",
    "launching": "Launching",
    "ready": "Opening",
}
_ALWAYS = frozenset({"fetching", "building", "launching", "ready"})
_REFRESH_S = 2
_PLAIN = "it was stopped"
"""That says no more than the heading."""


def address(launch: Launch) -> str:
    """Below the prefix."""
    return f"v2/launches/{launch.id}"


def shown(frame: Frame, launch: Launch, csrf: str, *, clicked: bool = False) -> str:
    """``clicked``: somebody is on the way to it, so that the script goes on by itself."""
    if launch.under_way:
        return _under_way(frame, launch, csrf)
    if launch.state == "ready":
        return _ready(frame, launch, csrf, clicked=clicked)
    return _over(frame, launch)


def _under_way(frame: Frame, launch: Launch, csrf: str) -> str:
    refresh = element("meta", http_equiv="refresh", content=f"{_REFRESH_S}")
    steps = [step for step in launch.steps if isinstance(step, Progress)]
    at = steps[-1].phase if steps else "fetching"
    return frame.page(
        f"Starting {launch.title}",
        element("h1", "Starting ", _called(launch)),
        _place(launch),
        element("div", class_="bar", role="presentation"),
        element("ol", *_phases(steps, at), class_="phases"),
        element(
            "p",
            step_as_json(steps[-1])["message"] if steps else "It is about to begin",
            id="now",
            class_="now",
            role="status",
        ),
        _log(launch),
        element("noscript", element("p", "This page looks again by itself.", class_="quiet")),
        element("div", stop_form(frame, launch, csrf, "Cancel"), class_="actions"),
        head=(element("noscript", refresh),),
        data_events=frame.to(f"{address(launch)}/events?from={launch.steps.end}"),
        data_go=frame.to(f"{address(launch)}/go"),
    )


def _phases(steps: Sequence[Progress], at: Phase) -> Iterator[Html]:
    seen = {step.phase for step in steps}
    order = list(PHASES)
    for phase, name in PHASES.items():
        if phase not in seen and phase not in _ALWAYS:
            continue
        state = "now" if phase == at else "done" if order.index(phase) < order.index(at) else None
        current = "step" if phase == at else None
        yield element("li", name, class_=state, aria_current=current, data_phase=phase)


def _log(launch: Launch) -> Html:
    lines = [step_as_json(step)["log"] for step in launch.steps if isinstance(step, Log)]
    return element(
        "details",
        element("summary", "Log"),
        element("pre", lines_of(lines), id="log", tabindex="0", dir="ltr"),
        class_="log",
    )


def _ready(frame: Frame, launch: Launch, csrf: str, *, clicked: bool) -> str:
    remarks = launch.landing.remarks if launch.landing else ()
    go = frame.to(f"{address(launch)}/go")
    way = element("a", "Open it", href=go, class_="button", data_onward=clicked or None)
    return frame.page(
        f"{launch.title} is running",
        element("h1", _called(launch), " is running"),
        _place(launch),
        sentences(remarks),
        element("div", way, stop_form(frame, launch, csrf, "Stop it"), class_="actions"),
        element("p", _lasts(launch), class_="quiet"),
    )


def _over(frame: Frame, launch: Launch) -> str:
    again = _again(frame, launch)
    ways = [*again, Way("Another notebook", frame.prefix)]
    if launch.error is not None:
        heading = element("h1", _called(launch), " did not start")
        said: tuple[Html | None, ...] = problem(launch.error)
    else:
        heading = element("h1", _called(launch), " is stopped")
        said = (element("p", sentence(why)) if (why := launch.why) and why != _PLAIN else None,)
    logged = any(isinstance(step, Log) for step in launch.steps)
    return frame.page(
        f"{launch.title}: over",
        heading,
        _place(launch),
        *said,
        _log(launch) if logged else None,
        actions(ways),
    )


def _again(frame: Frame, launch: Launch) -> Iterator[Way]:
    order = launch.order
    source: Source | None = order.source or (order.look.source if order.look else None)
    if source is not None:
        query = Query(source.address, order.place.name, order.urlpath or "", order.ref or "")
        yield Way("Try again" if launch.error else "Run it again", query.link(frame.to(PAGE)))


def _called(launch: Launch) -> Html:
    """A stranger's words, which must not read as the page's."""
    return element("q", element("bdi", launch.title))


def _place(launch: Launch) -> Html:
    return element("p", f"on {launch.order.place.title}", class_="summary")


def _lasts(launch: Launch) -> str:
    if launch.order.place.kind == "local":
        return "It ends by itself some time after nobody uses it. Save what you want to keep."
    return "It ends as that place has it. Save what you want to keep."


def stop_form(frame: Frame, launch: Launch, csrf: str, text: str) -> Html:
    return element(
        "form",
        element("input", type="hidden", name="csrf", value=csrf),
        element("button", text, type="submit", class_="plain"),
        method="post",
        action=frame.to(f"{address(launch)}/stop"),
        data_once=True,
    )
