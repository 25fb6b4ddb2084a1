"""Messages of a kernel as they travel over a websocket.

The format of ``v1.kernel.websocket.jupyter.org`` and of the one before it:
https://jupyter-server.readthedocs.io/en/stable/developers/websocket-protocols.html
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

V1 = "v1.kernel.websocket.jupyter.org"
PARTS = ("header", "parent_header", "metadata", "content")
_WORD = 8

Message: TypeAlias = dict[str, Any]
"""As jupyter_client has them: the four PARTS, ``buffers``, ``msg_id`` and ``msg_type``."""


class Malformed(ValueError):
    """Bytes that are no message."""


@dataclass(frozen=True, slots=True)
class Packer:
    """How JSON is written and read; jupyter_client's own, which knows what kernels write."""

    pack: Callable[[Any], bytes]
    unpack: Callable[[bytes], Any]

    def encode(self, message: Message, channel: str, *, v1: bool) -> bytes | str:
        """What to send: binary, or text where the older protocol has text."""
        buffers = [bytes(buffer) for buffer in message.get("buffers") or ()]
        if v1:
            parts = [self.pack(message[part]) for part in PARTS]
            return _joined([channel.encode(), *parts, *buffers])
        bare = {part: message[part] for part in PARTS} | {"channel": channel}
        text = self.pack(bare)
        if not buffers:
            return text.decode()
        offsets = accumulate(map(len, (text, *buffers[:-1])), initial=4 * (len(buffers) + 2))
        return struct.pack(f"!{len(buffers) + 2}I", len(buffers) + 1, *offsets) + b"".join(
            (text, *buffers)
        )

    def decode(self, data: bytes | str, *, v1: bool) -> tuple[str, Message]:
        """The channel and the message. Raises Malformed."""
        try:
            if v1:
                channel, *frames = _split(data if isinstance(data, bytes) else data.encode())
                return channel.decode(), self.message(frames)
            text, buffers = (data, []) if isinstance(data, str) else _split_old(data)
            bare = json.loads(text)
            return str(bare["channel"]), _message([bare[part] for part in PARTS], buffers)
        except (ValueError, LookupError, TypeError, struct.error, RecursionError) as error:
            raise Malformed(str(error)[:200]) from error

    def message(self, frames: Sequence[bytes]) -> Message:
        """From the PARTS as JSON, and buffers. Raises what ``decode`` translates."""
        parts = [self.unpack(frame) for frame in frames[: len(PARTS)]]
        return _message(parts, frames[len(PARTS) :])


def _message(parts: Sequence[Any], buffers: Sequence[bytes]) -> Message:
    if len(parts) != len(PARTS) or not all(isinstance(part, dict) for part in parts):
        raise ValueError("no four objects")
    message: Message = dict(zip(PARTS, parts, strict=True))
    message["buffers"] = [memoryview(buffer) for buffer in buffers]
    for name in ("msg_id", "msg_type"):
        message[name] = message["header"][name]
        if not isinstance(message[name], str):
            raise TypeError(f"{name} is no text")
    return message


def _joined(frames: Sequence[bytes]) -> bytes:
    count = len(frames) + 1
    offsets = accumulate(map(len, frames), initial=_WORD * (count + 1))
    return struct.pack(f"<{count + 1}Q", count, *offsets) + b"".join(frames)


def _split(data: bytes) -> list[bytes]:
    (count,) = struct.unpack_from("<Q", data)
    if count > len(data) // _WORD:
        raise ValueError("more offsets than bytes")
    return _cut(data, struct.unpack_from(f"<{count}Q", data, _WORD))


def _split_old(data: bytes) -> tuple[bytes, list[bytes]]:
    (count,) = struct.unpack_from("!I", data)
    if count > len(data) // 4:
        raise ValueError("more offsets than bytes")
    text, *buffers = _cut(data, (*struct.unpack_from(f"!{count}I", data, 4), len(data)))
    return text, buffers


def _cut(data: bytes, offsets: Sequence[int]) -> list[bytes]:
    if list(offsets) != sorted(offsets) or (offsets and offsets[-1] > len(data)):
        raise ValueError("offsets out of order")
    return [data[start:end] for start, end in pairwise(offsets)]
