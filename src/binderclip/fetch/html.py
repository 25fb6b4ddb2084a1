"""A web page where a notebook was expected: what page it is, and where the file may be."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote, urljoin

from binderclip.addresses.link import Link, parse
from binderclip.addresses.masking import masked, printable
from binderclip.addresses.table import resolve_url
from binderclip.errors import SourceError
from binderclip.fetch.misses import NoNotebook

_MAX_CHARACTERS = 256 * 1024
_TAG = re.compile(r"<(link|a)\s[^<>]{0,1000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(href|rel|type)=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_PASSWORD = re.compile(r"""type=["']?password\b""", re.IGNORECASE)
_LOGIN_URL = re.compile(r"(^|[/_.-])(login|log_in|signin|sign_in|sso|saml|servicelogin|oauth2?)\b")
_JUPYTER = re.compile(
    r"/(?:(?:lab(?:/workspaces/[^/]+)?|doc|nbclassic|retro)/)?(?:tree|notebooks|edit)/(?=.*\.ipynb$)"
)
_LISTED = 3


def explained(data: bytes, link: Link) -> NoNotebook:
    """The error for an HTML page that came from ``link``."""
    text = data[:_MAX_CHARACTERS].decode("utf-8", "replace")
    place = masked(link.url)
    if "virus" in text.lower() and link.host.endswith((".google.com", ".googleusercontent.com")):
        return NoNotebook(
            f"{place}: Google Drive asks first, for the file is too large for its virus scan",
            hint="download it in a browser, and give its path",
        )
    raw = raw_address(text, link)
    if raw is None and (
        _PASSWORD.search(text) or _LOGIN_URL.search((link.host + link.path).lower())
    ):
        return NoNotebook(
            f"{place}: this is a login page, not a notebook",
            hint="if it is private, download the notebook in a browser, and give its path",
        )
    title = re.search(r"<title[^<>]{0,200}>([^<]{1,300})", text, re.IGNORECASE)
    named = f" ({' '.join(unescape(title[1]).split())!r})" if title and title[1].strip() else ""
    return NoNotebook(
        f"{place}: this is an HTML page{printable(named, 120)}, not a notebook",
        hint=raw or "look on the page for 'Raw' or 'Download', and copy that address",
    )


def raw_address(text: str, link: Link) -> str | None:
    """A sentence with the file's own address, as far as the address or the page tells."""
    if (url := _by_rule(link)) or (url := _jupyter_file(link)):
        return f"The file's raw address is {masked(url)}"
    named = _linked(text, link)
    if len(named) == 1:
        return f"The file's raw address is {masked(named[0])}"
    if named:
        more = ", …" if len(named) > _LISTED else ""
        return f"The page links to {', '.join(map(masked, named[:_LISTED]))}{more}"
    return None


def _by_rule(link: Link) -> str | None:
    """After redirects the page may be one that has a rule, though the first address had none."""
    try:
        source = resolve_url(link.url)
    except SourceError:
        return None
    return source.url if source.lookup is None and source.url != link.url else None


def _jupyter_file(link: Link) -> str | None:
    """A Jupyter server shows at ``/lab/tree/P`` what it gives at ``/files/P``."""
    if match := _JUPYTER.search(link.path):
        base, path = link.path[: match.start()], link.path[match.end() :]
        return f"{link.origin}{base}/files/{path}"
    return None


def _linked(text: str, link: Link) -> list[str]:
    """Notebooks that the page links to: its own alternate form first, and alone."""
    plain: dict[str, None] = {}
    for tag in _TAG.finditer(text):
        found = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(tag[0])}
        url = _joined(link, unescape(found.get("href", "")))
        if url is None:
            continue
        notebook = parse(url).path.endswith(".ipynb")
        if tag[1].lower() == "a":
            if notebook:
                plain[url] = None
        elif "alternate" in found.get("rel", "").lower() and (
            notebook or "ipynb" in found.get("type", "").lower()
        ):
            return [url]
    return list(plain)


def _joined(link: Link, href: str) -> str | None:
    if not href:
        return None
    try:
        return parse(urljoin(link.url, quote(href, safe="%/:@!$&'()*+,;=~?#[]"))).url
    except (SourceError, ValueError):
        return None
