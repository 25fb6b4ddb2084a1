"""Connections whose readers take nothing are let go; those of slow readers are not."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.gateway.rig import listener, wait_for

from binderclip.gateway.streams import frame, streams_of
from binderclip.gateway.streams.patience import PatientProtocol

LINE = frame("x" * 4000)


class Hasty(PatientProtocol):
    stall_s = 0.4
    last_s = 0.2


class Patient(PatientProtocol):
    stall_s = 60.0
    last_s = 0.2


async def _endless(request: Request) -> Response:
    async def frames() -> AsyncIterator[bytes]:
        import asyncio

        while True:
            yield LINE
            await asyncio.sleep(0)

    return streams_of(request).of(frames())


@contextmanager
def served(
    protocol: type[PatientProtocol] = Hasty,
) -> Iterator[tuple[tuple[str, int], uvicorn.Server, Starlette]]:
    app = Starlette(routes=[Route("/events", _endless)])
    with listener() as bound:
        # Small, so that little is in the system's hands.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        config = uvicorn.Config(app, http=protocol, log_config=None, timeout_graceful_shutdown=10)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        try:
            wait_for(lambda: server.started, "the server")
            yield bound.getsockname(), server, app
        finally:
            server.should_exit = True
            thread.join(30)


def asked(address: tuple[str, int]) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(30)
    client.connect(address)
    client.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


def test_a_reader_that_takes_nothing_is_let_go() -> None:
    with served() as (address, server, app), asked(address):
        wait_for(lambda: bool(server.server_state.connections), "the connection")
        wait_for(lambda: not server.server_state.connections, "its end")
        wait_for(lambda: not server.server_state.tasks, "the end of its task")
        assert len(app.state.streams) == 0


def test_a_slow_reader_stays() -> None:
    with served() as (address, server, _), asked(address) as client:
        stop = threading.Event()
        taken = 0
        while taken < 60_000:
            stop.wait(0.1)  # three times as long in all as nothing may be taken
            taken += len(client.recv(4096))
        assert server.server_state.connections


def test_little_waits_in_the_process_for_who_does_not_read() -> None:
    with served() as (address, server, _), asked(address):
        wait_for(lambda: bool(server.server_state.connections), "the connection")
        protocols = list(server.server_state.connections)
        seen = [one.transport.get_write_buffer_size() for one in protocols]
        assert max(seen) < 64 * 1024


def test_the_end_of_the_service_waits_for_no_reader_and_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with served(Patient) as (address, server, app), asked(address):

        def paused() -> bool:
            known: list[Any] = list(server.server_state.connections)
            return any(one.flow.write_paused for one in known)

        wait_for(paused, "a buffer that is full")
        server.should_exit = True
        wait_for(lambda: len(app.state.streams) == 0, "the end of the stream")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
