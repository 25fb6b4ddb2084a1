"""Requests that never become one: heads without end, silence, and connections without number."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.gateway.rig import LOCAL, listener, wait_for

from binderclip.gateway.serving import protocol_of
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.streams.heads import HEAD_BYTES, HEADERS
from binderclip.gateway.streams.patience import PatientProtocol
from binderclip.gateway.streams.peers import Peers

ASKS = b"GET /quick HTTP/1.1\r\nHost: x\r\n"
KIB = b"a" * 1024


class Hasty(PatientProtocol):
    silent_s = 1.0


class Patient(PatientProtocol):
    silent_s = 60.0


class Rig:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = threading.Event()
        self.app = Starlette(
            routes=[
                Route("/quick", self._quick, methods=["GET", "POST"]),
                Route("/whole", self._whole, methods=["POST"]),
                Route("/late", self._late),
                Route("/events", self._events),
            ]
        )

    async def _quick(self, request: Request) -> Response:
        """Answers, whatever of a body is still to come."""
        self.asked.append(request.url.path)
        return PlainTextResponse("quick")

    async def _whole(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        return PlainTextResponse(str(len(await request.body())))

    async def _late(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        while not self.go.is_set():  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.01)
        return PlainTextResponse("late")

    async def _events(self, request: Request) -> Response:
        async def beats() -> AsyncIterator[bytes]:
            self.asked.append(request.url.path)
            yield b"first\n"
            while not self.go.is_set():  # noqa: ASYNC110 - set by another thread
                await asyncio.sleep(0.01)
            yield b"last\n"

        return StreamingResponse(beats())


@contextmanager
def served(
    rig: Rig, protocol: type[PatientProtocol] = Patient
) -> Iterator[tuple[tuple[str, int], uvicorn.Server]]:
    with listener() as bound:
        config = uvicorn.Config(rig.app, http=protocol, log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        try:
            wait_for(lambda: server.started, "the server")
            yield bound.getsockname(), server
        finally:
            rig.go.set()
            server.should_exit = True
            thread.join(30)


def connected(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=30)


def sent(client: socket.socket, *parts: bytes) -> None:
    """As much of it as the other side takes."""
    with suppress(ConnectionError):
        for part in parts:
            client.sendall(part)


def to_its_end(client: socket.socket) -> bytes:
    found = b""
    with suppress(ConnectionError):
        while more := client.recv(65536):
            found += more
    return found


def refused(answer: bytes, status: int) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
    assert b"Connection: close" in head
    assert {"code", "message", "hint"} <= json.loads(body)["error"].keys()


@pytest.mark.parametrize(
    "parts",
    [
        (ASKS + b"X: ", *[KIB] * 4096),
        (ASKS, *[b"x: y\r\n" * 200] * 4096),
        (b"GET /quick?", *[KIB] * 4096),
        (*[b"\r\n" * 512] * 4096,),
        (ASKS + b"x: y\r\n" * HEADERS + b"\r\n",),
        (ASKS + b"X: " + b"a" * HEAD_BYTES + b"\r\n\r\n",),
    ],
    ids=["one header", "many headers", "an address", "nothing", "101 headers", "64 KiB at once"],
)
def test_heads_without_end_are_refused(parts: tuple[bytes, ...]) -> None:
    """hdr2: one connection filled the memory of the process."""
    rig = Rig()
    with served(rig) as (address, server), connected(address) as client:
        sent(client, *parts)
        refused(to_its_end(client), 431)
        wait_for(lambda: not server.server_state.connections, "its end")
    assert rig.asked == []


def test_heads_that_just_fit_are_taken() -> None:
    rig = Rig()
    headers = b"x: y\r\n" * (HEADERS - 3)
    with served(rig) as (address, _), connected(address) as client:
        for _ in range(3):
            sent(client, ASKS + headers + b"X: " + b"a" * (HEAD_BYTES - 2000), b"\r\n\r\n")
            answer = b""
            while not answer.endswith(b"quick"):
                answer += client.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("filling", [b"a: b\r\n" * 100, b"a" * 1024], ids=["many", "long"])
def test_what_follows_a_body_has_an_end(filling: bytes) -> None:
    """Trailers are headers, and kept with them."""
    head = (
        b"POST /whole HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: "
    )
    with served(Rig()) as (address, server), connected(address) as client:
        sent(client, head, *[filling] * 4096)
        refused(to_its_end(client), 431)
        wait_for(lambda: not server.server_state.tasks, "the end of its task")


def test_bodies_may_be_longer_than_heads() -> None:
    rig = Rig()
    head = (
        b"POST /whole HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\nConnection: close\r\n\r\n"
    )
    with served(rig) as (address, _), connected(address) as client:
        sent(client, head, *[KIB] * 1024)
        assert to_its_end(client).endswith(b"1048576")


def test_silent_connections_and_half_requests_are_let_go() -> None:
    """idle: 600 of them stayed for good."""
    rig = Rig()
    refusing = b"POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"
    with served(rig, Hasty) as (address, server):
        opened = [connected(address) for _ in range(4)]
        _, half, later, rest = opened
        sent(half, ASKS)
        sent(later, ASKS + b"\r\n", ASKS)
        sent(rest, refusing)
        wait_for(lambda: len(rig.asked) == 2, "the two that ask")
        sent(rest, b"abc")
        answers = [to_its_end(one) for one in opened]
        assert [answer[:12] for answer in answers] == [b"", b"", *[b"HTTP/1.1 200"] * 2]
        wait_for(lambda: not server.server_state.connections, "the end of all")
        for one in opened:
            one.close()


def test_a_head_that_comes_byte_by_byte_has_no_more_time() -> None:
    with served(Rig(), Hasty) as (address, _), connected(address) as client:
        sent(client, ASKS + b"X: ")
        client.settimeout(0.05)
        for _ in range(600):
            sent(client, b"a")
            try:
                assert not client.recv(100)
            except TimeoutError:
                continue
            except ConnectionError:
                pass
            return
        pytest.fail("it stayed")


def test_who_waits_for_an_answer_is_not_silent() -> None:
    rig = Rig()
    with served(rig, Hasty) as (address, server), connected(address) as client:
        sent(client, b"GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        wait_for(lambda: bool(rig.asked), "the stream")
        with connected(address) as other:
            to_its_end(other)  # as long as silence may last
        assert len(server.server_state.connections) >= 1
        rig.go.set()
        assert b"last" in to_its_end(client)


def test_requests_before_the_answer_end_the_connection_with_it() -> None:
    """A server would queue 14,000 of them from one read, and tells the first of no disconnect."""
    rig = Rig()
    with served(rig) as (address, server), connected(address) as client:
        sent(client, b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n", *[ASKS + b"\r\n"] * 100)
        wait_for(lambda: bool(rig.asked), "the first")
        (one,) = server.server_state.connections
        known: Any = one
        wait_for(lambda: not known.cycle.keep_alive, "the second")
        assert not known.pipeline
        rig.go.set()
        answer = to_its_end(client)
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"late" in answer
    assert rig.asked == ["/late"]


def test_a_stream_with_more_behind_it_ends_with_its_reader() -> None:
    rig = Rig()
    with served(rig) as (address, server):
        with connected(address) as client:
            sent(client, b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n", ASKS + b"\r\n")
            wait_for(lambda: bool(rig.asked), "the stream")
        wait_for(lambda: not server.server_state.tasks, "its end")


def test_requests_before_the_answer_have_an_end_too() -> None:
    with served(Rig()) as (address, server), connected(address) as client:
        sent(client, b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n", *[(ASKS + b"\r\n") * 100] * 4096)
        wait_for(lambda: not server.server_state.connections, "its end")


def test_a_client_has_so_many_connections() -> None:
    class Few(PatientProtocol):
        peers = Peers(2)

    with served(Rig(), Few) as (address, server):
        first, second = connected(address), connected(address)
        with connected(address) as third:
            refused(to_its_end(third), 429)
        sent(first, ASKS + b"Connection: close\r\n\r\n")
        assert b"quick" in to_its_end(first)
        first.close()
        wait_for(lambda: len(server.server_state.connections) == 1, "its end")
        with connected(address) as fourth:
            sent(fourth, ASKS + b"Connection: close\r\n\r\n")
            assert b"quick" in to_its_end(fourth)
        second.close()
        wait_for(lambda: len(Few.peers) == 0, "the end of all")


def test_whose_connections_are_counted() -> None:
    peers = Peers(2, ["10.0.0.1", "192.0.2.0/24", "2001:db8:ffff::/48"])
    assert [peers.come("203.0.113.7") for _ in range(3)] == [True, True, False]
    assert all(peers.come(proxy) for proxy in ("10.0.0.1", "192.0.2.9", "2001:db8:ffff::1") * 5)
    peers.gone("203.0.113.7")
    assert peers.come("203.0.113.7")
    taken = [peers.come(f"2001:db8:1:{number:x}::1") for number in range(40)]
    assert taken == [True] * 32 + [False] * 8
    assert peers.come("2001:db8:2::1")
    for number in range(32):
        peers.gone(f"2001:db8:1:{number:x}::1")
    peers.gone("2001:db8:2::1")
    assert len(peers) == 1


def test_the_service_counts_them_for_each_server_and_not_those_of_its_proxies() -> None:
    settings = Settings(
        public_url="https://gateway.test/",
        places={"local": LOCAL},
        default="local",
        secret=b"x",
        storage=Path("nowhere"),
        trusted_proxies=("10.0.0.1",),
    )
    one, other = protocol_of(settings).peers, protocol_of(settings).peers
    assert one is not None
    assert one is not other
    assert all(one.come("10.0.0.1") for _ in range(1000))
    assert sum(one.come("203.0.113.7") for _ in range(1000)) == settings.limits.streams_each + 200
