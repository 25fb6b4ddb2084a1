"""Registries, real and hostile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn, TypeAlias

import pytest
from tests.registries.rig import Auth, Registry, registry
from tests.registries.tokens import in_thread

Answer: TypeAlias = tuple[int, dict[str, str], bytes]
Site: TypeAlias = Callable[[BaseHTTPRequestHandler], Answer]
NewRegistry: TypeAlias = Callable[..., Registry]


@pytest.fixture(autouse=True)
def _nobodys_logins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No login of whoever runs the tests is found."""
    for name in ("DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))


@pytest.fixture
def new_registry(tmp_path: Path, lacking: Callable[[str, str], NoReturn]) -> Iterator[NewRegistry]:
    with ExitStack() as stack:

        def make(auth: Auth = "none") -> Registry:
            return stack.enter_context(registry(tmp_path, lacking, auth=auth))

        yield make


@pytest.fixture
def serve() -> Iterator[Callable[[Site], str]]:
    """Starts a server that answers as it is told; gives its address."""
    with ExitStack() as stack:

        def start(site: Site) -> str:
            class Answering(BaseHTTPRequestHandler):
                def answer(self) -> None:
                    status, headers, body = site(self)
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    if not {"content-length", "transfer-encoding"} & {h.lower() for h in headers}:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(body)

                do_GET = do_HEAD = do_POST = answer  # noqa: N815 - as the library wants

                def log_message(self, *_: object) -> None:
                    pass

            return stack.enter_context(in_thread(ThreadingHTTPServer(("127.0.0.1", 0), Answering)))

        yield start
