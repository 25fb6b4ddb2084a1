"""Errors in the words of a page on Jupyter Server. Other parts word them for the command line,
where there are files, paths and a network of one's own.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from binderclip.errors import AddressForbidden, BinderclipError, SessionError
from binderclip.pages import telling
from binderclip.pages.telling import Told
from binderclip.wire import error_as_json

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


def told(error: BinderclipError) -> Told:
    return telling.told(error, _hint(error))


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


def _hint(error: BinderclipError) -> str | None:
    hint = error.hint
    if hint is None:
        return None
    for pattern, here in _HINTS:
        hint = pattern.sub(here, hint)
    if isinstance(error, AddressForbidden) and hint == _EVERYBODY:
        hint += _ALLOWED
    return hint
