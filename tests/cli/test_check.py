"""``check``: what is wrong, where, and the exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., Any]
Make: TypeAlias = Callable[..., Path]

GOOD = {"version": 1, "build": {"host": "https://github.com", "path": "o/r"}}
WRONG = {"version": 1, "build": {"host": "ftp://x", "path": "o/r", "hash": "abc"}}


def test_all_good(run: Run, notebook: Make) -> None:
    notebook("a.ipynb", binder=GOOD)
    notebook("b.ipynb", binder=False)
    notebook("c.ipynb")
    done = run("check", ".")
    assert (done.code, done.err) == (0, "")
    assert done.out == "3 notebooks: 1 good, 1 without an environment, 1 opted out\n"
    assert run("check", ".", "--quiet").out == ""


def test_a_line_for_each_problem(run: Run, notebook: Make, tmp_path: Path) -> None:
    notebook("bad.ipynb", binder=WRONG)
    notebook("good.ipynb", binder=GOOD)
    (tmp_path / "html.ipynb").write_text("<!doctype html>")
    done = run("check", "bad.ipynb", "good.ipynb", "html.ipynb", "missing.ipynb")
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0].startswith("bad.ipynb: binder.build.host: found ")
    assert lines[1].startswith("bad.ipynb: binder.build.hash: found ")
    assert any(line.startswith("html.ipynb: found an HTML page") for line in lines)
    assert any(line.startswith("missing.ipynb: ") for line in lines)
    assert lines[-1] == "4 notebooks: 1 good, 3 wrong"


def test_require(run: Run, notebook: Make) -> None:
    notebook("a.ipynb")
    notebook("b.ipynb", binder=False)
    done = run("check", ".", "--require")
    assert done.code == 1
    assert "a.ipynb: binder: found nothing" in done.out
    assert "binderclip set" in done.out
    assert "b.ipynb" not in done.out


def test_warnings_fail_nothing(run: Run, notebook: Make) -> None:
    notebook(binder={**GOOD, "biuld": 1})
    done = run("check", "a.ipynb")
    assert done.code == 0
    assert "a.ipynb: warning: binder.biuld" in done.out
    assert run("check", "a.ipynb", "-q").out == ""


def test_a_newer_version_is_a_warning(run: Run, notebook: Make) -> None:
    notebook(binder={"version": 7})
    done = run("check", "a.ipynb")
    assert done.code == 0
    assert "warning: binder.version" in done.out


def test_the_answer_for_machines(run: Run, notebook: Make) -> None:
    notebook("a.ipynb", binder=WRONG)
    notebook("b.ipynb", binder={**GOOD, "x": 1})
    done = run("check", ".", "--json")
    assert done.code == 1
    wrong, good = done.answer["notebooks"]
    assert done.answer["ok"] is False
    assert wrong["status"] == "wrong"
    assert [p["path"] for p in wrong["error"]["problems"]] == [
        "binder.build.host",
        "binder.build.hash",
    ]
    assert good["status"] == "good"
    assert len(good["warnings"]) == 1


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_nothing_named(words: list[str], run: Run) -> None:
    assert run("check", *words).code == 2


def test_an_empty_path(run: Run) -> None:
    done = run("check", "")
    assert done.code == 1
    assert "found an empty path" in done.out


@pytest.mark.parametrize("verb", ["check", "strip", "upgrade"])
def test_an_address_is_shown_as_typed_but_for_its_secrets(verb: str, run: Run) -> None:
    address = "https://me:hunter2@example.org/a.ipynb?token=hunter2"
    for words in ([verb, address], [verb, address, "--json"]):
        done = run(*words)
        assert "hunter2" not in done.out + done.err
        assert "https://***@example.org/a.ipynb?token=***" in done.out + done.err
