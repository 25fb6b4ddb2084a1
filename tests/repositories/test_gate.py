"""The proxy that git goes through, asked by hand. RFC 1928 and RFC 1929."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from binderclip.guard import Endpoint
from binderclip.repositories.gate import Gate

HOST = "forge.test"


@asynccontextmanager
async def echoing() -> AsyncIterator[int]:
    """A server that gives back what it gets; its port."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


class Client:
    def __init__(self, gate: Gate) -> None:
        self.proxy = urlsplit(gate.proxy)
        self.writers: list[asyncio.StreamWriter] = []

    async def hello(self, methods: bytes = b"\2") -> bytes:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.proxy.port)
        self.writers.append(self.writer)
        self.writer.write(b"\5" + bytes([len(methods)]) + methods)
        return await self.reader.read(2)

    async def login(self, password: str | None = None) -> bytes:
        await self.hello()
        secret = (password or str(self.proxy.password)).encode()
        user = str(self.proxy.username).encode()
        self.writer.write(b"\1" + bytes([len(user)]) + user + bytes([len(secret)]) + secret)
        return await self.reader.read(2)

    async def connect(self, place: bytes, port: int, command: int = 1) -> int | None:
        """The answer to a request; ``place`` begins with its kind. None where none comes."""
        assert await self.login() == b"\1\0"
        self.writer.write(bytes((5, command, 0)) + place + port.to_bytes(2, "big"))
        answer = await self.reader.read(10)
        return answer[1] if answer else None

    async def echoed(self, data: bytes) -> bytes:
        self.writer.write(data)
        return await self.reader.read(len(data))


def name(host: str) -> bytes:
    return b"\3" + bytes([len(host)]) + host.encode()


def through(
    work: Callable[[Client, Gate, int], Coroutine[None, None, None]],
    *,
    server: str = HOST,
    addresses: tuple[str, ...] = ("127.0.0.1",),
    max_bytes: int = 1000,
) -> None:
    async def go() -> None:
        async with echoing() as port:
            endpoints: list[Endpoint] = [(address, port) for address in addresses]
            async with Gate((server, port), endpoints, max_bytes) as gate:
                client = Client(gate)
                await work(client, gate, port)
                for writer in client.writers:
                    writer.close()

    asyncio.run(go())


def test_to_the_server_and_back() -> None:
    async def work(client: Client, gate: Gate, port: int) -> None:
        assert await client.connect(name("Forge.TEST"), port) == 0
        assert await client.echoed(b"hello") == b"hello"
        assert gate.used
        assert not gate.strangers

    through(work)


def test_who_does_not_know_the_password_is_not_let_in() -> None:
    async def work(client: Client, gate: Gate, port: int) -> None:  # noqa: ARG001 - as others
        assert await client.login("guessed") == b"\1\1"
        assert await client.reader.read() == b""
        for methods in (b"\0", b"\0\1", b""):
            assert await client.hello(methods) == b"\5\xff"
            assert await client.reader.read() == b""
        assert not gate.used

    through(work)


@pytest.mark.parametrize(
    "place",
    [
        name("other.test"),
        name("x.forge.test"),
        name("forge.test."),
        name("127.0.0.1"),
        name("forge.test\0.example.org"),
        b"\1" + socket.inet_aton("127.0.0.1"),
        b"\4" + socket.inet_pton(socket.AF_INET6, "::ffff:127.0.0.1"),
    ],
)
def test_nowhere_else(place: bytes) -> None:
    async def work(client: Client, gate: Gate, port: int) -> None:
        assert await client.connect(place, port) == 2
        assert await client.reader.read() == b""
        assert len(gate.strangers) == 1

    through(work)


def test_to_no_other_port() -> None:
    async def work(client: Client, gate: Gate, port: int) -> None:
        assert await client.connect(name(HOST), port - 1) == 2
        assert gate.strangers == [f"{HOST}:{port - 1}"]

    through(work)


@pytest.mark.parametrize("place", [b"\1" + socket.inet_aton("127.0.0.1"), name("127.0.0.1")])
def test_an_address_is_the_same_in_bytes_and_in_words(place: bytes) -> None:
    async def work(client: Client, gate: Gate, port: int) -> None:
        assert await client.connect(place, port) == 0
        assert not gate.strangers

    through(work, server="127.0.0.1")


@pytest.mark.parametrize(("place", "command"), [(name(HOST), 2), (name(HOST), 3), (b"\2", 1)])
def test_nothing_but_connections(place: bytes, command: int) -> None:
    async def work(client: Client, gate: Gate, port: int) -> None:
        assert await client.connect(place, port, command) is None
        assert not gate.used

    through(work)


def test_the_next_address_where_one_is_dead_and_none_at_all() -> None:
    async def works(client: Client, gate: Gate, port: int) -> None:  # noqa: ARG001 - as others
        assert await client.connect(name(HOST), port) == 0

    async def fails(client: Client, gate: Gate, port: int) -> None:  # noqa: ARG001 - as others
        assert await client.connect(name(HOST), port) == 4

    through(works, addresses=("127.0.0.7", "127.0.0.1"))
    through(fails, addresses=("127.0.0.7",))
    through(fails, addresses=())


def test_what_comes_back_is_counted_over_all_connections() -> None:
    async def work(client: Client, gate: Gate, port: int) -> None:
        assert await client.connect(name(HOST), port) == 0
        assert await client.echoed(b"x" * 8) == b"x" * 8
        assert await client.connect(name(HOST), port) == 0
        assert await client.echoed(b"x" * 8) == b""
        assert gate.full
        assert await client.connect(name(HOST), port) == 2

    through(work, max_bytes=10)


def test_a_closed_gate_has_no_address_and_the_open_one_keeps_its_secret() -> None:
    gate = Gate((HOST, 80), (), 0)
    with pytest.raises(ValueError, match="not open"):
        _ = gate.proxy

    async def work(client: Client, gate: Gate, port: int) -> None:  # noqa: ARG001 - as others
        await client.hello()
        assert str(client.proxy.password) not in repr(gate)

    through(work)
