"""One cell of a notebook's bytes put in or changed; everything else stays as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

from binderclip import jsonedit, notebookfault
from binderclip.errors import NotebookError
from binderclip.importing import script
from binderclip.jsonspan import NotAnObject, Object, scan
from binderclip.notebook import Notebook, parse, to_ipynb
from binderclip.spec.model import joined, lined

_WITH_IDS = 5  # nbformat_minor from which on cells have ids


def with_header(notebook: Notebook, header: str) -> Notebook:
    """The notebook as .ipynb with ``header`` in the cell that has one, else in a new first cell
    that JupyterLab hides. Returns ``notebook`` where nothing changes.

    Raises NotebookError for a notebook of format 3 and for cells of another shape.
    """
    if notebook.text:
        notebook = parse(to_ipynb(notebook), f"{notebook.name}.ipynb")
    if notebook.nbformat != 4:  # noqa: PLR2004 - nbformat
        raise NotebookError(
            f"{notebook.name}: its format is {notebook.nbformat}, and juv reads 4",
            hint="`jupyter nbconvert --to notebook` makes one of format 4",
        )
    try:
        data = _edited(notebook, header)
    except (NotAnObject, LookupError, TypeError, AttributeError, ValueError) as error:
        raise NotebookError(
            f"{notebook.name}: its cells have not the shape of a notebook's",
            hint="`jupyter nbconvert --to notebook` may be able to mend it",
        ) from error
    return notebook if data == notebook.data else parse(data, notebook.name)


def _edited(notebook: Notebook, header: str) -> bytes:
    data = notebook.data
    top = scan(data, len(notebookfault.BOM) if data.startswith(notebookfault.BOM) else 0)
    member = top.members[_index(top, "cells")]
    ids = set()
    first: int | None = None
    for start, end in _elements(data, member.start, member.end):
        first = start if first is None else first
        cell = json.loads(data[start:end])
        ids.add(cell.get("id"))
        source = joined(cell["source"])
        if cell["cell_type"] == "code" and script.block(source) is not None:
            text = script.with_block(source, header)
            return data if text == source else _changed(data, top, (start, end), cell, text)
    cell = _cell(header, ids if notebook.nbformat_minor >= _WITH_IDS else None)
    return _inserted(data, top, (member.start, first), cell)


def _elements(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans of an array's elements."""
    text = data[start:end].decode()
    if not text.startswith("["):
        raise TypeError("no array")
    decoder, at, byte = json.JSONDecoder(), 1, start + 1
    while True:
        while text[at] in " \t\r\n,":
            at, byte = at + 1, byte + 1
        if text[at] == "]":
            return
        _, after = decoder.raw_decode(text, at)
        length = len(text[at:after].encode())
        yield byte, byte + length
        at, byte = after, byte + length


def _inserted(data: bytes, top: Object, place: tuple[int, int | None], cell: object) -> bytes:
    """``place``: where the array begins, and where its first element does, if it has any."""
    start, first = place
    style = _style(data, top)
    if first is None:
        end = data.index(b"]", start)
        pretty = style.newline is not None
        lead = (style.newline or b"") + style.inner if pretty else b""
        tail = (style.newline or b"") + style.outer if pretty else b""
        text = jsonedit.render(cell, data, style)
        return data[: start + 1] + lead + text + tail + data[end:]
    lead = data[start + 1 : first]
    newline = lead.rfind(b"\n")
    if style.newline is not None:
        style = replace(style, inner=lead[newline + 1 :] if newline >= 0 else style.inner)
    text = jsonedit.render(cell, data, style)
    between = b"," + lead if newline >= 0 else style.comma
    return data[:first] + text + between + data[first:]


def _changed(data: bytes, top: Object, span: tuple[int, int], cell: Any, text: str) -> bytes:
    inner = scan(data, *span)
    member = inner.members[_index(inner, "source")]
    value: object = list(lined(text)) if isinstance(cell["source"], list) else text
    lead = data[inner.start + 1 : inner.members[0].at]
    style = _style(data, top)
    if style.newline is not None and b"\n" in lead:
        style = replace(style, inner=lead[lead.rfind(b"\n") + 1 :])
    elif style.newline is not None:
        style = replace(style, newline=None)
    return data[: member.start] + jsonedit.render(value, data, style) + data[member.end :]


def _style(data: bytes, top: Object) -> jsonedit.Style:
    """How the file is laid out, with the margin of an element of one of its arrays."""
    metadata = top.members[_index(top, "metadata")]
    style = jsonedit.style_of(data, top, scan(data, metadata.start, metadata.end))
    return replace(style, inner=style.outer + style.indent, ordered=True)


def _cell(header: str, ids: set[Any] | None) -> dict[str, object]:
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"jupyter": {"source_hidden": True}},
        "outputs": [],
        "source": list(lined(header.rstrip("\n"))),
    }
    if ids is not None:
        name = sha256(header.encode("utf-8", "backslashreplace")).hexdigest()[:8]
        cell["id"] = name if name not in ids else f"{name}-{len(ids)}"
    return dict(sorted(cell.items()))


def _index(found: Object, key: str) -> int:
    index = found.find(key)
    if index is None:
        raise LookupError(key)
    return index
