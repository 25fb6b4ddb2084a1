"""A small reverse proxy on loopback, as people put one before the service: it passes requests on
under a prefix, which it leaves in place or takes away.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.gateway.rig import listener


@contextmanager
def proxy(port: int, prefix: str, *, strips: bool, knows: str = "203.0.113.7") -> Iterator[str]:
    """To the service at ``port``; the origin that the proxy is reached by. ``knows`` is whom it
    says requests come from.
    """
    with listener() as bound:
        passing = _Passing(port, prefix, knows, strips=strips)
        ready, over = threading.Event(), asyncio.Event()
        loops: list[asyncio.AbstractEventLoop] = []

        async def serve() -> None:
            loops.append(asyncio.get_running_loop())
            server = await asyncio.start_server(passing.passed, sock=bound)
            ready.set()
            await over.wait()
            server.close()

        # What is still being passed on at the end is cancelled by it, and closes what it has open.
        thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        thread.start()
        assert ready.wait(30)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            loops[0].call_soon_threadsafe(over.set)
            thread.join(30)


class _Passing:
    def __init__(self, port: int, prefix: str, knows: str, *, strips: bool) -> None:
        self._port, self._prefix, self._knows = port, prefix.encode(), knows
        self._strips = strips

    async def passed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, then both ways until either end has had enough."""
        writers = [writer]
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            back, there = await asyncio.open_connection("127.0.0.1", self._port)
            writers.append(there)
            there.write(self._rewritten(head))
            await asyncio.gather(_pump(reader, there), _pump(back, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            for one in writers:
                one.close()
            for one in writers:
                with suppress(OSError, asyncio.CancelledError):
                    await one.wait_closed()

    def _rewritten(self, head: bytes) -> bytes:
        line, *headers = head.rstrip(b"\r\n").split(b"\r\n")
        method, path, version = line.split(b" ")
        if self._strips:
            assert path.startswith(self._prefix)
            path = b"/" + path.removeprefix(self._prefix)
        kept = [one for one in headers if not one.lower().startswith((b"connection", b"x-forw"))]
        kept += [b"Connection: close", f"X-Forwarded-For: {self._knows}".encode()]
        return b"\r\n".join([b" ".join((method, path, version)), *kept]) + b"\r\n\r\n"


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof()
