"""Interpreters with Jupyter Server, and one server for all; see rig.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.jupyter.rig import Served, served


@pytest.fixture(scope="session")
def jupyter_python(tool: Callable[[str], Path]) -> Path:
    """Of Jupyter Server, JupyterLab, Notebook 7 and jupyter-collaboration, with this checkout."""
    return tool("jupyter/bin/python")


@pytest.fixture(scope="session")
def managers_python(tool: Callable[[str], Path]) -> Path:
    """Of Jupyter Server with jupyter-fs and s3contents, with this checkout."""
    return tool("managers/bin/python")


@pytest.fixture(scope="session")
def server(jupyter_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A plain server, one a worker: loopback may be fetched from, and nothing is known of its
    environment.
    """
    config = 'c.Binderclip.allowed_networks = ["127.0.0.0/8"]'
    with served(jupyter_python, tmp_path_factory.mktemp("plain") / "root", config=config) as one:
        yield one
