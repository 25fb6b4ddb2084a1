"""Whether the service is about to end: it finishes what is under way, and begins nothing."""

from __future__ import annotations

from typing import cast

from starlette.applications import Starlette


def leave(app: Starlette) -> None:
    app.state.leaving = True


def leaving(app: Starlette) -> bool:
    return cast("bool", getattr(app.state, "leaving", False))
