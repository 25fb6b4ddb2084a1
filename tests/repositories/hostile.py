"""Servers that speak git's protocol version 2 (gitprotocol-v2(5)) and mean harm, and packs made by
hand (gitformat-pack(5)) for them to send.
"""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["commit", "tree", "blob"]
_KINDS: dict[Kind, int] = {"commit": 1, "tree": 2, "blob": 3}
_OFFSET_DELTA = 6
FLUSH, DELIMITER = b"0000", b"0001"
RESULT = "application/x-git-upload-pack-result"
ADVERTISEMENT = "application/x-git-upload-pack-advertisement"


def line(data: bytes) -> bytes:
    """A pkt-line (gitprotocol-common(5))."""
    return b"%04x" % (len(data) + 4) + data


def band(number: int, data: bytes) -> bytes:
    """``data`` on a sideband: 1 is the pack, 2 is what people are told."""
    step = 60000
    parts = (data[at : at + step] for at in range(0, len(data), step))
    return b"".join(line(bytes([number]) + part) for part in parts)


def capabilities(*more: str) -> bytes:
    known = ("version 2", "agent=test", "ls-refs=unborn", "fetch=shallow", *more)
    return b"".join(line(f"{one}\n".encode()) for one in known) + FLUSH


@dataclass
class Pack:
    """Objects, in the order in which they were added."""

    entries: list[bytes] = field(default_factory=list)
    claimed: int | None = None
    """How many the head says that there are, where that is not true."""

    def add(self, kind: Kind, data: bytes, *, level: int = 6) -> str:
        self.entries.append(_head(_KINDS[kind], len(data)) + zlib.compress(data, level))
        return _name(kind, data)

    def add_delta(self, back_bytes: int, delta: bytes) -> None:
        """Of the object whose entry begins ``back_bytes`` before this one's."""
        entry = _head(_OFFSET_DELTA, len(delta)) + _offset(back_bytes) + zlib.compress(delta)
        self.entries.append(entry)

    def commit(self, tree: str) -> str:
        who = "A <a@example.org> 1 +0000"
        return self.add("commit", f"tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n".encode())

    def tree(self, files: Sequence[tuple[str, str]]) -> str:
        rows = (b"100644 %s\0" % name.encode() + bytes.fromhex(oid) for name, oid in files)
        return self.add("tree", b"".join(rows))

    def written(self) -> bytes:
        count = len(self.entries) if self.claimed is None else self.claimed
        body = b"".join((b"PACK", struct.pack(">II", 2, count), *self.entries))
        return body + hashlib.sha1(body, usedforsecurity=False).digest()


def small_pack(content: bytes = b"hello\n") -> tuple[str, bytes]:
    """A commit with one file ``a``, and the pack that holds it."""
    pack = Pack()
    commit = pack.commit(pack.tree([("a", pack.add("blob", content))]))
    return commit, pack.written()


def size(number: int) -> bytes:
    """As a delta has it: seven bits at a time, the lowest first."""
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def blob_name(data: bytes) -> str:
    return _name("blob", data)


def _name(kind: Kind, data: bytes) -> str:
    whole = f"{kind} {len(data)}\0".encode() + data
    return hashlib.sha1(whole, usedforsecurity=False).hexdigest()


def _head(kind: int, length: int) -> bytes:
    first, length = (kind << 4) | (length & 15), length >> 4
    return bytes([first | 0x80]) + size(length) if length else bytes([first])


def _offset(back: int) -> bytes:
    out = bytes([back & 0x7F])
    while back := back >> 7:
        back -= 1
        out = bytes([back & 0x7F | 0x80]) + out
    return out


Answer: TypeAlias = Callable[[BaseHTTPRequestHandler], None]


def plain(data: bytes, kind: str = "text/plain", status: int = 200, **more: str) -> Answer:
    """An answer with headers, ``_`` in their names for ``-``."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        for name, value in more.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def redirect(to: str, status: int = 301) -> Answer:
    return plain(b"", status=status, Location=to)


def endless(kind: str, begin: bytes, part: bytes, pause_s: float = 0) -> Answer:
    """Sends ``part`` again and again, until nobody listens or the test is over."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        assert isinstance(handler, _Handler)
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        with suppress(OSError):
            handler.wfile.write(begin)
            while not handler.server_of.over.wait(pause_s):
                handler.wfile.write(part)
                handler.wfile.flush()
                handler.server_of.sent_bytes += len(part)

    return answer


@dataclass
class Hostile:
    """A running server. ``answers`` are by what is asked for: ``info``, ``refs`` and ``fetch`` are
    git's three questions, of any repository; anything else is a path. ``seen`` are the paths that
    were asked for, ``headers`` and ``bodies`` what came with them.
    """

    url: str
    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    sent_bytes: int = 0

    def honest(self, commit: str, pack: bytes, *more: str) -> None:
        """Behave, until told otherwise: one branch, ``main``."""
        self.answers["info"] = plain(capabilities(*more), ADVERTISEMENT)
        self.answers["refs"] = plain(
            line(f"{commit} HEAD\n".encode())
            + line(f"{commit} refs/heads/main\n".encode())
            + FLUSH,
            RESULT,
        )
        self.answers["fetch"] = plain(sent(commit, band(1, pack)), RESULT)

    def question(self, path: str, body: bytes) -> str:
        if path.partition("?")[0].endswith("/info/refs"):
            return "info"
        if b"command=ls-refs" in body:
            return "refs"
        return "fetch" if b"command=fetch" in body else path


def sent(commit: str, bands: bytes, before: bytes = b"") -> bytes:
    """The answer to a fetch: ``before`` are further sections."""
    shallow = line(b"shallow-info\n") + line(f"shallow {commit}".encode()) + DELIMITER
    return shallow + before + line(b"packfile\n") + bands + FLUSH


class _Handler(BaseHTTPRequestHandler):
    server_of: Hostile

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(zlib.decompress(body, 31) if body[:2] == b"\x1f\x8b" else body)

    def _answer(self, body: bytes) -> None:
        here = self.server_of
        here.seen.append(self.path)
        here.headers.append(str(self.headers))
        here.bodies.append(body)
        missing = plain(b"", status=404)
        answer = here.answers.get(self.path) or here.answers.get(
            here.question(self.path, body), missing
        )
        with suppress(OSError):  # the other side left
            answer(self)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


class _Server6(_Server):
    address_family = socket.AF_INET6


@contextmanager
def started(address: str = "127.0.0.1") -> Iterator[Hostile]:
    server = (_Server6 if ":" in address else _Server)((address, 0), _Handler)
    host = f"[{address}]" if ":" in address else address
    hostile = Hostile(f"http://{host}:{server.server_port}", server.server_port)
    server.RequestHandlerClass = type("Handler", (_Handler,), {"server_of": hostile})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hostile
    finally:
        hostile.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
