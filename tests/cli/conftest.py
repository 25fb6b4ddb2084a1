"""The command line in this process or in one of its own, and small notebooks to try it on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import click.testing
import pytest

from binderclip.cli import main

COMMAND = Path(sys.executable).parent / "binderclip"


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        return json.loads(self.out)


class Run(Protocol):
    def __call__(self, *arguments: object, typed: str = "") -> Done: ...


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """``main`` in this process, as from a shell in ``tmp_path`` without a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BINDERCLIP_CACHE", str(tmp_path / ".cache"))
    monkeypatch.setenv("BINDERCLIP_STATE", str(tmp_path / ".state"))
    for name in ("NO_COLOR", "FORCE_COLOR", "BINDERCLIP_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: object, typed: str = "") -> Done:
        with click.testing.CliRunner().isolation(input=typed) as (out, err, _):
            try:
                main([str(word) for word in arguments])
            except SystemExit as left:
                code = left.code
            sys.stdout.flush()
            sys.stderr.flush()
            assert isinstance(code, int)
            return Done(code, out.getvalue().decode(), err.getvalue().decode())

    return call


@pytest.fixture
def spawn(tmp_path: Path) -> Callable[..., Done]:
    """The real command in a process of its own."""

    def call(*arguments: object, env: Mapping[str, str] | None = None, typed: bytes = b"") -> Done:
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            input=typed,
            capture_output=True,
            check=False,
            timeout=120,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


class MakeNotebook(Protocol):
    def __call__(self, name: str = "a.ipynb", **metadata: Any) -> Path: ...


@pytest.fixture
def notebook(tmp_path: Path) -> MakeNotebook:
    """Writes a notebook into ``tmp_path``; keywords are its metadata."""

    def make(name: str = "a.ipynb", **metadata: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        path.write_text(json.dumps(body, indent=1) + "\n")
        return path

    return make


@pytest.fixture
def binder_of() -> Callable[[Path], Any]:
    """Reads ``metadata.binder`` of a file; None where there is none."""

    def read(path: Path) -> Any:
        return json.loads(path.read_text())["metadata"].get("binder")

    return read
