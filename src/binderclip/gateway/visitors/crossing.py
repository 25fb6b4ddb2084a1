"""Nothing is changed by requests that other sites make a browser send."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from binderclip.errors import NotTrusted
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.visitors.cors import answers_others
from binderclip.gateway.visitors.origins import SAFE, of_another_site, welcome
from binderclip.gateway.visitors.refusing import refusal


class Crossing:
    """Stands before all routes, so that none can forget it: 403 for an unsafe method from another
    site, but for what the settings open to it.
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
            await refusal(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _crosses(self, connection: HTTPConnection) -> bool:
        if connection.scope["method"] in SAFE or not of_another_site(connection, self._settings):
            return False
        path = connection.scope["path"]
        return not (answers_others(path, self._settings) and welcome(connection, self._settings))
