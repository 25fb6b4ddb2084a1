"""Requests that nobody clicked on: pictures, scripts and frames of somebody's page, which would
make a server fetch what they name. See https://www.w3.org/TR/fetch-metadata/.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

_OURS = frozenset({"same-origin", "none"})
# A page, and what a program of ours asks for by itself. A notebook's pictures are neither.
_ASKING = frozenset({"document", "empty"})
_PAGES = ("text/html", "application/xhtml+xml")
_JSON = "application/json"


def unseen(headers: Mapping[str, str], *, program: bool) -> bool:
    """Is it anything but a page that a person goes to, or a program of this server's? ``program``:
    it shows the server's token, which other sites do not know.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return not _seen(site, headers)
    # Browsers leave these headers out over plain http; old ones, and programs, always.
    if program:
        return False
    first = headers.get("Accept", "").split(",")[0].split(";")[0].strip().lower()
    if first in _PAGES:
        return False
    return first != _JSON or _from_elsewhere(headers)


def _seen(site: str, headers: Mapping[str, str]) -> bool:
    mode, target = headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest", "empty")
    if site in _OURS:
        return target in _ASKING
    return (mode, target) == ("navigate", "document")


def _from_elsewhere(headers: Mapping[str, str]) -> bool:
    """No page that is gone to asks for JSON; so where it was asked from counts."""
    referer = headers.get("Referer")
    if referer is None:
        return False
    try:
        return urlsplit(referer).netloc != headers.get("Host")
    except ValueError:
        return True
