"""``doctor``: what is there, what is not, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., Any]


def test_here(run: Run) -> None:
    done = run("doctor")
    assert done.code == 0
    assert "✓ found   python" in done.out
    assert "Notebooks can run here" in done.out
    assert max(len(line) for line in done.out.splitlines() if "/" not in line) <= 80


def test_the_answer_for_machines(run: Run) -> None:
    answer = run("doctor", "--json").answer
    assert answer["ok"] is True
    checks = {check["name"]: check for check in answer["checks"]}
    assert set(checks) == {
        *("python", "uv", "interpreters", "git", "jupytext", "py-rattler"),
        *("gateway", "containers", "cache", "state", "disk"),
    }
    assert sys.executable in checks["python"]["found"]
    for check in checks.values():
        assert set(check) == {"name", "ok", "essential", "found", "purpose", "remedy"}
        assert (check["remedy"] is None) is check["ok"]


def test_what_is_missing_and_how_to_get_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    broken = tmp_path / "bin/docker"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    done = run("doctor", "--json")
    checks = {check["name"]: check for check in done.answer["checks"]}
    assert not checks["git"]["ok"]
    assert "git" in checks["git"]["remedy"]
    assert not checks["containers"]["ok"]
    assert "✗ missing git" in run("doctor").out


@pytest.mark.parametrize("name", ["CACHE", "STATE"])
def test_a_folder_that_cannot_be_written(
    name: str, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(f"BINDERCLIP_{name}", str(tmp_path / "file" / "below"))
    done = run("doctor")
    assert done.code == 1
    assert f"BINDERCLIP_{name}" in done.out
    assert "Notebooks cannot run here yet. Missing: " in done.out
    assert run("doctor", "--json").answer["ok"] is False


def test_nothing_is_left_behind(run: Run, tmp_path: Path) -> None:
    run("doctor")
    assert not list(tmp_path.iterdir())
