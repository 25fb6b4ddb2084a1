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
        ("!pip install . ./b git+https://example.org/c", ["git+https://example.org/c"]),
        ("!pip install a &> /dev/null", ["a"]),
        ("!pip install a 2>/dev/null b", ["a", "b"]),
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
    assert [one.requirement for one in installs.read(line, "here", "why").named] == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%pip install -r reqs.txt", "'reqs.txt' is left out: there is no such file"),
        ("%pip install -r/content/reqs.txt", "only files beside the notebook are read"),
        ("%pip install ./local", "'./local' is left out: it is a file or a folder"),
        ("%pip install -e .", "'.' is left out: it is a file or a folder"),
        ("%pip install a.whl", "it is a file or a folder of its author's"),
        ("%pip install {package}", "'{package}' is left out: it names no package"),
        ("%pip install --constraint=c.txt a", "--constraint 'c.txt' is left out"),
        ("%pip install --pre a", "--pre is left out"),
        ("%pip install -i https://me:secret@i.example.org a", "--index-url is left out"),
        ("%pip install --extra-index-url=https://i.example.org a", "--extra-index-url is left out"),
        ("%pip install -f https://i.example.org a", "--find-links is left out"),
        ("%pip install https://me:secret@example.org/a.whl", "it has credentials in it"),
        ("%pip install git+git@github.com:o/r", "it names no package that others could install"),
    ],
)
def test_what_it_installs_otherwise_is_told(line: str, said: str, tmp_path: Path) -> None:
    (remark,) = installs.read(line, "code cell 1", "why", tmp_path).remarks
    assert remark.startswith("code cell 1: ")
    assert said in remark
    assert "secret" not in remark


@pytest.mark.parametrize("option", ["-i", "--index-url=", "--extra-index-url ", "-f", "--index "])
def test_of_another_index_nothing_is_sure(notebook_of: NotebookOf, option: str) -> None:
    line = f"%pip install {option}https://i.example.org numpy"
    (one,) = guessing.guess(notebook_of(f"{line}\nimport numpy")).distributions
    assert (one.distribution, one.sure) == ("numpy", False)


def test_a_requirements_file_beside_it(notebook_of: NotebookOf, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "reqs.txt").write_text("A_b>=1  # why\n-r sub/more.txt\n./own\n")
    (tmp_path / "sub/more.txt").write_text("c==1\n-r more.txt\n-c limits.txt\n")
    found = imports.found(notebook_of("%pip install -r reqs.txt"), tmp_path)
    assert [(one.requirement, one.sure) for one in found.named] == [
        ("a-b>=1", True),
        ("c==1", True),
    ]
    assert [line.partition(" is left out")[0] for line in found.remarks] == [
        "code cell 1: --constraint 'limits.txt'",
        "code cell 1: './own'",
    ]
    (tmp_path / "reqs.txt").write_text("-i https://i.example.org\na\n")
    found = imports.found(notebook_of("%pip install -r reqs.txt"), tmp_path)
    assert [(one.requirement, one.sure) for one in found.named] == [("a", False)]
    assert "--index-url in reqs.txt is left out" in found.remarks[0]
    (tmp_path / "reqs.txt").write_text("a\n--what\n")
    found = imports.found(notebook_of("%pip install -r reqs.txt"), tmp_path)
    assert found.named == ()
    assert "'reqs.txt' is left out: line 2: found the option --what" in found.remarks[0]


def test_a_requirements_file_outside(notebook_of: NotebookOf, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("secret\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.txt").symlink_to(tmp_path / "outside.txt")
    found = imports.found(notebook_of("%pip install -r link.txt -r ../outside.txt"), inside)
    assert found.named == ()
    assert len(found.remarks) == 2


def test_addresses_are_carried(notebook_of: NotebookOf) -> None:
    """And what they bring is not looked for elsewhere."""
    code = "!pip install git+https://github.com/o/Clip.git@v1 -e git+https://x.org/t#egg=t_y -i /i"
    found = guessing.guess(notebook_of(f"{code}\nimport clip, t_y"))
    assert [(one.line(pin=True), one.sure) for one in found.distributions] == [
        ("git+https://github.com/o/Clip.git@v1", True),
        ("t-y @ git+https://x.org/t", True),
    ]


OPTIONAL = """
try:
    import {0}
except {1}:
    {2}
"""


@pytest.mark.parametrize(
    ("error", "then", "optional"),
    [
        ("ImportError", "a = None", True),
        ("(ImportError, OSError)", "pass", True),
        ("ModuleNotFoundError as error", "print(error)", True),
        ("Exception", "pass", True),
        ("ValueError", "pass", False),
        ("ImportError", "raise", False),
        ("ImportError", "sys.exit('get it')", False),
    ],
)
def test_what_code_goes_on_without(
    notebook_of: NotebookOf,
    error: str,
    then: str,
    optional: bool,  # noqa: FBT001 - a column of the table
) -> None:
    code = OPTIONAL.format("cupy", error, then)
    (one,) = guessing.guess(notebook_of(code)).distributions
    assert (one.optional, one.sure) == (optional, not optional)
    assert ("optional" in one.why) == optional
    (one,) = guessing.guess(notebook_of(f"{code}\nimport cupy")).distributions
    assert one.sure


def test_a_trial_of_more_than_imports(notebook_of: NotebookOf) -> None:
    code = "try:\n    import numpy\n    run()\nexcept Exception as error:\n    print(error)"
    (one,) = guessing.guess(notebook_of(code)).distributions
    assert one.sure


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
