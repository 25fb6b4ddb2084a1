"""Addresses of hubs and servers as people paste them, cut down to where the thing itself is.

Nobody copies the address of a hub: they copy the page that they look at. Prefixes stay, for hubs
run under them (``https://example.org/binder/``).
"""

from __future__ import annotations

import re

from binderclip.addresses.link import Link, parse
from binderclip.spec.providers import PROVIDERS

# What follows a Jupyter Server's address when one of its pages is open.
_PAGES = frozenset(
    {"lab", "tree", "notebooks", "doc", "retro", "edit", "view", "files", "api", "nbclassic"}
    | {"voila", "terminals", "consoles", "login", "logout"}
)
# Of a gateway's pages: v2/notebook?url=…, v2/launches/ID, build/notebook/….
_OURS = ("notebook", "launches")
_HERE = re.compile(r"(localhost|127\.[0-9.]+|\[::1\])([:/]|$)", re.IGNORECASE)


def hub_bases(address: str) -> tuple[str, ...]:
    """Where a hub or a gateway may be, the likelier place first; each ends in ``/``.

    Raises SourceError for what is no http(s) address.
    """
    link = _link(address)
    parts = link.parts
    found: list[str] = []
    for at, part in enumerate(parts):
        if _launch_link(parts[at:]):
            return (_base(link, parts[:at]),)
        if part == "hub" or (part == "user" and parts[at + 1 :]):
            found.append(_base(link, parts[:at]))
            break
    return tuple(dict.fromkeys([*found, server_base(address)]))


def server_base(address: str) -> str:
    """Where a Jupyter Server is; it ends in ``/``. Raises SourceError."""
    link = _link(address)
    parts = link.parts
    at = parts.index("user") + 2 if "user" in parts[:-1] else 0
    while at < len(parts) and parts[at] not in _PAGES:
        at += 1
    return _base(link, parts[:at])


def server_parts(url: str) -> tuple[str, str, str] | None:
    """A server's address as (hub's base, user, server's name), both still quoted; None where it is
    not below ``/user/``. https://jupyterhub.readthedocs.io/en/stable/reference/urls.html
    """
    link = parse(url)
    parts = link.parts
    for at, part in enumerate(parts):
        following = parts[at + 1 :]
        if part == "user" and len(following) in {1, 2}:
            return _base(link, parts[:at]), following[0], "".join(following[1:])
    return None


def leads_home(asked: Link, found: Link) -> bool:
    """Redirects led to the same place, or to its https: what was given for the one may go to the
    other.
    """
    upgraded = (asked.scheme, found.scheme) == ("http", "https")
    secure = upgraded and asked.host == found.host and asked.port is found.port is None
    return secure or asked.origin == found.origin


def _launch_link(parts: tuple[str, ...]) -> bool:
    """``v2/gh/owner/name/ref`` and ``build/gh/…``; a gateway's have pages beside these."""
    return parts[0] in {"v2", "build"} and len(parts) > 1 and parts[1] in (*PROVIDERS, *_OURS)


def _link(address: str) -> Link:
    text = address.strip()
    if "://" not in text:
        text = f"{'http' if _HERE.match(text) else 'https'}://{text}"
    return parse(text)


def _base(link: Link, parts: tuple[str, ...]) -> str:
    return f"{link.origin}/" + "".join(f"{part}/" for part in parts)
