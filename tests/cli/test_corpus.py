"""Real notebooks, valid and broken, through ``set`` and ``strip``: byte for byte, or refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., Any]


@pytest.fixture
def copies(corpus: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    shutil.copytree(corpus, folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_there_and_back(copies: Path, run: Run) -> None:
    before = contents(copies)
    (copies.parent / "requirements.txt").write_text("numpy\n")
    words = ("--build", "o/r@main", "--file", "requirements.txt", "--host", "mybinder.org")
    stamped = run("set", copies, *words, "--json").answer
    after = contents(copies)
    notebooks = {Path(n["path"]).relative_to(copies): n for n in stamped["notebooks"]}
    assert len(notebooks) == sum(name.endswith(".ipynb") for name in before)
    for name, told in notebooks.items():
        changed = after[str(name)] != before[str(name)]
        assert told["status"] == ("changed" if changed else "refused")
        if changed:
            assert json.loads(after[str(name)])["metadata"]["binder"] == told["binder"]
        else:
            assert told["error"]["message"]
            assert told["error"]["hint"]
    assert stamped["changed"] > 30
    assert run("check", copies, "--json").answer["ok"] is (stamped["refused"] == 0)
    stripped = run("strip", copies, "--json").answer
    assert stripped["changed"] == stamped["changed"]
    assert contents(copies) == before


def test_a_second_time_changes_nothing(copies: Path, run: Run) -> None:
    run("set", copies, "--build", "o/r@main")
    before = contents(copies)
    again = run("set", copies, "--build", "o/r@main", "--json").answer
    assert again["changed"] == 0
    assert contents(copies) == before


def test_show_and_check_leave_them_alone(copies: Path, run: Run) -> None:
    before = contents(copies)
    for name in sorted(before):
        if name.endswith(".ipynb"):
            done = run("show", copies / name)
            assert done.code in {0, 10}
            assert bool(done.err) == bool(done.code)
    run("check", copies)
    assert contents(copies) == before
