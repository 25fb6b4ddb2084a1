"""What a link asks for, as it came, and what of it cannot become right by fetching."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from urllib.parse import urlencode

from binderclip.addresses.link import MAX_CHARACTERS, parse
from binderclip.addresses.masking import masked, printable
from binderclip.addresses.source import Source
from binderclip.errors import AddressForbidden, Refused, SourceError
from binderclip.jupyter.opening.applications import asked_for
from binderclip.jupyter.opening.names import checked
from binderclip.pages.markup import Html, element, joined
from binderclip.sources import resolve

KEYS = ("url", "path", "app")
"""What a link may say."""
_OWN = frozenset({*KEYS, "job", "was", "change", "token"})
_WEB = re.compile(r"(?:https?|doi|s3|gs):|10\.[0-9]{4,9}/", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}/\S", re.IGNORECASE)
_NEAR = 0.65
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked for. ``mistyped`` are keys that look like ours and are none."""

    url: str = field(repr=False)
    path: str = ""
    app: str = ""
    mistyped: tuple[str, ...] = ()

    def link(self, **more: str) -> str:
        """The page's own address, relative to it."""
        return f"open?{urlencode({**self._pairs(more), **dict.fromkeys(self.mistyped, '-')})}"

    def hidden(self, *but: str, **more: str) -> Html:
        """The fields of a form, without those named ``but``."""
        return joined(
            element("input", type="hidden", name=name, value=value)
            for name, value in self._pairs(more).items()
            if name not in but
        )

    @property
    def remarks(self) -> Iterator[str]:
        for key in self.mistyped:
            yield f"{printable(key, 40)}= says nothing here: did you mean {_near(key)}=?"

    def mended(self) -> tuple[Query, tuple[str, ...]]:
        """Without a ``path`` and ``app`` that lead nowhere; and a line on each that is left out."""
        path, app, told = self.path, self.app, []
        try:
            checked(path)
        except Refused as error:
            path, told = "", [f"left out of the link: {error.message}"]
        try:
            asked_for(app)
        except Refused as error:
            app, told = "", [*told, f"left out of the link: {error.message}"]
        return replace(self, path=path, app=app), (*told, *self.remarks)

    def _pairs(self, more: dict[str, str]) -> dict[str, str]:
        pairs = {"url": self.url, "path": self.path, "app": self.app, **more}
        return {name: value for name, value in pairs.items() if value}


def mistyped(keys: Iterable[str]) -> tuple[str, ...]:
    """Those of ``keys`` that somebody may have meant as one of ours."""
    return tuple(key for key in keys if key not in _OWN and _near(key))[:_TOLD]


def sound(query: Query) -> Source:
    """What the address is. Asks nobody. Raises Refused, and AddressForbidden for one with a
    password in it: nobody's are used here.
    """
    address = _address(query.url)
    checked(query.path)
    asked_for(query.app)
    try:
        _refuse_password(address)
        return resolve(address)
    except AddressForbidden:
        raise
    except SourceError as error:
        raise Refused(error.message, hint=error.hint) from error


def _refuse_password(address: str) -> None:
    """Before rules make another address of it, in which there is none."""
    if address[:4].lower() == "http" and parse(address).userinfo is not None:
        raise AddressForbidden(
            "found a user or a password in the address, expected none: nobody's are used here",
            hint="take out what stands before the @; what needs a login is to be uploaded",
        )


def _address(url: str) -> str:
    address = url.strip()
    if address[:1] == "<" and address[-1:] == ">":
        address = address[1:-1].strip()
    if not address:
        raise Refused(
            "found no address, expected one in the link: …/binderclip/open?url=ADDRESS",
            hint="paste the notebook's address behind url=, percent-encoded",
        )
    if len(address) > MAX_CHARACTERS:
        raise Refused(
            f"found an address of {len(address)} characters, expected at most {MAX_CHARACTERS}",
            hint="upload the notebook instead",
        )
    if not _WEB.match(address):
        hint = "files of this server are opened from its list of files"
        if _HOST.match(address):
            hint = f"for the web, write https://{masked(address)}"
        raise Refused(
            "found an address that is not of the web, expected one that begins with https: or "
            "http:, or a DOI",
            hint=hint,
        )
    return address


def _near(key: str) -> str | None:
    return next(iter(get_close_matches(key[:40].lower(), KEYS, n=1, cutoff=_NEAR)), None)
