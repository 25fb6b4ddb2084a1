"""Launches as JSON and as events. No token is in them, but in the one event that says "ready", for
those who may have it.
"""

from __future__ import annotations

from binderclip.errors import BinderclipError, LaunchError
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.telling import step_as_json
from binderclip.gateway.streams import frame
from binderclip.gateway.visitors.consent import told_token
from binderclip.gateway.visitors.model import Visitor
from binderclip.rest.faults import as_json

MOST_STEPS = 200
"""The last ones of a launch; its events tell all that are kept."""


class Stopped(LaunchError):
    """Somebody stopped it, or what it started is over."""

    code = "stopped"
    http_status = 410


def launch_as_json(launch: Launch) -> dict[str, object]:
    order, landing = launch.order, launch.landing
    source = order.source or (order.look.source if order.look else None)
    ended = _error(launch)
    return {
        "id": launch.id,
        "state": launch.state,
        "title": launch.title,
        "place": order.place.name,
        "kind": order.place.kind,
        "source": source.shown if source else None,
        "steps": [step_as_json(step) for step in list(launch.steps)[-MOST_STEPS:]],
        "url": landing.url if landing else None,
        "server": landing.server if landing else None,
        "remarks": list(landing.remarks) if landing else [],
        "error": as_json(ended)["error"] if ended else None,
    }


def first_frame(launch: Launch) -> bytes:
    return frame(launch_as_json(launch), event="launch")


def last_frame(launch: Launch, who: Visitor) -> bytes:
    """Of one that is no longer under way, for ``who`` launched it."""
    ended, landing = _error(launch), launch.landing
    if ended is not None or landing is None:
        return frame(as_json(ended or _stopped(launch)), event="failed")
    ready = {
        "url": landing.url,
        "server": landing.server,
        "token": told_token(landing, launch.order.place, who),
        "remarks": list(landing.remarks),
    }
    return frame(ready, event="ready")


def _error(launch: Launch) -> BinderclipError | None:
    if launch.error is not None:
        return launch.error
    return _stopped(launch) if launch.state == "stopped" else None


def _stopped(launch: Launch) -> Stopped:
    return Stopped(launch.why or "it was stopped", hint="launch it again")
