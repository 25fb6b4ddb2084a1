"""Addresses of repositories that strangers name, in the one form that git is given."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from binderclip.errors import Refused, SourceError
from binderclip.repositories import git

if TYPE_CHECKING:
    from binderclip.addresses.link import Link

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST_NAME = 253
# https://url.spec.whatwg.org/#ends-in-a-number-checker: the hosts that some take for an address
# (http://2130706433/, http://0x7f.1/), though not everybody for the same.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORTS = {"http": 80, "https": 443}


def public(url: str) -> Link:
    """``url``, parsed and put together again. Raises Refused for what is not a plain http(s)
    address: other protocols, a user or password, a query, a host that is not written as all
    programs read it.
    """
    from binderclip.addresses.link import parse  # noqa: PLC0415 - under a guard alone

    try:
        link = parse(url)
    except SourceError as error:
        raise _refused(url, "an http(s) address") from error
    if link.userinfo is not None:
        raise _refused(url, "an address without a user and password")
    if link.query or link.fragment or "?" in url or "#" in url:
        raise _refused(url, "an address without '?' and '#'")
    if not _is_literal(link.host) and not _is_name(link.host):
        raise _refused(url, "a host name, or an IP address in its usual form")
    git.checked(link.url)
    return link


def endpoint(link: Link) -> tuple[str, int]:
    """Its host and port."""
    return link.host, link.port or _PORTS[link.scheme]


def _is_name(host: str) -> bool:
    if len(host) > _LONGEST_NAME or _NUMBER.fullmatch(host.rpartition(".")[2]):
        return False
    return bool(_NAME.fullmatch(host))


def _is_literal(host: str) -> bool:
    try:
        return str(IPv6Address(host) if ":" in host else IPv4Address(host)) == host
    except AddressValueError:
        return False


def _refused(url: str, expected: str) -> Refused:
    from binderclip.addresses.masking import masked  # noqa: PLC0415 - as above

    return Refused(
        f"found the repository {masked(url)!r}, expected {expected}",
        hint="name it as everybody can fetch it: https://github.com/OWNER/NAME",
    )
