"""Distributions that a notebook installs itself: ``%pip install x``, ``!pip install x``, …"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from binderclip.guessing.model import Named
from binderclip.spec.shown import has_credentials

_PIP = re.compile(
    r"[!%]{1,2}\s*(?:(?:sudo|uv|\S*python[\d.]*\s+-m|\{?sys\.executable\}?\s+-m)\s+)*"
    r"(?:\S*/)?pip[\d.]*\s+(?:-\S+\s+)*install\s+(?P<rest>.*)"
)
_CONDA = re.compile(
    r"[!%]{1,2}\s*(?:sudo\s+)?(?:\S*/)?(?:conda|mamba|micromamba)\s+(?:-\S+\s+)*install\s+(?P<rest>.*)"
)
# Options that take a value of their own.
_TAKES = """
-r -c -e -i -f -t -n -p --requirement --constraint --editable --index-url --extra-index-url
--find-links --target --prefix --root --channel --name --file --trusted-host --python --platform
--python-version --index --default-index --progress-bar --timeout --retries
"""
_ENDS = re.compile(r"(?:&&|\|\||[|;&]|\d?>{1,2})(?=\s|$)|\s#.*|(?<=\s)\d?>(?!=)\S*$")
_SPEC = re.compile(r"(?:[\w.-]+::)?(?P<name>[A-Za-z0-9_][\w.-]*)(?P<version>[=<>!~].*)?", re.ASCII)


def read(line: str, why: str) -> Iterator[Named]:
    """What one line of IPython's installs. What is no name, as a path, is not told."""
    if pip := _PIP.match(line):
        for word in _words(pip["rest"]):
            if (text := _requirement(word)) is not None:
                yield Named(text, why)
    elif conda := _CONDA.match(line):
        for word in _words(conda["rest"]):
            found = _SPEC.fullmatch(word)
            if found and found["name"] not in {"python", "pip"}:
                yield Named(found["name"], why, conda=True)


def _words(text: str) -> Iterator[str]:
    """The operands, up to the next command."""
    text = _ENDS.split(text, maxsplit=1)[0]
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in _TAKES.split()
        else:
            yield word


def _requirement(word: str) -> str | None:
    try:
        parsed = Requirement(word)
    except InvalidRequirement:
        return None
    if parsed.name.lower() in {"pip", "setuptools", "wheel"} or has_credentials(word):
        return None
    return str(parsed)
