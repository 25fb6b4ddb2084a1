"""Pages as answers: with the visitor's cookie; and errors as pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from binderclip.addresses.source import Source
from binderclip.errors import BinderclipError, NotTrusted, SpecError
from binderclip.gateway.asked import source_of
from binderclip.gateway.context import gateway_of
from binderclip.gateway.pages.frame import Frame, Way, failed, faulty
from binderclip.gateway.pages.query import Query
from binderclip.gateway.pages.telling import passes
from binderclip.gateway.visitors.forms import csrf
from binderclip.gateway.visitors.origins import of_another_site
from binderclip.gateway.visitors.who import remembered, visitor
from binderclip.pages.markup import Html
from binderclip.rest.faults import NotFound

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

PAGE = "v2/notebook"
_KEY = "binderclip.query"
_MORE = "binderclip.more"
_PEOPLE = frozenset({"document", "empty"})


class NotHere(NotFound):
    """There is no such page, or it is not this visitor's."""


def paged(handler: Handler) -> Handler:
    """With the visitor's cookie, where ``handler`` asked who it is."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        return remembered(request, await handler(request))

    return answer


async def frame_of(request: Request) -> Frame:
    user = (await visitor(request)).user
    prefix = gateway_of(request).settings.prefix
    return Frame(prefix, user, None if user is None else await csrf(request))


def about(request: Request, query: Query) -> None:
    """Errors lead back to ``query``, where the request's own does not say all of it."""
    request.scope[_KEY] = query


def beside(request: Request, more: Html | None) -> None:
    """Errors' pages end in ``more``."""
    request.scope[_MORE] = more


async def told(request: Request, error: BinderclipError) -> Response:
    """``error`` as a page, with a way back to what was asked for."""
    prefix = gateway_of(request).settings.prefix
    query: Query = request.scope.get(_KEY) or Query.of(request.query_params)
    ways = [Way("Another notebook", prefix)]
    fault = isinstance(error, SpecError)
    if query.url and isinstance(error, NotTrusted) and request.method == "POST":
        ways.insert(0, Way("Show it again", query.link(prefix + PAGE)))
    elif query.url and (fault or passes(error)):
        ways.insert(0, Way("Try again", query.link(prefix + PAGE)))
    elif query.url:
        ways[0] = Way("Change the address", query.link(prefix, change="1"))
    if fault and (source := _named(query)) is not None:
        page = faulty(Frame(prefix), error, source, ways)
    else:
        heading = "There is nothing here" if isinstance(error, NotHere) else "That did not work"
        page = failed(Frame(prefix), error, heading, ways, request.scope.get(_MORE))
    return HTMLResponse(page, error.http_status)


def _named(query: Query) -> Source | None:
    try:
        return source_of(query.url) if query.url else None
    except BinderclipError:
        return None


def see(request: Request, page: str) -> Response:
    """On to another page of ours."""
    return RedirectResponse(gateway_of(request).settings.prefix + page, 303)


def gone_to(request: Request) -> None:
    """Raises NotTrusted for what is no page that somebody goes to: pictures, frames and scripts of
    other sites would have this service fetch what they name. See
    https://www.w3.org/TR/fetch-metadata/.
    """
    target = request.headers.get("sec-fetch-dest", "document")
    if target not in _PEOPLE or of_another_site(request, gateway_of(request).settings):
        raise NotTrusted(
            "found a page that another one loads into itself, expected one that somebody goes to",
            hint="open the link in a tab of its own",
        )
