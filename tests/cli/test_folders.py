"""Which notebooks a folder stands for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from binderclip.cli.notebooks import Missed, named

Run: TypeAlias = Callable[..., Any]
Make: TypeAlias = Callable[..., Path]


def below(*arguments: Path | str) -> list[str]:
    return [str(found) for found in named([str(a) for a in arguments]) if isinstance(found, Path)]


def test_what_is_left_out(notebook: Make, tmp_path: Path) -> None:
    kept = [notebook(name) for name in ("a.ipynb", "sub/deep/b.ipynb", "sub/z.ipynb", "ü/ c.ipynb")]
    for name in (
        ".ipynb_checkpoints/a-checkpoint.ipynb",
        ".git/x.ipynb",
        ".hidden.ipynb",
        "._a.ipynb",
        "node_modules/pkg/x.ipynb",
        "env/lib/python3.12/site-packages/x.ipynb",
        "venv/share/x.ipynb",
        "conda/share/x.ipynb",
        "a.ipynb.bak",
        "text.md",
    ):
        notebook(name)
    (tmp_path / "venv/pyvenv.cfg").touch()
    (tmp_path / "conda/conda-meta").mkdir()
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "loop.ipynb").symlink_to("loop.ipynb")
    (tmp_path / "sub/up").symlink_to(tmp_path, target_is_directory=True)
    assert sorted(below(tmp_path)) == sorted(map(str, kept))


def test_what_is_named_itself_counts(notebook: Make, tmp_path: Path) -> None:
    hidden = notebook(".ipynb_checkpoints/a-checkpoint.ipynb")
    inside = notebook("venv/x.ipynb")
    (tmp_path / "venv/pyvenv.cfg").touch()
    assert below(hidden) == [str(hidden)]
    assert below(hidden.parent) == [str(hidden)]
    assert below(tmp_path / "venv") == [str(inside)]


def test_each_once_in_the_order_of_names(notebook: Make, tmp_path: Path) -> None:
    paths = [str(notebook(name)) for name in ("a/1.ipynb", "a/2.ipynb", "b/0.ipynb")]
    assert below(tmp_path, tmp_path / "a", tmp_path / "a/1.ipynb") == paths
    assert below(tmp_path / "b", tmp_path) == [paths[2], paths[0], paths[1]]


def test_thousands(notebook: Make, tmp_path: Path, run: Run) -> None:
    model = notebook().read_bytes()
    for number in range(3000):
        path = tmp_path / f"many/{number % 40}/{number}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model)
        path.with_suffix(".txt").touch()
    answer = run("check", "many", "--json").answer
    assert len(answer["notebooks"]) == 3000
    assert run("strip", "many").out.endswith("3000 notebooks: 3000 unchanged\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read(notebook: Make, run: Run) -> None:
    shut = notebook("shut/a.ipynb").parent
    secret = notebook("b.ipynb")
    notebook("c.ipynb")
    shut.chmod(0)
    secret.chmod(0)
    try:
        done = run("set", ".", "--build", "o/r")
    finally:
        shut.chmod(0o700)
    assert done.code == 10
    assert "1 changed, 2 refused" in done.out
    assert "shut: this folder cannot be read" in done.err
    assert "b.ipynb" in done.err


def test_a_folder_that_goes_away_is_told(notebook: Make, tmp_path: Path) -> None:
    first = notebook("a.ipynb")
    last = notebook("c/d.ipynb")
    (tmp_path / "b").mkdir()
    found = named([str(tmp_path)])
    assert next(found) == first
    (tmp_path / "b").rmdir()
    missed = next(found)
    assert isinstance(missed, Missed)
    assert "cannot be read" in missed.error.message
    assert list(found) == [last]


@pytest.mark.parametrize("verb", ["check", "strip", "upgrade"])
def test_a_folder_without_notebooks(verb: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run(verb, "empty")
    assert (done.code, done.out) == (0, "no notebooks there\n")
