"""Notebooks, and exports of what they say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pytest

# ruff: isort: split
from tests.cli.conftest import notebook, run  # noqa: F401 - fixtures
from tests.local.conftest import make_origin, serve  # noqa: F401 - fixtures

from binderclip import notebook as notebooks
from binderclip import spec
from binderclip.exporting import Exported, Format, Repository, Wanted, export
from binderclip.notebook import Notebook
from binderclip.spec.model import Binder


class Export(Protocol):
    def __call__(self, to: Format, value: Any, **wishes: Any) -> Exported: ...


@pytest.fixture
def notebook_of() -> Callable[..., Notebook]:
    """A notebook of these sources of code cells; keywords are its metadata."""

    def make(*sources: str, minor: int = 5, **metadata: Any) -> Notebook:
        cells: list[dict[str, Any]] = [
            {
                "cell_type": "code",
                "execution_count": None,
                **({"id": f"cell-{number}"} if minor > 4 else {}),
                "metadata": {},
                "outputs": [],
                "source": source.splitlines(keepends=True),
            }
            for number, source in enumerate(sources)
        ]
        body = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}
        return notebooks.parse(json.dumps(body, indent=1).encode() + b"\n", "analysis.ipynb")

    return make


@pytest.fixture
def exported(notebook_of: Callable[..., Notebook]) -> Export:
    """The export of a value of ``metadata.binder``, without ``version``."""

    def make(to: Format, value: Any, **wishes: Any) -> Exported:
        accept = wishes.pop("accept_loss", False)
        binder = spec.read({"version": 1, **value}).binder or Binder()
        given: Mapping[str, Any] = {"notebook": notebook_of("import six"), **wishes}
        wanted = Wanted(binder=binder, name="analysis.ipynb", **given)
        return export(wanted, to, accept_loss=accept)

    return make


@pytest.fixture
def in_repository() -> Callable[..., Repository]:
    """A repository of these files, as if it had been fetched."""
    from binderclip.rees import Embedded

    def make(**files: str) -> Repository:
        texts = {name.replace("__", "/"): text for name, text in files.items()}
        return Repository("a" * 40, Embedded(texts))

    return make
