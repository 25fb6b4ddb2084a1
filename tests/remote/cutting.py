"""A TCP proxy on loopback that harms the connections through it: cut, frozen, slow, refused."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
_CHUNK = 65536
# Close with RST instead of FIN.
_LINGER = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Pair:
    """A connection to us and the one that we made for it."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    websocket: bool = False
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Cutter:
    """Everything that harms takes effect at once, for websockets alone unless told otherwise."""

    def __init__(self, port: int) -> None:
        self._far_port = port
        self._pairs: set[_Pair] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._refusing = False
        self._bytes_per_s: float | None = None
        self.port = 0
        self.websockets = 0
        """How many were opened."""

    @contextmanager
    def serving(self) -> Iterator[Cutter]:
        self._thread.start()
        server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._do(self._shut(server))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def cut(self, *, everything: bool = False) -> None:
        """End connections with RST, in the middle of whatever they carry."""

        async def work() -> None:
            for pair in self._chosen(everything=everything):
                self._end(pair)

        self._do(work())

    def freeze(self, *, everything: bool = False) -> None:
        """Forward nothing more on the connections that there are, and end none of them."""

        async def work() -> None:
            for pair in self._chosen(everything=everything):
                pair.flows.clear()

        self._do(work())

    def thaw(self) -> None:
        """What was frozen flows again: what was stuck arrives late."""

        async def work() -> None:
            for pair in self._pairs:
                pair.flows.set()

        self._do(work())

    def refuse(self, *, refuse: bool = True) -> None:
        """Take no new connections, or take them again."""
        self._refusing = refuse

    def throttle(self, bytes_per_s: float | None) -> None:
        """How fast things go towards the client."""
        self._bytes_per_s = bytes_per_s

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _chosen(self, *, everything: bool) -> list[_Pair]:
        return [pair for pair in self._pairs if everything or pair.websocket]

    async def _serve(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        if self._refusing:
            near.transport.abort()
            return
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self._far_port)
        except OSError:
            near.transport.abort()
            return
        pair = _Pair(near, far)
        pair.flows.set()
        self._pairs.add(pair)
        pair.tasks += [
            asyncio.create_task(self._flow(pair, reader, far, self._up)),
            asyncio.create_task(self._flow(pair, far_reader, near, self._down)),
        ]
        with suppress(asyncio.CancelledError):  # asyncio would complain of it
            await asyncio.wait(pair.tasks, return_when=asyncio.FIRST_COMPLETED)
        self._end(pair)

    async def _flow(
        self,
        pair: _Pair,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pause_s: Callable[[_Pair, bytes], float],
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await pair.flows.wait()
                await asyncio.sleep(pause_s(pair, data))
                await pair.flows.wait()
                writer.write(data)
                await writer.drain()

    def _up(self, pair: _Pair, data: bytes) -> float:
        if not pair.websocket and b"upgrade: websocket" in data.lower():
            pair.websocket = True
            self.websockets += 1
        return 0.0

    def _down(self, pair: _Pair, data: bytes) -> float:
        del pair
        return len(data) / self._bytes_per_s if self._bytes_per_s else 0.0

    def _end(self, pair: _Pair) -> None:
        if pair not in self._pairs:
            return
        self._pairs.discard(pair)
        for task in pair.tasks:
            task.cancel()
        for writer in (pair.near, pair.far):
            with suppress(OSError, AttributeError):
                plain = writer.transport.get_extra_info("socket")
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            writer.transport.abort()

    async def _shut(self, server: asyncio.Server) -> None:
        server.close()
        for pair in list(self._pairs):
            self._end(pair)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
