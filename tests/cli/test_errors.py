"""Errors: one screen, one JSON shape, no tracebacks unless they are asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click
import psutil
import pytest

from binderclip.cli.failure import LINES, as_json, report
from binderclip.cli.state import State
from binderclip.errors import NotebookError, Problem, SpecError

Run: TypeAlias = Callable[..., Any]
Make: TypeAlias = Callable[..., Path]

COMMAND = Path(sys.executable).parent / "binderclip"


def test_a_verb_that_there_is_not(run: Run) -> None:
    done = run("shw")
    assert (done.code, done.out) == (2, "")
    assert "Did you mean 'show'?" in done.err
    assert "binderclip run a.ipynb" in run("a.ipynb").err
    assert run("shw", "--json").answer["error"]["code"] == "usage"


@pytest.mark.parametrize(
    "words",
    [
        ["show", "missing.ipynb"],
        ["show", "--bogus"],
        ["set", "x.ipynb", "--host", "ftp://x"],
        ["set"],
        ["strip", "missing.ipynb"],
        ["check", "missing.ipynb"],
        ["resolve", "ftp://x"],
        ["cache", "rm", "77"],
        ["schema", "--indent", "99"],
    ],
    ids=" ".join,
)
def test_both_spellings(words: list[str], run: Run) -> None:
    told = run(*words)
    answered = run(*words, "--json")
    assert told.code == answered.code != 0
    assert "Traceback" not in told.out + told.err
    assert not answered.err
    body = answered.answer
    lists = [part for part in body.values() if isinstance(part, list)]
    errors = [body] if "error" in body else [one for part in lists for one in part]
    assert errors
    for error in errors:
        assert set(error["error"]) - {"problems"} == {"code", "message", "hint"}
        assert isinstance(error["error"]["message"], str)


def test_debug_shows_the_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Traceback" in run("--debug", "show", "missing.ipynb").err
    monkeypatch.setenv("BINDERCLIP_DEBUG", "1")
    assert "Traceback" in run("show", "missing.ipynb").err


def test_a_long_message_is_cut_to_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    problems = tuple(Problem(f"binder.{n}", "x", "y") for n in range(500))
    assert report(SpecError(problems), State()) == 12
    told = capsys.readouterr().err
    assert len(told.splitlines()) == LINES
    assert told.endswith("… and 481 more lines\n")


def test_a_fault_of_ours_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(ZeroDivisionError("secret"), State()) == 1
    told = capsys.readouterr().err
    assert "bug in binderclip" in told
    assert "--debug" in told
    assert "secret" not in told
    assert as_json(ZeroDivisionError())["error"]


def test_an_error_of_the_system_names_the_file() -> None:
    error = OSError(28, "No space left on device", "/x/y")
    assert as_json(error)["error"] == {
        "code": "system",
        "message": "/x/y: No space left on device",
        "hint": None,
    }


def test_the_hint_comes_last(capsys: pytest.CaptureFixture[str]) -> None:
    report(NotebookError("what was found", hint="what to do"), State())
    assert capsys.readouterr().err == "error: what was found\nhint: what to do\n"
    report(click.UsageError("x"), State())
    assert capsys.readouterr().err == "error: x\n"


def test_an_interrupt_is_130() -> None:
    process = subprocess.Popen(
        [Path(sys.executable).parent / "binderclip", "show", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdin
    assert process.stderr
    # More than a pipe holds: when all of it is written, the command is reading; and it has
    # taken all of it, and waits for more, once it sleeps.
    process.stdin.write("{" + " " * 200_000)
    process.stdin.flush()
    asleep = 0
    while asleep < 5:
        asleep = asleep + 1 if psutil.Process(process.pid).status() == "sleeping" else 0
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    # Its input stays open: nothing but the signal ends it.
    assert process.wait(30) == 130
    assert process.stderr.read() == "\nInterrupted.\n"
    process.stderr.close()
    process.stdin.close()


@pytest.mark.parametrize(
    "words", [["show", "-"], ["set", "a.ipynb", "--file", "x=-"]], ids=" ".join
)
def test_a_closed_standard_input_is_told(words: list[str], notebook: Make, tmp_path: Path) -> None:
    notebook()
    line = f"'{COMMAND}' {' '.join(words)} <&-"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, check=False)
    assert b"standard input is closed" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("words", [["show", "missing.ipynb", "--json"], ["show", "missing.ipynb"]])
def test_an_error_that_cannot_be_told_keeps_its_exit_code(words: list[str], tmp_path: Path) -> None:
    line = f"'{COMMAND}' {' '.join(words)} >/dev/full"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 14
    assert b"Traceback" not in done.stderr


def test_an_encoding_that_lacks_a_mark(spawn: Run, notebook: Make) -> None:
    notebook()
    done = spawn("set", "a.ipynb", "--host", "h.org", env={"PYTHONIOENCODING": "latin-1"})
    assert (done.code, done.out) == (0, "\\u2713 a.ipynb: changed host\n")
