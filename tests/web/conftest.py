"""A server on loopback whose answers are written down per path."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

import pytest

Handler: TypeAlias = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """``pages`` by path; ``asked`` are the requests that came: method, path, headers, body."""

    url: str
    pages: dict[str, Handler] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def json(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        stated = {"Content-Type": "application/json; charset=UTF-8", **headers}
        self.pages[path] = lambda handler: reply(handler, body, status, stated)

    def page(self, path: str, body: bytes, kind: str) -> None:
        self.pages[path] = lambda handler: reply(handler, body, 200, {"Content-Type": kind})

    def redirect(self, path: str, to: str, status: int = 307, **headers: str) -> None:
        self.pages[path] = lambda handler: reply(handler, b"", status, {"Location": to, **headers})

    def stream(self, path: str, *parts: bytes) -> None:
        def send(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.end_headers()
            for part in parts:
                handler.wfile.write(part)
                handler.wfile.flush()

        self.pages[path] = send


def reply(
    handler: BaseHTTPRequestHandler, body: bytes, status: int, headers: dict[str, str]
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def new_site() -> Iterator[Callable[[], Site]]:
    servers = []

    def make() -> Site:
        site: Site

        class Answering(BaseHTTPRequestHandler):
            def answer(self) -> None:
                path = self.path.partition("?")[0]
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                site.asked.append((self.command, self.path, dict(self.headers), body))
                page = site.pages.get(path)
                if page is None:
                    reply(self, b"not here", 404, {"Content-Type": "text/plain"})
                else:
                    page(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815 - as the library wants

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        server.daemon_threads = True
        site = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        servers.append((server, thread))
        return site

    yield make
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site(new_site: Callable[[], Site]) -> Site:
    return new_site()
