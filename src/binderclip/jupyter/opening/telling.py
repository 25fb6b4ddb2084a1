"""Errors in the words of a page on Jupyter Server. Other parts word them for the command line,
where there are files, paths and a network of one's own.
"""

from __future__ import annotations

from http import HTTPStatus

from binderclip.errors import AddressForbidden, BinderclipError, SessionError
from binderclip.pages import telling
from binderclip.pages.telling import Told, Words
from binderclip.wire import error_as_json

_WORDS = Words(
    path="upload it here",
    notebook="upload the notebook here",
    online="this server can reach the internet",
    authority="download the notebook in a browser, and upload it here",
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
    hint = telling.reworded(hint, _WORDS)
    if isinstance(error, AddressForbidden) and hint == _EVERYBODY:
        hint += _ALLOWED
    return hint
