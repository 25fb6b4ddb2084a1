"""Web addresses, parsed once and strictly: RFC 3986 with what browsers forgive in a paste."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import parse_qsl, quote

from binderclip.addresses.masking import masked
from binderclip.errors import SourceError

_SAFE = "%/:@!$&'()*+,;=~"
_WEB = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?(?:\#(?P<fragment>.*))?",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\s/\\?#@%<>^|`{}\"\[\]:,;=&]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_CHARACTERS = 8192


@dataclass(frozen=True, slots=True)
class Link:
    """An http(s) address. ``path`` is percent-encoded, begins with ``/`` and has no dot segments;
    ``host`` is in lower case, international names as IDNA; ``port`` is None for the default.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str = field(default="", repr=False)
    fragment: str = field(default="", repr=False)
    userinfo: str | None = field(default=None, repr=False)

    @property
    def site(self) -> str:
        """The host without ``www.``, for rules that go by name."""
        return self.host.removeprefix("www.")

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port is not None else "")

    @property
    def url(self) -> str:
        """All but userinfo and fragment."""
        return self.origin + self.path + (f"?{self.query}" if self.query else "")

    @property
    def parts(self) -> tuple[str, ...]:
        """The segments of the path, encoded, without empty ones."""
        return tuple(part for part in self.path.split("/") if part)

    @property
    def params(self) -> dict[str, str]:
        """The query, decoded; the first of each name."""
        found: dict[str, str] = {}
        for key, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(key, value)
        return found

    def over(self, path: str, query: str = "") -> str:
        """``path`` on the same server, without leading slash."""
        return f"{self.origin}/{path}" + (f"?{query}" if query else "")


def parse(address: str) -> Link:
    """Raises SourceError for what is no http(s) address."""
    match = _WEB.fullmatch(address)
    if match is None or not address.isprintable() or "\\" in address or " " in match["authority"]:
        _refuse(address, "an address such as https://example.org/x.ipynb")
    if len(address) > MAX_CHARACTERS:
        _refuse(address, f"at most {MAX_CHARACTERS} characters")
    scheme = match["scheme"].lower()
    userinfo, at, place = match["authority"].rpartition("@")
    host, port = _host_and_port(address, place)
    return Link(
        scheme,
        host,
        None if port == _DEFAULT_PORTS[scheme] else port,
        encoded_path(match["path"]),
        _encoded(match["query"] or "", f"{_SAFE}?"),
        match["fragment"] or "",
        userinfo if at else None,
    )


def encoded_path(path: str) -> str:
    """Percent-encoded where needed, without ``.`` and ``..``: what a server would be asked for.

    Quoted dots count as dots, as they do in browsers; other quoted characters stay quoted.
    """
    path = re.sub("%2e", ".", _encoded(path, _SAFE), flags=re.IGNORECASE)
    kept: list[str] = []
    parts = path.split("/")[1:]
    for part in parts:
        if part == "..":
            kept = kept[:-1]
        elif part != ".":
            kept.append(part)
    if parts and parts[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def quoted(text: str) -> str:
    """Plain text (a file's path, a name) as part of a URL's path."""
    return quote(text, safe="/~!$&'()*+,;=:@")


def _encoded(text: str, safe: str) -> str:
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text), safe=safe)


def _host_and_port(address: str, place: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::([0-9]{1,5}))?", place)
    if match is None:
        _refuse(address, "a host, and a port of digits after a colon")
    port = int(match[2]) if match[2] else None
    if port is not None and not 0 < port < 65536:  # noqa: PLR2004 - the range of ports
        _refuse(address, "a port from 1 to 65535")
    if match[1].startswith("["):
        return match[1][1:-1].lower(), port
    host = match[1].lower().removesuffix(".")
    if not _NAME.fullmatch(host) or ".." in host or host.startswith("."):
        _refuse(address, "a host, as in https://example.org/x.ipynb")
    return (host if host.isascii() else _international(address, host)), port


def _international(address: str, host: str) -> str:
    import idna  # noqa: PLC0415 - rarely needed, slow to import

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        _refuse(address, "a host name that can exist")


def _refuse(address: str, expected: str) -> NoReturn:
    raise SourceError(f"found {masked(address)!r}, expected {expected}")
