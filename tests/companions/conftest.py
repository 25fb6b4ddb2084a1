"""A folder with files of all sorts, and notebooks beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from binderclip.companions import named_files
from binderclip.notebook import Notebook, parse


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Empty, in a folder that has a file too."""
    (tmp_path / "outside.csv").write_text("secret of the folder above")
    here = tmp_path / "here"
    here.mkdir()
    return here


Fill = Callable[..., None]


@pytest.fixture
def fill(folder: Path) -> Fill:
    """Make files by their paths, each holding its own path or what was given."""

    def make(*paths: str, texts: Mapping[str, str] | None = None) -> None:
        for path, text in {**{p: p for p in paths}, **(texts or {})}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)

    return make


Of = Callable[..., Notebook]


@pytest.fixture
def notebook_of() -> Of:
    """A notebook of these cells."""

    def make(*cells: str, language: str | None = "python", name: str = "nb.ipynb") -> Notebook:
        metadata = {"kernelspec": {"language": language, "name": "x"}} if language else {}
        code = [
            {"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in cells
        ]
        content = {"cells": code, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        return parse(json.dumps(content).encode(), name)

    return make


Found = Callable[..., list[str]]


@pytest.fixture
def found(folder: Path, notebook_of: Of) -> Found:
    """What a notebook of these cells names, by relative path."""

    def run(*cells: str, language: str | None = "python", name: str = "nb.ipynb") -> list[str]:
        notebook = notebook_of(*cells, language=language, name=name)
        return [path.relative_to(folder).as_posix() for path in named_files(notebook, folder)]

    return run
