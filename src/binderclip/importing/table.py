"""One row a tool: what reads it in a notebook, and what reads its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, get_args

from binderclip.importing import (
    condaenv,
    jupyterbook,
    juv,
    marimo,
    myst,
    nbenv,
    nbreproduce,
    nteract,
    pangeo,
    pep723,
    thebe,
    thoth,
    vertex,
)
from binderclip.importing.model import Found, Tool, View

OfNotebook: TypeAlias = Callable[[View], Iterable[Found]]
OfFile: TypeAlias = Callable[[str, str], Iterable[Found]]
"""A file's text, and where it lies, for people."""


@dataclass(frozen=True, slots=True)
class Row:
    """``files`` are by name; a name that starts with a dot is the end of any name."""

    notebook: OfNotebook | None = None
    files: Mapping[str, OfFile] | None = None


TABLE: dict[Tool, Row] = {
    "juv": Row(juv.found),
    "pep723": Row(pep723.found),
    "marimo": Row(marimo.found, {".py": marimo.of_file}),
    "nteract": Row(nteract.found),
    "thoth": Row(thoth.found),
    "conda-env": Row(condaenv.found),
    "nbenv": Row(nbenv.found),
    "vertex": Row(vertex.found),
    "nbreproduce": Row(nbreproduce.found),
    "pangeo-gallery": Row(files={"binder-gallery.yaml": pangeo.of_file}),
    "myst": Row(files={"myst.yml": myst.of_file}),
    "jupyter-book": Row(files={"_config.yml": jupyterbook.of_file}),
    "thebe": Row(files={"thebe.json": thebe.of_config, ".html": thebe.of_page}),
}
"""Best first: packages before images, the notebook's own before its project's."""

TOOLS: tuple[Tool, ...] = get_args(Tool)
