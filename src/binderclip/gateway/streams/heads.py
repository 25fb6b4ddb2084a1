"""Requests that never become one: a connection with a limit on what comes before a whole head, in
size and in time, and on how many one client has. The parser has none of its own.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from binderclip.gateway.streams.peers import Peers
from binderclip.rest.bodies import encoded
from binderclip.wire import plain_error

HEAD_BYTES = 64 * 2**10
"""Of the address and all headers; of what frames a body, between two parts of it, too."""
HEADERS = 100
SILENT_S = 20.0


def _answer(status: HTTPStatus, code: str, message: str, hint: str, *headers: str) -> bytes:
    body = encoded(plain_error(code, message, hint))
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *headers,
    )
    return "\r\n".join((*head, "", "")).encode("ascii") + body


_TOO_LARGE = _answer(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "headers-too-large",
    f"found more than {HEAD_BYTES >> 10} KiB of headers, or more than {HEADERS} of them",
    "long addresses of notebooks are taken as JSON, too",
)
_TOO_MANY = _answer(
    HTTPStatus.TOO_MANY_REQUESTS,
    "rate-limited",
    "found too many connections of yours that are open already",
    "close some of them",
    "Retry-After: 30",
)


class _Unwanted(Exception):
    pass


class BoundedHeads(HttpToolsProtocol):
    """``silent_s`` is how long the head of a request may take, from the beginning of the connection
    on; of a later one, from its first byte on. ``peers`` counts the connections, where it is there.

    A request that is sent before the one before it is answered is not read, and the connection ends
    with that answer: browsers and libraries send none, and uvicorn would keep any number of them.
    """

    # With five more in its dict, Python 3.11 would keep one for each connection: a kilobyte more.
    __slots__ = ("_deaf", "_due", "_headers", "_known", "_too_large", "_unread")

    silent_s = SILENT_S
    peers: Peers | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As in asyncio.Protocol."""
        self._known = self._deaf = self._too_large = False
        # Bytes since the last whole head, or the last part of a body; headers of this request.
        self._unread = self._headers = 0
        self._due: asyncio.TimerHandle | None = None
        super().connection_made(transport)
        if self.peers is not None and self.client is not None:
            self._known = self.peers.come(self.client[0])
            if not self._known:
                self._refuse(_TOO_MANY)
                return
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """As in asyncio.Protocol."""
        self._unexpect()
        if self._known and self.peers is not None and self.client is not None:
            self.peers.gone(self.client[0])
            self._known = False
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As in asyncio.Protocol."""
        self._unread += len(data)
        if not self._deaf:
            super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unread > HEAD_BYTES:
            self._refuse(_TOO_LARGE)
        elif self._due is None and not self._under_way():
            self._expect()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's, for what its parser did not take, and for what we made it not take."""
        if self._too_large:
            self._refuse(_TOO_LARGE)
        elif self._deaf:
            self.cycle.keep_alive = False
        elif self._under_way() and self.cycle.response_started:
            self.transport.close()
        else:
            super().send_400_response(msg)

    def on_message_begin(self) -> None:
        """The parser's, as are those below."""
        self._headers = 0
        if self._under_way():
            self._deaf = True
            raise _Unwanted
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of what follows a body in parts, too."""
        self._headers += 1
        self._too_large = self._headers > HEADERS
        if self._too_large:
            raise _Unwanted
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        self._too_large = size > HEAD_BYTES
        if self._too_large:
            raise _Unwanted
        self._unread = 0
        self._unexpect()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unread = 0
        super().on_message_complete()

    def _under_way(self) -> bool:
        # None before the first request, whatever its type says.
        return bool(self.cycle) and not self.cycle.response_complete

    def _refuse(self, answer: bytes) -> None:
        if not (self._under_way() and self.cycle.response_started):
            self.transport.write(answer)
        self.transport.close()

    def _expect(self) -> None:
        self._due = self.loop.call_later(self.silent_s, self._give_up)

    def _unexpect(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _give_up(self) -> None:
        self._due = None
        self.transport.close()
