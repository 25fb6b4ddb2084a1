"""The routes of BinderHub's protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from binderclip.errors import BinderclipError, LaunchError, Refused
from binderclip.gateway.builds import events, notebook, passing
from binderclip.gateway.builds.build import Build, Work, builds_of
from binderclip.gateway.builds.providers import providers_of
from binderclip.gateway.context import Gateway, gateway_of
from binderclip.gateway.leaving import leaving
from binderclip.gateway.streams import Terms, counted, streams_of
from binderclip.gateway.visitors.who import visitor

_STREAM = "text/event-stream"
_LAST = "last-event-id"
_NO_MORE = 204


def routes() -> list[BaseRoute]:
    return [
        # Before the others, which would take it for a provider.
        Route("/build/notebook/{address:path}", _notebook, name="build notebook"),
        Route("/build/{provider}/{spec:path}", _passed, name="build"),
        Route("/api/repoproviders", _providers, name="repoproviders"),
    ]


async def _notebook(request: Request) -> Response:
    return await _stream(request, notebook.work)


async def _passed(request: Request) -> Response:
    return await _stream(request, passing.work)


async def _providers(request: Request) -> Response:
    gateway = gateway_of(request)
    known = await providers_of(request.app).known(gateway.settings, gateway.guard)
    return JSONResponse(known, headers={"Cache-Control": "no-store"})


async def _stream(request: Request, work: Callable[[Request], Awaitable[Work]]) -> Response:
    """A launch that begins now, or one that a client comes back to. Every fault is an event."""
    if request.method == "HEAD":
        return _said(b"")
    mark = request.headers.get(_LAST, "").strip()
    if mark == events.OVER:
        # EventSource connects again after every end, unless it is told not to (HTML, 9.2.3).
        return Response(status_code=_NO_MORE)
    try:
        build = _known(request, mark) if mark else await _begun(request, work)
        client = (await visitor(request)).client
    except BinderclipError as error:
        return _said(events.failed(error))
    terms = Terms(
        last=build.last,
        linger_s=build.linger_s,
        counted=_counted(gateway_of(request), client, build),
        refused=events.failed,
    )
    return streams_of(request).follow(build, _as_it_is, terms)


def _known(request: Request, mark: str) -> Build:
    if (build := builds_of(request).find(mark)) is not None:
        return build
    raise LaunchError(
        "found a stream to go on with that is not known any more", hint="ask for the launch again"
    )


async def _begun(request: Request, work: Callable[[Request], Awaitable[Work]]) -> Build:
    _check(request)
    return builds_of(request).begin(await work(request))


def _check(request: Request) -> None:
    """Raises Refused. Pages that a browser opens do not ask for this type, so that no link that
    somebody follows launches anything.
    """
    accepted = request.headers.get("accept", "").lower()
    if _STREAM not in {part.partition(";")[0].strip() for part in accepted.split(",")}:
        raise Refused(
            f"Missing Accept header: {_STREAM}",
            hint="people open /v2/notebook instead of /build/notebook",
        )
    if request.query_params.get("build_only", "").lower() == "true":
        raise Refused(
            "found build_only=true, expected a launch: nothing is only built here",
            hint="leave build_only out",
        )
    if leaving(request.app):
        raise LaunchError(
            "the service is being shut down, and launches nothing any more",
            hint="ask again in some minutes",
        )


@contextmanager
def _counted(gateway: Gateway, client: str, build: Build) -> Iterator[None]:
    """Raises RateLimited; a launch that nobody can follow is then cancelled in a while."""
    with build.followed(), counted(gateway, client):
        yield


def _said(event: bytes) -> Response:
    """The one event of an answer."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(event, headers={"Content-Type": _STREAM, **headers})


def _as_it_is(_number: int, event: bytes) -> bytes:
    return event
