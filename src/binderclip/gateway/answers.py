"""Answers to machines: JSON that nobody keeps, and errors in the one shape of all."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from binderclip.errors import BinderclipError
from binderclip.rest import faults
from binderclip.rest.bodies import encoded

NO_STORE = {"Cache-Control": "no-store"}


def answered(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON that nobody keeps, unless ``headers`` say so."""
    return Response(
        encoded(body),
        status,
        headers={**NO_STORE, **(headers or {})},
        media_type="application/json",
    )


def refused(error: BinderclipError, status: int | None = None) -> Response:
    """``status``: another one than the error's own."""
    return answered(faults.as_json(error), status or error.http_status, faults.waiting(error))
