"""Bytes → the text of a file, and its lines."""

from __future__ import annotations

import re


class NotText(ValueError):
    """The message is what it is instead, to stand behind "is"."""


def text(data: bytes) -> str:
    """What a notebook can carry. Raises NotText for other than UTF-8, and for a binary file."""
    try:
        content = data.decode()
    except UnicodeDecodeError as error:
        raise NotText(f"not text in UTF-8 (byte {error.start} is not)") from error
    if "\0" in content:
        raise NotText("a binary file")
    return content


def lines(content: str) -> tuple[str, ...]:
    """As the source of a cell: each with its line end, which is a newline alone."""
    # Not splitlines(): it takes form feeds and the like for line ends.
    return tuple(re.findall(r"[^\n]*\n|[^\n]+", content))
