"""File names out of addresses: plain, safe on any system."""

from __future__ import annotations

import re
from urllib.parse import unquote

TEXT_SUFFIXES = frozenset({".md", ".markdown", ".rmd", ".qmd", ".py", ".r", ".jl"})
"""The text notebooks that are recognised by name alone, in lower case."""

DEFAULT = "notebook.ipynb"
MAX_CHARACTERS = 120


def suffix(name: str) -> str:
    """The suffix in lower case, with its dot, or an empty string."""
    stem, dot, last = name.rpartition(".")
    return f".{last.lower()}" if dot and stem else ""


def notebook_like(name: str) -> bool:
    """True when the name is one that notebooks have."""
    return suffix(name) == ".ipynb" or suffix(name) in TEXT_SUFFIXES


def last_segment(path: str) -> str:
    """The last part of a URL's path, decoded."""
    return unquote(path.rstrip("/").rpartition("/")[2])


def safe_name(name: str) -> str:
    """``name`` as a file name: one part, printable, allowed on Windows too, with the suffix of
    a notebook.
    """
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in name)
    name = name.strip(" .")
    if not name:
        return DEFAULT
    if not notebook_like(name):
        name += ".ipynb"
    ending = suffix(name)
    stem = name[: -len(ending)][: MAX_CHARACTERS - len(ending)]
    if re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", stem):
        stem += "_"
    return stem + name[-len(ending) :]
