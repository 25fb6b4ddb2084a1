"""Errors as the reader of a page is told them. Other parts word them for the command line, where
there are files, paths and a network of one's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from binderclip.errors import (
    AddressForbidden,
    BinderclipError,
    CacheError,
    RateLimited,
    SessionError,
    TimedOut,
    Unreachable,
)
from binderclip.wire import error_as_json

_PASSING = (RateLimited, TimedOut, Unreachable, SessionError, CacheError)
_HINTS = (
    (re.compile(r"give its path$"), "upload it here"),
    (re.compile(r"give the notebook's path$"), "upload the notebook here"),
    (re.compile(r"\bthis machine is online"), "this server can reach the internet"),
    (
        re.compile(r"for an authority of your own, set SSL_CERT_FILE to its certificate"),
        "download the notebook in a browser, and upload it here",
    ),
)
_ALLOWED = ", or ask whoever runs this server to allow its network (c.Binderclip.allowed_networks)"
_EVERYBODY = "put the notebook where everybody can reach it"
_PASSES = ("try again", "no connection to", "no address is known for")
_NO_NOTEBOOK = re.compile(r"(?P<place>\S+): this is (?P<kind>.+), not a notebook", re.DOTALL)
_URL = re.compile(r"https?://[^\s'\"<>()]+")
_LONGEST_URL = 100
_LONGEST_PATH = 80


@dataclass(frozen=True, slots=True)
class Told:
    """``lines`` say what was found. ``again``: it may pass, so that trying again can help."""

    lines: tuple[str, ...]
    hint: str | None = None
    again: bool = False


def told(error: BinderclipError) -> Told:
    text = error.message
    if match := _NO_NOTEBOOK.fullmatch(text):
        text = f"this is not a notebook but {match['kind']}\n{match['place']}"
    lines = tuple(shortened(line) for line in text.splitlines() if line.strip())
    return Told(lines or ("something went wrong",), _hint(error), _passes(error))


def status(error: BinderclipError) -> int:
    """502 and 504 are for what other servers did; this one's own store is none of them."""
    if isinstance(error, SessionError):
        return HTTPStatus.INTERNAL_SERVER_ERROR
    return error.http_status


def told_as_json(error: BinderclipError) -> dict[str, object]:
    body = error_as_json(error)
    said = body["error"]
    if isinstance(said, dict):
        said["hint"] = _hint(error)
    return body


def shortened(text: str) -> str:
    """``text`` with long addresses cut: what a login asks of a browser fills a page."""
    return _URL.sub(lambda match: _short(match[0]), text)


def _short(url: str) -> str:
    if len(url) <= _LONGEST_URL:
        return url
    # A colon ends an address in messages, and is none of it.
    end = ":" if url.endswith(":") else ""
    place, mark, _ = url.partition("?")
    return f"{place[:_LONGEST_PATH]}…{end}" if len(place) > _LONGEST_PATH or mark else url


def _hint(error: BinderclipError) -> str | None:
    hint = error.hint
    if hint is None:
        return None
    for pattern, here in _HINTS:
        hint = pattern.sub(here, hint)
    if isinstance(error, AddressForbidden) and hint == _EVERYBODY:
        hint += _ALLOWED
    return hint


def _passes(error: BinderclipError) -> bool:
    if isinstance(error, _PASSING):
        return True
    words = f"{error.message} {error.hint or ''}"
    return any(word in words for word in _PASSES)
