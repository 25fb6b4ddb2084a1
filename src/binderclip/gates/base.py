"""What all gates do alike: listen, let their own program in, connect, count."""

from __future__ import annotations

import asyncio
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self

from binderclip.gates import httpproxy, socks
from binderclip.gates.asking import USER, Asked, Unusable
from binderclip.guard import Endpoint

Speech = Literal["socks", "http"]
"""SOCKS5 with names, as libcurl and uv have it; or an HTTP proxy, for those without SOCKS."""

_SCHEMES: dict[Speech, str] = {"socks": "socks5h", "http": "http"}
_HANDSHAKE_S = 10.0
_LOOK_UP_S = 30.0
_CONNECT_S = 10.0
_FIRST_TRY_S = 2.0
_GOODBYE_S = 1.0
_CHUNK = 1 << 18


class Shut(Exception):
    """Nobody may go there."""


class Gate(ABC):
    """A running proxy, an async context manager. Its kinds say where it leads (``places``).

    ``used`` tells whether anything was asked for; ``full`` that more than ``max_bytes`` came, at
    which every connection is cut.
    """

    def __init__(self, speech: Speech, max_bytes: int) -> None:
        self.speech = speech
        self.used = self.full = False
        self._left_bytes = max_bytes
        self._secret = secrets.token_hex(16)
        self._listener: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def places(self, asked: Endpoint) -> Sequence[Endpoint]:
        """Where a connection to that host and port may go. Raises Shut, and OSError for what
        cannot be found.
        """

    def filled(self) -> None:  # noqa: B027 - most kinds have nothing to do then
        """Called when it is full."""

    @property
    def proxy(self) -> str:
        """The proxy's address, with the password: for an environment, not for a command line."""
        if self._listener is None:
            raise ValueError("the gate is not open")
        port = self._listener.sockets[0].getsockname()[1]
        return f"{_SCHEMES[self.speech]}://{USER}:{self._secret}@127.0.0.1:{port}"

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._come, "127.0.0.1", 0, limit=_CHUNK)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)  # what was aborted says goodbye to the loop

    def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        # One that is cancelled before it began closes nothing itself.
        task.add_done_callback(lambda _: writer.transport.abort())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeted = socks.greeted if self.speech == "socks" else httpproxy.greeted
        try:
            with suppress(OSError, EOFError, TimeoutError, Unusable):
                async with asyncio.timeout(_HANDSHAKE_S):
                    asked = await greeted(reader, writer, self._secret)
                self.used = True
                try:
                    async with asyncio.timeout(_LOOK_UP_S):
                        places = await self.places(asked.server)
                except (Shut, OSError, TimeoutError) as why:
                    answer = asked.forbidden if isinstance(why, Shut) else asked.unreachable
                    await _say(writer, answer)
                    return
                if self.full:
                    await _say(writer, asked.forbidden)
                else:
                    await self._through(asked, places, reader, writer)
        finally:
            await _closed(writer)

    async def _through(
        self,
        asked: Asked,
        places: Sequence[Endpoint],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        try:
            there, back = await _connected(places)
        except (OSError, TimeoutError):
            await _say(writer, asked.unreachable)
            return
        try:
            await _say(writer, asked.done)
            await _say(back, asked.first)
            up = asyncio.create_task(_pumped(reader, back) if asked.tunnel else _left(reader))
            down = asyncio.create_task(self._counted(there, writer))
            try:
                await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in (up, down):
                    pump.cancel()
                await asyncio.gather(up, down, return_exceptions=True)
        finally:
            back.transport.abort()

    async def _counted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(_CHUNK):
            self._left_bytes -= len(chunk)
            if self._left_bytes < 0:
                self.full = True
                self.filled()
                writer.transport.abort()
                return
            writer.write(chunk)
            await writer.drain()


async def _pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()


async def _left(reader: asyncio.StreamReader) -> None:
    """Until the other side leaves, or says more than the one thing that it may say."""
    await reader.read(1)


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Once what was written is on its way, or nobody takes it."""
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_GOODBYE_S):
            await writer.wait_closed()


async def _say(writer: asyncio.StreamWriter, words: bytes) -> None:
    writer.write(words)
    await writer.drain()


async def _connected(
    endpoints: Sequence[Endpoint],
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The first that answers. Raises OSError or TimeoutError of the last."""
    until = time.monotonic() + _CONNECT_S
    for address, port in endpoints[:-1]:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(min(_FIRST_TRY_S, max(0.0, until - time.monotonic()))):
                return await asyncio.open_connection(address, port, limit=_CHUNK)
    for address, port in endpoints[-1:]:
        async with asyncio.timeout(max(0.0, until - time.monotonic())):
            return await asyncio.open_connection(address, port, limit=_CHUNK)
    raise OSError("no address")
