"""Bytes → the text of a file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable


class NotText(ValueError):
    """The message is what it is instead, to stand behind "is"."""


def bare_repository(names: Iterable[str]) -> str | None:
    """The folder ("." for the root) that files of these names would make a git repository of, if
    any. git takes one for such wherever it comes upon it, and runs what its ``config`` names.
    https://git-scm.com/docs/gitrepository-layout
    """
    parts: dict[str, set[str]] = {}
    for name in names:
        words = name.casefold().split("/")
        for depth, word in enumerate(words):
            parts.setdefault("/".join(words[:depth]), set()).add(word)
    for folder, inside in parts.items():
        if "head" in inside and ({"objects", "refs"} <= inside or "commondir" in inside):
            return posixpath.normpath(folder or ".")
    return None


def text(data: bytes) -> str:
    """What a notebook can carry. Raises NotText for other than UTF-8, and for a binary file."""
    try:
        content = data.decode()
    except UnicodeDecodeError as error:
        raise NotText(f"not text in UTF-8 (byte {error.start} is not)") from error
    if "\0" in content:
        raise NotText("a binary file")
    return content
