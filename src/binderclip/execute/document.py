"""A notebook under execution: read, checked, and written as Jupyter writes, again and again.

Jupyter's form: nbformat.v4.nbjson.JSONWriter (keys sorted, indented by 1, not ASCII alone, texts
split into lines, a final newline). Each cell's text is kept until the cell changes, so that
saving after an output costs one cell.
"""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode, ValidationError, convert, reader, validate
from nbformat.v4.rwbase import split_lines, strip_transient
from nbformat.warnings import DuplicateCellId, MissingIDFieldWarning

from binderclip.errors import NotebookError

_CURRENT = 4


class Document:
    """``nb`` is the node that is executed. Say ``touch`` for every cell that changes in it."""

    def __init__(self, nb: Any) -> None:
        self.nb = nb
        self._cells: list[bytes | None] = [None] * len(nb.cells)

    def touch(self, index: int) -> None:
        self._cells[index] = None

    def touch_all(self) -> None:
        self._cells = [None] * len(self.nb.cells)

    def clear(self, index: int) -> None:
        """Take the outputs of an earlier run away."""
        cell = self.nb.cells[index]
        cell.outputs, cell.execution_count = [], None
        self.touch(index)

    def render(self) -> bytes:
        """The whole notebook as a file's content."""
        for index, text in enumerate(self._cells):
            if text is None:
                self._cells[index] = _rendered_cell(self.nb.cells[index])
        parts = []
        for key in sorted(self.nb):
            if key == "cells" and self._cells:
                value = b"[\n  " + b",\n  ".join(filter(None, self._cells)) + b"\n ]"
            else:
                value = _dumped(self.nb[key], 1)
            parts.append(_dumped(key, 0) + b": " + value)
        return b"{\n " + b",\n ".join(parts) + b"\n}\n"


def read(data: bytes, name: str, tell: Callable[[str], None]) -> Document:
    """Parse, convert to nbformat 4 and check. What was mended is told in a line each.

    Raises NotebookError for what is not valid.
    """
    try:
        nb = reader.reads(data.decode("utf-8-sig"))
        if nb.nbformat != _CURRENT:
            old = nb.nbformat
            nb = strip_transient(convert(nb, _CURRENT))
            tell(f"the notebook was in nbformat {old}; the result is in nbformat {_CURRENT}")
        with warnings.catch_warnings(record=True) as mended:
            warnings.simplefilter("ignore")
            for kind in (MissingIDFieldWarning, DuplicateCellId):
                warnings.simplefilter("always", kind)
            validate(nb)
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _invalid(name, error) from error
    except RecursionError as error:
        raise NotebookError(f"{name}: is nested too deeply to be read") from error
    if mended:
        tell(_mended(len(mended)))
    return Document(nb)


def _mended(count: int) -> str:
    if count == 1:
        return "1 cell had no id of its own and was given one, as Jupyter does"
    return f"{count} cells had no id of their own and were given one, as Jupyter does"


def _invalid(name: str, error: Exception) -> NotebookError:
    hint = "open it in Jupyter and save it anew, or correct the file"
    if not isinstance(error, ValidationError):
        return NotebookError(f"{name}: found no valid notebook ({error})"[:400], hint=hint)
    where = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.relative_path
    ).lstrip(".")
    said = str(error.message).splitlines()[0][:300]
    return NotebookError(
        f"{name}: no valid notebook: {f'{where}: ' if where else ''}{said}", hint=hint
    )


def _rendered_cell(cell: NotebookNode) -> bytes:
    bare = NotebookNode(cells=[copy.deepcopy(cell)])
    return _dumped(split_lines(bare).cells[0], 2)


def _dumped(value: object, depth: int) -> bytes:
    """JSON whose lines after the first are ``depth`` deeper.

    Strings hold no line ends, so every one of the text belongs to the layout. A lone surrogate
    becomes its escape, which JSON allows in a string and UTF-8 does not allow at all.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))
    return text.replace("\n", "\n" + " " * depth).encode("utf-8", "backslashreplace")
