"""Project files as text and YAML, read within bounds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from binderclip import yamls
from binderclip.errors import Refused

MAX_BYTES = 1 << 20


def text_of(path: Path) -> str | None:
    """A regular file's text; None where there is none, or it is large or not UTF-8."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        return data.decode("utf-8-sig") if len(data) <= MAX_BYTES else None
    except (OSError, ValueError):
        return None


def table(text: str, where: str) -> dict[str, Any] | None:
    """The mapping that a YAML file is; None where it is something else."""
    try:
        value = yamls.read(text, where)
    except Refused:
        return None
    return value if isinstance(value, dict) else None


def inner(value: object, key: str) -> dict[str, Any]:
    """``value[key]`` where both are mappings, else an empty one."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def word(value: object, key: str, text: str) -> object:
    """``value`` as it stands behind ``key``: a ref such as 2024.10 or 0123456 is a number for
    YAML, and has to stay what was written.
    """
    if value is None or isinstance(value, str):
        return value
    found = re.search(rf"^[ \t]*{re.escape(key)}[ \t]*:[ \t]+([^\s#\"']+)", text, re.MULTILINE)
    return found[1] if found else value
