"""What becomes of a link in a browser: the pages of BinderHub, JupyterHub and nbgitpuller, each as
far as it takes the link apart. Written from their sources; test_real.py holds what it can of this
against the real ones.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, quote_plus, unquote, unquote_plus, urlsplit


def decode_uri(text: str) -> str:
    """JavaScript's decodeURI: what is reserved stays escaped; malformed text stays as it is."""
    try:
        plain = re.sub(
            r"(?:%[0-9A-Fa-f]{2})+",
            lambda run: "".join(
                quote(char, safe="") if char in ";/?:@&=+$,#" else char
                for char in unquote(run[0], errors="strict")
            ),
            text,
        )
    except UnicodeDecodeError:
        return text
    return text if re.search(r"%(?![0-9A-Fa-f]{2})", text) else plain


def encode_uri(text: str) -> str:
    """JavaScript's encodeURI."""
    return quote(text, safe=";/?:@&=+$,#-_.!~*'()")


def params(query: str) -> dict[str, str]:
    """URLSearchParams, the first of each name; and tornado's get_argument."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    found: dict[str, str] = {}
    for name, _, value in pairs:
        found.setdefault(unquote_plus(name), unquote_plus(value))
    return found


def opened(link: str, *, newer: bool) -> str:
    """The address, relative to the server's, that BinderHub's page sends the browser to. The
    ``newer`` one reads its query with wouter's useSearch, which applies decodeURI.
    """
    query = link.partition("?")[2]
    given = params(decode_uri(query) if newer else query)
    path = given.get("urlpath", "").lstrip("/")
    if "labpath" in given:
        path = f"doc/tree/{encode_uri(given['labpath'].removesuffix('/'))}"
    elif "filepath" in given:
        path = f"tree/{encode_uri(given['filepath'].removesuffix('/'))}"
    # new URL(path, server), and then searchParams.append, which writes the query anew.
    parts = urlsplit(f"https://server/{path}")
    query = "&".join(f"{k}={quote_plus(v)}" for k, v in params(parts.query).items())
    return parts.path[1:] + (f"?{query}" if query else "")


def redirected(link: str, hub: str) -> str:
    """What JupyterHub's user-redirect makes of a link, relative to the user's server."""
    path, mark, query = link.removeprefix(f"{hub}/hub/user-redirect/").partition("?")
    assert "://" not in path, "not below the hub"
    return unquote(path) + mark + query


def pulled(address: str) -> tuple[str, str | None, str, str]:
    """(repository, branch, folder, where it goes on to) of nbgitpuller's page."""
    path, _, query = address.partition("?")
    assert path == "git-pull"
    found = {name: values[-1] for name, values in parse_qs(query).items()}
    folder = found.get("targetpath") or found["targetPath"]
    return found["repo"], found.get("branch"), folder, found["urlpath"]


def asked_to_open(address: str) -> dict[str, str]:
    """What the page of binderclip's extension is asked: the arguments, as tornado reads them."""
    path, _, query = address.partition("?")
    assert path == "binderclip/open"
    return {name: values[-1] for name, values in parse_qs(query).items()}


def notebook(address: str) -> str:
    """The path that a Jupyter server shows at ``address``, as a browser asks for it."""
    path = unquote(urlsplit(f"https://server/{address}").path[1:])
    found = re.match(r"(?:lab/tree|doc/tree|notebooks|retro/notebooks|tree)/", path)
    assert found, path
    return path[found.end() :]
