"""What reaches a terminal: colours where they are wanted, and never a stranger's escapes."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from binderclip.cli.paint import clean, duration

Run: TypeAlias = Callable[..., Any]
Make: TypeAlias = Callable[..., Path]

COMMAND = Path(sys.executable).parent / "binderclip"
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.\r\x08"
STYLES = re.compile(r"\x1b\[[0-9;]*m")
BINDER = {
    "version": 1,
    "files": {"requirements.txt": [f"numpy {HOSTILE}\n"]},
    f"x{HOSTILE}": HOSTILE,
}


def on_terminal(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """All that the command writes to a terminal of 80 columns."""
    owner, terminal = pty.openpty()
    base = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR"}}
    process = subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=cwd,
        env={**base, "TERM": "xterm-256color", "COLUMNS": "80", **(env or {})},
    )
    os.close(terminal)
    written = b""
    while True:
        try:
            chunk = os.read(owner, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not chunk:
            break
        written += chunk
    process.wait(60)
    os.close(owner)
    return written.decode().replace("\r\n", "\n")


def test_colours_on_a_terminal(notebook: Make, tmp_path: Path) -> None:
    notebook(binder={"version": 1, "host": "https://a.example.org"})
    assert STYLES.search(on_terminal("show", "a.ipynb", cwd=tmp_path))
    assert STYLES.search(on_terminal("show", "missing.ipynb", cwd=tmp_path))


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(
    env: dict[str, str], notebook: Make, tmp_path: Path
) -> None:
    notebook(binder={"version": 1, "host": "https://a.example.org"})
    for arguments in (("show", "a.ipynb"), ("show", "missing.ipynb"), ("check", "."), ("bogus",)):
        assert "\x1b" not in on_terminal(*arguments, cwd=tmp_path, env=env)


def test_no_colours_in_a_pipe(spawn: Run, notebook: Make) -> None:
    notebook(binder={"version": 1, "host": "https://a.example.org"})
    for arguments in (("show", "a.ipynb"), ("show", "missing.ipynb"), ("doctor",)):
        done = spawn(*arguments)
        assert "\x1b" not in done.out + done.err
    assert "\x1b" in spawn("show", "a.ipynb", env={"FORCE_COLOR": "1"}).out


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "{name}"),
        ("show", "{name}", "--full"),
        ("check", "."),
        ("check", "{name}", "{name}x"),
        ("set", "{name}", "--host", "a.example.org", "-n"),
        ("set", "{name}x", "--host", "a.example.org"),
        ("set", "{name}", "--file", "{name}x"),
        ("set", "{name}", "--image", HOSTILE),
        ("set", "{name}", "--build", HOSTILE),
        ("set", "{name}", "--remove", HOSTILE, "-n"),
        ("set", "{name}", HOSTILE),
        ("strip", ".", "-n"),
        ("upgrade", ".", "--as", "url"),
        ("resolve", "{name}"),
        ("resolve", f"https://example.org/{HOSTILE}"),
        ("show", HOSTILE),
        ("trust", "revoke", HOSTILE),
        ("cache", "rm", HOSTILE),
        ("cache", "prune", "--older-than", HOSTILE),
        (HOSTILE,),
        (f"--{HOSTILE}",),
    ],
)
def test_a_strangers_escapes_are_shown_not_sent(
    arguments: tuple[str, ...], notebook: Make, tmp_path: Path
) -> None:
    name = f"a{HOSTILE}.ipynb"
    notebook(name, binder=BINDER)
    written = on_terminal(
        *(word.format(name=name) for word in arguments),
        cwd=tmp_path,
        env={"BINDERCLIP_CACHE": str(tmp_path / "c"), "BINDERCLIP_STATE": str(tmp_path / "s")},
    )
    plain = STYLES.sub("", written).replace("\r\x1b[2K", "")
    assert written
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", plain), repr(plain)


@pytest.mark.parametrize("verb", ["check", "strip", "set"])
def test_a_name_of_two_lines_stays_one(verb: str, notebook: Make, run: Run) -> None:
    notebook("a\n✓ b.ipynb", binder={"version": 1, "x\n✓ c": 1})
    words = ["--host", "a.example.org"] if verb == "set" else []
    done = run(verb, ".", *words)
    assert not re.search(r"^✓ [bc]", done.out, re.MULTILINE)
    assert "a\\n✓ b.ipynb" in done.out


def test_a_hostile_cell_in_a_diff(notebook: Make, run: Run) -> None:
    path = notebook(binder={"version": 1, "host": "https://a.example.org", "x": HOSTILE})
    assert "\x1b" not in run("strip", path, "-n").out


def test_a_name_that_is_no_text(run: Run, notebook: Make, tmp_path: Path) -> None:
    name = os.fsdecode(b"a\xff.ipynb")
    notebook().rename(tmp_path / name)
    for words in (["check", "."], ["set", ".", "--build", "o/r"], ["show", name]):
        assert run(*words).code == 0
        assert run(*words, "--json").code == 0
        json.loads(run(*words, "--json").out)


def test_half_a_character_in_the_metadata(run: Run, tmp_path: Path) -> None:
    text = '{"metadata": {"binder": {"version": 1, "x": "\\ud800"}}, "nbformat": 4, "cells": []}'
    (tmp_path / "a.ipynb").write_text(text)
    for words in (["show", "a.ipynb"], ["check", "."], ["strip", "-n", "."]):
        assert run(*words).code in {0, 1, 12}
        json.loads(run(*words, "--json").out)


def test_a_count_while_it_takes_long() -> None:
    code = (
        "import time\nfrom binderclip.cli.outcomes import Counting\n"
        "counting = Counting()\ncounting(1, 'checked')\ntime.sleep(1.1)\n"
        "counting(2, 'checked')\ncounting(3, 'checked')\ncounting.clear()"
    )
    owner, terminal = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stderr=terminal, check=True)
    os.close(terminal)
    written = os.read(owner, 65536)
    os.close(owner)
    assert written == b"\r\x1b[2K2 notebooks checked\r\x1b[2K"


def test_a_closed_pipe_is_no_crash(notebook: Make, tmp_path: Path) -> None:
    for number in range(200):
        notebook(f"{number}.ipynb", binder={"version": 1, "nonsense": 1})
    line = f"'{COMMAND}' check . | head -n 1; exit ${{PIPESTATUS[1]}}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""


def test_clean() -> None:
    assert clean("plain ünïcode ☃ 漢字\ttab\nline") == "plain ünïcode ☃ 漢字\ttab\nline"
    assert clean("a\r\nb\rc") == "a\nb\\rc"
    assert clean("\x1b[31m\u202e\udcff\u2028") == "\\x1b[31m\\u202e\\udcff\\u2028"


def test_durations() -> None:
    assert [duration(s) for s in (0.42, 12.4, 200, 7500, 12 * 86400)] == [
        "0.4 s",
        "12 s",
        "3 min 20 s",
        "2 h 5 min",
        "12 days",
    ]


@pytest.mark.parametrize("hidden", ["\xad", "\u115f", "\u3164", "\u180e", "\U000e0041", "\u202e"])
def test_what_hides_text_is_shown(hidden: str) -> None:
    assert hidden not in clean(f"a{hidden}b")
    assert clean(f"a{hidden}b").startswith("a\\")
