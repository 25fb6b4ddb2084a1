"""A BinderHub of the tests' own: a real HTTP server that replays recorded streams, and the servers
that it launches, as far as their start and end go.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, unquote

STREAMS = Path(__file__).parent / "streams"
RECORDED = Path(__file__).resolve().parents[3] / "shared" / "fixtures"

SERVER_TOKEN = "server-token-nobody-may-see"
HUB_TOKEN = "hub-token-nobody-may-see"
MADE_TOKEN = "made-token-nobody-may-see"

Act: TypeAlias = Literal["hold", "cut", "silence", "mind"]
"""``hold``: the stream stays open, with keep-alives, as BinderHub's does; ``silence``: without;
``cut``: the connection is reset. A stream without one of them ends. ``mind``: what follows is not
done for a client that went away.
"""
Step: TypeAlias = "bytes | float | Act | Callable[[], None]"
Play: TypeAlias = Callable[[BaseHTTPRequestHandler], None]


def events(name: str) -> list[str]:
    """The lines of a recording, an event or comment each. In the recording that the project got
    from elsewhere nothing parts them.
    """
    path = STREAMS / f"{name}.eventsource"
    text = (path if path.exists() else RECORDED / path.name).read_text("utf-8")
    return [line for line in text.split("\n") if line]


@dataclass
class Launched:
    """A server below ``/user/NAME/``: ``takes`` are its tokens; ``late`` requests are answered as a
    hub does while the server starts; ``deaf``: it says yes to its end and stays.
    """

    takes: tuple[str, ...] = (SERVER_TOKEN,)
    late: int = 0
    late_status: int = 503
    deaf: bool = False
    up: bool = True
    started: str = "2026-11-20T10:00:00.123456Z"
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and token of each request."""


@dataclass
class ReplayHub:
    """``plays`` are the answers to ``/build``, one a request, the last for ever; ``asked`` the
    requests: method, target, headers. ``servers`` are those launched, by name.
    """

    url: str
    prefix: str = "/"
    plays: list[Play] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    servers: dict[str, Launched] = field(default_factory=dict)
    pages: dict[str, Play] = field(default_factory=dict)
    health: tuple[int, Any] = (200, {"ok": True, "checks": []})
    user: str = "ada"
    makes_tokens: bool = True
    tokens: dict[str, Any] = field(default_factory=dict)
    """What was asked for when each was made, by its id; those taken back are gone."""
    over: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    """A client went away from a stream that was held."""

    @property
    def builds(self) -> list[str]:
        return [target for _, target, _ in self.asked if target.startswith(f"{self.prefix}build/")]

    def play(self, *steps: Step) -> None:
        """Answer with a stream of these."""
        self.play_each(lambda: steps)

    def play_each(self, steps: Callable[[], Iterable[Step]]) -> None:
        """Answer with a stream of what ``steps`` gives each time; a generator goes on as the stream
        does.
        """
        self.plays.append(lambda handler: _stream(self, handler, steps()))

    def replay(self, name: str, *more: Step, server: str = "o-r-x1y2z3a4", **ready: Any) -> None:
        """Answer with a recording; its server is ours, and so is its token."""
        self.play(*self.steps(name, server=server, **ready), *(more or ("hold",)))

    def steps(self, name: str, *, server: str = "o-r-x1y2z3a4", **ready: Any) -> list[Step]:
        given = {"url": f"{self.url}user/{server}/", "token": SERVER_TOKEN, **ready}
        steps: list[Step] = []
        for line in events(name):
            if '"phase": "ready"' in line or '"phase":"ready"' in line:
                told = json.loads(line.removeprefix("data: "))
                if "url" in told:
                    told |= given
                    self.servers.setdefault(server, Launched())
                told = {key: value for key, value in told.items() if value is not None}
                line = f"data: {json.dumps(told)}"  # noqa: PLW2901 - the same line, made ours
            steps.append(f"{line}\n\n".encode())
        return steps

    def answer(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        """Answer with no stream."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.plays.append(lambda handler: reply(handler, status, kind, body, named))


def event(**told: Any) -> bytes:
    return f"data: {json.dumps(told)}\n\n".encode()


def reply(
    handler: BaseHTTPRequestHandler,
    status: int,
    kind: str = "application/json; charset=UTF-8",
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": kind, **(headers or {})}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def reply_json(handler: BaseHTTPRequestHandler, status: int, value: Any) -> None:
    reply(handler, status, body=json.dumps(value).encode())


def _stream(hub: ReplayHub, handler: BaseHTTPRequestHandler, steps: Iterable[Step]) -> None:
    if handler.headers.get("Accept") != "text/event-stream":
        steps = [event(phase="failed", status_code=400, message="Missing Accept header\n")]
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Cache-Control", "no-cache")
    handler.end_headers()
    for step in steps:
        if isinstance(step, bytes):
            handler.wfile.write(step)
            handler.wfile.flush()
        elif step == "cut":
            linger = struct.pack("ii", 1, 0)  # no waiting: a reset
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()
            return
        elif isinstance(step, int | float):
            hub.over.wait(step)
        elif step == "mind":
            if select.select([handler.connection], [], [], 0.2)[0]:
                hub.left.set()
                return
        elif callable(step):
            step()
        else:
            _held(hub, handler, alive=step == "hold")


def _held(hub: ReplayHub, handler: BaseHTTPRequestHandler, *, alive: bool) -> None:
    """Until the client goes or the test ends."""
    while not hub.over.is_set():
        readable, _, _ = select.select([handler.connection], [], [], 0.05)
        if readable:
            hub.left.set()
            return
        if alive:
            handler.wfile.write(b":keepalive\n\n")
            handler.wfile.flush()


def _user_server(hub: ReplayHub, handler: BaseHTTPRequestHandler, rest: str) -> None:
    name, _, path = rest.partition("/api/")
    server = hub.servers.get(name)
    token = handler.headers.get("Authorization", "").partition(" ")[2]
    if server is not None:
        server.asked.append((handler.command, token))
    if server is None or not server.up:
        reply_json(handler, 424, {"message": "not running"})
    elif server.late > 0:
        server.late -= 1
        reply(handler, server.late_status, "text/html", b"<h1>starting</h1>")
    elif token not in server.takes:
        reply_json(handler, 403, {"message": "Forbidden"})
    elif path == "shutdown" and handler.command == "POST":
        server.up = server.deaf
        reply_json(handler, 200, None)
    else:
        reply_json(handler, 200, {"started": "2026-11-20T10:00:00Z", "kernels": 0})


def _jupyterhub(hub: ReplayHub, handler: BaseHTTPRequestHandler, rest: str) -> None:
    """https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html, what is used of it."""
    token = handler.headers.get("Authorization", "").partition(" ")[2]
    if rest == "":
        return reply_json(handler, 200, {"version": "6.1.1"})
    if token != HUB_TOKEN:
        return reply_json(handler, 403, {"status": 403, "message": "Forbidden"})
    names = [name for name in hub.servers if name.partition("/")[0] == hub.user]
    rest = unquote(rest)
    if rest in {"user", f"users/{hub.user}"}:
        servers = {
            name.partition("/")[2]: {
                "name": name.partition("/")[2],
                "ready": True,
                "pending": None,
                "started": hub.servers[name].started,
            }
            for name in names
            if hub.servers[name].up
        }
        return reply_json(handler, 200, {"name": hub.user, "kind": "user", "servers": servers})
    if handler.command == "DELETE" and rest.startswith(f"users/{hub.user}/server"):
        _, _, named = rest.removeprefix(f"users/{hub.user}/").partition("/")
        server = hub.servers.get(f"{hub.user}/{named}" if named else hub.user)
        if server is None or not server.up:
            return reply_json(handler, 404, {"status": 404, "message": "no such server"})
        server.up = False
        return reply(handler, 204, body=b"")
    return reply_json(handler, 404, {"status": 404, "message": "Not Found"})


def _tokens(hub: ReplayHub, handler: BaseHTTPRequestHandler, name: str) -> None:
    """A token for one server, and its end."""
    token = handler.headers.get("Authorization", "").partition(" ")[2]
    if not hub.makes_tokens or token != HUB_TOKEN:
        return reply_json(handler, 403, {"status": 403, "message": "no permissions"})
    if handler.command == "DELETE":
        known = hub.tokens.pop(name, None)
        return reply(handler, 204 if known else 404, body=b"")
    asked = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
    name = f"a{len(hub.tokens)}"
    hub.tokens[name] = asked
    server = asked["scopes"][0].partition("!server=")[2].rstrip("/")
    for path, one in hub.servers.items():
        if unquote(path) == server:
            one.takes += (MADE_TOKEN,)
    scopes = [*asked["scopes"], f"read:users:name!user={hub.user}"]
    return reply_json(handler, 201, {"id": name, "token": MADE_TOKEN, "scopes": scopes})


def _answer(hub: ReplayHub, handler: BaseHTTPRequestHandler, path: str) -> None:
    if path in hub.pages:
        hub.pages[path](handler)
    elif path == "versions":
        reply_json(handler, 200, {"binderhub": "1.0.0", "builder_info": {}})
    elif path == "health":
        reply_json(handler, *hub.health)
    elif path.startswith("build/") and hub.plays:
        (hub.plays.pop(0) if len(hub.plays) > 1 else hub.plays[0])(handler)
    elif path.startswith("user/"):
        _user_server(hub, handler, path.removeprefix("user/"))
    elif path.startswith(f"hub/api/users/{quote(hub.user)}/tokens"):
        _tokens(hub, handler, path.partition("/tokens")[2].strip("/"))
    elif path.startswith("hub/api/"):
        _jupyterhub(hub, handler, path.removeprefix("hub/api/"))
    else:  # what BinderHub has no page for is its front page
        reply(handler, 200, "text/html; charset=UTF-8", b"<h1>Binder</h1>")


@contextmanager
def replay_hub(prefix: str = "/") -> Iterator[ReplayHub]:
    """A hub on loopback, under ``prefix``."""

    class Answering(BaseHTTPRequestHandler):
        def answer(self) -> None:
            hub.asked.append((self.command, self.path, dict(self.headers)))
            path = self.path.partition("?")[0].removeprefix(prefix)
            try:
                _answer(hub, self, path)
            except (BrokenPipeError, ConnectionResetError):
                hub.left.set()

        do_GET = do_POST = do_DELETE = do_PUT = answer  # noqa: N815 - as the library wants

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    hub = ReplayHub(f"http://127.0.0.1:{server.server_port}{prefix}", prefix)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
