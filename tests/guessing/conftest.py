"""Notebooks to guess from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import binder_of, run  # noqa: F401 - fixtures

from binderclip import notebook as notebooks
from binderclip.notebook import Notebook


@pytest.fixture
def notebook_of() -> Callable[..., Notebook]:
    """A notebook of these sources of code cells; keywords are its metadata."""

    def make(*sources: str, **metadata: Any) -> Notebook:
        return notebooks.parse(content(*sources, **metadata), "analysis.ipynb")

    return make


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """The same in a file."""

    def make(*sources: str, **metadata: Any) -> Path:
        path = tmp_path / "a.ipynb"
        path.write_bytes(content(*sources, **metadata))
        return path

    return make


def content(*sources: str, **metadata: Any) -> bytes:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": s}
        for s in sources
    ]
    body = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(body, indent=1).encode() + b"\n"
