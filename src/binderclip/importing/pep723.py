"""A script's header at the top of a text notebook, which jupytext and uv both read."""

from __future__ import annotations

from collections.abc import Iterator

from binderclip.importing import juv, marimo, script
from binderclip.importing.model import Found, View


def found(view: View) -> Iterator[Found]:
    if script.MARK not in view.notebook.data or (text := view.text) is None or marimo.is_app(text):
        return
    if (inner := script.block(text)) is not None:
        yield juv.header("pep723", "its header", inner, view.python)
