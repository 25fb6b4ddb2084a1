"""Nothing is changed or fetched by requests that other sites make a browser send."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from binderclip.errors import NotTrusted
from binderclip.gateway.answers import refused
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.visitors.cors import answers_others, below
from binderclip.gateway.visitors.origins import SAFE, of_another_site, welcome

_WORK = frozenset({"api/v1/resolve"})


class Crossing:
    """Stands before all routes, so that none can forget it: 403 for an unsafe method from another
    site, but for what the settings open to it. So for what is asked by a safe one and takes work:
    any page could make its visitors' browsers ask for it, as a picture or in a frame.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._crosses(HTTPConnection(scope)):
            error = NotTrusted(
                "found a request that another web site sent, expected one of our own pages, of a "
                "program, or of a site that may launch here",
                hint="open the page of this service itself",
            )
            await refused(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _crosses(self, connection: HTTPConnection) -> bool:
        path = connection.scope["path"]
        if connection.scope["method"] in SAFE:
            if below(path, self._settings) not in _WORK:
                return False
            crosses = _loaded(connection) or of_another_site(connection, self._settings)
        else:
            crosses = of_another_site(connection, self._settings)
        if not crosses:
            return False
        return not (answers_others(path, self._settings) and welcome(connection, self._settings))


def _loaded(connection: HTTPConnection) -> bool:
    """Whether another site's page loads it into itself: a frame is navigated to, as a link is."""
    headers = connection.headers
    away = headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
    return away and headers.get("sec-fetch-dest", "document") != "document"
