"""Where the members of a JSON object lie in its bytes. Values are skipped in C, never decoded."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

import msgspec


class Member(NamedTuple):
    """``at``/``key_end`` bound the quoted key, ``start``/``end`` the value: offsets in the data."""

    key: str
    at: int
    key_end: int
    start: int
    end: int


class Object(NamedTuple):
    """``start`` is the offset of the opening brace, ``end`` that after the closing one."""

    start: int
    end: int
    members: tuple[Member, ...]

    def find(self, key: str) -> int | None:
        """The index of the member, or None."""
        for index, member in enumerate(self.members):
            if member.key == key:
                return index
        return None

    def duplicate(self) -> str | None:
        """The first key that stands more than once, or None."""
        seen = set[str]()
        for member in self.members:
            if member.key in seen:
                return member.key
            seen.add(member.key)
        return None


class Malformed(ValueError):
    """Not JSON: ``reason`` in words, ``offset`` in bytes from the start of what was scanned."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


class NotAnObject(ValueError):
    """JSON, but no object; the message is the kind that was found, as ``array``."""


class _Key:
    """Equal to nothing but itself, so that a dict of them keeps members with equal keys."""

    __slots__ = ()


_raw_members = msgspec.json.Decoder(
    dict[_Key, msgspec.Raw], dec_hook=lambda _kind, _text: _Key()
).decode

_KEY = rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*+:[ \t\r\n]*+'
_FIRST = re.compile(rb"[ \t\r\n]*+\{[ \t\r\n]*+" + _KEY)
_NEXT = re.compile(rb"[ \t\r\n]*+,[ \t\r\n]*+" + _KEY)
_CLOSE = re.compile(rb"[ \t\r\n]*+\}")
_OPEN = re.compile(rb"[ \t\r\n]*+\{")

_OFFSET = re.compile(r"(?:JSON is malformed: )?(.*?)(?: \(byte (\d+)\))?")
_KIND = re.compile(r"got `(\w+)`")

# What Python's json writes and reads but msgspec refuses.
_UNRULY = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|(?<![\w.+-])(?:-?Infinity|NaN)(?![\w.+-])', re.DOTALL
)
_ESCAPE = re.compile(rb"\\(?:u[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.DOTALL)


def scan(data: bytes, start: int = 0, end: int | None = None) -> Object:
    """The members of the object that ``data[start:end]`` is, in their order, duplicates included.

    ``NaN``, ``Infinity`` and escapes of lone surrogates are taken as Python's json takes them.
    The data must be UTF-8. Raises Malformed, NotAnObject, RecursionError.
    """
    lengths = _lengths(memoryview(data)[start:end])
    if not lengths:
        brace = _end(_OPEN, data, start)
        return Object(brace - 1, _end(_CLOSE, data, brace), ())
    members = []
    pattern, position = _FIRST, start
    for length in lengths:
        match = pattern.match(data, position)
        assert match is not None, "msgspec and the walk disagree about an object"  # noqa: S101 - two readings of one grammar
        at, key_end = match.span(1)
        position = match.end() + length
        members.append(Member(_text(data[at:key_end]), at, key_end, match.end(), position))
        pattern = _NEXT
    opening = data.index(b"{", start)
    return Object(opening, _end(_CLOSE, data, position), tuple(members))


def _end(pattern: re.Pattern[bytes], data: bytes, position: int) -> int:
    match = pattern.match(data, position)
    assert match is not None, "msgspec and the walk disagree about an object"  # noqa: S101 - as above
    return match.end()


def _lengths(view: memoryview) -> list[int]:
    try:
        return [len(raw) for raw in _raw_members(view).values()]
    except msgspec.ValidationError as exc:
        kind = _KIND.search(str(exc))
        raise NotAnObject(kind[1] if kind else "value") from exc
    except msgspec.DecodeError:
        pass
    try:
        return [len(raw) for raw in _raw_members(_tamed(bytes(view))).values()]
    except msgspec.DecodeError as exc:
        match = _OFFSET.fullmatch(str(exc))
        reason, offset = (match[1], match[2]) if match else (str(exc), None)
        if offset is None:
            raise Malformed("the JSON ends too early", len(view)) from exc
        # msgspec has read one byte further when it finds trailing ones.
        raise Malformed(reason, int(offset) - (reason == "trailing characters")) from exc


def _tamed(data: bytes) -> bytes:
    """As many bytes, with numbers for NaN and the like, and ``A`` for surrogates' escapes."""
    return _UNRULY.sub(_tame, data)


def _tame(match: re.Match[bytes]) -> bytes:
    token = match[0]
    if token.startswith(b'"'):
        return _ESCAPE.sub(_tame_escape, token) if b"\\u" in token else token
    return b"-".ljust(len(token), b"1") if token.startswith(b"-") else b"1" * len(token)


def _tame_escape(match: re.Match[bytes]) -> bytes:
    return rb"\u0041" if match[0].startswith((rb"\ud", rb"\uD")) else match[0]


def _text(quoted: bytes) -> str:
    text = quoted.decode()
    return str(json.loads(text)) if "\\" in text else text[1:-1]
