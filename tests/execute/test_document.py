"""A notebook is written as nbformat writes it, whatever it holds."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.errors import NotebookError
from binderclip.execute.document import Document, read

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
bundles = st.dictionaries(
    st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml"]), text
) | st.fixed_dictionaries({"application/json": json_values})
outputs = (
    st.builds(lambda t: nbformat.v4.new_output("stream", name="stdout", text=t), text)
    | st.builds(lambda d: nbformat.v4.new_output("display_data", data=d), bundles)
    | st.builds(
        lambda e: nbformat.v4.new_output("error", ename=e, evalue=e, traceback=[e, e]), text
    )
)
cells = st.builds(
    lambda source, out: nbformat.v4.new_code_cell(source, outputs=out),
    text,
    st.lists(outputs, max_size=3),
) | st.builds(nbformat.v4.new_markdown_cell, text)


def written(nb: Any) -> str:
    return str(nbformat.writes(copy.deepcopy(nb))) + "\n"


@given(st.lists(cells, max_size=4), st.dictionaries(text, json_values, max_size=3))
def test_the_bytes_are_those_of_nbformat(content: list[Any], metadata: dict[str, Any]) -> None:
    for hidden in ("orig_nbformat", "orig_nbformat_minor", "signature"):
        metadata.pop(hidden, None)
    nb = nbformat.v4.new_notebook(cells=content, metadata=metadata)
    assert Document(nb).render().decode() == written(nb)


@given(st.lists(cells, min_size=1, max_size=3), outputs)
def test_a_cell_that_was_touched_is_written_anew(content: list[Any], output: Any) -> None:
    nb = nbformat.v4.new_notebook(cells=[*content, nbformat.v4.new_code_cell("x")])
    document = Document(nb)
    document.render()
    nb.cells[-1].outputs.append(output)
    document.touch(len(nb.cells) - 1)
    assert document.render().decode() == written(nb)
    document.clear(len(nb.cells) - 1)
    assert document.render().decode() == written(nb)
    assert nb.cells[-1].outputs == []


@pytest.mark.parametrize("number", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_a_lone_surrogate_becomes_its_escape(number: int) -> None:
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_raw_cell(f"a{chr(number)}ö")])
    (found,) = json.loads(Document(nb).render())["cells"][0]["source"]
    assert [ord(character) for character in found] == [ord("a"), number, ord("ö")]


def test_the_corpus_is_written_as_nbformat_writes(corpus: Path) -> None:
    seen = 0
    for path in sorted(corpus.rglob("*.ipynb")):
        try:
            document = read(path.read_bytes(), path.name, lambda _: None)
        except NotebookError:
            continue
        text = document.render().decode()
        assert text == written(nbformat.reads(text, as_version=4)), path.name
        seen += 1
    assert seen > 30


def test_old_formats_of_the_corpus_are_converted(corpus: Path) -> None:
    told: list[str] = []
    for name in ("test2.ipynb", "test3.ipynb"):
        document = read((corpus / "nbformat" / name).read_bytes(), name, told.append)
        assert document.nb.nbformat == 4
        nbformat.validate(document.nb)
    assert [line.split(";")[0] for line in told] == [
        "the notebook was in nbformat 2",
        "the notebook was in nbformat 3",
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"\xff", b'{"nbformat": 4}', b'{"nbformat": 9, "cells": []}', b"[" * 99999],
)
def test_what_is_no_notebook_is_refused(data: bytes) -> None:
    with pytest.raises(NotebookError, match=r"broken\.ipynb"):
        read(data, "broken.ipynb", lambda _: None)
