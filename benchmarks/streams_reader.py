"""Thousands of clients of event streams in one process: ``streams_reader.py PORT PLAN.json``.

The plan is a list of ``{"path", "headers", "number", "kind"}``; the kind is "quick", "slow" (a
kilobyte a second) or "stuck" (reads nothing after the answer's head). Prints ``{"open": …}`` when
all streams are there, then a line of JSON with counts for each line on standard input; ends with
the input.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AT_ONCE = 200
PER_ADDRESS = 5000
SLOW_BYTES = 1024
SLOW_BUFFER = 4096
READ_BYTES = 65536
OPEN_WITHIN_S = 300


@dataclass(eq=False, slots=True)
class Stream:
    """One connection; ``tail`` is the last of what came."""

    kind: str
    connection: socket.socket
    head: bool = False
    events: int = 0
    tail: bytes = b""
    last: bool = False
    ended: str = ""


class Readers:
    """``waiting`` are those that have got no head of an answer yet."""

    def __init__(self, port: int, plan: list[dict[str, Any]]) -> None:
        self.selector = selectors.DefaultSelector()
        self.streams: list[Stream] = []
        self.waiting = 0
        self._port = port
        self._todo = [one for one in plan for _ in range(one["number"])]

    def open_some(self) -> None:
        """Go on with the plan, a few connections at a time."""
        while self._todo and self.waiting < AT_ONCE:
            self._open(self._todo.pop())

    @property
    def opened(self) -> bool:
        return not self._todo and not self.waiting

    def _open(self, one: dict[str, Any]) -> None:
        connection = socket.socket()
        if one["kind"] != "quick":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER)
        # Several addresses: each has so many ports.
        connection.bind((f"127.0.0.{2 + len(self.streams) // PER_ADDRESS}", 0))
        connection.connect(("127.0.0.1", self._port))
        headers = {"Host": f"127.0.0.1:{self._port}", "Accept": "text/event-stream"}
        lines = [f"{name}: {value}" for name, value in {**headers, **one["headers"]}.items()]
        request = "\r\n".join([f"GET {one['path']} HTTP/1.1", *lines, "", ""])
        connection.sendall(request.encode())
        connection.setblocking(False)
        stream = Stream(one["kind"], connection)
        self.streams.append(stream)
        self.waiting += 1
        self.selector.register(connection, selectors.EVENT_READ, stream)

    def read(self, stream: Stream) -> None:
        """What is there of it; a slow one waits for ``slowly`` again."""
        try:
            most = READ_BYTES if stream.kind == "quick" else SLOW_BYTES
            data = stream.connection.recv(most)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(stream, type(error).__name__)
            return
        if not data:
            self._end(stream, "closed")
            return
        if not stream.head:
            self._begun(stream, data)
        seen = stream.tail[-8:] + data
        stream.events += seen.count(b"\ndata:") - stream.tail[-8:].count(b"\ndata:")
        stream.last = stream.last or b"event: ready" in seen or b"event: failed" in seen
        stream.tail = seen[-32:]
        if stream.tail.endswith(b"0\r\n\r\n"):
            self._end(stream, "complete")
        elif stream.kind != "quick":
            self.selector.unregister(stream.connection)

    def slowly(self) -> None:
        """Called each second."""
        for stream in self.streams:
            if stream.kind == "slow" and stream.head and not stream.ended:
                self.read_again(stream)

    def read_again(self, stream: Stream) -> None:
        if stream.connection.fileno() not in self.selector.get_map():
            self.selector.register(stream.connection, selectors.EVENT_READ, stream)

    def counts(self) -> dict[str, Any]:
        """By kind: how many there are, are open, ended how, had the last event; events in all."""
        found: dict[str, Any] = {}
        for kind in {stream.kind for stream in self.streams}:
            own = [stream for stream in self.streams if stream.kind == kind]
            ends: dict[str, int] = {}
            for stream in own:
                ends[stream.ended or "open"] = ends.get(stream.ended or "open", 0) + 1
            found[kind] = {
                "number": len(own),
                "ends": ends,
                "last": sum(stream.last for stream in own),
                "events": sum(stream.events for stream in own),
                "fewest": min(stream.events for stream in own),
            }
        return found

    def _begun(self, stream: Stream, data: bytes) -> None:
        stream.head = True
        self.waiting -= 1
        if b" 200 " not in data.split(b"\r\n", 1)[0]:
            raise SystemExit(f"not a stream: {data[:500]!r}")

    def _end(self, stream: Stream, how: str) -> None:
        self.waiting -= not stream.head
        stream.head = True
        stream.ended = how
        if stream.connection.fileno() in self.selector.get_map():
            self.selector.unregister(stream.connection)
        stream.connection.close()


def main() -> None:
    """Open, read, count."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    readers = Readers(int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text("utf-8")))
    readers.selector.register(sys.stdin, selectors.EVENT_READ, None)
    told, second, late = False, time.monotonic(), time.monotonic() + OPEN_WITHIN_S
    while True:
        readers.open_some()
        for key, _ in readers.selector.select(0.2):
            if key.data is not None:
                readers.read(key.data)
            elif not sys.stdin.readline():
                return
            else:
                print(json.dumps(readers.counts()), flush=True)
        if readers.opened and not told:
            told = True
            print(json.dumps({"open": len(readers.streams)}), flush=True)
        if not told and time.monotonic() > late:
            raise SystemExit(f"only {len(readers.streams) - readers.waiting} streams came up")
        if time.monotonic() - second > 1:
            second = time.monotonic()
            readers.slowly()


if __name__ == "__main__":
    main()
