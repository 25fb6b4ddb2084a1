"""Which handler answers where."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from tornado import web

from binderclip.jupyter.routes.base import Route
from binderclip.jupyter.routes.handlers import (
    BuildpackRoute,
    FactsRoute,
    FilesRoute,
    FillRoute,
    ImportRoute,
    LinksRoute,
    OpenAPIRoute,
    ValidateRoute,
)
from binderclip.jupyter.routes.jobhandlers import EventsRoute, FreezeRoute, JobRoute
from binderclip.jupyter.routes.jobs import Jobs

PREFIX = "api/v1"
TABLE: dict[str, type[Route]] = {
    "facts": FactsRoute,
    "files": FilesRoute,
    "validate": ValidateRoute,
    "buildpack": BuildpackRoute,
    "fill": FillRoute,
    "links": LinksRoute,
    "import": ImportRoute,
    "freeze": FreezeRoute,
    "jobs/{id}": JobRoute,
    "jobs/{id}/events": EventsRoute,
    "openapi.json": OpenAPIRoute,
}
_ID = "([A-Za-z0-9_-]{1,64})"


class NowhereRoute(Route):
    """All other addresses below the prefix: refused in the one shape too."""

    def check_type(self) -> NoReturn:
        raise web.HTTPError(404)


def handlers(base: str) -> list[tuple[Any, ...]]:
    words = {"jobs": Jobs()}
    rows: list[tuple[Any, ...]] = []
    for path, route in TABLE.items():
        pattern = _ID.join(re.escape(f"{base}/{PREFIX}/{path}").split(re.escape("{id}")))
        rows.append((pattern, route, words))
    return [*rows, (re.escape(f"{base}/{PREFIX}") + "(?:/.*)?", NowhereRoute, words)]
