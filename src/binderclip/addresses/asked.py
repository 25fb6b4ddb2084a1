"""Addresses that strangers ask a server of ours for: of the web alone, and without a password."""

from __future__ import annotations

import re
from dataclasses import dataclass

from binderclip.addresses.link import MAX_CHARACTERS, parse
from binderclip.addresses.masking import masked
from binderclip.addresses.source import Source
from binderclip.errors import AddressForbidden, Refused, SourceError
from binderclip.sources import resolve

_WEB = re.compile(r"(?:https?|doi|s3|gs):|10\.[0-9]{4,9}/", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}/\S", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the errors of a server say to do: ``link`` is how a link asks there, ``long`` is for an
    address that is too long, ``local`` for one that is not of the web, and ``private`` for one
    with a password.
    """

    link: str
    long: str
    local: str
    private: str


def sound(url: str, hints: Hints) -> Source:
    """What the address is; its ``kind`` is "url". Asks nobody. Raises Refused, and
    AddressForbidden for one with a password in it: nobody's are used.
    """
    address = _address(url, hints)
    try:
        _refuse_password(address, hints)
        source = resolve(address)
    except AddressForbidden:
        raise
    except SourceError as error:
        raise Refused(error.message, hint=error.hint) from error
    if source.kind != "url":
        # A file of this machine may have any name, that of a DOI too.
        raise _not_of_the_web(address, hints)
    return source


def _refuse_password(address: str, hints: Hints) -> None:
    """Before rules make another address of it, in which there is none."""
    if address[:4].lower() == "http" and parse(address).userinfo is not None:
        raise AddressForbidden(
            "found a user or a password in the address, expected none: nobody's are used here",
            hint=f"take out what stands before the @; {hints.private}",
        )


def _address(url: str, hints: Hints) -> str:
    address = url.strip()
    if address[:1] == "<" and address[-1:] == ">":
        address = address[1:-1].strip()
    if not address:
        raise Refused(
            f"found no address, expected one in the link: {hints.link}",
            hint="paste the notebook's address behind url=, percent-encoded",
        )
    if len(address) > MAX_CHARACTERS:
        raise Refused(
            f"found an address of {len(address)} characters, expected at most {MAX_CHARACTERS}",
            hint=hints.long,
        )
    if not _WEB.match(address):
        raise _not_of_the_web(address, hints)
    return address


def _not_of_the_web(address: str, hints: Hints) -> Refused:
    web = f"for the web, write https://{masked(address)}"
    return Refused(
        "found an address that is not of the web, expected one that begins with https: or "
        "http:, or a DOI",
        hint=web if _HOST.match(address) else hints.local,
    )
