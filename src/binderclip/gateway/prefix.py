"""The path that all routes lie under, whether a proxy leaves it in place or takes it away."""

from __future__ import annotations

from urllib.parse import unquote

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Prefix:
    """Gives every request the path that browsers asked for: ``path`` and ``raw_path`` begin with
    the prefix, and ``root_path`` is it without the slash at its end. ``prefix`` begins and ends in
    ``/``, quoted as in addresses.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._raw = prefix.rstrip("/").encode("ascii")
        self._root = unquote(prefix.rstrip("/"))
        self._home = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._root:
            path: str = scope["path"]
            if path == self._root:
                answer = RedirectResponse(self._home, 308, {"Cache-Control": "no-store"})
                await answer(scope, receive, send)
                return
            raw: bytes = scope.get("raw_path") or path.encode()
            if not path.startswith(f"{self._root}/"):
                path, raw = f"{self._root}{path}", self._raw + raw
            scope = {**scope, "path": path, "raw_path": raw, "root_path": self._root}
        await self._app(scope, receive, send)
