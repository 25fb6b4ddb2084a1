"""What a kernel sent last, kept in the kernel. This file is sent to it and runs there.

It runs under every Python from 3.7 on and every ipykernel from 5 on, and imports nothing that
ipykernel has not imported. It leaves no name behind: the messages are asked for over the control
channel, which answers while a cell is at work (ipykernel 6 and later).
"""

from __future__ import annotations

import json
import os
import threading
from bisect import bisect_right
from collections import deque
from typing import Any

MAX_MESSAGES = 50_000
MAX_BYTES = 64 * 2**20
# Around the bytes of a message: the objects that hold them.
OVERHEAD_BYTES = 600
ANSWER_BYTES = 4 * 2**20
REQUEST, REPLY = "binderclip_kept_request", "binderclip_kept_reply"
_DELIMITER = b"<IDS|MSG>"
_MAX_RUNS = 4096
_MAX_REQUESTS = 1000


class Kept:
    """Messages by their place in the order of sending, from 1 on."""

    def __init__(self, main: str) -> None:
        """``main`` stands before the numbers of this process."""
        self._main = main
        self._lock = threading.RLock()  # a finalizer may print in the midst of it
        self._messages: deque[tuple[int, str, list[bytes], int]] = deque()
        self._bytes = self._place = 0
        self._number = 0
        self.at_work = False
        # Runs of what had to go: first and last place, what stands before the number, and the
        # first and last number.
        self._gone: deque[list[Any]] = deque(maxlen=_MAX_RUNS)

    def keep(self, channel: str, frames: list[Any]) -> None:
        """``frames`` are header, parent, metadata, content and buffers."""
        size = sum(memoryview(frame).nbytes for frame in frames) + OVERHEAD_BYTES
        if size > MAX_BYTES:
            frames, size = frames[:1], OVERHEAD_BYTES
        copies = [bytes(frame) for frame in frames]
        with self._lock:
            self._place += 1
            self._messages.append((self._place, channel, copies, size))
            self._bytes += size
            while self._bytes > MAX_BYTES or len(self._messages) > MAX_MESSAGES:
                place, _, old, size = self._messages.popleft()
                self._bytes -= size
                self._note_gone(place, old[0])

    def _note_gone(self, place: int, header: bytes) -> None:
        prefix, number = _counted(header)
        run = self._gone[-1] if self._gone else None
        if run and run[1:3] == [place - 1, prefix] and run[4] == number - 1:
            run[1], run[4] = place, number
        else:
            self._gone.append([place, place, prefix, number, number])

    def look(self, asked: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """What was sent after the place ``after`` and is not in ``have``: spans of numbers by
        what stands before them. ``upto`` is the place that the answer reaches, ``now`` the last
        one; ``gone`` counts what cannot be had any more, ``last`` is the highest number up to
        there, and ``kept`` has the channel and the number of frames of each message. ``at_work``
        is True while a cell is executed.
        """
        after, have = asked["after"], asked["have"]
        with self._lock:
            messages = [message for message in self._messages if message[0] > after]
            runs = [list(run) for run in self._gone if run[1] > after]
            now = self._place
        gone = sum(_missing(run, after, have) for run in runs)
        kept: list[list[Any]] = []
        frames: list[bytes] = []
        room, upto = ANSWER_BYTES, now
        for place, channel, parts, size in messages:
            prefix, number = _counted(parts[0])
            if prefix == self._main:
                self._number = max(self._number, number)
            if _has(have.get(prefix, ()), number):
                continue
            if len(parts) == 1:
                gone += 1
                continue
            if kept and size > room:
                upto = place - 1
                break
            room -= size
            kept.append([channel, len(parts)])
            frames += parts
        answer = {"upto": upto, "now": now, "gone": gone, "last": self._number, "kept": kept}
        return {**answer, "at_work": self.at_work}, frames


def _counted(header: bytes) -> tuple[str, int]:
    prefix, _, digits = json.loads(header)["msg_id"].rpartition("_")
    return (prefix, int(digits)) if digits.isdigit() else ("", 0)


def _has(spans: Any, number: int) -> bool:
    at = bisect_right(spans, [number, float("inf")])
    return bool(at and spans[at - 1][1] >= number)


def _missing(run: list[Any], after: int, have: dict[str, Any]) -> int:
    """How many messages of a run that is gone were never had."""
    first = run[3] + max(0, after + 1 - run[0])
    wanted = run[4] - first + 1
    for start, end in have.get(run[2], ()):
        wanted -= max(0, min(end, run[4]) - max(start, first) + 1)
    return int(max(0, wanted))


def install(kernel: Any) -> None:
    """Have ``kernel`` keep what it sends. It changes nothing where it does not find what it
    expects, and raises.
    """
    if REQUEST in kernel.control_handlers:
        return
    session, thread = kernel.session, kernel.iopub_socket.io_thread
    kept = Kept(f"{session.session}_{os.getpid()}")
    # The one place where all outputs pass, in order.
    publish = _publishing(kept, thread._really_send)  # noqa: SLF001 - see above
    send = _sending(kept, session)
    execute = _executing(kept, kernel.shell_handlers["execute_request"])

    def look(stream: Any, identities: Any, request: Any) -> None:
        content, frames = kept.look(request["content"])
        session.send(stream, REPLY, content, request, ident=identities, buffers=frames)

    kernel.shell_handlers["execute_request"] = execute
    session.send = send
    thread._really_send = publish  # noqa: SLF001 - see above
    kernel.control_handlers[REQUEST] = look


def _publishing(kept: Kept, publish: Any) -> Any:
    process = os.getpid()

    def published(message: Any, *args: Any, **named: Any) -> Any:
        # A forked child sends through its parent, which keeps it then.
        if os.getpid() == process:
            try:
                frames = list(message)
                kept.keep("iopub", frames[frames.index(_DELIMITER) + 2 :])
            except Exception:  # noqa: BLE001, S110 - the person's outputs go first
                pass
        return publish(message, *args, **named)

    return published


def _sending(kept: Kept, session: Any) -> Any:
    process, send, pack = os.getpid(), session.send, session.pack

    def sent(stream: Any, kind: Any, *args: Any, **named: Any) -> Any:
        message = send(stream, kind, *args, **named)
        if kind == "execute_reply" and os.getpid() == process:
            kept.at_work = False
            try:
                parts = ("header", "parent_header", "metadata", "content")
                kept.keep("shell", [pack(message[part]) for part in parts])
            except Exception:  # noqa: BLE001, S110 - as above
                pass
        return message

    return sent


def _executing(kept: Kept, execute: Any) -> Any:
    begun: deque[str] = deque(maxlen=_MAX_REQUESTS)

    def executed(stream: Any, identities: Any, request: Any) -> Any:
        # A request that was sent again since it seemed lost is executed once all the same.
        if request["header"]["msg_id"] in begun:
            return None
        begun.append(request["header"]["msg_id"])
        kept.at_work = True
        return execute(stream, identities, request)

    return executed
