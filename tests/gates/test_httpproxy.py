"""The proxy for programs without SOCKS, asked by hand. RFC 9110, 9112."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest
from tests.repositories.conftest import Names, start_server
from tests.repositories.hostile import Hostile, plain, redirect

from binderclip.gates.guarded import GuardedGate
from binderclip.guard import PublicGuard

__all__ = ["start_server"]

OK = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture
def inside(start_server: Callable[..., Hostile]) -> Hostile:
    """A server where the guard lets nobody go."""
    return start_server("127.0.0.2")


@pytest.fixture
def open_one(start_server: Callable[..., Hostile]) -> Hostile:
    one = start_server()
    one.answers["/page"] = plain(b"a page")
    return one


def gate(names: Names | None = None, max_bytes: int = 1 << 20) -> GuardedGate:
    guard = PublicGuard(names or Names(), allow=[ip_network("127.0.0.1/32")])
    return GuardedGate(guard, "http", max_bytes)


def login(one: GuardedGate) -> str:
    proxy = urlsplit(one.proxy)
    assert proxy.scheme == "http"
    both = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
    return f"Proxy-Authorization: Basic {both}\r\n"


async def said(one: GuardedGate, words: str, more: str = "") -> bytes:
    """What comes back, to its end; nothing where the connection is cut."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(one.proxy).port)
    try:
        writer.write(words.encode())
        await writer.drain()
        if not more:
            return await reader.read()
        first = await reader.readuntil(b"\r\n\r\n")
        writer.write(more.encode())
        return first + await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def through(ask: Callable[[GuardedGate], Awaitable[object]], **given: object) -> GuardedGate:
    async def run() -> GuardedGate:
        async with asyncio.timeout(30), gate(**given) as one:  # type: ignore[arg-type] # as tests say them
            await ask(one)
            return one

    return asyncio.run(run())


def test_pages_over_plain_http(open_one: Hostile) -> None:
    async def ask(one: GuardedGate) -> None:
        head = f"GET {open_one.url}/page?a=1 HTTP/1.1\r\nX: y\r\nHost: elsewhere\r\n"
        open_one.answers["/page?a=1"] = plain(b"asked")
        assert (await said(one, f"{head}{login(one)}\r\n")).endswith(b"\r\n\r\nasked")

    assert through(ask).refusal is None
    (headers,) = open_one.headers
    assert "X: y" in headers
    assert f"Host: 127.0.0.1:{open_one.port}" in headers
    assert "Connection: close" in headers
    assert "proxy" not in headers.lower()
    assert "elsewhere" not in headers


def test_tunnels(open_one: Hostile) -> None:
    async def ask(one: GuardedGate) -> None:
        words = f"CONNECT localhost.test:{open_one.port} HTTP/1.1\r\n{login(one)}\r\n"
        answer = await said(one, words, "GET /page HTTP/1.0\r\n\r\n")
        assert answer.startswith(OK)
        assert answer.endswith(b"a page")

    through(ask)


def test_one_question_a_connection() -> None:
    """The next one could be for another server."""
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            heard.extend(data)
        writer.close()

    async def ask(one: GuardedGate) -> None:
        async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            words = f"GET http://127.0.0.1:{port}/page HTTP/1.1\r\n{login(one)}\r\n"
            assert await said(one, words + words) == b""

    through(ask)
    assert heard.count(b"GET ") == 1


@pytest.mark.parametrize("form", ["GET http://{host}/x HTTP/1.1", "CONNECT {host} HTTP/1.1"])
@pytest.mark.parametrize("name", ["127.0.0.2", "inside.test", "mixed.test"])
def test_no_way_inside(inside: Hostile, form: str, name: str) -> None:
    names = Names({"inside.test": [("127.0.0.2",)], "mixed.test": [("127.0.0.1", "127.0.0.2")]})

    async def resolved(host: str, port: int) -> tuple[tuple[str, int], ...]:
        return ((host, port),) if host[0].isdigit() else await names(host, port)

    async def ask(one: GuardedGate) -> None:
        line = form.format(host=f"{name}:{inside.port}")
        assert (await said(one, f"{line}\r\n{login(one)}\r\n")).startswith(b"HTTP/1.1 403 ")
        assert one.over.is_set()

    done = through(ask, names=resolved)
    assert done.refusal is not None
    assert name in done.refusal.message
    assert "127.0.0.2" not in done.refusal.message.replace(name, "")
    assert inside.seen == []


def test_a_redirect_is_the_clients_to_follow(open_one: Hostile, inside: Hostile) -> None:
    open_one.answers["/r"] = redirect(f"{inside.url}/secret")

    async def ask(one: GuardedGate) -> None:
        answer = await said(one, f"GET {open_one.url}/r HTTP/1.1\r\n{login(one)}\r\n")
        assert b" 301 " in answer

    through(ask)
    assert inside.seen == []


def test_each_connection_is_looked_up_once_and_goes_there(open_one: Hostile) -> None:
    names = Names({"rebound.test": [("127.0.0.1",), ("127.0.0.2",)]})

    async def ask(one: GuardedGate) -> None:
        words = f"GET http://rebound.test:{open_one.port}/page HTTP/1.1\r\n{login(one)}\r\n"
        assert (await said(one, words)).endswith(b"a page")
        assert names.asked == ["rebound.test"]
        assert (await said(one, words)).startswith(b"HTTP/1.1 403 ")

    through(ask, names=names)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Proxy-Authorization: Basic Z2l0Og==\r\n",
        "Proxy-Authorization: Basic \xff\r\n",
        "Proxy-Authorization: Bearer x\r\n",
    ],
)
def test_nobody_without_the_password(open_one: Hostile, words: str) -> None:
    async def ask(one: GuardedGate) -> None:
        head = f"GET {open_one.url}/page HTTP/1.1\r\n"
        assert (await said(one, f"{head}{words}\r\n")).startswith(b"HTTP/1.1 407 ")
        twice = f"{login(one)}{words or 'Proxy-Authorization: x'}\r\n".rstrip()
        assert (await said(one, f"{head}{twice}\r\n\r\n")).startswith(b"HTTP/1.1 407 ")
        assert not one.used

    through(ask)
    assert open_one.seen == []


@pytest.mark.parametrize(
    "line",
    [
        "POST {url}/page HTTP/1.1\r\nContent-Length: 1",
        "GET {url}/page HTTP/1.1\r\nTransfer-Encoding: chunked",
        "GET /page HTTP/1.1",
        "GET ftp://127.0.0.1/page HTTP/1.1",
        "GET http:///page HTTP/1.1",
        "CONNECT 127.0.0.1 HTTP/1.1",
        "CONNECT 127.0.0.1:1/x HTTP/1.1",
        "CONNECT :80 HTTP/1.1",
        "GET",
        "",
    ],
)
def test_what_it_does_not_do(open_one: Hostile, line: str) -> None:
    async def ask(one: GuardedGate) -> None:
        answer = await said(one, f"{line.format(url=open_one.url)}\r\n{login(one)}\r\n")
        assert answer.startswith(b"HTTP/1.1 405 ")
        assert not one.used

    through(ask)
    assert open_one.seen == []


@pytest.mark.parametrize("port", ["99999", "x"])
def test_what_is_no_address(port: str) -> None:
    async def ask(one: GuardedGate) -> None:
        assert await said(one, f"CONNECT a.test:{port} HTTP/1.1\r\n{login(one)}\r\n") == b""
        assert await said(one, f"GET http://[::1 HTTP/1.1\r\n{login(one)}\r\n") == b""
        assert await said(one, "G" * (1 << 19)) == b""

    assert not through(ask).used


def test_nothing_answers_there() -> None:
    async def ask(one: GuardedGate) -> None:
        for host in ("127.0.0.1:1", "nobody:80"):
            words = f"CONNECT {host} HTTP/1.1\r\n{login(one)}\r\n"
            assert (await said(one, words)).startswith(b"HTTP/1.1 502 ")

    done = through(ask)
    assert done.refusal is None
    assert not done.over.is_set()


def test_it_is_full(open_one: Hostile) -> None:
    open_one.answers["/much"] = plain(b"x" * 100_000)

    async def ask(one: GuardedGate) -> None:
        words = f"GET {open_one.url}/much HTTP/1.1\r\n{login(one)}\r\n"
        assert len(await said(one, words)) < 100_000
        await one.over.wait()
        assert one.full
        assert (await said(one, words)).startswith(b"HTTP/1.1 403 ")

    through(ask, max_bytes=50_000)
