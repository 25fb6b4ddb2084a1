"""What code says, however it says it; and nothing of it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guessing.conftest import content

from binderclip import guessing
from binderclip import notebook as notebooks
from binderclip.errors import NotebookError, Refused
from binderclip.guessing import imports, installs
from binderclip.notebook import Notebook

NotebookOf = Callable[..., Notebook]


def modules(notebook: Notebook, folder: Path | None = None) -> list[str]:
    return [wanted.name for wanted in imports.found(notebook, folder).modules]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a, b.c as d", ["a", "b.c"]),
        ("from a.b import c, d", ["a.b.c", "a.b.d"]),
        ("from a import *", ["a"]),
        ("from . import a\nfrom .b import c", []),
        ("def f():\n    import a", ["a"]),
        ("try:\n    import a\nexcept ImportError:\n    import b", ["a", "b"]),
        ("__import__('a.b')", ["a.b"]),
        ("importlib.import_module('a')\nimport_module(name)", ["a"]),
        ("importlib.import_module('not a name')", []),
        ("%matplotlib inline", ["matplotlib"]),
        ("%load_ext sql\n%load_ext autoreload", ["sql"]),
        ("%%time\nimport a", ["a"]),
        ("%%bash\nimport a", []),
        ("%%writefile a.py\nimport b", []),
        ("x = !ls\nimport a", ["a"]),
        ("'''\nimport a\n%magic\n'''", []),
        ("# import a", []),
        ("print 'two'\nimport a, b as c # d\nfrom e.f import g", ["a", "b", "e.f"]),
        ("import a; %pip", ["a"]),
    ],
)
def test_imports(notebook_of: NotebookOf, source: str, expected: list[str]) -> None:
    assert modules(notebook_of(source)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%pip install a", ["a"]),
        ("!pip install -q a 'b>=1,<2' c==3", ["a", "b<2,>=1", "c==3"]),
        ("!pip3 install --upgrade a[x] && echo b", ["a[x]"]),
        ("!{sys.executable} -m pip install a", ["a"]),
        ("!python3 -m pip install --index-url https://i.example.org a", ["a"]),
        ("!sudo /usr/bin/pip install a > /dev/null", ["a"]),
        ("!pip install a>=1", ["a>=1"]),
        ("%uv pip install a", ["a"]),
        ("!pip install -r requirements.txt", []),
        ("!pip install . ./b git+https://example.org/c", []),
        ("!pip install a # and b", ["a"]),
        ("!pip install 'a", []),
        ("!pip install --upgrade pip", []),
        ("!pip install https://me:secret@example.org/a.whl", []),
        ("!pip list", []),
        ("!echo pip install a", []),
        ("%conda install -c conda-forge a=1 conda-forge::b python=3", ["a", "b"]),
        ("!mamba install -y a", ["a"]),
    ],
)
def test_installs(line: str, expected: list[str]) -> None:
    assert [one.requirement for one in installs.read(line, "here")] == expected


def test_a_cell_of_shell_commands(notebook_of: NotebookOf) -> None:
    found = imports.found(notebook_of("%%bash\nls\npip install a\n"), None)
    assert [one.requirement for one in found.named] == ["a"]


def test_modules_beside_it_are_its_own(notebook_of: NotebookOf, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("import one\nimport package.sub\nimport helper\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("from . import sub\n")
    (tmp_path / "package" / "sub.py").write_text("import two\n")
    (tmp_path / "data").mkdir()  # a folder without code is none
    (tmp_path / "data" / "x.csv").touch()
    notebook = notebook_of("import helper, data, three")
    assert set(modules(notebook, tmp_path)) == {"one", "two", "three", "data"}
    assert set(modules(notebook)) == {"helper", "data", "three"}


def test_nothing_outside_the_folder_is_read(notebook_of: NotebookOf, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("import secret\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.py").symlink_to(tmp_path / "outside.py")
    assert modules(notebook_of("import link"), inside) == []


def test_nothing_runs(notebook_of: NotebookOf, tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')"
    (tmp_path / "helper.py").write_text(f"{trap}\nimport one\n")
    notebook = notebook_of(f"{trap}\nimport helper\n!touch {tmp_path}/ran\n%pip install x")
    guessing.guess(notebook, folder=tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["R", "julia", "bash"])
def test_other_languages(notebook_of: NotebookOf, name: str) -> None:
    with pytest.raises(Refused, match="speaks"):
        guessing.guess(notebook_of("library(x)", kernelspec={"name": "k", "language": name}))


def test_scripts_of_other_languages() -> None:
    notebook = notebooks.parse(b"library(x)\n", "a.R")
    with pytest.raises(Refused, match="speaks 'r'") as caught:
        guessing.guess(notebook)
    assert "install.R" in (caught.value.hint or "")


def test_python_itself_is_left_out(notebook_of: NotebookOf) -> None:
    code = "import os, sys, distutils, urllib2, IPython, ipykernel, __future__"
    found = guessing.guess(notebook_of(code))
    assert (found.distributions, found.unknown) == ((), ())


@given(st.lists(st.text(max_size=200), max_size=4))
def test_never_crashes(sources: list[str]) -> None:
    found = imports.found(notebooks.parse(content(*sources), "a.ipynb"), None)
    assert all(wanted.name for wanted in found.modules)


LINES = st.sampled_from(
    ["import a", "%pip install b", "!pip install 'c", "from x import (", "%%bash", "x = !ls", "?y",
     "\x00", "f'{", "class A:", "    import d", "%load_ext e", "importlib.import_module('f')"]
)  # fmt: skip


@given(st.lists(LINES, max_size=8))
def test_never_crashes_on_what_looks_like_code(lines: list[str]) -> None:
    imports.found(notebooks.parse(content("\n".join(lines)), "a.ipynb"), None)


def test_deep_code(notebook_of: NotebookOf) -> None:
    found = imports.found(notebook_of("(" * 5000 + "\nimport a"), None)
    assert [wanted.name for wanted in found.modules] == ["a"]
    assert found.unread == ("code cell 1",)


def test_the_corpus(corpus: Path) -> None:
    done = 0
    for path in sorted(corpus.rglob("*.ipynb")):
        try:
            notebook = notebooks.read(path).notebook
            found = guessing.guess(notebook, folder=path.parent)
        except (NotebookError, Refused):
            continue
        json.dumps([one.line(pin=False) for one in found.distributions])
        done += 1
    assert done > 20
