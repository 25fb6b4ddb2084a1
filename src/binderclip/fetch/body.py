"""A response's body within limits: counted as it comes and as it unfolds."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from binderclip.errors import SourceError, TooLarge

ACCEPT_ENCODING = "gzip"
_AUTOMATIC = zlib.MAX_WBITS | 32
"""gzip or zlib, told apart by the first bytes: some servers label one as the other."""
_STEP = 64 * 1024


class Decoder(Protocol):
    def feed(self, data: bytes, room: int) -> bytes:
        """What ``data`` unfolds to, up to just over ``room`` bytes. Raises SourceError."""
        ...

    @property
    def whole(self) -> bool:
        """True when nothing is missing at the end."""
        ...


class Identity:
    whole = True

    def feed(self, data: bytes, room: int) -> bytes:
        return data[: room + 1]


class Inflate:
    """gzip, of one member or several, and zlib. Never holds more than ``room`` and a step."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_AUTOMATIC)
        self._fed = False

    def feed(self, data: bytes, room: int) -> bytes:
        unfolded = bytearray()
        self._fed = self._fed or bool(data)
        pending = True
        while (data or pending) and len(unfolded) <= room:
            if self._inner.eof and data:
                self._inner = zlib.decompressobj(_AUTOMATIC)
            step = min(_STEP, room + 1 - len(unfolded))
            try:
                part = self._inner.decompress(data, step)
            except zlib.error as exc:
                raise SourceError(
                    "the answer is damaged: its compression cannot be undone"
                ) from exc
            unfolded += part
            # Having taken all input, zlib may still hold output back.
            pending = len(part) == step and not self._inner.eof
            data = self._inner.unconsumed_tail or self._inner.unused_data
        return bytes(unfolded)

    @property
    def whole(self) -> bool:
        return self._inner.eof or not self._fed


DECODERS: dict[str, Callable[[], Decoder]] = {
    "": Identity,
    "identity": Identity,
    "gzip": Inflate,
    "x-gzip": Inflate,
    "deflate": Inflate,
}


async def read_body(
    chunks: AsyncIterator[bytes],
    *,
    encoding: str,
    length: str,
    max_bytes: int,
    place: str,
    took: Callable[[int], None] | None = None,
) -> bytes:
    """The decoded body. ``length`` is the Content-Length header, perhaps empty. ``took`` is told
    how many bytes of it there are by now, and may raise.

    Raises TooLarge as soon as the limit is passed, SourceError for other encodings or damage.
    """
    new = DECODERS.get(encoding.strip().lower())
    if new is None:
        raise SourceError(f"{place} answered in a compression that was not asked for")
    if length.isdecimal() and int(length[:20]) > max_bytes:
        raise _too_large(place, max_bytes)
    decoder, body, raw = new(), bytearray(), 0
    try:
        async for chunk in chunks:
            raw += len(chunk)
            body += decoder.feed(chunk, max_bytes - len(body))
            if raw > max_bytes or len(body) > max_bytes:
                raise _too_large(place, max_bytes)
            if took is not None:
                took(len(body))
        if not decoder.whole:
            raise SourceError(f"the answer of {place} ended too early", hint="try again")
        return bytes(body)
    finally:
        # The frames of an error hold on to it, for as long as somebody has the error.
        body.clear()


def _too_large(place: str, max_bytes: int) -> TooLarge:
    return TooLarge(
        f"the answer of {place} is larger than {max_bytes:,} bytes",
        hint="clear the notebook's outputs, or download it and give its path",
    )
