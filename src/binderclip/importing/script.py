"""The header of a Python script that names its dependencies, in cells and text notebooks.

Format: https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

_START = re.compile(r"# /// ([a-zA-Z0-9-]+)")
_END = "# ///"
MARK = b"/// script"
"""What every file with such a header has in it."""


def block(source: str) -> str | None:
    """The TOML of the first block ``script`` in ``source``, or None.

    The specification's own expression may take time that grows with the square of the text.
    Here each run of comment lines is looked at once.
    """
    run: list[str] = []
    for line in [*source.split("\n"), ""]:
        text = line.rstrip("\r")
        if text == "#" or text.startswith("# "):
            run.append(text)
            continue
        if run and (found := _in_run(run)) is not None:
            return found
        run = []
    return None


def _in_run(run: list[str]) -> str | None:
    """The block in one run of comments: from its first opening line to its last closing one."""
    start = next((n for n, line in enumerate(run) if _START.fullmatch(line)), None)
    if start is None or run[start] != "# /// script":
        return None
    ends = [n for n, line in enumerate(run) if n > start + 1 and line == _END]
    return "".join(f"{line[2:]}\n" for line in run[start + 1 : ends[-1]]) if ends else None


def parsed(text: str) -> dict[str, Any]:
    """TOML as data. Raises ValueError."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
