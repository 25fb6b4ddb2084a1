"""Every verb explains itself, and asking for the list of verbs imports none of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

import click
import pytest

from binderclip.cli import VERBS, home

Run: TypeAlias = Callable[..., Any]


@pytest.mark.parametrize("verb", VERBS)
def test_help_ends_in_examples(verb: str, run: Run) -> None:
    command = import_module(home(verb)).command
    below = command.commands if isinstance(command, click.Group) else ()
    for words in [(verb,), *((verb, name) for name in below)]:
        done = run(*words, "--help")
        assert done.code == 0
        assert not done.err
        assert f"binderclip {' '.join(words)}" in done.out.partition("Example")[2]
        assert max(map(len, done.out.splitlines())) <= 80, words


def test_the_short_option_helps_too(run: Run) -> None:
    assert run("set", "-h").out == run("set", "--help").out


def test_the_list_of_verbs_is_complete(run: Run) -> None:
    out = run("--help").out
    for verb, line in VERBS.items():
        assert f"  {verb} " in out
        assert line.split()[0] in out


def test_without_a_verb_the_help_goes_to_standard_error(run: Run) -> None:
    done = run()
    assert (done.code, done.out) == (2, "")
    assert "Commands:" in done.err


@pytest.mark.parametrize("words", [["--help"], ["--version"], []])
def test_no_verb_is_imported_for_the_list(words: list[str]) -> None:
    code = (
        "import sys\nfrom binderclip.cli import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        "print([m for m in sys.modules if m.startswith('binderclip.') and m.endswith('_')])\n"
        "print([m for m in ('msgspec', 'httpx', 'rich', 'nbformat') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n[]\n")


def test_completion_of_verbs_imports_none() -> None:
    code = (
        "import sys\nfrom binderclip.cli import cli\n"
        "ctx = cli.make_context('binderclip', [], resilient_parsing=True)\n"
        "print([item.value for item in cli.shell_complete(ctx, 's')])\n"
        "print([m for m in sys.modules if m.startswith('binderclip.') and m.endswith('_')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "['show', 'set', 'strip', 'share', 'schema', 'serve', 'sessions']",
        "[]",
    ]


def test_a_notebook_without_a_verb(run: Run) -> None:
    done = run("my notebook.ipynb")
    assert done.code == 2
    assert "Did you mean `binderclip run 'my notebook.ipynb'`?" in done.err
