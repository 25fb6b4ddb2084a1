"""One member of a JSON object set or removed, in the manner of the file around it.

Removing what was set gives the bytes of before: text goes in, and comes out, between the same
two points. Beside other members these are the end of the member before, or the start of the
first one. In an object that was empty, white space alike on both sides of the only member is
what stood there before; unlike, it came with the member.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from binderclip.jsonspan import Object


class Splice(NamedTuple):
    """``data[start:end]`` becomes ``text``."""

    start: int
    end: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Style:
    """How an object is laid out.

    ``newline`` is None where its members share a line; ``indent`` is one level, ``outer`` the
    white space before the object's closing brace, ``inner`` that before its members; ``comma``
    and ``colon`` are the separators with their white space; ``ordered`` says that keys are sorted.
    """

    newline: bytes | None
    indent: bytes
    outer: bytes
    inner: bytes
    comma: bytes
    colon: bytes
    ordered: bool

    @property
    def between(self) -> bytes:
        """What stands between two members."""
        return b"," + self.newline + self.inner if self.newline else self.comma


_NEWLINE = re.compile(rb"\r\n|\n|\r")
# An escape that Python writes for ASCII files alone, not the text of one behind a backslash.
_ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00(?:[0-6]|7[0-9a-eA-E]))[0-9a-fA-F]{4}")


def style_of(data: bytes, outer: Object, inner: Object) -> Style:
    """The layout of ``inner``, a value in ``outer``; where it has no members, as its parent's."""
    top = _lead(data, outer)
    lead = _lead(data, inner)
    bare = not inner.members and not lead
    newline, inner_margin = _last_line(top if bare else lead)
    outer_margin = _last_line(top)[1]
    if bare:
        inner_margin = outer_margin + outer_margin
        # Without any margin the only member goes on the brace's line: its value stays there too.
        newline = newline if outer_margin else None
    nested = inner_margin.startswith(outer_margin) and inner_margin != outer_margin
    return Style(
        newline=newline,
        indent=inner_margin[len(outer_margin) :] if nested else outer_margin,
        outer=outer_margin,
        inner=inner_margin,
        comma=_comma(data, inner) or _comma(data, outer) or b", ",
        colon=_colon(data, inner if inner.members else outer),
        ordered=_ordered(outer) and _ordered(inner),
    )


def set_member(data: bytes, obj: Object, style: Style, key: str, value: bytes) -> Splice:
    """``value`` is JSON, laid out already. It replaces the key's value, or comes in with the key,
    in its place where keys are sorted and last where they are not.
    """
    index = obj.find(key)
    if index is not None:
        return Splice(obj.members[index].start, obj.members[index].end, value)
    name = _dumped(key, data)
    if not obj.members:
        return _only_member(data, obj, style, name + style.colon + value)
    last = len(obj.members)
    index = sum(member.key < key for member in obj.members) if _ordered(obj) else last
    if index == 0:
        at = obj.members[0].at
        return Splice(at, at, name + style.colon + value + style.between)
    at = obj.members[index - 1].end
    return Splice(at, at, style.between + name + style.colon + value)


def remove_member(data: bytes, obj: Object, index: int) -> Splice:
    """The inverse of ``set_member``."""
    member = obj.members[index]
    if index > 0:
        return Splice(obj.members[index - 1].end, member.end, b"")
    if len(obj.members) > 1:
        return Splice(member.at, obj.members[1].at, b"")
    before, after = data[obj.start + 1 : member.at], data[member.end : obj.end - 1]
    return Splice(obj.start + 1, obj.end - 1, before if before == after else b"")


def render(value: object, data: bytes, style: Style) -> bytes:
    """``value`` as JSON in the style of ``data``. Raises ValueError for NaN and infinities."""
    multiline = style.newline is not None
    text = _quickly(value, style) or _dumped(
        value,
        data,
        indent=style.indent.decode() if multiline else None,
        separators=("," if multiline else style.comma.decode(), style.colon.decode()),
        sort_keys=style.ordered,
        allow_nan=False,
    )
    return text.replace(b"\n", style.newline + style.inner) if style.newline else text


_ENCODERS = {
    True: msgspec.json.Encoder(order="sorted"),
    False: msgspec.json.Encoder(),
}
_LONG = 1 << 63


def _quickly(value: object, style: Style) -> bytes | None:
    """What ``_dumped`` makes of a value, in C, where both are sure to write the same: Python's
    own encoder is slow as soon as it indents.
    """
    spaces = len(style.indent)
    usual = style.newline and style.colon == b": " and style.indent == b" " * spaces and spaces
    if not usual or not _alike(value):
        return None
    try:
        text = msgspec.json.format(_ENCODERS[style.ordered].encode(value), indent=spaces)
    except (UnicodeError, RecursionError):
        return None
    return text if text.isascii() and b"\x7f" not in text else None


def _alike(value: object) -> bool:
    """True for what msgspec writes as Python does: no floats, no integers beyond 64 bits."""
    if isinstance(value, dict):
        return all(type(key) is str for key in value) and all(map(_alike, value.values()))
    if isinstance(value, list):
        return all(map(_alike, value))
    if type(value) is int:
        return -_LONG <= value < _LONG
    return value is None or type(value) in {str, bool}


def _dumped(value: object, data: bytes, **layout: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, **layout)
    odd = not text.isascii() or "\x7f" in text
    if odd and data.isascii() and _ESCAPED.search(data):
        text = json.dumps(value, ensure_ascii=True, **layout)
    # A lone surrogate has no UTF-8; JSON can hold it as an escape, which this handler writes.
    return text.encode("utf-8", "backslashreplace")


def _only_member(data: bytes, obj: Object, style: Style, text: bytes) -> Splice:
    before = after = _lead(data, obj)
    if not before and style.newline and style.inner != style.outer:
        before, after = style.newline + style.inner, style.newline + style.outer
    return Splice(obj.start + 1, obj.end - 1, before + text + after)


def _lead(data: bytes, obj: Object) -> bytes:
    """The white space before the first member, or all where there is none."""
    return data[obj.start + 1 : obj.members[0].at if obj.members else obj.end - 1]


def _last_line(space: bytes) -> tuple[bytes | None, bytes]:
    """The line end of a lead, or None; and the margin that follows its last one."""
    newline = _NEWLINE.search(space)
    if newline is None:
        return None, b""
    return newline[0], _NEWLINE.split(space)[-1]


def _comma(data: bytes, obj: Object) -> bytes | None:
    """The separator of members on one line, or None where none shows."""
    if not obj.members[1:]:
        return None
    gap = data[obj.members[0].end : obj.members[1].at]
    return None if _NEWLINE.search(gap) else gap


def _colon(data: bytes, obj: Object) -> bytes:
    gap = data[obj.members[0].key_end : obj.members[0].start]
    return b": " if _NEWLINE.search(gap) else gap


def is_ordered(value: object) -> bool:
    """True where the keys of all objects in a decoded value are sorted."""
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(map(is_ordered, value.values()))
    return not isinstance(value, list) or all(map(is_ordered, value))


def _ordered(obj: Object) -> bool:
    keys = [member.key for member in obj.members]
    return keys == sorted(keys)
