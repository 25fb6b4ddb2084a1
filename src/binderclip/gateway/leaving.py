"""Whether the service is about to end: it finishes what is under way, and begins nothing."""

from __future__ import annotations

from typing import cast

from starlette.applications import Starlette

from binderclip.errors import LaunchError, RateLimited

_CLOSING_S = 30.0


class Closing(RateLimited):
    """The service is about to end."""

    code = "closing"
    http_status = 503


class CutOff(LaunchError):
    """A launch was under way when the service ended."""


def leave(app: Starlette) -> None:
    app.state.leaving = True


def leaving(app: Starlette) -> bool:
    return cast("bool", getattr(app.state, "leaving", False))


def check_staying(app: Starlette) -> None:
    """Raises Closing where nothing is begun any more."""
    if leaving(app):
        raise Closing(
            "the service is being shut down",
            hint="try again in a while",
            retry_after_s=_CLOSING_S,
        )
