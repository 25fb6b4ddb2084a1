"""Notebooks with other tools' metadata: real ones, and made ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from binderclip import notebook as notebooks
from binderclip.notebook import Notebook

Make: TypeAlias = Callable[..., Notebook]


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """One folder a tool; see README.md there for origins and licences."""
    return Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def made() -> Make:
    """A notebook with a code cell for each text, and keywords as its metadata."""

    def make(*sources: str, **metadata: Any) -> Notebook:
        cells = [
            {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
            for source in sources
        ]
        body = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        return notebooks.parse(json.dumps(body).encode(), "made.ipynb")

    return make
