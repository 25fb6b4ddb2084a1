"""repo2docker itself, to be asked; the command line; small notebooks."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import pytest

# The command line's own fixtures, which its folder of tests keeps.
from tests.cli.conftest import binder_of, notebook, run, spawn  # noqa: F401 - pytest looks for them

Ask: TypeAlias = Callable[[Path], Any]


@pytest.fixture(scope="session")
def repo2docker(tools: Path, lacking: Callable[[str, str], NoReturn]) -> Iterator[Ask]:
    """Called with a folder: what repo2docker would do with it; see oracle.py."""
    python = tools / "repo2docker/bin/python"
    if not python.exists():
        lacking("repo2docker", "dev/test")
    oracle = Path(__file__).with_name("oracle.py")
    with subprocess.Popen(
        [python, "-P", oracle],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    ) as process:
        asked, answers = process.stdin, process.stdout
        assert asked
        assert answers

        def ask(folder: Path) -> Any:
            asked.write(f"{folder}\n")
            asked.flush()
            return json.loads(answers.readline())

        yield ask
        asked.close()
