"""Real servers on loopback, in threads, and the resolver that leads names to them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from binderclip.guard import Endpoint

NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


class Exchange(BaseHTTPRequestHandler):
    """One request; a page is a function that answers it."""

    server: _Server
    timeout = 20

    def do_GET(self) -> None:
        site = self.server.site
        host = self.headers.get("Host", "").partition(":")[0]
        site.requests.append(Seen(host, self.path, dict(self.headers.items())))
        page = site.pages.get(f"{host}{self.path}") or site.pages.get(self.path)
        if page is None:
            self.answer(b"nothing here", status=404, content_type="text/plain")
        else:
            page(self)

    def answer(
        self,
        data: bytes,
        *,
        status: int = 200,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def redirect(
        self, location: str, status: int = 302, headers: dict[str, str] | None = None
    ) -> None:
        self.answer(b"", status=status, headers={"Location": location, **(headers or {})})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Quiet."""


Page = Callable[[Exchange], None]


@dataclass(frozen=True)
class Seen:
    host: str
    path: str
    headers: dict[str, str]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


class _Server6(_Server):
    address_family = socket.AF_INET6


@dataclass
class Site:
    """``pages`` by path, or by host and path; ``requests`` are all that arrived."""

    scheme: str
    port: int
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[Seen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def put(self, path: str, data: bytes, **answer: Any) -> str:
        self.pages[path] = lambda exchange: exchange.answer(data, **answer)
        return self.url + path

    def put_json(self, path: str, value: object) -> None:
        self.put(path, json.dumps(value).encode())

    def move(self, path: str, location: str, **answer: Any) -> str:
        self.pages[path] = lambda exchange: exchange.redirect(location, **answer)
        return self.url + path


@contextmanager
def serving(server: _Server | None = None, scheme: str = "http") -> Iterator[Site]:
    """A site to lay pages on, for as long as the context lasts."""
    server = server or _Server(("127.0.0.1", 0), Exchange)
    server.site = Site(scheme, server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as one:
        yield one


@pytest.fixture
def site6() -> Iterator[Site]:
    try:
        server = _Server6(("::1", 0), Exchange)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with serving(server, "http") as one:
        yield one


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


# The hosts that the look-ups ask, as they are: the tests' resolver leads them here.
TLS_HOSTS = (
    "api.github.com",
    "gist.githubusercontent.com",
    "raw.githubusercontent.com",
    "doi.org",
    "zenodo.org",
    "api.figshare.com",
    "figshare.com",
    "dataverse.example.org",
    "secure.example.org",
)


@pytest.fixture
def secure(
    authority: trustme.CA, authority_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    """A TLS server that is all of TLS_HOSTS, trusted as a person's own authority would be."""
    import ssl

    monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*TLS_HOSTS).configure_cert(context)
    server = _Server(("127.0.0.1", 0), Exchange)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server, "https") as one:
        yield one


@dataclass
class Resolver:
    """Leads every name to ``to``, but for those in ``names``; ``asked`` are all it was asked."""

    to: tuple[Endpoint, ...]
    names: dict[str, tuple[Endpoint, ...]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, _port: int) -> tuple[Endpoint, ...]:
        self.asked.append(host)
        return self.names.get(host, self.to)


@pytest.fixture
def make_resolver() -> type[Resolver]:
    return Resolver


@pytest.fixture
def notebook() -> bytes:
    return NOTEBOOK


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
