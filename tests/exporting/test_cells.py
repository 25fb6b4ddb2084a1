"""The cell that juv reads: put in, changed, and nothing else touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from binderclip import notebook as notebooks
from binderclip.errors import BinderclipError, NotebookError
from binderclip.exporting import cells
from binderclip.notebook import Notebook

HEADER = '# /// script\n# dependencies = [\n#     "six",\n# ]\n# ///\n'


def without_first(notebook: Notebook) -> bytes:
    content = json.loads(notebook.data)
    first = content["cells"].pop(0)
    assert "".join(first["source"]) == HEADER.rstrip("\n")
    assert first["metadata"] == {"jupyter": {"source_hidden": True}}
    return json.dumps(content).encode()


@pytest.mark.parametrize("indent", [None, 1, 2, "\t"])
@pytest.mark.parametrize("sources", [(), ("print('é')",), ("a = 1\nb = 2", "]")])
def test_a_new_cell(
    notebook_of: Callable[..., Notebook], indent: Any, sources: tuple[str, ...]
) -> None:
    content = json.loads(notebook_of(*sources).data)
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    before = notebooks.parse(text.encode(), "a.ipynb")
    after = cells.with_header(before, HEADER)
    nbformat.validate(nbformat.reads(after.data.decode(), 4))
    assert json.loads(without_first(after)) == content
    # As whoever wrote the file would have written it.
    ordered = json.dumps(json.loads(after.data), indent=indent, ensure_ascii=False)
    assert after.data.decode() == ordered
    assert cells.with_header(after, HEADER) is after


def test_only_the_cell_is_new(notebook_of: Callable[..., Notebook]) -> None:
    before = notebook_of("import six", "x = 1.50")
    after = cells.with_header(before, HEADER)
    at = next(n for n, (a, b) in enumerate(zip(before.data, after.data, strict=False)) if a != b)
    length = len(after.data) - len(before.data)
    assert after.data[at + length :] == before.data[at:]


def test_a_header_that_is_there_is_replaced(notebook_of: Callable[..., Notebook]) -> None:
    old = '# /// script\n# dependencies = []\n# ///\nimport six  # "kept"\n'
    before = notebook_of("x", old)
    after = cells.with_header(before, HEADER)
    sources = ["".join(cell["source"]) for cell in json.loads(after.data)["cells"]]
    assert sources == ["x", HEADER + 'import six  # "kept"\n']
    lines = before.data.count(b"\n")
    assert after.data.count(b"\n") == lines + 2


def test_no_ids_in_old_formats(notebook_of: Callable[..., Notebook]) -> None:
    after = cells.with_header(notebook_of("x", minor=4), HEADER)
    assert "id" not in json.loads(after.data)["cells"][0]


@pytest.mark.parametrize(
    "cells_", ["3", "[{}]", '[{"cell_type": "code"}]', "[1]", '[{"source": 1}]', "{}"]
)
def test_cells_of_another_shape(cells_: str) -> None:
    text = f'{{"cells": {cells_}, "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'
    with pytest.raises(NotebookError, match="shape"):
        cells.with_header(notebooks.parse(text.encode(), "a.ipynb"), HEADER)


def test_format_3_is_not_juvs() -> None:
    text = '{"worksheets": [], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}'
    with pytest.raises(NotebookError, match="juv reads 4"):
        cells.with_header(notebooks.parse(text.encode(), "a.ipynb"), HEADER)


def test_the_corpus(corpus: Path) -> None:
    done = 0
    for path in sorted(corpus.rglob("*.ipynb")):
        try:
            before = notebooks.read(path).notebook
            after = cells.with_header(before, HEADER)
        except BinderclipError:
            continue
        content = json.loads(after.data)
        content["cells"].pop(0)
        assert content == json.loads(before.data), path
        done += 1
    assert done > 20
