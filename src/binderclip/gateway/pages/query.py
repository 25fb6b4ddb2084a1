"""What a link to the launch page asks for, as it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from urllib.parse import urlencode

from binderclip.addresses.masking import printable

KEYS = ("url", "host", "urlpath", "ref")
"""What a link may say."""
MAX_VALUE = 2000
"""Characters of what is no address."""
_OWN = frozenset({*KEYS, "job", "token", "build_token"})
_NEAR = 0.65
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Query:
    """``host`` names a place, ``urlpath`` a page of the server, ``ref`` another ref of the
    notebook's repository; "" is not said. ``mistyped`` are keys that look like ours.
    """

    url: str = field(default="", repr=False)
    host: str = ""
    urlpath: str = ""
    ref: str = ""
    mistyped: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, str], url: str | None = None) -> Query:
        """``url`` stands for the one of the query, where the path has it."""
        host, urlpath, ref = (said.get(key, "").strip()[:MAX_VALUE] for key in KEYS[1:])
        url = said.get("url", "").strip() if url is None else url
        return cls(url, host, urlpath, ref, tuple(_mistyped(said)))

    def link(self, page: str, **more: str) -> str:
        """The address of ``page`` with this query."""
        pairs = {key: value for key in KEYS if (value := str(getattr(self, key)))}
        return f"{page}?{urlencode({**pairs, **more})}" if pairs or more else page

    def at(self, host: str) -> Query:
        return replace(self, host=host)

    @property
    def remarks(self) -> Iterator[str]:
        for key in self.mistyped:
            yield f"{printable(key, 40)}= says nothing here: did you mean {_near(key)}=?"


def _mistyped(keys: Iterable[str]) -> list[str]:
    return [key for key in keys if key not in _OWN and _near(key)][:_TOLD]


def _near(key: str) -> str | None:
    return next(iter(get_close_matches(key[:40].lower(), KEYS, n=1, cutoff=_NEAR)), None)
