"""The names that the service is called by: another one is somebody's who wants a browser to take us
for their own site (DNS rebinding).
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from binderclip.gateway.answers import answered
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.visitors.origins import LOOPBACK, on_loopback, origin
from binderclip.wire import plain_error

_MISDIRECTED = 421


class Hosts:
    """Answers 421 to a request for another host. ``/health`` is for whoever watches the service by
    its bare address.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._known = frozenset(known_hosts(settings))
        self._open = {"/health", f"{settings.prefix}health"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._open or self._knows(scope):
            await self._app(scope, receive, send)
            return
        body = plain_error(
            "misdirected",
            "this service is not called by that name",
            "use its own address; whoever runs the service sets that as public_url",
        )
        await answered(body, _MISDIRECTED)(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        named = Headers(scope=scope).getlist("host")
        return len(named) == 1 and named[0].lower() in self._known


def known_hosts(settings: Settings) -> set[str]:
    """With a port where it is not the usual one, as browsers send it."""
    known = {origin(settings.public_url).partition("://")[2]}
    if on_loopback(settings):
        # A proxy on this machine, and people who know the port.
        known |= {f"{name}:{settings.port}" for name in LOOPBACK}
    return known
