"""Where the members of a JSON object lie in its bytes. Values are skipped in C, never decoded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

MAX_MEMBERS = 100_000
"""Members of one object; each costs some 400 bytes while it is looked for."""


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


class Crowded(ValueError):
    """An object of more than ``MAX_MEMBERS`` members."""

    def __init__(self) -> None:
        super().__init__(f"an object with more than {MAX_MEMBERS} keys")


class _Key:
    """Equal to nothing but itself, so that a dict of them keeps members with equal keys."""

    __slots__ = ()


class _Full(Exception):
    """The counter of keys is at its end. No ValueError, since msgspec would wrap that."""


_skip = msgspec.json.Decoder(msgspec.Raw).decode

_KEY = rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*+:[ \t\r\n]*+'
_FIRST = re.compile(rb"[ \t\r\n]*+\{[ \t\r\n]*+" + _KEY)
_NEXT = re.compile(rb"[ \t\r\n]*+,[ \t\r\n]*+" + _KEY)
_CLOSE = re.compile(rb"[ \t\r\n]*+\}")
_OPEN = re.compile(rb"[ \t\r\n]*+\{")

_SPACE = re.compile(rb"[ \t\r\n]*+")

_TRAILING = "trailing characters"
_OFFSET = re.compile(r"(?:JSON is malformed: )?(.*?)(?: \(byte (\d+)\))?")
_KIND = re.compile(r"got `(\w+)`")

# What Python's json writes and reads but msgspec refuses. All else up to it is passed over in one
# match, since a match of its own for each string would take more memory than the strings. There is
# always a match, up to the data's end, or each byte would be tried as another one's start.
_UNRULY = re.compile(
    rb'(?:[^"NI-]++|"[^"\\]*+(?:\\[^u][^"\\]*+)*+"|-(?!Infinity)|N(?!aN)|I(?!nfinity))*+'
    rb'(?:(?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))'
    rb"|(?P<numbers>(?<![\w.+-])(?:(?:-?Infinity|NaN)(?![\w.+-])[ \t\r\n,]*+)++)|[NI-]|\Z)",
    re.DOTALL,
)
_SURROGATE = re.compile(
    rb"(?:[^\\]++|\\(?!u[dD][89a-fA-F][0-9a-fA-F]{2}).)*+"
    rb"(?:\\u(?P<half>[dD][89a-fA-F][0-9a-fA-F]{2})|\\?\Z)",
    re.DOTALL,
)


def scan(data: bytes, start: int = 0, end: int | None = None) -> Object:
    """The members of the object that ``data[start:end]`` is, in their order, duplicates included.

    ``NaN``, ``Infinity`` and escapes of lone surrogates are taken as Python's json takes them.
    The data must be UTF-8. Raises Malformed, NotAnObject, Crowded, RecursionError.
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


def elements(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans of the elements of the array that ``data[start:end]`` is, one by one: whoever
    stops early has looked at no more. None for what is no array.

    The data must have been scanned, so that it is JSON.
    """
    view: memoryview[int] = memoryview(data)
    at = _SPACE.match(data, start).end()  # type: ignore[union-attr] # it matches nothing too
    if data[at : at + 1] != b"[":
        return
    at = _SPACE.match(data, at + 1).end()  # type: ignore[union-attr] # as above
    tame, shift = view, 0
    while at < end and data[at : at + 1] != b"]":
        try:
            length = _length(tame[at - shift : end - shift])
        except msgspec.DecodeError:
            # From here on it is read as Python does; the bytes stay where they are.
            tame, shift = memoryview(_tamed(data[at:end])), at
            length = _length(tame)
        yield at, at + len(data[at : at + length].rstrip(b" \t\r\n"))
        at = _SPACE.match(data, at + length).end()  # type: ignore[union-attr] # as above
        if data[at : at + 1] == b",":
            at = _SPACE.match(data, at + 1).end()  # type: ignore[union-attr] # as above


def _length(view: memoryview[int]) -> int:
    """Up to what follows the value that ``view`` begins with. msgspec says so when it complains of
    that; it has read one byte further then.
    """
    try:
        return len(_skip(view))
    except msgspec.DecodeError as exc:
        match = _OFFSET.fullmatch(str(exc))
        if match is None or match[1] != _TRAILING:
            raise
        return int(match[2]) - 1


def _lengths(view: memoryview[int]) -> list[int]:
    try:
        return _lengths_of(view)
    except NotAnObject:
        raise
    except msgspec.DecodeError:
        pass
    try:
        return _lengths_of(_tamed(bytes(view)))
    except msgspec.DecodeError as exc:
        match = _OFFSET.fullmatch(str(exc))
        reason, offset = (match[1], match[2]) if match else (str(exc), None)
        if offset is None:
            raise Malformed("the JSON ends too early", len(view)) from exc
        # msgspec has read one byte further when it finds trailing ones.
        raise Malformed(reason, int(offset) - (reason == _TRAILING)) from exc


def _lengths_of(data: memoryview[int] | bytearray) -> list[int]:
    """Of an object's values. Raises NotAnObject, Crowded, and msgspec's own."""
    count = 0

    def key(_kind: type, _text: str) -> _Key:
        nonlocal count
        count += 1
        if count > MAX_MEMBERS:
            raise _Full
        return _Key()

    decoder = msgspec.json.Decoder(dict[_Key, msgspec.Raw], dec_hook=key)
    try:
        return [len(raw) for raw in decoder.decode(data).values()]
    except _Full as exc:
        raise Crowded from exc
    except msgspec.ValidationError as exc:
        kind = _KIND.search(str(exc))
        raise NotAnObject(kind[1] if kind else "value") from exc


def _tamed(data: bytes) -> bytearray:
    """As many bytes, with numbers for NaN and the like, and ``A`` for surrogates' escapes."""
    tame = bytearray(data)
    for match in _UNRULY.finditer(data):
        if match["numbers"]:
            numbers = match["numbers"].replace(b"NaN", b"111").replace(b"Infinity", b"11111111")
            tame[slice(*match.span("numbers"))] = numbers
        elif match["text"]:
            for found in _SURROGATE.finditer(data, *match.span("text")):
                if found["half"]:
                    tame[found.start("half") : found.end("half")] = b"0041"
    return tame


def _text(quoted: bytes) -> str:
    text = quoted.decode()
    return str(json.loads(text)) if "\\" in text else text[1:-1]
