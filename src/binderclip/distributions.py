"""Names of Python distributions."""

from __future__ import annotations

import re


def canonical(name: str) -> str:
    """As indexes compare names: https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()
