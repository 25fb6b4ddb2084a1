"""A cell's Python, apart from what IPython alone understands: magics, shell lines, help.

https://ipython.readthedocs.io/en/stable/interactive/
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field

MAX_SOURCE = 2**20
_LINE = re.compile(r"^([ \t]*)((?:!|%(?!%)|\?).*|[^\s#'\"]*[^\s#'\"=]\?{1,2}[ \t]*)$", re.MULTILINE)
_ASSIGNED = re.compile(r"^([\w,. \t]+=[ \t]*)([!%].*)$", re.MULTILINE)
_CELL = re.compile(r"\s*%%(\w+)([^\n]*)\n?")
_PYTHON_CELLS = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "px", "debug"})
_WRITING_CELLS = frozenset({"writefile", "file"})
_FILE = "<code beside a notebook>"
_QUIET = ("ignore", None, Warning, re.compile(re.escape(_FILE)), 0)


@dataclass(frozen=True, slots=True)
class CellCode:
    """``text`` is the cell without a ``%%magic`` at its top, and ``tree`` that as Python, None
    where it is none. ``lines`` are those that IPython alone understands, what follows ``%%magic``
    first, and ``plain`` is ``text`` with ``None`` in the place of each. ``magic`` is the name
    behind ``%%``; ``foreign``: it makes the cell something else than Python of this notebook, and
    ``written``: a file.
    """

    text: str
    tree: ast.Module | None
    plain: str
    lines: tuple[str, ...] = field(default=())
    magic: str | None = None
    foreign: bool = False
    written: bool = False


def read(source: str) -> CellCode:
    """Nothing is run. What is longer than MAX_SOURCE characters is cut there."""
    source = source[:MAX_SOURCE]
    lines: list[str] = []
    name = None
    if magic := _CELL.match(source):
        name, source = magic[1], source[magic.end() :]
        lines.append(magic[2])
        if name not in _PYTHON_CELLS:
            written = name in _WRITING_CELLS
            return CellCode(source, None, source, tuple(lines), name, foreign=True, written=written)
    # What is Python as it stands may have lines in its strings that look like magics.
    tree, plain = parsed(source), source
    if tree is None:

        def taken(found: re.Match[str]) -> str:
            lines.append(found[2])
            return f"{found[1]}None"

        plain = _ASSIGNED.sub(taken, _LINE.sub(taken, source))
        tree = parsed(plain)
    return CellCode(source, tree, plain, tuple(lines), name)


def parsed(source: str) -> ast.Module | None:
    """None for what is no Python of this version."""
    # Odd escapes are the notebook's affair. ``catch_warnings`` would not do: this may be one of
    # several threads, and it puts back for all what it found.
    if _QUIET not in warnings.filters:
        warnings.filterwarnings("ignore", module=_QUIET[3].pattern)
    try:
        return ast.parse(source, _FILE)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
