"""The page of a server that somebody wants to land on: it must not lead anywhere else."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote

from binderclip.addresses.masking import printable
from binderclip.errors import Refused

MAX_CHARACTERS = 2000
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]")
_MOST_LAYERS = 4
# All that may stand in a path or query (RFC 3986), with what is quoted already.
_SAFE = "/?:@!$&'()*+,;=-._~%"
_SECRET = frozenset({"token", "access_token"})


def checked(urlpath: str | None) -> str | None:
    """``urlpath`` as it is put behind a server's address: percent-encoded, without a slash before
    it, perhaps with a query. None where nothing is asked for. However many times it is unquoted, it
    has no scheme, no host, no ``..``, no backslash and no control character. Raises Refused.
    """
    if urlpath is None or not urlpath.strip():
        return None
    text = urlpath.strip()
    if len(text) > MAX_CHARACTERS:
        raise Refused(
            f"found a urlpath of {len(text)} characters, expected at most {MAX_CHARACTERS}",
            hint="leave it out to land on the notebook",
        )
    text = text[1:] if text[:1] == "/" else text
    seen = text
    for _ in range(_MOST_LAYERS):
        if fault := _fault(seen):
            raise _refused(fault, urlpath)
        inner = unquote(seen)
        if inner == seen:
            break
        seen = inner
    else:
        raise _refused("more layers of quoting than there is use for", urlpath)
    return quote(text, safe=_SAFE) or None


def _fault(text: str) -> str | None:
    path, _, query = text.partition("?")
    keys = {key.lower() for key, _ in parse_qsl(query, keep_blank_values=True)}
    faults = (
        ("a backslash or a control character", _CONTROLS.search(text)),
        ("a '#'", "#" in text),
        ("a scheme", _SCHEME.match(path)),
        ("another server", path.startswith("/")),
        ("'.' or '..' as a part", {".", ".."} & set(path.split("/"))),
        ("a token", _SECRET & keys),
    )
    return next((name for name, found in faults if found), None)


def _refused(fault: str, urlpath: str) -> Refused:
    return Refused(
        f"found {fault} in the urlpath {printable(urlpath, 80)!r}, expected a page of the server",
        hint="write it as 'lab/tree/notebook.ipynb', or leave it out to land on the notebook",
    )
