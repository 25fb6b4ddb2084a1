"""The public API is `binderclip.__all__`: it fits one screen, and importing it is free."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import binderclip

FILE = Path(binderclip.__file__)


def test_it_fits_one_screen() -> None:
    assert len(binderclip.__all__) <= 30
    assert binderclip.__all__ == sorted(binderclip.__all__, key=_as_ruff_sorts)


def _as_ruff_sorts(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("name", binderclip.__all__)
def test_every_name_is_there(name: str) -> None:
    found = getattr(binderclip, name)
    if inspect.isclass(found) or inspect.isfunction(found):
        # A dataclass without a docstring gets its signature for one, a protocol its parent's.
        written = vars(found)["__doc__"] if inspect.isclass(found) else found.__doc__
        assert written, f"{name} has no docstring"
        assert not written.startswith(f"{name}("), f"{name} has no docstring"


def test_the_docstring_s_example_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    example = (binderclip.__doc__ or "").partition("\n\n")[2].partition("\nNames are")[0]
    metadata = {"binder": {"version": 1, "files": {"requirements.txt": "numpy\n"}}}
    notebook = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path = tmp_path / "analysis.ipynb"
    path.write_text(json.dumps(notebook))
    exec(textwrap.dedent(example).replace("analysis.ipynb", str(path)), {})
    assert re.fullmatch(r"[0-9a-f]{64}\n", capsys.readouterr().out)


def test_type_checkers_and_the_interpreter_see_the_same_names() -> None:
    block = next(
        node for node in ast.parse(FILE.read_text("utf-8")).body if isinstance(node, ast.If)
    )
    typed = {
        alias.asname or alias.name
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed | {"__version__"} == set(binderclip.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = binderclip.nothing_of_the_kind


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules); import binderclip; "
        "print(*sorted(set(sys.modules) - before - {'binderclip', 'binderclip._version'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {word for word in done.stdout.split() if word.split(".")[0] in {"binderclip", "msgspec"}}
    assert not ours
