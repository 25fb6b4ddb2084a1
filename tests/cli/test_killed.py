"""``kill -9`` at any moment of ``set`` leaves every notebook as it was, or as it was to be."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., Any]
Make: TypeAlias = Callable[..., Path]

ROUNDS = 40


@pytest.mark.slow
def test_killed_at_many_moments(notebook: Make, run: Run, tmp_path: Path) -> None:
    paths = [notebook(f"many/{number}.ipynb", number=number) for number in range(300)]
    command = [str(Path(sys.executable).parent / "binderclip"), "set", "many", "--build"]
    before = time.monotonic()
    subprocess.run([*command, "o/r0"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    whole_s = time.monotonic() - before
    for round_ in range(1, ROUNDS + 1):
        process = subprocess.Popen(
            [*command, f"o/r{round_}"], cwd=tmp_path, stdout=subprocess.DEVNULL
        )
        time.sleep(whole_s * round_ / ROUNDS)
        process.kill()
        process.wait()
        for number, path in enumerate(paths):
            metadata = json.loads(path.read_bytes())["metadata"]
            assert metadata["number"] == number
            assert 0 <= int(metadata["binder"]["build"]["path"].removeprefix("o/r")) <= round_
    done = run("set", "many", "--build", "o/last", "--json")
    assert (done.answer["changed"], done.answer["refused"]) == (300, 0)
    names = {path.name for path in (tmp_path / "many").iterdir() if not path.name.startswith(".")}
    assert names == {path.name for path in paths}
