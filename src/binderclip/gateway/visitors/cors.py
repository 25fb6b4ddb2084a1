"""What scripts of other sites may read: launches and the API, where the settings name the site.
Never with cookies.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from binderclip.gateway.settings.model import Settings
from binderclip.gateway.visitors.origins import own_origins, welcome

_OPEN = ("build/", "api/", "schema/", "shared/")
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}
_EXPOSED = "Location, Retry-After"


def answers_others(path: str, settings: Settings) -> bool:
    """Whether scripts of other sites have something to ask there."""
    return below(path, settings).startswith(_OPEN)


def below(path: str, settings: Settings) -> str:
    """``path`` without the prefix, which a proxy may have taken away."""
    return path.removeprefix(settings.prefix) if path.startswith(settings.prefix) else path[1:]


class Cors:
    """Starlette's own would open all routes, and lets cookies in or not for all of them."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._own = own_origins(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not answers_others(scope["path"], self._settings):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        allowed = self._allowed(HTTPConnection(scope), origin)
        if scope["method"] == "OPTIONS" and origin and "access-control-request-method" in headers:
            found = {**allowed, **_PREFLIGHT} if allowed else {"Vary": "Origin"}
            await Response(None, 204, found)(scope, receive, send)
            return

        async def with_cors(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                found.add_vary_header("Origin")
                if allowed:
                    found.update({**allowed, "Access-Control-Expose-Headers": _EXPOSED})
                    found["Cross-Origin-Resource-Policy"] = "cross-origin"
            await send(message)

        await self._app(scope, receive, with_cors)

    def _allowed(self, connection: HTTPConnection, origin: str | None) -> dict[str, str]:
        if origin is None or origin in self._own or not welcome(connection, self._settings):
            return {}
        everybody = "*" in self._settings.origins
        return {"Access-Control-Allow-Origin": "*" if everybody else origin}
