"""``POST /share``, ``GET`` and ``DELETE /shared/{digest}.ipynb``: present where settings say so."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from binderclip import notebook as notebooks
from binderclip.errors import BinderclipError, NotTrusted
from binderclip.gateway.answers import answered, refused
from binderclip.gateway.bodies import kind_of, whole
from binderclip.gateway.context import gateway_of
from binderclip.gateway.settings.model import ShareSettings
from binderclip.gateway.share.shelf import Shelf
from binderclip.gateway.visitors.client import client_of
from binderclip.gateway.visitors.consent import own_request
from binderclip.gateway.visitors.who import presented, visitor
from binderclip.rest.faults import BadRequest, NotFound, WrongType

Handler = Callable[[Request], Awaitable[Response]]

KINDS: Final = ("application/x-ipynb+json", "application/json")
_DAY_S = 86_400
# For all of a body besides its length: who sends less than that means to hold us.
_PATIENCE_S = 30.0
_SLOWEST_BYTES_PER_S = 20_000
_LEAVE_OUT = "outputs take the most room: `binderclip share --strip-outputs` leaves them out"
# It is data, whatever a browser takes it for; and public, so that scripts may read it.
_SHARED = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def routes() -> list[BaseRoute]:
    return [
        Route("/share", _told(_share), methods=["POST"]),
        Route("/share", _told(_bounds), methods=["GET"]),
        Route("/shared/{digest:str}.ipynb", _told(_one), methods=["GET", "DELETE"]),
    ]


def _told(handler: Handler) -> Handler:
    """``handler``, its errors as JSON."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except BinderclipError as error:
            return refused(error)

    return answer


async def _share(request: Request) -> Response:
    gateway = gateway_of(request)
    sharing, shelf = _kept_at(request)
    await _check_visitor(request)
    seconds = _days(request, sharing.days) * _DAY_S
    _check_kind(request)
    gateway.counter.take("share", (await visitor(request)).client)
    most = sharing.notebook_bytes
    patience_s = _PATIENCE_S + most / _SLOWEST_BYTES_PER_S
    data = await whole(request, most, patience_s, hint=_LEAVE_OUT)
    notebooks.parse(data, "the shared notebook", max_bytes=most)
    kept = await asyncio.to_thread(shelf.keep, data, seconds)
    url = f"{gateway.settings.public_url}shared/{kept.digest}.ipynb"
    launch = f"{gateway.settings.public_url}v2/notebook?url={quote(url, safe='')}"
    body = {"url": url, "launch": launch, "expires": _moment(kept.until), "delete": kept.deletion}
    return answered(body, HTTPStatus.CREATED, {"Location": url})


async def _bounds(request: Request) -> Response:
    """For who is about to share: how long a notebook stays unless they say less, and its size."""
    sharing, _ = _kept_at(request)
    return answered({"days": sharing.days, "notebook_bytes": sharing.notebook_bytes})


async def _one(request: Request) -> Response:
    return await (_delete if request.method == "DELETE" else _shared)(request)


async def _shared(request: Request) -> Response:
    digest = request.path_params["digest"]
    _, shelf = _kept_at(request)
    gateway_of(request).counter.take("looks", client_of(request))
    etag = f'"{digest}"'
    if etag in request.headers.get("if-none-match", ""):
        if await asyncio.to_thread(shelf.there, digest):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**_SHARED, "ETag": etag})
        raise _none_such()
    data = await asyncio.to_thread(shelf.read, digest)
    if data is None:
        raise _none_such()
    name = f'attachment; filename="shared-{digest[:8]}.ipynb"'
    headers = {**_SHARED, "ETag": etag, "Content-Disposition": name}
    return Response(data, media_type=KINDS[0], headers=headers)


async def _delete(request: Request) -> Response:
    """With the token that came with the answer to the POST, as ``Authorization: Bearer``. The
    answer says whether it is ``there`` all the same, and ``until`` when: others shared the bytes.
    """
    _, shelf = _kept_at(request)
    own_request(request)
    gateway_of(request).counter.take("looks", client_of(request))
    token = presented(request)
    if not request.headers.get("authorization") or token is None:
        raise NotTrusted(
            "found no token, expected the one that came when the notebook was shared",
            hint="send it as Authorization: Bearer TOKEN",
        )
    until = await asyncio.to_thread(shelf.give_up, request.path_params["digest"], token)
    if until is None:
        raise _none_such(", or this token is not one that deletes it")
    return answered({"there": True, "until": _moment(until)} if until else {"there": False})


def _kept_at(request: Request) -> tuple[ShareSettings, Shelf]:
    gateway = gateway_of(request)
    if gateway.settings.share is None or gateway.shelf is None:
        raise NotFound(
            "this service keeps no notebooks", hint="those who run it can switch that on"
        )
    return gateway.settings.share, gateway.shelf


def _none_such(otherwise: str = "") -> NotFound:
    return NotFound(
        f"found no such notebook: it expired or was deleted{otherwise}",
        hint="whoever shared it can do so again",
    )


async def _check_visitor(request: Request) -> None:
    """Raises NotTrusted for scripts of other sites, and for strangers where people log in."""
    own_request(request)
    gateway = gateway_of(request)
    asks = await visitor(request)
    if gateway.settings.service is not None and not (asks.user or asks.machine):
        raise NotTrusted(
            "only those who are logged in may share notebooks here",
            hint="send a token of this service as Authorization: Bearer TOKEN",
        )


def _check_kind(request: Request) -> None:
    kind = kind_of(request)
    if kind not in KINDS:
        raise WrongType(
            f"found the content type {kind[:80]!a}, expected {KINDS[0]!r}",
            hint="send the .ipynb file as it is, and the header Content-Type",
        )


def _days(request: Request, most: float) -> float:
    text = request.query_params.get("days")
    if text is None:
        return most
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not 0 < days <= most:
        raise BadRequest(f"days: found {text[:20]!a}, expected a number above 0 and up to {most:g}")
    return days


def _moment(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat(timespec="seconds")
