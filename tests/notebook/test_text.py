"""Text notebooks: the header changes, the body does not, and jupytext agrees."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest

from binderclip.errors import NotebookError
from binderclip.notebook import MISSING, Notebook, parse, read, save, to_ipynb

new: Any = nbformat.v4

FORMATS = [
    *("md", "Rmd", "md:myst", "py:light", "py:percent", "py:hydrogen", "py:nomarker", "py:sphinx"),
    *("R:spin", "R:percent", "jl:percent", "cpp:light", "hs:light", "lua:percent", "m:percent"),
    *("js:light", "ml:light", "sas:percent"),
]
HARD: dict[str, Any] = {
    "version": 1,
    "lines": ["numpy\n", "é # x\n", "#!/bin/sh\n\necho: x\n", "a\x85b\u2028c\x0bd\r", "\t\x1b"],
    "scalars": [1, 1.5, 1e30, None, True, "", "yes", "1", "0x1", "# a", " b ", "- c", "{d}", "~"],
    "dates": ["2026-11-22T20:00:00Z", "2026-11-22", "12:30:45"],
    "nested": [[], {}, [{"a": [1, {"b": []}]}]],
}


def suffix_of(form: str) -> str:
    return "." + form.split(":", maxsplit=1)[0]


def written(form: str, **metadata: Any) -> str:
    """A notebook as jupytext writes it; its last cell looks like a header."""
    cells = [
        new.new_markdown_cell("# Hi\n\nthere"),
        new.new_code_cell("a = 1\nb = 2"),
        new.new_markdown_cell("---\n\njupyter:\n  binder: 1\n---"),
    ]
    known = {"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}}
    notebook = new.new_notebook(cells=cells, metadata={**known, **metadata})
    return str(jupytext.writes(notebook, form))


def as_jupytext_sees(text: str, form: str) -> tuple[list[Any], Any]:
    notebook = jupytext.reads(text, {"extension": suffix_of(form)})
    cells = [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in notebook.cells]
    return cells, notebook.metadata.get("binder")


def check(text: str, form: str, value: Any = HARD) -> Notebook:
    """Set, read back, compare with jupytext, strip."""
    before = parse(text.encode(), "a" + suffix_of(form))
    assert before.text
    after = before.replaced(value)
    assert after.get() == value
    assert after.replaced(value) is after
    cells, seen = as_jupytext_sees(after.data.decode(), form)
    assert seen == value
    assert cells == as_jupytext_sees(text, form)[0]
    assert after.data.endswith(text.split("# Hi")[1].encode())
    if before.get() is MISSING:
        assert after.replaced(MISSING).data == before.data
    again = jupytext.writes(
        jupytext.reads(after.data.decode(), {"extension": suffix_of(form)}), form
    )
    assert parse(again.encode(), before.name).get() == value, "jupytext drops it at its next save"
    return after


@pytest.mark.parametrize("form", FORMATS)
def test_set_and_strip(form: str) -> None:
    check(written(form), form)


@pytest.mark.parametrize("form", FORMATS)
def test_written_by_jupytext_with_every_key(form: str) -> None:
    text = written(form, jupytext={"notebook_metadata_filter": "all"}, binder=HARD)
    notebook = parse(text.encode(), "a" + suffix_of(form))
    assert notebook.get() == HARD
    assert notebook.metadata["kernelspec"]
    check(text, form, {"version": 1})
    stripped = notebook.replaced(MISSING)
    cells, seen = as_jupytext_sees(stripped.data.decode(), form)
    assert seen is None
    assert cells == as_jupytext_sees(text, form)[0]


@pytest.mark.parametrize("form", FORMATS)
def test_a_filter_that_would_drop_it_is_widened(form: str) -> None:
    check(written(form, jupytext={"notebook_metadata_filter": "jupytext,kernelspec,-all"}), form)


def test_a_filter_that_names_it_is_respected() -> None:
    text = written("py:percent", jupytext={"notebook_metadata_filter": "kernelspec,-binder"})
    with pytest.raises(NotebookError, match="drops 'binder'") as caught:
        parse(text.encode(), "a.py").replaced(1)
    assert "-binder" in (caught.value.hint or "")


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in {"R:spin", "py:sphinx"}])
@pytest.mark.parametrize("start", ["", "#!/usr/bin/env python\n", "# -*- coding: utf-8 -*-\n"])
def test_without_a_header_one_is_made(form: str, start: str) -> None:
    text = written(form)
    body = text[text.index("# Hi") - len(text[: text.index("# Hi")].splitlines()[-1]) :]
    if "# Hi" not in body or (start and suffix_of(form) not in {".py", ".jl", ".R"}):
        return
    check(start + body, form)


@pytest.mark.parametrize("form", ["md", "py:percent", "md:myst", "ml:light"])
def test_line_ends_and_byte_order_marks(form: str) -> None:
    for text in (written(form).replace("\n", "\r\n"), "\ufeff" + written(form)):
        before = parse(text.encode(), "a" + suffix_of(form))
        after = before.replaced(HARD)
        assert after.get() == HARD
        assert after.replaced(MISSING).data == before.data
        assert after.data.count(b"\r") in {0, after.data.count(b"\n")}


def test_a_header_in_an_html_comment() -> None:
    check(written("md", jupytext={"hide_notebook_metadata": True}), "md")


def test_other_keys_and_comments_stay_where_they_are() -> None:
    text = (
        "---\ntitle: A page  # kept\njupyter:\n  # of the kernel\n  kernelspec:\n    name: x\n"
        "    display_name: X\nauthor:\n- somebody\n---\n\n# Hi\n"
    )
    after = check(text, "md", {"a": 1})
    assert after.data.decode().startswith(
        "---\ntitle: A page  # kept\njupyter:\n  # of the kernel\n"
    )


@pytest.mark.parametrize(
    "value", ["|\n    one\n    two\n", ">-\n    one\n    two\n\n", "'one\n\n    two'\n"]
)
def test_values_over_several_lines_are_replaced_whole(value: str) -> None:
    text = f"---\njupyter:\n  binder: {value}  kernelspec:\n    name: x\n---\n\n# Hi\n"
    notebook = parse(text.encode(), "a.md")
    assert notebook.get() is not MISSING
    assert notebook.replaced("u").data == (
        b"---\njupyter:\n  binder: u\n  kernelspec:\n    name: x\n---\n\n# Hi\n"
    )
    assert b"binder" not in notebook.replaced(MISSING).data


@pytest.mark.parametrize(
    "header",
    [
        "jupyter: {kernelspec: {name: x}}",
        "jupyter: python3",
        "{title: x}",
        "jupyter:",
        "# nothing",
    ],
)
def test_a_header_that_lines_cannot_change_is_refused(header: str) -> None:
    text = f"---\n{header}\n---\n\n# Hi\n"
    notebook = parse(text.encode(), "a.md")
    assert notebook.get() is MISSING
    with pytest.raises(NotebookError, match="found a header with") as caught:
        notebook.replaced(1)
    assert "a.md" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "header",
    [
        "jupyter:\n  a: [",
        "- a",
        "jupyter:\n  1: a",
        "jupyter:\n  a: !!set {b}",
        "jupyter:\n  a: !!python/object/apply:os.getcwd []",
        "jupyter:\n  a: &a [*a]",
        "jupyter:\n  a: " + "[" * 5000,
    ],
)
def test_a_broken_header_is_told(header: str) -> None:
    with pytest.raises(NotebookError) as caught:
        parse(f"---\n{header}\n---\n".encode(), "a.md")
    assert str(caught.value).startswith("a.md: found a header that cannot be read (")
    assert "\n" not in str(caught.value)


def test_dates_stay_text() -> None:
    text = b"---\njupyter:\n  binder:\n    at: 2026-11-22T20:00:00Z\n---\n"
    assert parse(text, "a.md").get() == {"at": "2026-11-22T20:00:00Z"}


def test_to_ipynb_and_files(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(written("py:percent"))
    file = read(path)
    assert save(file, file.notebook.replaced(HARD))
    notebook = json.loads(to_ipynb(read(path).notebook))
    assert notebook["nbformat"] == 4
    assert notebook["metadata"]["binder"] == HARD
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code", "markdown"]


def test_what_jupytext_cannot_read_is_told() -> None:
    notebook = parse(b"---\njupyter:\n  a: 1\n---\n", "a.qmd")
    assert notebook.replaced(1).get() == 1
    if shutil.which("quarto") is None:
        with pytest.raises(NotebookError, match="jupytext cannot read it"):
            to_ipynb(notebook)


def test_without_jupytext_the_pip_command_is_named() -> None:
    code = """
import sys
sys.modules["yaml"] = sys.modules["jupytext"] = None  # as where they are not installed
from binderclip.notebook import parse
try:
    parse(b"# hi", "a.md")
except Exception as error:
    print(type(error).__name__, error, error.hint)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "NotebookError a.md: found a text notebook" in done.stdout
    assert "pip install 'binderclip[text]'" in done.stdout


BY_HAND = """---
# what a person wrote stays
jupyter:
  kernelspec: {name: python3, display_name: P}
  binder:
    version: 1          # the first
    build:
      path:   'o/r'
      host: "https://github.com"
      # which branch
      ref: main

    files:
      requirements.txt: |
        numpy
        scipy
    mine: {kept: [1, 2]}
---

# Hi
"""


def test_what_is_added_deep_in_a_value_comes_out_without_a_trace() -> None:
    before = parse(BY_HAND.encode(), "a.md")
    value: Any = before.get()
    build = {**value["build"], "hash": "c" * 40}
    frozen = {"at": "2026-11-22T20:00:00Z", "files": {"requirements.txt": ["a\\n", "b\\n"]}}
    wanted = {**value, "build": build, "frozen": frozen}
    after = before.replaced(wanted)
    assert after.get() == wanted
    for line in BY_HAND.splitlines():
        assert line in after.data.decode().splitlines()
    assert after.replaced(value).data == before.data
    other = {**value, "build": {"host": "https://h.org", "path": "x"}, "mine": {"kept": [1]}}
    assert before.replaced(other).get() == other


@pytest.mark.parametrize("form", FORMATS)
def test_deep_changes_in_every_format(form: str) -> None:
    build = {"host": "https://h.org", "path": "o/r", "ref": "main"}
    value: Any = {"version": 1, "build": build}
    before = parse(written(form).encode(), "a" + suffix_of(form)).replaced(value)
    wanted: Any = {"version": 1, "build": {**build, "hash": "c" * 40}, "frozen": {"at": "x"}}
    after = before.replaced(wanted)
    assert after.get() == wanted
    assert as_jupytext_sees(after.data.decode(), form)[1] == wanted
    assert after.replaced(value).data == before.data
