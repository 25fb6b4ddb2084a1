"""The one answer of what stands before the routes: JSON in the shape of all errors."""

from __future__ import annotations

from starlette.responses import JSONResponse

from binderclip import wire
from binderclip.errors import BinderclipError


def refusal(error: BinderclipError) -> JSONResponse:
    return JSONResponse(wire.error_as_json(error), error.http_status, {"Cache-Control": "no-store"})
