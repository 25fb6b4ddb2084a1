"""``docs/command-line.md`` says what there is: verbs, options, exit codes; its examples run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

import click
import pytest

from binderclip import errors
from binderclip.cli import VERBS, cli, home

Make: TypeAlias = Callable[..., Path]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "command-line.md"
TEXT = PAGE.read_text("utf-8")
BIN = Path(sys.executable).parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def section(verb: str) -> str:
    found = re.search(rf"^## `{verb}`\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"no section on {verb}"
    return found[1]


def options(command: click.Command) -> set[str]:
    found = {
        name
        for option in command.params
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
    }
    if isinstance(command, click.Group):
        found |= {name for one in command.commands.values() for name in options(one)}
    return found


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_documented_and_no_other(verb: str) -> None:
    command = import_module(home(verb)).command
    text = FENCE.sub("", section(verb))
    documented = {
        word for code in re.findall(r"`([^`]*)`", text) for word in re.findall(r"^--?[a-z-]+", code)
    }
    stated = options(command)
    assert stated - documented == set()
    assert documented - stated - {"-"} == set()


@pytest.mark.parametrize("verb", VERBS)
def test_usage_and_below(verb: str) -> None:
    command = import_module(home(verb)).command
    assert f"binderclip {verb}" in FENCE.findall(section(verb))[0][1]
    if isinstance(command, click.Group):
        for name in command.commands:
            assert f"`{name}" in section(verb)


def test_the_table_has_every_verb() -> None:
    assert set(re.findall(r"^## `([\w-]+)`", TEXT, re.MULTILINE)) == set(VERBS)
    assert set(re.findall(r"\[`([\w-]+)`\]\(#\1\)", TEXT)) == set(VERBS)
    for name in options(cli):
        assert f"`{name}`" in TEXT


def test_exit_codes() -> None:
    def tree(cls: type[errors.BinderclipError]) -> Iterator[type[errors.BinderclipError]]:
        yield cls
        for child in cls.__subclasses__():
            yield from tree(child)

    real = {
        cls.code: cls.exit_code
        for cls in tree(errors.BinderclipError)
        if cls.__module__ == errors.__name__
    }
    table = {
        name: int(code)
        for code, names in re.findall(r"^\| (\d+) \| ([^|]*) \|", TEXT, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", names)
    }
    assert {name: code for name, code in table.items() if name in real} == real


def test_variables() -> None:
    """Those that are read; others are set for the processes that binderclip starts."""
    source = "".join(path.read_text("utf-8") for path in (PAGE.parents[1] / "src").rglob("*.py"))
    read = re.findall(r"""(?:environ\.get\(|environ\[|envvar=)["'](\w+)["']""", source)
    for name in {name for name in read if name.startswith(("BINDERCLIP_", "NO_", "FORCE_"))}:
        assert f"`{name}`" in TEXT, name


def test_the_json_in_it_is_json() -> None:
    for language, text in FENCE.findall(TEXT):
        if language == "json":
            json.loads(text)


def sessions(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, and what it prints: ``…`` stands for anything."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


@pytest.fixture
def desk(notebook: Make, tmp_path: Path) -> Path:
    notebook("analysis.ipynb")
    wrong = {"version": 1, "build": {"host": "ftp://example.org", "path": "o/r"}}
    notebook("notebooks/wrong.ipynb", binder=wrong)
    old = {"binder_url": "https://mybinder.org", "binder_repo": "o/r", "binder_ref": "main"}
    notebook("notebooks/old.ipynb", binder=old)
    (tmp_path / "requirements.txt").write_text("numpy\nmatplotlib\n")
    return tmp_path


@pytest.mark.parametrize("verb", [verb for verb in VERBS if "```console" in section(verb)])
def test_examples(verb: str, desk: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR"}}
    if verb == "strip":  # its example goes on where that of set ends
        subprocess.run(
            [BIN / "binderclip", "set", "analysis.ipynb", "--build", "o/r"], cwd=desk, check=True
        )
    for language, text in FENCE.findall(section(verb)):
        if language != "console":
            continue
        for command, expected in sessions(text):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=desk,
                env={
                    **env,
                    "PATH": f"{BIN}:{env['PATH']}",
                    "BINDERCLIP_CACHE": str(desk / "cache"),
                    "BINDERCLIP_STATE": str(desk / "state"),
                },
                capture_output=True,
                text=True,
                check=False,
            )
            assert not done.stderr
            pattern = ".*".join(re.escape(part) for part in expected.split("…"))
            assert re.fullmatch(pattern, done.stdout, re.DOTALL), f"$ {command}\n{done.stdout}"
