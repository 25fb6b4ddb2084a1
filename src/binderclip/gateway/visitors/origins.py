"""Which requests other web sites make a browser send."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from binderclip.gateway.settings.model import Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OWN_SITES = frozenset({"same-origin", "none"})


def origin(url: str) -> str:
    """As browsers write it: lower case, without the scheme's usual port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    usual = parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if usual else f":{parts.port}")


def on_loopback(settings: Settings) -> bool:
    return settings.listen in {"localhost", "::1"} or settings.listen.startswith("127.")


def own_origins(settings: Settings) -> frozenset[str]:
    """The service's, by every name that browsers may call it by."""
    own = {origin(settings.public_url)}
    if on_loopback(settings):
        own |= {origin(f"http://{name}:{settings.port}") for name in LOOPBACK}
    return frozenset(own)


def of_another_site(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether a page that is not ours made the browser ask. Programs say nothing of themselves,
    and nor does a link that was followed, unless it would change something.
    """
    headers = connection.headers
    said = headers.get("origin")
    if said is not None:
        return said not in own_origins(settings)
    site = headers.get("sec-fetch-site", "none")
    followed = headers.get("sec-fetch-mode") == "navigate"
    if followed and connection.scope.get("method", "GET") in SAFE:
        return False
    return site not in _OWN_SITES


def welcome(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether the settings let that other site's scripts launch here."""
    said = connection.headers.get("origin")
    return "*" in settings.origins or (said is not None and said in settings.origins)
