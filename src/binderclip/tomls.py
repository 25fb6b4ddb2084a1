"""TOML of strangers. https://toml.io/en/v1.0.0"""

from __future__ import annotations

import re
import tomllib
from typing import Any

_MAX_CHARACTERS = 16 << 20
_MAX_DOTS = 64
_STRINGS = re.compile(r'"(?:[^"\\\n]|\\.)*+"|\'[^\'\n]*+\'')


def read(text: str) -> dict[str, Any]:
    """The tables in ``text``. Raises ValueError for what is no TOML, is nested too deeply, or has
    keys of so many parts that reading them would take time that grows with their square.
    """
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"more than {_MAX_CHARACTERS} characters")
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MAX_DOTS:
            bare = _STRINGS.sub("", line).partition("#")[0]
            if bare.count(".") > _MAX_DOTS:
                raise ValueError(f"line {number}: more than {_MAX_DOTS} dots")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
