"""Which requests other web sites make a browser send."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from binderclip.addresses.link import parse
from binderclip.addresses.loopback import is_loopback
from binderclip.gateway.settings.model import Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_OWN_SITES = frozenset({"same-origin", "none"})


def origin(url: str) -> str:
    """As browsers write it: lower case, without the scheme's usual port."""
    return parse(url).origin


def on_loopback(settings: Settings) -> bool:
    return is_loopback(settings.listen)


def own_origins(settings: Settings) -> frozenset[str]:
    """The service's, by every name that browsers may call it by. Behind a proxy that is one: what a
    visitor's own machine has at our port is somebody else's.
    """
    own = {origin(settings.public_url)}
    if on_loopback(settings) and is_loopback(parse(settings.public_url).host):
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
