"""marimo: notebooks that are Python scripts, with a script's header.

https://docs.marimo.io/guides/package_management/inlining_dependencies/
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import PurePath

from binderclip.importing import juv, script
from binderclip.importing.model import Found, View

_APP = re.compile(r"^app = marimo\.App\(", re.MULTILINE)


def is_app(text: str) -> bool:
    """Is this script one of marimo's notebooks? They hold no metadata but their header."""
    return _APP.search(text) is not None


def conversion(name: str) -> str:
    """The command that makes an ``.ipynb`` of the script ``name``, beside it and of its name:
    what its header says is still found there.
    """
    target = str(PurePath(name).with_suffix(".ipynb"))
    return shlex.join(["marimo", "export", "ipynb", name, "-o", target])


def found(view: View) -> Iterator[Found]:
    if b"marimo.App(" in view.notebook.data and (text := view.text) is not None and is_app(text):
        yield from of_file(text, "its header")


def of_file(text: str, where: str) -> Iterator[Found]:
    """The header of a notebook of marimo's, wherever it lies; nothing for other scripts."""
    if is_app(text) and (inner := script.block(text)) is not None:
        yield juv.header("marimo", where, inner, None)
