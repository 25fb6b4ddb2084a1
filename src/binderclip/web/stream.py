"""Server-sent events, as they come."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
from httpx_sse import EventSource, ServerSentEvent

from binderclip.addresses.link import Link
from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError
from binderclip.fetch.faults import translated

# A line of a build's log and the answer that ends it are far below that.
_LONGEST_EVENT = 4 * 2**20
# An empty line ends an event. A line's end is never taken apart, which would see two of them in
# "\r\n".
_EVENT_END = re.compile(rb"(?>\r\n|\r|\n){2}")
_LONGEST_END = len(b"\r\n\r\n")


async def sent_events(
    response: httpx.Response | None, link: Link, failure: type[BinderclipError]
) -> AsyncIterator[ServerSentEvent]:
    """Each event that has ``data``. Raises ``failure`` for a connection that breaks or
    falls silent; a stream that ends is over.
    """
    if response is None:
        return
    source = EventSource(_bounded(response, link, failure))
    with translated(link, failure):
        async for event in source.aiter_sse():
            if event.data:
                yield event


def _bounded(
    response: httpx.Response, link: Link, failure: type[BinderclipError]
) -> httpx.Response:
    """The same response, cut off where one event would fill the memory."""
    return httpx.Response(
        response.status_code,
        headers={"content-type": "text/event-stream"},
        stream=_Bounded(response, link, failure),
    )


class _Bounded(httpx.AsyncByteStream):
    def __init__(
        self, response: httpx.Response, link: Link, failure: type[BinderclipError]
    ) -> None:
        self._response, self._link, self._failure = response, link, failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        since_event, before = 0, b""
        async for chunk in self._response.aiter_raw():
            seen, end = before + chunk, None
            for found in _EVENT_END.finditer(seen):
                end = found.end()
            since_event = since_event + len(chunk) if end is None else len(seen) - end
            before = seen[1 - _LONGEST_END :]
            if since_event > _LONGEST_EVENT:
                raise self._failure(
                    f"{masked(self._link.url)}: an event longer than {_LONGEST_EVENT:,} bytes"
                )
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()
