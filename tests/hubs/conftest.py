"""Hubs with pages of options, and one that answers what a test says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.hubs.rig import Hub, Kind, started

TOKEN = "token-of-the-person-0815"
MADE_TOKEN = "token-for-one-server-0816"
API = "/hub/api/"
USER = {"name": "ada", "kind": "user", "servers": {}}


@pytest.fixture(autouse=True)
def _loopback_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of whoever runs the tests stands before their own servers."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


@pytest.fixture(scope="session")
def images_hub(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with started(tools, tmp_path_factory.mktemp("images"), Kind(form="images")) as hub:
        yield hub


@pytest.fixture(scope="session")
def profiles_hub(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with started(tools, tmp_path_factory.mktemp("profiles"), Kind(form="profiles")) as hub:
        yield hub


@dataclass(frozen=True)
class Reply:
    """``value`` is sent as JSON, or as it is where it is bytes; ``cut`` breaks the connection off
    before all of it has come; ``hang_s`` keeps it open for so long and sends nothing; ``late_s``
    is how long nothing comes at all.
    """

    status: int = 200
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang_s: float = 0
    late_s: float = 0


@dataclass
class Fake:
    """A hub that answers what a test says: ``says[method + " " + path]`` are the replies in their
    order, the last one for good. Paths are below ``/hub/api/``, without query. ``asked`` are the
    requests that came, with what they brought.
    """

    url: str
    says: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    @property
    def api(self) -> str:
        return f"{self.url}hub/api/"

    def say(self, what: str, *replies: Reply) -> None:
        self.says[what] = list(replies)

    def server(self, name: str = "", **model: Any) -> Reply:
        """The user's model with one server."""
        server = {"name": name, "ready": False, "pending": None, "url": f"/user/ada/{name}"}
        return Reply(value={**USER, "servers": {name: {**server, **model}}})

    def makes_tokens(self, name: str = "") -> None:
        """As hubs since 3.0 do: for one server of the user's, and taken back."""
        narrow = [f"access:servers!server=ada/{name}", "read:users:name!user=ada"]
        made = {"id": "a7", "token": MADE_TOKEN, "scopes": narrow}
        self.say("POST users/ada/tokens", Reply(201, made))
        self.say("DELETE users/ada/tokens/a7", Reply(204))

    def came(self, what: str) -> None:
        """Wait for such a request."""
        ends = time.monotonic() + 10
        while not self.requests(what) and time.monotonic() < ends:
            time.sleep(0.01)

    def sent(self, what: str) -> set[str]:
        """The tokens that came with such requests."""
        found = (
            headers.get("Authorization", "")
            for request, headers, _ in self.asked
            if request == what
        )
        return {one.partition(" ")[2] for one in found}

    def requests(self, what: str) -> list[Any]:
        """The bodies of all such requests."""
        return [body for request, _, body in self.asked if request == what]


@pytest.fixture
def fake() -> Iterator[Fake]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            path = self.path.partition("?")[0]
            what = f"{self.command} {path.removeprefix(API) if path.startswith(API) else path}"
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            hub.asked.append((what, dict(self.headers), json.loads(body) if body else None))
            replies = hub.says.get(what) or [Reply(404, {"status": 404, "message": "no such"})]
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
            time.sleep(reply.late_s)
            is_bytes = isinstance(reply.value, bytes)
            data = reply.value if is_bytes else json.dumps(reply.value).encode()
            self.send_response(reply.status)
            for key, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(key, value)
            if reply.cut or reply.headers.get("Content-Type") != "text/event-stream":
                self.send_header("Content-Length", str(len(data) + reply.cut))
            self.end_headers()
            self.wfile.write(data)
            self.wfile.flush()
            time.sleep(reply.hang_s)
            self.close_connection = True

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub = Fake(f"http://127.0.0.1:{server.server_port}/")
    hub.say("GET ", Reply(value={"version": "6.1.1"}))
    hub.say("GET user", Reply(value=USER))
    hub.say("GET users/ada", Reply(value=USER))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()


def stream(*events: Any, cut: bool = False, hang_s: float = 0) -> Reply:
    """A hub's stream of progress, with its white space between."""
    lines = [e if isinstance(e, bytes) else f"data: {json.dumps(e)}\n\n".encode() for e in events]
    headers = {"Content-Type": "text/event-stream"}
    return Reply(value=b"\n\n" + b"".join(lines), headers=headers, cut=cut, hang_s=hang_s)
