"""``POST /share``, ``GET`` and ``DELETE /shared/{digest}.ipynb``: present where settings say so."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from binderclip import notebook as notebooks
from binderclip.errors import BinderclipError, NotTrusted, RateLimited, TooLarge
from binderclip.gateway.context import gateway_of
from binderclip.gateway.settings.model import ShareSettings
from binderclip.gateway.share.shelf import Kept, Shelf
from binderclip.gateway.visitors.client import client_of
from binderclip.gateway.visitors.consent import own_request
from binderclip.gateway.visitors.who import presented, visitor
from binderclip.rest.faults import BadRequest, NotFound, TooSlow, WrongType, as_json

Handler = Callable[[Request], Awaitable[Response]]

KINDS: Final = ("application/x-ipynb+json", "application/json")
_DAY_S = 86_400
# For all of a body besides its length: who sends less than that means to hold us.
_PATIENCE_S = 30.0
_SLOWEST_BYTES_PER_S = 20_000
_NO_STORE = {"Cache-Control": "no-store"}
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
        Route("/shared/{digest:str}.ipynb", _told(_one), methods=["GET", "DELETE"]),
    ]


def _told(handler: Handler) -> Handler:
    """``handler``, its errors as JSON."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except BinderclipError as error:
            headers = dict(_NO_STORE)
            if isinstance(error, RateLimited) and error.retry_after_s is not None:
                headers["Retry-After"] = str(math.ceil(error.retry_after_s))
            return JSONResponse(as_json(error), error.http_status, headers)

    return answered


async def _share(request: Request) -> Response:
    gateway = gateway_of(request)
    sharing, shelf = _kept_at(request)
    await _check_visitor(request)
    seconds = _days(request, sharing.days) * _DAY_S
    _check_kind(request)
    gateway.counter.take("share", (await visitor(request)).client)
    data = await _body(request, sharing.notebook_bytes)
    notebooks.parse(data, "the shared notebook", max_bytes=sharing.notebook_bytes)
    kept = await asyncio.to_thread(shelf.keep, data, seconds)
    url = f"{gateway.settings.public_url}shared/{kept.digest}.ipynb"
    launch = f"{gateway.settings.public_url}v2/notebook?url={quote(url, safe='')}"
    body = {"url": url, "launch": launch, "expires": _moment(kept), "delete": kept.deletion}
    return JSONResponse(body, HTTPStatus.CREATED, {**_NO_STORE, "Location": url})


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
    """With the token that came with the answer to the POST, as ``Authorization: Bearer``."""
    _, shelf = _kept_at(request)
    own_request(request)
    gateway_of(request).counter.take("looks", client_of(request))
    token = presented(request)
    if not request.headers.get("authorization") or token is None:
        raise NotTrusted(
            "found no token, expected the one that came when the notebook was shared",
            hint="send it as Authorization: Bearer TOKEN",
        )
    if not await asyncio.to_thread(shelf.give_up, request.path_params["digest"], token):
        raise _none_such(", or this token is not one that deletes it")
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_NO_STORE)


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
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
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


async def _body(request: Request, max_bytes: int) -> bytes:
    """Raises TooLarge, TooSlow, BadRequest."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and len(stated) <= 20 and int(stated) > max_bytes:  # noqa: PLR2004 - digits of 64 bits
        raise _too_large(max_bytes)
    data = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE_S + max_bytes / _SLOWEST_BYTES_PER_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > max_bytes:
                    raise _too_large(max_bytes)
    except TimeoutError as error:
        raise TooSlow("the notebook did not arrive in time", hint="try again") from error
    except ClientDisconnect as error:
        raise BadRequest("the notebook was cut off on its way") from error
    return bytes(data)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(
        f"found a notebook of more than {max_bytes:,} bytes, expected at most that",
        hint="outputs take the most room: `binderclip share --strip-outputs` leaves them out",
    )


def _moment(kept: Kept) -> str:
    return datetime.fromtimestamp(kept.until, UTC).isoformat(timespec="seconds")
