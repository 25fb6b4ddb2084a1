"""What a link asks the service for: a notebook's address, in the query or quoted in the path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from binderclip.addresses.asked import Hints, sound
from binderclip.addresses.link import MAX_CHARACTERS
from binderclip.addresses.source import Source
from binderclip.errors import Refused

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

_HINTS = Hints(
    link="…/v2/notebook?url=ADDRESS",
    long="put the notebook where it has a shorter address",
    local="put the notebook on the web, or run it on your own machine with 'binderclip run'",
    private="what needs a login has to be put where everybody can reach it",
)
# Quoted, a character may be three, and of one beyond ASCII there are up to four.
_MAX_QUOTED = 12 * MAX_CHARACTERS
# Proxies make one slash of two, in a path that somebody did not quote.
_ONE_SLASH = re.compile(r"(https?|s3|gs):/(?!/)", re.IGNORECASE)


def source_of(address: str) -> Source:
    """What the address is. Asks nobody. Raises Refused for all that is not of the web (paths of
    this machine, ``-``, ``file:``), and AddressForbidden for one with a password in it.
    """
    return sound(address, _HINTS)


def quoted_rest(connection: HTTPConnection, before: str) -> str:
    """What stands behind ``before`` ("/build/notebook/") in the path, unquoted once: Starlette's
    decoded path cannot tell an address' own slashes and quoted characters any more. Without a
    query, which is the link's own. Raises Refused for what is no text.
    """
    _, found, rest = raw_path(connection).partition(before.encode("ascii"))
    if not found or not rest:
        raise Refused(
            f"found no address behind {before} in the link, expected one, percent-encoded",
            hint="quote the whole address, its slashes too: https%3A%2F%2Fexample.org%2Fx.ipynb",
        )
    return unquoted(rest)


def unquoted(rest: bytes) -> str:
    """An address as it stands quoted in a path. Raises Refused for what is no text."""
    if len(rest) > _MAX_QUOTED:
        raise Refused(
            f"found an address of {len(rest)} characters, expected at most {MAX_CHARACTERS}",
            hint=_HINTS.long,
        )
    try:
        text = unquote_to_bytes(rest).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(
            "found an address that is no UTF-8, expected one that is quoted as UTF-8",
            hint="quote it with JavaScript's encodeURIComponent or Python's urllib.parse.quote",
        ) from error
    return _ONE_SLASH.sub(r"\1://", text, count=1) if _ONE_SLASH.match(text) else text


def raw_path(connection: HTTPConnection) -> bytes:
    """The path as it came, without the query: some servers leave that in."""
    raw: object = connection.scope.get("raw_path")
    if not isinstance(raw, bytes):
        # Optional in ASGI; what stands for it is all that is left.
        raw = str(connection.scope["path"]).encode()
    return raw.partition(b"?")[0]
