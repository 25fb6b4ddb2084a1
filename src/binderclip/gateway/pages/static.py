"""The style, the script and the icon: from here alone, and kept by browsers until they change."""

from __future__ import annotations

from functools import cache
from importlib import resources

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from binderclip.pages.sheets import sheet, tag

_TYPES = {
    "style.css": "text/css; charset=utf-8",
    "script.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_FOR_GOOD = "public, max-age=31536000, immutable"
_NOW = "public, max-age=60"


@cache
def _file(name: str) -> tuple[bytes, str]:
    if name == "style.css":
        return sheet(__package__)
    data = resources.files(__package__).joinpath(name).read_bytes()
    return data, tag(data)


def address(name: str) -> str:
    """Of the file as it is now, below the prefix."""
    return f"static/{name}?v={_file(name)[1]}"


async def static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _TYPES:
        raise HTTPException(404)
    data, version = _file(name)
    kept = _FOR_GOOD if request.query_params.get("v") == version else _NOW
    headers = {"Content-Type": _TYPES[name], "Cache-Control": kept, "ETag": f'"{version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers)
