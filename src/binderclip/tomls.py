"""TOML of strangers. https://toml.io/en/v1.0.0"""

from __future__ import annotations

import re
import tomllib
from typing import Any

_MAX_CHARACTERS = 16 << 20
_MAX_DOTS = 16
# Strings of each kind, to where they end or have to.
_STRING = (
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"{3,5}+|\\?\Z)'
    r"|\'\'\'(?:[^']++|'(?!''))*+(?:'{3,5}+|\Z)"
    r'|"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+(?:"|\\?(?=\n|\Z))'
    r"|'[^'\n]*+(?:'|(?=\n|\Z))"
)
# Up to a key, or something else, with too many dots.
_FEW_DOTS = re.compile(
    rf"(?:[^\"'#.]++|{_STRING}|\#[^\n]*+"
    rf"|(?:\.(?:[^\"'#.,={{}}\[\]\n]++|{_STRING})*+){{1,{_MAX_DOTS}}}+(?!\.))*+",
    re.DOTALL,
)


def read(text: str) -> dict[str, Any]:
    """The tables in ``text``. Raises ValueError for what is no TOML, is nested too deeply, or has
    keys of so many parts that reading them would take time that grows with their square.
    """
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"more than {_MAX_CHARACTERS} characters")
    found = _FEW_DOTS.match(text)
    end = found.end() if found else 0
    if end < len(text):
        number = text.count("\n", 0, end) + 1
        raise ValueError(f"line {number}: more than {_MAX_DOTS} dots in a key")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
