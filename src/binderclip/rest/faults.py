"""What a request can be wrong about, and errors as they may leave a server."""

from __future__ import annotations

import math
import os
import sys
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from binderclip.errors import BinderclipError, CacheError, RateLimited
from binderclip.folders import cache_folder, state_folder
from binderclip.wire import error_as_json, plain_error


class BadRequest(BinderclipError):
    """The body is not what the route takes."""

    code = "bad-request"
    http_status = 400


class NotAllowed(BinderclipError):
    code = "forbidden"
    http_status = 403


class NotFound(BinderclipError):
    code = "not-found"
    http_status = 404


class TooSlow(BinderclipError):
    """The body did not come in time."""

    code = "too-slow"
    http_status = 408


class WrongType(BinderclipError):
    code = "content-type"
    http_status = 415


class Internal(BinderclipError):
    """Something of ours or of the server's broke; the log has it."""

    code = "internal"


INTERNAL = Internal(
    "something went wrong on this server", hint="its log says more; please report it"
)


_HTTP: dict[int, tuple[str, str, str | None]] = {
    400: (BadRequest.code, "the server does not understand the request", None),
    403: (NotAllowed.code, "you may not do this", "ask whoever runs this server"),
    404: (NotFound.code, "there is nothing at this address", "openapi.json names all there is"),
    405: ("method-not-allowed", "this address takes other methods", "the header Allow names them"),
    413: ("too-large", "the request is too large", "send less"),
}


def http_error(status: int) -> dict[str, object]:
    """For what others refuse than we; their own words may name files."""
    unknown = (f"http-{status}", "the server did not do this", None)
    return plain_error(*_HTTP.get(status, unknown))


def check_type(content_type: str) -> None:
    """Raises WrongType for all but JSON. ``content_type`` is the header, or empty."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongType(
            f"found the content type {kind[:80]!r}, expected 'application/json'",
            hint="send JSON, and the header Content-Type",
        )


def as_json(error: BinderclipError, folders: Iterable[str] = ()) -> dict[str, object]:
    """``wire``'s shape, without the names of folders of this server."""
    if isinstance(error, CacheError):
        return plain_error(error.code, "the cache of this server cannot be used", INTERNAL.hint)
    known = own_folders(folders)
    body = error_as_json(error)
    return {key: _hidden(value, known) for key, value in body.items()}


def waiting(error: BinderclipError) -> dict[str, str]:
    """The header that says when to ask again, where ``error`` says that."""
    if not isinstance(error, RateLimited) or error.retry_after_s is None:
        return {}
    return {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}


def own_folders(more: Iterable[str] = ()) -> tuple[str, ...]:
    """Folders whose names are nobody's business, the longest first."""
    home = os.path.expanduser("~")  # noqa: PTH111 - never raises
    ours = (home, tempfile.gettempdir(), sys.prefix, str(cache_folder()), str(state_folder()))
    return _longest_first((*ours, *more))


@lru_cache(maxsize=8)
def _longest_first(folders: tuple[str, ...]) -> tuple[str, ...]:
    """They are asked for with each line that a builder prints."""
    known = {str(Path(one)) for one in folders if one}
    return tuple(sorted(known - {"/", "."}, key=len, reverse=True))


def hidden(text: str, folders: Iterable[str]) -> str:
    """``text`` with ``…`` for the names of ``folders``."""
    for folder in folders:
        text = text.replace(folder, "…")
    return text


def _hidden(value: object, folders: tuple[str, ...]) -> object:
    if isinstance(value, str):
        return hidden(value, folders)
    if isinstance(value, dict):
        return {key: _hidden(one, folders) for key, one in value.items()}
    if isinstance(value, list):
        return [_hidden(one, folders) for one in value]
    return value
