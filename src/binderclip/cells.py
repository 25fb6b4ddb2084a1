"""A notebook's cells one by one: nothing of them is decoded but what is asked for, so that the
first words of a large notebook of somebody else's cost little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from binderclip.jsonspan import Crowded, NotAnObject, Object, elements, scan
from binderclip.notebook import Notebook

_MAX_TYPE = 64
_HEAD_BYTES = 64 * 1024
_HEAD_LINES = 1000
# A string's characters, escapes whole, without its closing quote.
_CHARACTERS = re.compile(
    rb'"[^"\\]*+(?:\\(?:u[0-9a-fA-F]{4}|[^u])[^"\\]*+)*+',
    re.DOTALL,
)


class Cell(NamedTuple):
    """``kind`` is "code", "markdown", "raw"; "" for something of another shape. The source's JSON
    is ``data[start:end]`` of the notebook, a string or a list of them; nothing where there is none.
    """

    kind: str
    start: int
    end: int


def cells(notebook: Notebook) -> Iterator[Cell]:
    """The cells of an ``.ipynb`` in their order, of formats 3 and 4, as they are looked at; none of
    a text notebook's. What is no list of cells has none.
    """
    found = notebook.place("cells")
    if found is not None:
        yield from _within(notebook.data, *found)
        return
    sheets = notebook.place("worksheets")
    for start, end in elements(notebook.data, *sheets) if sheets else ():
        if place := _member(_object(notebook.data, start, end), "cells"):
            yield from _within(notebook.data, *place)


def source(notebook: Notebook, cell: Cell, *, max_bytes: int) -> str | None:
    """The text of a cell; None where there is none, or it takes more than ``max_bytes`` as JSON."""
    text = notebook.data[cell.start : cell.end]
    if not text or len(text) > max_bytes:
        return None
    try:
        value: Any = msgspec.json.decode(text)
    except msgspec.DecodeError:  # halves of surrogate pairs
        value = _loaded(text)
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else None


def beginning(notebook: Notebook, cell: Cell) -> str:
    """The text of a cell as far as its first 64 KiB and 1,000 lines; "" where there is none."""
    data = notebook.data
    if data.startswith(b'"', cell.start, cell.end):
        return _cut(data, cell.start, cell.end)
    texts, room = [], _HEAD_BYTES
    for start, end in islice(elements(data, cell.start, cell.end), _HEAD_LINES):
        texts.append(_cut(data, start, end))
        room -= len(texts[-1])
        if room <= 0:
            break
    return "".join(texts)


def _within(data: bytes, start: int, end: int) -> Iterator[Cell]:
    for place in elements(data, start, end):
        cell = _object(data, *place)
        kind = _member(cell, "cell_type")
        text = _member(cell, "source") or _member(cell, "input")  # format 3 says input
        named = data[slice(*kind)] if kind else b""
        yield Cell(_kind(named), *(text or (place[0], place[0])))


def _object(data: bytes, start: int, end: int) -> Object | None:
    try:
        return scan(data, start, end)
    except (NotAnObject, Crowded):
        return None


def _member(found: Object | None, key: str) -> tuple[int, int] | None:
    index = found.find(key) if found else None
    if found is None or index is None:
        return None
    return found.members[index].start, found.members[index].end


def _kind(text: bytes) -> str:
    value = _loaded(text) if text.startswith(b'"') and len(text) <= _MAX_TYPE else ""
    return value if isinstance(value, str) else ""


def _cut(data: bytes, start: int, end: int) -> str:
    found = _CHARACTERS.match(data, start, min(end, start + _HEAD_BYTES))
    if found is None:
        return ""
    # The cut may go through a character.
    text = _loaded(found[0].decode("utf-8", "ignore").encode() + b'"')
    return text if isinstance(text, str) else ""


def _loaded(text: bytes) -> Any:
    """As Python reads it. It has been scanned, so that it is JSON; but numbers may be too long."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
