"""Files on their way to clients that may be slow: bounded in number and in time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_BLOCK_BYTES = 256 * 2**10


@dataclass(frozen=True, slots=True)
class Bounds:
    """``body_bytes`` hold for a request before and after it is decompressed; it has ``body_s`` to
    come. ``at_once`` files are on their way at a time; a client has ``block_s`` to take one block.
    """

    body_bytes: int = 64 * 2**10
    body_s: float = 15.0
    at_once: int = 64
    block_s: float = 60.0


@dataclass(slots=True)
class Traffic:
    """How many files are on their way."""

    bounds: Bounds
    files: int = 0


class Pack(Response):
    """``start`` and then a file, whose ``descriptor`` is closed at the end."""

    def __init__(
        self,
        start: bytes,
        descriptor: int,
        size_bytes: int,
        headers: Mapping[str, str],
        traffic: Traffic,
    ) -> None:
        length = str(len(start) + size_bytes)
        super().__init__(headers={**headers, "Content-Length": length})
        self._start, self._descriptor, self._size = start, descriptor, size_bytes
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._traffic.files >= self._traffic.bounds.at_once:
                await _full(scope, receive, send)
                return
            self._traffic.files += 1
            try:
                await self._send(send)
            finally:
                self._traffic.files -= 1
        except TimeoutError:
            # The headers are out: all that can be said is the end of the connection.
            return
        finally:
            os.close(self._descriptor)

    async def _send(self, send: Send) -> None:
        headers = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **headers})
        block, at, more = self._start, 0, True
        while more:
            # Not by the file's own position: a thread outlives a cancelled wait for it.
            read = await asyncio.to_thread(
                os.pread, self._descriptor, min(self._size - at, _BLOCK_BYTES), at
            )
            at += len(read)
            # A file that is shorter than it was breaks off, as its length was told.
            more = at < self._size and bool(read)
            async with asyncio.timeout(self._traffic.bounds.block_s):
                part = {"body": block + read, "more_body": more}
                await send({"type": "http.response.body", **part})
            block = b""


async def _full(scope: Scope, receive: Receive, send: Send) -> None:
    text = "too many are fetching environments; try it again in some seconds\n"
    full = Response(text, 503, {"Retry-After": "10"}, media_type="text/plain")
    await full(scope, receive, send)
