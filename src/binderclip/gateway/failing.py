"""What did not work, as an answer: a page for people, JSON in ``wire``'s shape for machines. Parts
answer errors of theirs themselves where another form is asked for, as for event streams.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from binderclip.errors import BinderclipError
from binderclip.gateway import answers
from binderclip.gateway.logs import LOG, path_of
from binderclip.gateway.pages.answering import NotHere, told
from binderclip.rest.faults import INTERNAL, waiting

_HTML = "text/html"


class Unfit(BinderclipError):
    """A request that the server itself refuses."""

    code = "request"


def wants_page(request: Request) -> bool:
    """People's browsers ask for HTML by name; scripts and programs do not."""
    return _HTML in request.headers.get("accept", "")


async def known(request: Request, error: Exception) -> Response:
    """For errors of our own tree."""
    ours = cast("BinderclipError", error)
    return await _answer(request, ours, ours.http_status)


async def refused(request: Request, error: Exception) -> Response:
    """For what Starlette refuses: no such route, or not that method."""
    refusal = cast("HTTPException", error)
    answer = await _answer(request, _in_words(refusal), refusal.status_code)
    answer.headers.update(refusal.headers or {})
    return answer


async def _answer(request: Request, error: BinderclipError, status: int) -> Response:
    if not wants_page(request):
        return answers.refused(error, status)
    answer = await told(request, error)
    answer.status_code = status
    answer.headers.update({**answers.NO_STORE, **waiting(error)})
    return answer


class Faults:
    """Whatever else is raised: written down, and answered where that is still possible."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            return
        except Exception:
            LOG.log(
                logging.ERROR,
                "a request failed by a fault of binderclip's own",
                exc_info=True,
                extra={"facts": {"path": path_of(scope)}},
            )
            if started:
                raise  # the server breaks the connection off: half an answer must not look whole
            answer = await _answer(
                Request(scope, receive), INTERNAL, HTTPStatus.INTERNAL_SERVER_ERROR
            )
            await answer(scope, receive, send)


def _in_words(error: HTTPException) -> BinderclipError:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotHere("there is nothing at this address", hint="check the address that led here")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "others")
        return Unfit("found another method than this address takes", hint=f"it takes {allowed}")
    return Unfit(HTTPStatus(error.status_code).phrase.lower())
