"""What the API says of itself, and the schema that it goes by."""

from __future__ import annotations

import hashlib
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from binderclip import spec
from binderclip.gateway.api.resource import Handler
from binderclip.rest.bodies import encoded

_HOUR = "public, max-age=3600"


def kept(request: Request, body: bytes, media_type: str, *, control: str = _HOUR) -> Response:
    """What anybody may keep and show: pages and scripts of other sites too."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "Cache-Control": control,
        "ETag": tag,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    known = request.headers.get("if-none-match", "")
    if tag in (one.strip().removeprefix("W/") for one in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers={**headers, "Content-Type": media_type})


def openapi(form: str) -> Handler:
    """``form``: "yaml" or "json"."""

    async def answer(request: Request) -> Response:
        text, media_type = _FORMS[form]
        return kept(request, text(), media_type)

    return answer


async def schema(request: Request) -> Response:
    return kept(request, spec.schema_text().encode(), "application/schema+json")


@cache
def _yaml() -> bytes:
    from importlib.resources import files  # noqa: PLC0415 - few ask for it

    return files("binderclip.gateway.api").joinpath("openapi.yaml").read_bytes()


@cache
def _json() -> bytes:
    from binderclip import yamls  # noqa: PLC0415 - few ask for it

    return encoded(yamls.read(_yaml().decode(), "openapi.yaml"))


_FORMS = {
    "yaml": (_yaml, "application/yaml"),
    "json": (_json, "application/json"),
}
