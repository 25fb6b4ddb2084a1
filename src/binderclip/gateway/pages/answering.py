"""Pages as answers: with the visitor's cookie; and errors as pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from binderclip.errors import BinderclipError, NotTrusted
from binderclip.gateway.context import gateway_of
from binderclip.gateway.pages.frame import Frame, Way, failed
from binderclip.gateway.pages.query import Query
from binderclip.gateway.pages.telling import passes
from binderclip.gateway.visitors.forms import csrf
from binderclip.gateway.visitors.origins import of_another_site
from binderclip.gateway.visitors.who import remembered, visitor
from binderclip.rest.faults import NotFound

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

PAGE = "v2/notebook"
_KEY = "binderclip.query"
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


async def told(request: Request, error: BinderclipError) -> Response:
    """``error`` as a page, with a way back to what was asked for."""
    prefix = gateway_of(request).settings.prefix
    query: Query = request.scope.get(_KEY) or Query.of(request.query_params)
    ways = [Way("Another notebook", prefix)]
    if query.url and passes(error):
        ways.insert(0, Way("Try again", query.link(prefix + PAGE)))
    elif query.url:
        ways[0] = Way("Change the address", query.link(prefix, change="1"))
    heading = "There is nothing here" if isinstance(error, NotHere) else "That did not work"
    return HTMLResponse(failed(Frame(prefix), error, heading, ways), error.http_status)


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
