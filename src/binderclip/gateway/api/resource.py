"""What all addresses of the API do alike: which methods they take, what is read of a request, and
how it is answered. Every error is ``wire``'s JSON, whoever refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from binderclip.errors import BinderclipError
from binderclip.gateway.answers import NO_STORE, answered, refused
from binderclip.gateway.bodies import whole
from binderclip.gateway.context import gateway_of
from binderclip.rest import faults
from binderclip.rest.bodies import encoded, parsed

T = TypeVar("T")
Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

MAX_BYTES = 4 << 20
BODY_S = 30.0
"""In which a whole body has to come."""
_SMALL_BYTES = 16 << 10
_READ_ON_BYTES = 64 << 20


class Resource:
    """One address, as an ASGI application. ``handlers`` are by method; HEAD is GET's."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = {**handlers}
        if "GET" in handlers:
            self._handlers["HEAD"] = handlers["GET"]

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(sorted({*self._handlers, "OPTIONS"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sent(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        request = Request(scope, receive)
        try:
            response = await self._answer(request)
            await response(scope, receive, sent)
        except ClientDisconnect:
            return
        except BinderclipError as error:
            if started:
                raise
            await _bodiless(request, refused(error))(scope, receive, send)
        except Exception:
            if not started:
                await _bodiless(request, refused(faults.INTERNAL))(scope, receive, send)
            raise  # the log is to have it

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=self._allow)
        handler = self._handlers.get(request.method)
        if handler is None:
            return answered(faults.http_error(405), 405, self._allow)
        return _bodiless(request, await handler(request))

    @property
    def _allow(self) -> dict[str, str]:
        return {"Allow": ", ".join(self.methods)}


class Nowhere:
    """All other addresses below the API's: refused in the one shape too."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answered(faults.http_error(404), 404)(scope, receive, send)


async def body_of(request: Request, kind: type[T], *, max_bytes: int = MAX_BYTES) -> T:
    """Raises WrongType, TooLarge, TooSlow, BadRequest, Busy."""
    faults.check_type(request.headers.get("content-type", ""))
    body = await whole(
        request,
        max_bytes,
        BODY_S,
        hint="of a notebook's metadata, `binder` alone is enough",
        read_on_bytes=_READ_ON_BYTES,
    )
    if len(body) < _SMALL_BYTES:
        return parsed(body, kind)
    async with gateway_of(request).sent.turn():
        return await asyncio.to_thread(parsed, body, kind)


async def passed_over(request: Request) -> None:
    """A body that is not wanted, taken and thrown away: who still sends it would see a broken
    connection, and no answer.
    """
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size > _READ_ON_BYTES:
                    return


async def told(make: Callable[..., object], *words: Any) -> Response:
    """What a function gives, called in a thread: it may take its time."""
    body = await asyncio.to_thread(lambda: encoded(make(*words)))
    return Response(body, headers=NO_STORE, media_type="application/json")


def unknown_query(request: Request, known: tuple[str, ...]) -> None:
    """Raises BadRequest for parameters of the address that are none, or stand there twice."""
    from binderclip.spec.nearmiss import did_you_mean  # noqa: PLC0415 - only here

    for key in request.query_params:
        if key not in known:
            near = did_you_mean(key, known)
            raise faults.BadRequest(
                f"the address: found the parameter {key[:40]!a}, expected {' or '.join(known)}",
                hint=f"did you mean {near!r}?" if near else None,
            )
        if len(request.query_params.getlist(key)) > 1:
            raise faults.BadRequest(f"the address: found {key!r} twice, expected it once")


def _bodiless(request: Request, response: Response) -> Response:
    """An answer to HEAD has the headers alone. Streams see to that themselves."""
    if request.method == "HEAD" and hasattr(response, "body"):
        response.body = b""
    return response
