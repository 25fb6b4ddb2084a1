"""Notebooks' addresses that lead into the operator's own network. The defence is the guard that
stands where connections are made; each attack reaches the server inside where the settings allow
its network, so that it is the guard alone that stops it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.gateway.rig import Client, inside, settings_for
from tests.gateway.rig_http import listening

from binderclip.gateway.launches.looking import Looker
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.guard import Endpoint, PublicGuard

NOTEBOOK: dict[str, Any] = {
    "cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Inside"}],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
BUILD = {"host": "https://github.com", "path": "o/r", "hash": "0123456789" * 4}
FREE = PlaceSettings("free", "binderhub", "Free", url="https://hub.test/", ask=False)


@dataclass
class Inner:
    """A server of the operator's, which answers a notebook to everybody, and what it was asked."""

    port: int
    asked: list[str] = field(default_factory=list)

    def url(self, host: str, path: str = "/x.ipynb") -> str:
        return f"http://{host}:{self.port}{path}"

    def to(self, url: str) -> str:
        """An address that is redirected to ``url``."""
        return self.url("127.0.0.1", f"/to/{url.encode().hex()}")


@pytest.fixture
def inner() -> Iterator[Inner]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            to = self.path.startswith("/to/")
            names = {"version": 1, "host": [found.url("127.0.0.1", "/evil/")], "build": BUILD}
            metadata = {"binder": names} if self.path.startswith("/named/") else {}
            data = json.dumps({**NOTEBOOK, "metadata": metadata}).encode()
            self.send_response(302 if to else 200)
            if to:
                self.send_header("Location", bytes.fromhex(self.path[4:]).decode())
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as port:
        found = Inner(port)
        yield found


@pytest.fixture
def strict(tmp_path: Path) -> Settings:
    """As people have them: no network of this machine is allowed."""
    return settings_for(tmp_path, FREE, allowed_networks=())


def asked(settings: Settings, url: str, **named: Any) -> httpx.Response:
    """What the service says of a notebook at ``url``; ``guard`` stands in for its own."""

    async def go() -> httpx.Response:
        async with inside(settings) as client:
            guarded(client, **named)
            return await client.post("api/v1/resolve", json={"url": url})

    return asyncio.run(go())


def guarded(client: Client, guard: PublicGuard | None = None) -> None:
    gateway = client.app.state.gateway
    if guard is not None:
        looker = Looker(guard, gateway.settings)
        client.app.state.gateway = replace(gateway, guard=guard, looker=looker)


def test_where_the_network_is_allowed_the_server_inside_answers(
    settings: Settings, inner: Inner
) -> None:
    assert asked(settings, inner.url("127.0.0.1")).status_code == 200
    assert inner.asked == ["/x.ipynb"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.9.9.9",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "localhost",
        "LOCALHOST.",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::1%25lo]",
        "%31%32%37.0.0.1",
        "127.0.0.1%00.example.org",
        "example.org@127.0.0.1",
        "127.0.0.1#@example.org",
    ],
)
def test_this_machine_in_every_spelling(strict: Settings, inner: Inner, host: str) -> None:
    answer = asked(strict, inner.url(host))
    assert answer.status_code in {403, 422, 502}
    assert not inner.asked
    assert "Inside" not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "3232235777",
        "0xc0a80101",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "2852039166",
        "0xA9FEA9FE",
        "169.254.170.2",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fe80::a9fe:a9fe%25eth0]",
        "[fc00::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::10.0.0.1]",
        "[2002:a9fe:a9fe::]",
        "[2002:7f00:1::1]",
        "[2001::1]",
        "[::ffff:169.254.169.254]",
        "[::a9fe:a9fe]",
    ],
)
def test_private_link_local_and_metadata_addresses(strict: Settings, host: str) -> None:
    answer = asked(strict, f"http://{host}/latest/meta-data/x.ipynb")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) in {(403, "address-forbidden"), (422, "refused")}


def resolving(*answers: tuple[Endpoint, ...], **named: Any) -> PublicGuard:
    """Names lead to each of ``answers`` in turn, the last one for good."""
    left = list(answers)

    async def resolver(_host: str, _port: int) -> tuple[Endpoint, ...]:
        return left.pop(0) if len(left) > 1 else left[0]

    return PublicGuard(resolver, **named)


def test_a_name_with_one_answer_inside_is_refused_whole(strict: Settings, inner: Inner) -> None:
    mixed = (("93.184.216.34", inner.port), ("127.0.0.1", inner.port))
    answer = asked(strict, inner.url("mixed.test"), guard=resolving(mixed))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "address-forbidden")
    assert not inner.asked


def test_a_name_that_leads_elsewhere_the_second_time_is_looked_up_once_for_each_connection(
    settings: Settings, inner: Inner
) -> None:
    """What was checked is what is connected to: the second answer is not asked for, or checked."""
    first = (("127.0.0.1", inner.port),)
    second = (("10.255.255.1", inner.port),)
    guard = resolving(first, second, allow=settings.allowed_networks)
    assert asked(settings, inner.url("twice.test"), guard=guard).status_code == 200
    answer = asked(settings, inner.url("twice.test"), guard=resolving(second))
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["[::1]", "10.0.0.1", "169.254.169.254", "2852039166"])
def test_a_redirect_into_the_inside_is_looked_at_like_an_address(
    settings: Settings, inner: Inner, host: str
) -> None:
    """The first server may be asked, where it sends us may not."""
    loopback4 = tuple(one for one in settings.allowed_networks if one.version == 4)
    outside = replace(settings, allowed_networks=loopback4)
    answer = asked(outside, inner.to(f"http://{host}:{inner.port}/x.ipynb"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "address-forbidden")
    assert len(inner.asked) == 1


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "ftp://127.0.0.1/x.ipynb", "gopher://x"])
def test_a_redirect_to_another_scheme_is_refused(
    settings: Settings, inner: Inner, scheme: str
) -> None:
    answer = asked(settings, inner.to(scheme))
    assert answer.status_code in {403, 422, 502}
    assert "root:" not in answer.text


def test_proxies_of_the_environment_are_not_used(
    strict: Settings, inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy looks names up by itself, and goes wherever it is told to."""
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.setenv(name, f"http://127.0.0.1:{inner.port}")
    answer = asked(strict, "http://169.254.169.254/x.ipynb")
    assert (answer.status_code, inner.asked) == (403, [])
    asked(strict, "http://nobody.invalid/x.ipynb")
    assert not inner.asked


@pytest.mark.parametrize("port", [22, 25, 6379 - 6000, 1023])
def test_ports_that_are_not_of_the_web_are_refused(strict: Settings, port: int) -> None:
    guard = resolving((("93.184.216.34", port),))
    answer = asked(strict, f"http://example.test:{port}/x.ipynb", guard=guard)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "url",
    [
        "/etc/passwd",
        "./x.ipynb",
        "~/x.ipynb",
        "-",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "file://localhost/etc/passwd",
        "\\\\server\\share\\x.ipynb",
        "http:///etc/passwd",
        "data:application/json,{}",
        "ftp://example.org/x.ipynb",
        "javascript:alert(1)",
        "http://user:pw-of-somebody@example.org/x.ipynb",
        "https://[::1",
        "",
        "x" * 100_000,
    ],
)
def test_what_is_not_of_the_web_is_no_address(strict: Settings, url: str) -> None:
    answer = asked(strict, url)
    assert answer.status_code in {400, 403, 422}
    assert "pw-of-somebody" not in answer.text
    assert "root:" not in answer.text


def test_every_door_that_takes_an_address_has_the_guard(strict: Settings, inner: Inner) -> None:
    """Pages, builds, launches and badges too; for launches the refusal is how they end."""
    url = inner.url("127.0.0.1")
    quoted = quote(url, safe="")

    async def go() -> list[httpx.Response]:
        async with inside(strict) as client:
            stream = {"Accept": "text/event-stream"}
            return [
                await client.get("v2/notebook", params={"url": url}),
                await client.get(f"v2/notebook/{quoted}"),
                await client.get(f"build/notebook/{quoted}", headers=stream),
                await client.get("badge/notebook.svg", params={"url": url}),
                await client.post("api/v1/links", json={"url": url}),
                await client.post("api/v1/launches", json={"url": url}, headers=stream),
            ]

    for answer in asyncio.run(go()):
        assert answer.status_code != 500
        assert "Inside" not in answer.text
    assert not inner.asked


def test_a_host_that_a_notebook_names_is_used_only_where_it_is_a_place(
    tmp_path: Path, inner: Inner
) -> None:
    """Else whoever writes a notebook has the service ask any server of theirs, or of ours."""

    async def go(settings: Settings) -> tuple[dict[str, Any], str]:
        async with inside(settings) as client:
            body = {"url": inner.url("127.0.0.1", "/named/x.ipynb")}
            said = (await client.post("api/v1/resolve", json=body)).json()
            stream = {"Accept": "text/event-stream"}
            launched = await client.post("api/v1/launches", json=body, headers=stream)
            return said, launched.text

    said, launched = asyncio.run(go(settings_for(tmp_path, FREE)))
    assert said["place"] == "free"
    assert "no place of this service" in json.dumps(said)
    assert "event: failed" in launched
    assert set(inner.asked) == {"/named/x.ipynb"}
    named = replace(FREE, name="named", url=inner.url("127.0.0.1", "/evil/"))
    asyncio.run(go(settings_for(tmp_path, FREE, named)))
    assert any(path.startswith("/evil/") for path in inner.asked)
