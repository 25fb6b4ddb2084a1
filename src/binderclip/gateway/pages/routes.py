"""Which page is where, below the prefix."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from binderclip.gateway.pages import launching, looking
from binderclip.gateway.pages.answering import Handler, paged
from binderclip.gateway.pages.static import static


def routes() -> list[BaseRoute]:
    return [
        _route("/", looking.front),
        _route("/v2/notebook", looking.by_query),
        _route("/v2/notebook/{address:path}", looking.by_path),
        _route("/v2/launch", launching.launch, "POST"),
        _route("/v2/launches/{id}", launching.one),
        _route("/v2/launches/{id}/events", launching.events),
        _route("/v2/launches/{id}/go", launching.go),
        _route("/v2/launches/{id}/stop", launching.stop, "POST"),
        Route("/static/{name}", static, methods=["GET"]),
    ]


def _route(path: str, handler: Handler, method: str = "GET") -> Route:
    return Route(path, paged(handler), methods=[method])
