"""The header of a Python script that names its dependencies, in cells and text notebooks.

Format: https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

from __future__ import annotations

import re
from typing import Any

from binderclip import tomls

_START = re.compile(r"# /// ([a-zA-Z0-9-]+)")
_END = "# ///"
MARK = b"/// script"
"""What every file with such a header has in it."""


def block(source: str) -> str | None:
    """The TOML of the first block ``script`` in ``source``, or None."""
    found = _found(source)
    if found is None:
        return None
    lines = source.split("\n")[found.start + 1 : found.stop - 1]
    return "".join(line.rstrip("\r")[2:] + "\n" for line in lines)


def with_block(source: str, header: str) -> str:
    """``source`` with ``header``, all lines of a block, in the place of its own. Raises ValueError
    where it has none.
    """
    found = _found(source)
    if found is None:
        raise ValueError("no block to replace")
    lines = source.split("\n")
    lines[found.start : found.stop] = [header.rstrip("\n")]
    return "\n".join(lines)


def _found(source: str) -> range | None:
    """The lines of the first block, its first and last included.

    The specification's own expression may take time that grows with the square of the text.
    Here each run of comment lines is looked at once.
    """
    run: list[str] = []
    for number, line in enumerate([*source.split("\n"), ""]):
        text = line.rstrip("\r")
        if text == "#" or text.startswith("# "):
            run.append(text)
            continue
        if run and (found := _in_run(run)) is not None:
            first = number - len(run)
            return range(first + found.start, first + found.stop)
        run = []
    return None


def _in_run(run: list[str]) -> range | None:
    """In one run of comments: from its first opening line to its last closing one."""
    start = next((n for n, line in enumerate(run) if _START.fullmatch(line)), None)
    if start is None or run[start] != "# /// script":
        return None
    ends = [n for n, line in enumerate(run) if n > start + 1 and line == _END]
    return range(start, ends[-1] + 1) if ends else None


def parsed(text: str) -> dict[str, Any]:
    """TOML as data. Raises ValueError."""
    return tomls.read(text)
