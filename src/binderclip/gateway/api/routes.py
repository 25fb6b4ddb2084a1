"""All addresses of the API, and who answers them."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.routing import BaseRoute, Route

from binderclip.gateway.api import badges, described, launches, notebooks
from binderclip.gateway.api.resource import Nowhere, Resource

PREFIX = "/api/v1"
TABLE: Mapping[str, Resource] = {
    "/resolve": Resource({"GET": notebooks.resolve_get, "POST": notebooks.resolve_post}),
    "/validate": Resource({"POST": notebooks.validate}),
    "/links": Resource({"POST": notebooks.links}),
    "/places": Resource({"GET": notebooks.places}),
    "/launches": Resource({"GET": launches.all_own, "POST": launches.begin}),
    "/launches/{id}": Resource({"GET": launches.one, "DELETE": launches.stop}),
    "/launches/{id}/events": Resource({"GET": launches.events}),
    "/openapi.json": Resource({"GET": described.openapi("json")}),
    "/openapi.yaml": Resource({"GET": described.openapi("yaml")}),
}
"""Below PREFIX."""
BESIDE: Mapping[str, Resource] = {
    "/schema/v1.json": Resource({"GET": described.schema}),
    "/badge.svg": Resource({"GET": badges.plain}),
    "/badge/notebook.svg": Resource({"GET": badges.of_notebook}),
}


def routes() -> list[BaseRoute]:
    own = {f"{PREFIX}{path}": resource for path, resource in TABLE.items()}
    found: list[BaseRoute] = [Route(path, it) for path, it in {**own, **BESIDE}.items()]
    return [*found, Route("/api/{rest:path}", Nowhere())]
