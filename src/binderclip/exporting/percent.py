"""A notebook's cells as a script, with ``# %%`` between them.

Source of the format: https://jupytext.readthedocs.io/en/latest/formats-scripts.html
"""

from __future__ import annotations

from collections.abc import Iterator

from binderclip import codecells
from binderclip.companions import cellcode
from binderclip.notebook import Notebook


def script(notebook: Notebook) -> str:
    """Code cells as they are, but for what IPython alone understands: that becomes a comment.

    Raises NotebookError for cells of another shape than the format's.
    """
    return "\n".join(_cells(notebook))


def _cells(notebook: Notebook) -> Iterator[str]:
    for source in codecells.sources(notebook):
        text = source.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
        if text.strip() and "# /// script" not in text.splitlines():
            yield f"# %%\n{_python(text)}\n"


def _python(source: str) -> str:
    found = cellcode.read(source)
    if found.foreign:
        return _commented(source)
    before = source.removesuffix(found.text) if found.magic else ""
    if len(source) > cellcode.MAX_SOURCE or (found.plain == found.text and not before):
        return source
    lines = zip(found.text.split("\n"), found.plain.split("\n"), strict=True)
    rest = "\n".join(line if line == plain else _line(line, plain) for line, plain in lines)
    return f"{_commented(before.rstrip())}\n{rest}" if before else rest


def _line(line: str, plain: str) -> str:
    """What stays where ``line`` was: in a block something has to."""
    return f"# {line}" if plain == "None" else f"{plain}  # {line.strip()}"


def _commented(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.split("\n"))
