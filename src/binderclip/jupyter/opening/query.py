"""What a link asks for, as it came, and what of it cannot become right by fetching."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from urllib.parse import urlencode

from binderclip.addresses import asked
from binderclip.addresses.masking import printable
from binderclip.addresses.source import Source
from binderclip.errors import Refused
from binderclip.jupyter.opening.applications import asked_for
from binderclip.jupyter.opening.names import checked
from binderclip.pages.markup import Html, element, joined

KEYS = ("url", "path", "app")
"""What a link may say."""
_OWN = frozenset({*KEYS, "job", "was", "change", "token"})
_HINTS = asked.Hints(
    link="…/binderclip/open?url=ADDRESS",
    long="upload the notebook instead",
    local="files of this server are opened from its list of files",
    private="what needs a login is to be uploaded",
)
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
    source = asked.sound(query.url, _HINTS)
    checked(query.path)
    asked_for(query.app)
    return source


def _near(key: str) -> str | None:
    return next(iter(get_close_matches(key[:40].lower(), KEYS, n=1, cutoff=_NEAR)), None)
