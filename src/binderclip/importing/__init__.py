"""What other tools say of a notebook's environment, in it or beside it, as a Binder.

Nothing that is read runs, nothing is fetched, and nothing of strangers raises: what cannot be
taken over is told. ``TABLE`` has one row a tool, best first.
"""

from __future__ import annotations

from pathlib import Path

from binderclip import notebook as notebooks
from binderclip.errors import NotebookError
from binderclip.importing.folders import Projects, in_folder
from binderclip.importing.marimo import conversion, is_app
from binderclip.importing.model import Found, Imported, Tool, Unusable, View
from binderclip.importing.table import TABLE, TOOLS
from binderclip.notebook import Notebook

__all__ = [
    "TABLE",
    "TOOLS",
    "Found",
    "Imported",
    "Projects",
    "Tool",
    "Unusable",
    "above",
    "beside",
    "conversion",
    "from_folder",
    "from_notebook",
    "is_marimo",
    "seen_in",
]


def from_notebook(notebook: Notebook) -> tuple[Imported, ...]:
    """What other tools left in ``notebook``, best first."""
    return _usable(seen_in(notebook))


def from_folder(folder: Path) -> tuple[Imported, ...]:
    """What project files, pages and scripts in ``folder`` say."""
    return _usable(tuple(in_folder(folder)))


def beside(path: Path) -> tuple[Imported, ...]:
    """What the notebook at ``path`` says, then what lies in the folders above it, up to the
    repository's root, nearest first.
    """
    try:
        own = seen_in(notebooks.read(path).notebook)
    except NotebookError:
        own = ()
    return (*_usable(own), *above(path))


def above(path: Path) -> tuple[Imported, ...]:
    """What lies in those folders, whatever the notebook says itself."""
    return _usable(Projects().above(path))


def seen_in(notebook: Notebook) -> tuple[Found, ...]:
    """As ``from_notebook``, with what could not be used."""
    view = View(notebook)
    rows = (row.notebook for row in TABLE.values() if row.notebook is not None)
    return tuple(found for read in rows for found in read(view))


def is_marimo(notebook: Notebook) -> bool:
    """Is it a script of marimo's? It has no metadata that anything could be written into."""
    text = View(notebook).text
    return text is not None and is_app(text)


def _usable(found: tuple[Found, ...]) -> tuple[Imported, ...]:
    return tuple(one for one in found if isinstance(one, Imported))
