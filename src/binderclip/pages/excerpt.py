"""What a notebook says of itself: its title and its first words, as plain text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from binderclip import cells as cells_of
from binderclip.addresses.naming import suffix
from binderclip.errors import NotebookError
from binderclip.notebook import Notebook

MAX_LINES = 12
MAX_CHARACTERS = 900
MAX_CELLS = 10_000
_MAX_TITLE = 160
_MAX_TITLE_BYTES = 64 * 1024
_MAX_TEXT_BYTES = 256 * 1024
_FENCE = "---"
_SCRIPTS = frozenset({".py", ".r", ".jl"})


@dataclass(frozen=True, slots=True)
class Excerpt:
    """``lines`` are the head of the first Markdown; ``cells`` and ``code`` count cells, None where
    that is not known, as of more than ``MAX_CELLS``.
    """

    title: str | None = None
    lines: tuple[str, ...] = ()
    cells: int | None = None
    code: int | None = None


def excerpt(notebook: Notebook) -> Excerpt:
    """Never raises: what cannot be read, and a title that is none, says nothing. Only the head of
    the notebook is decoded.
    """
    title = _title(notebook)
    if notebook.text:
        lines = _body(notebook.data[:_MAX_TEXT_BYTES].decode("utf-8-sig", "replace"))
        mark = "# # " if suffix(notebook.name) in _SCRIPTS else "# "
        return Excerpt(_cut(title or _heading(lines, mark)), _head(lines))
    markdown: str | None = None
    cells = code = 0
    for cell in islice(cells_of.cells(notebook), MAX_CELLS + 1):
        cells += 1
        code += cell.kind == "code"
        if markdown is None and cell.kind == "markdown":
            markdown = _sound(cells_of.beginning(notebook, cell))
    lines = (markdown or "").splitlines()
    known = (None, None) if cells > MAX_CELLS else (cells, code)
    return Excerpt(_cut(title or _heading(lines)), _head(lines), *known)


def _title(notebook: Notebook) -> str | None:
    try:
        named = notebook.get("title", max_bytes=_MAX_TITLE_BYTES)
    except NotebookError:
        return None
    return " ".join(_sound(named[:_MAX_TITLE_BYTES]).split()) if isinstance(named, str) else None


def _sound(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can hold and no page."""
    return text.encode("utf-8", "replace").decode()


def _body(text: str) -> list[str]:
    """Without a YAML header, commented or not."""
    lines = text[: 64 * 1024].splitlines()
    first = next((n for n, line in enumerate(lines) if line.strip("# \t")), 0)
    if lines[first : first + 1] and lines[first].strip("# \t") == _FENCE:
        rest = range(first + 1, len(lines))
        end = next((n for n in rest if lines[n].strip("# \t") == _FENCE), None)
        return lines if end is None else lines[end + 1 :]
    return lines


def _heading(lines: list[str], mark: str = "# ") -> str | None:
    words = (line[len(mark) :].strip("# \t") for line in lines[:MAX_LINES] if line.startswith(mark))
    return next(filter(None, words), None)


def _cut(title: str | None) -> str | None:
    if not title:
        return None
    return title if len(title) <= _MAX_TITLE else f"{title[: _MAX_TITLE - 1]}…"


def _head(lines: list[str]) -> tuple[str, ...]:
    """The first lines with something on them, and the blank ones between."""
    kept: list[str] = []
    room = MAX_CHARACTERS
    for line in lines:
        if not line.strip() and (not kept or not kept[-1]):
            continue
        if len(kept) == MAX_LINES or room <= 0:
            kept.append("…")
            break
        kept.append(line.rstrip().expandtabs(4)[:room])
        room -= len(line)
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)
