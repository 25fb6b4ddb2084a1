"""What a kernel says when a cell fails, as errors of ours and fit to be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from binderclip.errors import CellFailed

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# Escape sequences of all kinds (ECMA-48), then whatever else a terminal acts on.
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x1b\\|\x07|$)|[ -/]*[0-~])", re.DOTALL
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class CellError:
    """A failure that was allowed: ``cell`` counts cells of all types from 1."""

    cell: int
    name: str
    value: str


def plain(text: str) -> str:
    """Without escape sequences and control characters, line ends and tabs apart."""
    return _CONTROL.sub("", _ESCAPE.sub("", text))


def coloured(text: str) -> str:
    """With colours, and nothing else that a terminal acts on."""
    parts = _COLOUR.split(text)
    colours = _COLOUR.findall(text)
    kept = [plain(part) for part in parts]
    return "".join(a + b for a, b in zip(kept, [*colours, ""], strict=True))


def place(index: int, cells: list[Any]) -> str:
    """As people look for it in Jupyter: "cell 3 (code cell 2, [7])"."""
    nth = sum(1 for cell in cells[: index + 1] if cell.cell_type == "code")
    count = cells[index].get("execution_count")
    shown = f", [{count}]" if count is not None else ""
    return f"cell {index + 1} (code cell {nth}{shown})"


def raised(content: dict[str, Any], index: int) -> CellError:
    """What an execute_reply with the status "error" tells."""
    value = " ".join(plain(str(content.get("evalue", ""))).split())
    return CellError(
        cell=index + 1,
        name=plain(str(content.get("ename") or "error"))[:_LONGEST],
        value=value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…",
    )


def cell_failed(content: dict[str, Any], index: int, where: str) -> CellFailed:
    """The error for it; ``where`` is its ``place``."""
    error = raised(content, index)
    lines = content.get("traceback")
    traceback = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
    said = f"{error.name}: {error.value}" if error.value else error.name
    return CellFailed(
        f"{where} failed: {said}",
        cell=index + 1,
        traceback=plain(traceback),
        coloured=coloured(traceback),
        hint="--allow-errors goes on after a cell that fails; the tag 'raises-exception' allows it"
        " for one cell",
    )
