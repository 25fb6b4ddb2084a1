"""Hubs and servers that lead elsewhere than where they were named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tests.hubs.conftest import TOKEN, Fake, Reply
from tests.hubs.launching import launched, target

from binderclip.addresses.link import parse
from binderclip.environment import Environment
from binderclip.errors import LaunchError, Refused
from binderclip.guard import Endpoint, OpenGuard, PublicGuard
from binderclip.hubs.bases import leads_home
from binderclip.hubs.jupyterhub import JupyterHub
from binderclip.hubs.near import misleads
from binderclip.session import HubServer
from binderclip.targets.binderhub.build import server_address
from binderclip.targets.jupyterhub.launch import _address
from binderclip.targets.server import ServerTarget
from binderclip.web import Web

KNOWN = {
    "hub.example": ["93.184.216.34"],
    "other.example": ["93.184.216.35"],
    "rebound.example": ["93.184.216.35", "127.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "inner.example": ["10.1.2.3"],
    "here.example": ["127.0.0.1"],
}


async def resolver(host: str, port: int) -> tuple[Endpoint, ...]:
    if host not in KNOWN and not host[-1].isdigit() and ":" not in host:
        raise OSError("unknown")
    return tuple((address, port) for address in KNOWN.get(host, [host]))


@pytest.mark.parametrize(
    ("hub", "server", "misled"),
    [
        ("https://hub.example/", "https://hub.example:8443/user/a/", False),
        ("https://hub.example/", "https://other.example/user/a/", False),
        ("https://hub.example/", "https://127.0.0.1:8888/", True),
        ("https://hub.example/", "https://0.0.0.0/", True),
        ("https://hub.example/", "https://[::1]/", True),
        ("https://hub.example/", "https://rebound.example/", True),
        ("https://hub.example/", "https://mapped.example/", True),
        ("https://hub.example/", "https://inner.example/", True),
        ("https://hub.example/", "https://192.168.0.1/", True),
        ("https://hub.example/", "https://169.254.169.254/latest/", True),
        ("https://hub.example/", "https://unknown.example/", False),
        ("https://unknown.example/", "https://127.0.0.1/", True),
        ("https://inner.example/", "https://127.0.0.1/", True),
        ("https://inner.example/", "https://10.9.9.9/", False),
        ("https://inner.example/", "https://other.example/", False),
        ("http://here.example/", "http://127.0.0.1:8000/", False),
        ("http://127.0.0.1:1/", "http://[::1]:2/", False),
    ],
)
def test_where_a_hub_may_send_us(*, hub: str, server: str, misled: bool) -> None:
    """An unknown name leads nowhere; behind a proxy it is the proxy that knows it."""
    assert asyncio.run(misleads(hub, server, OpenGuard(), resolver)) is misled
    assert not asyncio.run(misleads(hub, server, PublicGuard(), resolver)), "sees to it itself"


@pytest.mark.parametrize("server", ["https://127.0.0.1:8888/", "https://[::ffff:127.0.0.1]/"])
def test_a_server_of_this_machine_that_a_hub_elsewhere_names(server: str) -> None:
    hub = "https://hub.invalid/"
    with pytest.raises(LaunchError, match="on this machine or in a private network"):
        asyncio.run(server_address(server, hub, "hub.invalid", OpenGuard()))

    async def go() -> None:
        async with Web(OpenGuard()) as web:
            place = HubServer(f"{hub}hub/api/", "ada")
            await _address(web, JupyterHub(web, place.api, TOKEN), place, server)

    with pytest.raises(LaunchError, match="on this machine or in a private network"):
        asyncio.run(go())


@pytest.mark.parametrize(
    ("asked", "found", "home"),
    [
        ("http://a.example/", "https://a.example/x/", True),
        ("http://a.example/", "http://a.example/x/", True),
        ("https://a.example:8443/", "https://a.example:8443/", True),
        ("http://a.example/", "https://a.example:8443/", False),
        ("http://a.example:8000/", "https://a.example/", False),
        ("http://a.example:8000/", "http://a.example:8001/", False),
        ("https://a.example/", "http://a.example/", False),
        ("http://a.example/", "https://b.example/", False),
    ],
)
def test_what_counts_as_the_same_place(*, asked: str, found: str, home: bool) -> None:
    assert leads_home(parse(asked), parse(found)) is home


@contextmanager
def redirecting(to: str) -> Iterator[str]:
    """A server that sends everybody to the same path at ``to``; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"{to.rstrip('/')}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def redirect() -> Iterator[Callable[[str], str]]:
    with ExitStack() as stack:
        yield lambda to: stack.enter_context(redirecting(to))


def test_a_token_goes_to_no_other_port_of_a_host(
    fake: Fake, redirect: Callable[[str], str]
) -> None:
    fake.say("GET /api", Reply(value={"version": "2.0"}))
    fake.say("GET /api/status", Reply(value={"kernels": 0}))
    front = redirect(fake.url)

    async def go() -> None:
        async with aclosing(
            ServerTarget(front, TOKEN, guard=OpenGuard()).launch(Environment())
        ) as events:
            async for _ in events:
                pass

    with pytest.raises(LaunchError, match="leads to"):
        asyncio.run(go())
    with pytest.raises(Refused, match="leads to another place"):
        launched(target(front, TOKEN))
    assert TOKEN not in repr(fake.asked)
