"""Members of JSON objects set, changed and removed, in the manner of the file around them.

Removing what was set gives the bytes of before: text goes in, and comes out, between the same
two points. Beside other members these are the end of the member before, or the start of the
first one. In an object that was empty, white space alike on both sides of the only member is
what stood there before; unlike, it came with the member. A value that changes keeps the text of
all in it that does not, through objects in objects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec

from binderclip.jsonspan import Member, Object, scan


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


def add_member(data: bytes, obj: Object, style: Style, key: str, value: bytes) -> Splice:
    """``value`` is JSON, laid out already. It comes in with the key, in its place where keys are
    sorted and last where they are not.
    """
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
    """The inverse of ``add_member``."""
    member = obj.members[index]
    if index > 0:
        return Splice(obj.members[index - 1].end, member.end, b"")
    if len(obj.members) > 1:
        return Splice(member.at, obj.members[1].at, b"")
    before, after = data[obj.start + 1 : member.at], data[member.end : obj.end - 1]
    return Splice(obj.start + 1, obj.end - 1, before if before == after else b"")


def change_value(
    data: bytes, member: Member, style: Style, old: object, new: object
) -> list[Splice]:
    """What makes ``new`` of the value ``old`` of a member, in an object of ``style``; in the order
    of the file, none where the two are the same. Raises ValueError for NaN and infinities.
    """
    if _same(old, new):
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        obj = scan(data, member.start, member.end)
        if obj.duplicate() is None:
            return _change_members(data, obj, _style_within(data, obj, style), old, new)
    return [Splice(member.start, member.end, render(new, data, style))]


def _same(old: object, new: object) -> bool:
    """Tells 1 from 1.0 and true, and looks through the order of keys."""
    if isinstance(old, str) or isinstance(new, str):
        return old == new
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def _change_members(
    data: bytes, obj: Object, style: Style, old: Mapping[str, object], new: Mapping[str, object]
) -> list[Splice]:
    kept = [member for member in obj.members if member.key in new]
    fresh = _fresh(data, style, [member.key for member in kept], new)
    if not kept:
        return [_refill(data, obj, style, fresh[0])]
    first, at = obj.members[0].at, kept[0].at
    splices = [Splice(first, at, b"".join(entry + style.between for entry in fresh[0]))]
    ends = {member.end: member.end for member in kept}  # where what goes behind each one ends
    last = kept[0].end
    for member in obj.members:
        if member.end in ends:
            last = member.end
        elif member.at > at:
            ends[last] = member.end
    for member, entries in zip(kept, fresh[1:], strict=True):
        splices += change_value(data, member, style, old[member.key], new[member.key])
        text = b"".join(style.between + entry for entry in entries)
        splices.append(Splice(member.end, ends[member.end], text))
    return [one for one in splices if one.text or one.start != one.end]


def _fresh(
    data: bytes, style: Style, kept: Sequence[str], new: Mapping[str, object]
) -> list[list[bytes]]:
    """The new members as text: those before all that are kept, and those behind each of these."""
    found: list[list[bytes]] = [[] for _ in range(len(kept) + 1)]
    places = {key: place for place, key in enumerate(kept, 1)}
    place = 0
    for key in sorted(new) if style.ordered else new:
        if key in places:
            place = places[key]
        else:
            text = _dumped(key, data) + style.colon + render(new[key], data, style)
            found[place].append(text)
    return found


def _refill(data: bytes, obj: Object, style: Style, entries: Sequence[bytes]) -> Splice:
    """Everything in an object replaced, but for its margins."""
    if not obj.members:
        return _only_member(data, obj, style, style.between.join(entries))
    before, after = _lead(data, obj), data[obj.members[-1].end : obj.end - 1]
    bare = before if before == after else b""
    text = before + style.between.join(entries) + after if entries else bare
    return Splice(obj.start + 1, obj.end - 1, text)


def _style_within(data: bytes, obj: Object, around: Style) -> Style:
    """The layout of ``obj``, a value in an object of the style ``around``; where nothing shows it,
    as ``render`` lays it out.
    """
    lead = _lead(data, obj)
    if not obj.members and not lead:
        return replace(around, outer=around.inner, inner=around.inner + around.indent)
    newline, inner = _last_line(lead)
    tail = data[obj.members[-1].end : obj.end - 1] if obj.members else lead
    outer = _last_line(tail)[1]
    nested = inner.startswith(outer) and inner != outer
    colon = _colon(data, obj) if obj.members else around.colon
    # On one line in a file of many: written by hand, or by a tool that is sparing with blanks.
    comma = b"," if around.newline and colon == b":" else around.comma
    return replace(
        around,
        newline=newline,
        indent=inner[len(outer) :] if nested else around.indent,
        outer=outer,
        inner=inner,
        comma=_comma(data, obj) or comma,
        colon=colon,
    )


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
