"""Completion in real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import pytest

from binderclip.cli import VERBS
from binderclip.cli.completion_ import SHELLS

Run: TypeAlias = Callable[..., Any]
Make: TypeAlias = Callable[..., Path]

BIN = Path(sys.executable).parent
# Tells bash to complete the line of "$@", the last word being the one that is begun, as Readline
# would; compopt works inside a completion alone, so here it notes what it was asked for.
DRIVER = """
eval "$(binderclip completion bash)"
compopt() { asked="$2"; }
COMP_WORDS=("$@")
COMP_CWORD=$(( $# - 1 ))
COMPREPLY=()
function=$(complete -p binderclip | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" binderclip "${COMP_WORDS[COMP_CWORD]}"
printf '%s\\n' "${COMPREPLY[@]}"
if [ "$asked" = default ]; then compgen -f -- "${COMP_WORDS[COMP_CWORD]}"; fi
"""


def completed(*words: str, cwd: Path) -> list[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", DRIVER, "bash", "binderclip", *words],
        cwd=cwd,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


def test_verbs(tmp_path: Path) -> None:
    assert set(completed("s", cwd=tmp_path)) == {verb for verb in VERBS if verb.startswith("s")}
    assert completed("cache", "p", cwd=tmp_path) == ["prune"]
    assert completed("completion", "", cwd=tmp_path) == list(SHELLS)


def test_options(tmp_path: Path) -> None:
    assert "--dry-run" in completed("set", "--d", cwd=tmp_path)
    assert completed("upgrade", "--as", "comp", cwd=tmp_path) == ["components"]


@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("check",),
        ("set",),
        ("strip",),
        ("upgrade",),
        ("resolve",),
        ("set", "x", "--file"),
    ],
)
def test_notebooks(words: tuple[str, ...], notebook: Make, tmp_path: Path) -> None:
    notebook("analysis.ipynb")
    notebook("sub/other.ipynb")
    assert completed(*words, "ana", cwd=tmp_path) == ["analysis.ipynb"]
    assert completed(*words, "sub/", cwd=tmp_path) == ["sub/other.ipynb"]


def test_the_shell_is_known_by_its_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for shell in SHELLS:
        monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
        assert run("completion").out == run("completion", shell).out
        assert "_BINDERCLIP_COMPLETE" in run("completion").out
    monkeypatch.setenv("SHELL", "/bin/nosh")
    done = run("completion")
    assert done.code == 2
    assert "bash, zsh, fish" in done.err
    assert run("completion", "nosh").code == 2


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_that_the_shell_reads(
    shell: str, run: Run, tmp_path: Path, lacking: Callable[[str, str], NoReturn]
) -> None:
    program = shutil.which(shell) or lacking(shell, f"apt-get install {shell}")
    script = tmp_path / "script"
    script.write_text(run("completion", shell).out)
    flag = "--no-execute" if shell == "fish" else "-n"
    subprocess.run([program, flag, script], check=True)


def test_a_shell_that_is_not_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHELL", raising=False)
    assert "$SHELL names no shell" in run("completion").err
