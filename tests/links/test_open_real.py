"""Links that open a notebook by its address, followed on a real JupyterHub whose servers have the
extension, as people do who are logged in or not.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import httpx
import pytest
from tests.links.questions import followed

from binderclip.links import Asked, Nowhere, Place, links
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

pytestmark = pytest.mark.slow

NAME = "my données/a #1? 50%25 & b+c é 数.ipynb"
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ALLOWED = "c.Spawner.args = [*c.Spawner.args, '--Binderclip.allowed_networks=127.0.0.0/8']"


@pytest.fixture(scope="module")
def opening_hub(
    tools: Path, tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    from tests.hubs.rig import Kind, started

    tool("jupyter/bin/jupyterhub-singleuser")
    kind = Kind(prefix="/deep/", lab=True, servers="jupyter", config=ALLOWED)
    with started(tools, tmp_path_factory.mktemp("opening-hub"), kind) as hub:
        yield hub


@pytest.fixture(scope="module")
def user(opening_hub: Hub) -> str:
    """Somebody with a running server."""
    name = opening_hub.user()
    opening_hub.start_server(name)
    return name


TARGET = f"/{quote(NAME)}?a=1&b=x%26y+z"


class Exactly(BaseHTTPRequestHandler):
    """The notebook for TARGET as it stands, and for nothing that means about the same."""

    def do_GET(self) -> None:
        there = self.path == TARGET
        body = json.dumps(NOTEBOOK).encode() if there else b""
        self.send_response(http.client.OK if there else http.client.NOT_FOUND)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a notebook is, with a query that a careless link would lose."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exactly)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{TARGET}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def link(address: str, hub: str) -> str:
    asked = Asked(
        binder=None,
        place=Nowhere("is nowhere"),
        name="x.ipynb",
        hosts=(),
        hubs=(hub,),
        ui="notebook",
        url=address,
    )
    return links(asked, ["hub-open"]).links[0].url


def logged_in(client: httpx.Client, page: str, user: str) -> httpx.Response:
    """Where the form on ``page`` leads."""
    client.get(page)
    token = next(cookie.value for cookie in client.cookies.jar if cookie.name == "_xsrf")
    answer = client.post(page, data={"username": user, "password": "x", "_xsrf": str(token)})
    return followed(client, urljoin(page, answer.headers["location"]))


def arrived(answer: httpx.Response, hub: Hub, user: str, address: str) -> None:
    """At the page, with the very address."""
    parts = urlsplit(str(answer.url))
    assert str(answer.url).partition("?")[0] == f"{hub.url}user/{user}/binderclip/open"
    assert parse_qs(parts.query, strict_parsing=True) == {"url": [address], "app": ["notebook"]}
    assert answer.status_code == httpx.codes.OK, answer.text
    assert "<form" in answer.text
    assert NAME.rpartition("/")[2].replace("?", "_") in unescape(answer.text)


@pytest.mark.parametrize("page", ["", "hub/home", "hub/spawn/ada"])
def test_somebody_logged_in(opening_hub: Hub, user: str, address: str, page: str) -> None:
    with httpx.Client(timeout=60, trust_env=False, headers=BROWSER) as client:
        logged_in(client, f"{opening_hub.url}hub/login", user)
        answer = followed(client, link(address, opening_hub.url + page))
        arrived(answer, opening_hub, user, address)


def test_somebody_who_has_to_log_in_first(opening_hub: Hub, user: str, address: str) -> None:
    with httpx.Client(timeout=60, trust_env=False, headers=BROWSER) as client:
        login = followed(client, link(address, opening_hub.url))
        assert login.url.path == "/deep/hub/login"
        answer = logged_in(client, str(login.url), user)
        arrived(answer, opening_hub, user, address)


def test_a_server_by_its_own_address(opening_hub: Hub, user: str, address: str) -> None:
    """As a single server is, whose link knows nothing of a hub."""
    asked = Asked(
        binder=None,
        place=Place(Reference("https://github.com", "o/r"), "x.ipynb"),
        name="x.ipynb",
        hosts=(),
        servers=(f"{opening_hub.url}user/{user}/",),
        ui="notebook",
        url=address,
    )
    with httpx.Client(timeout=60, trust_env=False, headers=BROWSER) as client:
        logged_in(client, f"{opening_hub.url}hub/login", user)
        answer = followed(client, links(asked).links[0].url)
        arrived(answer, opening_hub, user, address)
