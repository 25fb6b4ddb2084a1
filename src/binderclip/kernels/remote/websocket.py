"""One websocket to a kernel: under the guard, with a pulse, and without waiting for the network
where that can be helped.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as _connect
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from binderclip._version import __version__
from binderclip.addresses.link import Link, parse
from binderclip.errors import SourceError
from binderclip.fetch.transport import environment_proxy
from binderclip.guard import Guard
from binderclip.kernels.remote import wire
from binderclip.kernels.remote.timing import Timing

# Pictures and tables are one message each; more than this is no output but an attack.
_MAX_MESSAGE_BYTES = 512 * 2**20
# Another address of the host is tried after that long; only the last gets all the time left.
_FIRST_TRY_S = 2.0
_PORTS = {"http": 80, "https": 443}
# Linux alone has it. Without it the peer waits 40 ms for our acknowledgement before it goes on.
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)

# websockets logs headers, with the token: nobody listens here, whatever others configure.
_SILENT = logging.Logger(  # noqa: LOG001 - one that nobody else can reach
    "binderclip.websocket", logging.CRITICAL + 1
)


class Broken(Exception):
    """No connection, or no longer one."""


class Denied(Exception):
    """The server answered something else than a websocket."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status


class Websocket:
    """An open connection; ``v1`` says which of the two protocols the server speaks. ``silent`` is
    True once it was given up since nothing came: the server may still believe in it.
    """

    def __init__(self, connection: _Connection, timing: Timing) -> None:
        self.silent = False
        self.v1 = connection.subprotocol == wire.V1
        self._connection = connection
        self._pulse = asyncio.create_task(self._beat(timing.quiet_s, timing.dead_s))

    @classmethod
    async def open(
        cls, url: str, *, token: str | None, guard: Guard, timing: Timing, open_s: float
    ) -> Websocket:
        """``url`` is http(s). Raises Broken, Denied, and AddressForbidden from the guard."""
        link = parse(url)
        try:
            async with asyncio.timeout(open_s):
                return cls(await _connected(link, token, guard), timing)
        except InvalidStatus as error:
            raise Denied(error.response.status_code) from error
        except (OSError, WebSocketException, EOFError) as error:  # a TimeoutError is an OSError
            raise Broken(str(error)) from error

    async def send(self, data: bytes | str) -> None:
        """Raises Broken."""
        try:
            await self._connection.send(data)
        except WebSocketException as error:
            raise Broken(str(error)) from error

    async def receive(self) -> bytes | str:
        """The next message. Raises Broken."""
        try:
            return await self._connection.recv()
        except WebSocketException as error:
            raise Broken(str(error)) from error

    def drop(self) -> None:
        """End it at once, without a word to the other side."""
        self._pulse.cancel()
        self._connection.transport.abort()

    async def _beat(self, quiet_s: float, dead_s: float) -> None:
        """Ping where nothing comes; give the connection up where that brings nothing either.

        Whatever arrives counts, not answers alone: on a slow line these queue up behind a
        picture. What leaves counts too, for a large cell on its way up.
        """
        connection, loop = self._connection, asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(0.0, connection.heard + quiet_s - loop.time()))
            if loop.time() - connection.heard < quiet_s:
                continue
            asked, waiting = loop.time(), connection.transport.get_write_buffer_size()
            ping = asyncio.create_task(_pinged(connection))
            await asyncio.sleep(max(dead_s - quiet_s, 0.0))
            ping.cancel()
            if connection.transport.get_write_buffer_size() < waiting:
                connection.heard = loop.time()
            if connection.heard < asked:
                self.silent = True
                connection.transport.abort()
                return


class _Connection(ClientConnection):
    """Notes when something came, and acknowledges it at once."""

    def __init__(self, protocol: ClientProtocol, **named: Any) -> None:
        super().__init__(protocol, **named)
        self.heard = self.loop.time()

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        super().data_received(data)
        if _QUICKACK is not None:
            # The system forgets it again and again.
            with suppress(OSError, AttributeError):
                plain = self.transport.get_extra_info("socket")
                plain.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


class _Connect(_connect):
    def process_redirect(self, exc: Exception) -> Exception:
        """Follow none: the server's own address is known by now."""
        return exc


async def _connected(link: Link, token: str | None, guard: Guard) -> _Connection:
    where = await _way(link, guard)
    if link.scheme == "https":
        where["ssl"] = httpx.create_ssl_context(trust_env=guard.personal)
    headers = {"Authorization": f"token {token}"} if token else {}
    connection = await _Connect(
        f"ws{link.url.removeprefix('http')}",
        subprotocols=[Subprotocol(wire.V1)],
        compression=None,
        additional_headers=headers,
        user_agent_header=f"binderclip/{__version__}",
        open_timeout=None,
        ping_interval=None,
        max_size=_MAX_MESSAGE_BYTES,
        max_queue=None,
        logger=_SILENT,
        create_connection=_Connection,
        **where,
    )
    if not isinstance(connection, _Connection):  # what create_connection is for
        raise TypeError(type(connection).__name__)
    return connection


async def _way(link: Link, guard: Guard) -> dict[str, Any]:
    """How to get there, for ``connect``: a proxy of the environment, or a socket connected to an
    address that passed the guard. Raises OSError, Broken, AddressForbidden.
    """
    if guard.personal and (proxy := environment_proxy(link.scheme, link.host)):
        return {"proxy": proxy}
    try:
        endpoints = await guard.endpoints(link.host, link.port or _PORTS[link.scheme])
    except SourceError as error:
        if type(error) is SourceError:  # a name that does not resolve, for now
            raise Broken(error.message) from error
        raise
    for endpoint in endpoints[:-1]:
        with suppress(OSError):
            async with asyncio.timeout(_FIRST_TRY_S):
                return {"sock": await _tcp(*endpoint)}
    return {"sock": await _tcp(*endpoints[-1])}


async def _tcp(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
    except BaseException:
        connection.close()
        raise
    return connection


async def _pinged(connection: _Connection) -> None:
    with suppress(WebSocketException):
        await connection.ping()
