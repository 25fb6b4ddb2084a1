"""An environment with a kernel, a runtime in it, and notebooks to run there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uv

from binderclip import execute, processes
from binderclip.notebook import parse
from binderclip.session import Runtime, Session


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds a kernel and widgets, for all tests of a worker."""
    folder = tmp_path_factory.mktemp("environment") / "prefix"
    command = uv.find_uv_bin()
    subprocess.run([command, "venv", "-q", folder], check=True)
    python = folder / "bin" / "python"
    packages = ["ipykernel", "ipywidgets"]
    subprocess.run([command, "pip", "install", "-q", "--python", python, *packages], check=True)
    return folder


@pytest.fixture
def runtime(prefix: Path, tmp_path: Path) -> Iterator[Runtime]:
    made = make_runtime(prefix, tmp_path)
    yield made
    processes.stop_all(made.run, 0.0)


def make_runtime(prefix: Path, folder: Path, wrapper: Path | None = None) -> Runtime:
    home, run = folder / "home", folder / "run"
    for path in (home, run):
        path.mkdir(mode=0o700, exist_ok=True)
    environ = {
        "PATH": f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
    }
    return Runtime(prefix=prefix, home=home, run=run, environ=environ, wrapper=wrapper)


def code(source: str, *tags: str, **more: Any) -> dict[str, Any]:
    metadata = {"tags": list(tags)} if tags else {}
    cell = {"cell_type": "code", "metadata": metadata, "source": source}
    return {**cell, "execution_count": None, "outputs": [], **more}


def text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(*cells: dict[str, Any] | str, **metadata: Any) -> bytes:
    """An nbformat 4.5 notebook; strings are code cells."""
    full = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    content = {
        "cells": [{"id": f"cell-{n}", **cell} for n, cell in enumerate(full)],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content).encode()


@dataclass
class Ran:
    """A run that ended: with a result or an error, and what is saved."""

    output: Path
    events: list[execute.RunEvent]
    result: execute.RunResult | None = None
    error: BaseException | None = None
    content: dict[str, Any] = field(default_factory=dict)

    @property
    def cells(self) -> list[dict[str, Any]]:
        cells: list[dict[str, Any]] = self.content["cells"]
        return cells

    def load(self) -> None:
        """What is saved, if that is a notebook."""
        if self.output.exists():
            with suppress(ValueError):
                self.content = json.loads(self.output.read_bytes())

    def said(self, cell: int) -> str:
        """The text of a cell's streams and results, in order."""
        parts = []
        for output in self.cells[cell]["outputs"]:
            found = output.get("text", output.get("data", {}).get("text/plain", ""))
            parts.append("".join(found))
        return "".join(parts)

    def notices(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, execute.Notice)]


Run = Callable[..., Ran]


@pytest.fixture
def run(runtime: Runtime, tmp_path: Path) -> Run:
    """Run a notebook's bytes to the end, whatever that is."""

    def once(data: bytes, name: str = "test.ipynb", **options: Any) -> Ran:
        output = options.pop("output", tmp_path / "out.ipynb")
        session = Session("local", "test", runtime=options.pop("runtime", runtime))
        cwd, replaces = options.pop("cwd", tmp_path), options.pop("replaces", None)
        ran = Ran(output, [])
        try:
            ran.result = asyncio.run(
                execute.run(
                    parse(data, name),
                    session,
                    cwd=cwd,
                    output=output,
                    options=execute.RunOptions(**options),
                    observe=ran.events.append,
                    replaces=replaces,
                )
            )
        except Exception as error:  # noqa: BLE001 - tests look at it
            ran.error = error
        if output is not None:
            ran.load()
        return ran

    return once
