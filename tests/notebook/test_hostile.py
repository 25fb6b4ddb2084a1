"""Notebooks that are made to keep us busy or to fill the memory: what does not belong is refused
undecoded, and the head of a large one costs no more than its size.
"""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip import cells as cells_of
from binderclip import importing, jsonspan
from binderclip.errors import NotebookError, SpecError
from binderclip.notebook import MAX_TEXT_BYTES, MAX_VALUE_BYTES, MISSING, Notebook, parse, read

LARGE = 12 << 20


@contextmanager
def little_memory(data: bytes, *, times: float) -> Iterator[None]:
    """Fails for what takes more than that many times the data's own size at once."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < times * len(data), f"{peak >> 20} MiB for {len(data) >> 20}"


def notebook(metadata: str = "{}", cells: str = "[]") -> bytes:
    return (f'{{"cells":{cells},"metadata":{metadata},"nbformat":4,"nbformat_minor":5}}').encode()


def filled(unit: str, size: int = LARGE) -> str:
    return "[" + f"{unit}," * (size // (len(unit) + 1)) + f"{unit}]"


class TestText:
    @pytest.mark.parametrize("name", ["a.md", "a.py", "a.Rmd", "a.R", "a.cpp"])
    @pytest.mark.parametrize(
        "unit", ["#", "#\n", "# \n", "\n", "\r", "\x0b", "\u2028", "'", "`", "//", "#'\n", "x\n"]
    )
    @pytest.mark.parametrize("end", ["", "x", "\nx"])
    def test_what_takes_the_square_of_its_length_never_ends(
        self, name: str, unit: str, end: str
    ) -> None:
        """Each of these would have been looked at for hours."""
        data = (unit * (2 << 20) + end).encode()[: MAX_TEXT_BYTES - 8]
        found = parse(data.decode("utf-8", "ignore").encode(), name)
        assert found.text
        assert found.get() is MISSING

    @pytest.mark.parametrize(
        "value",
        [
            "1:" * 300_000 + "1",
            "1:" * 300_000 + "1.5",
            "9" * 900_000,
            "0x" + "f" * 900_000,
            "1_" * 400_000 + "1",
        ],
    )
    def test_long_numbers_are_text(self, value: str) -> None:
        found = parse(f"---\njupyter:\n  x: {value}\n---\n".encode(), "a.md")
        assert found.get("x") == value

    @pytest.mark.parametrize("tag", ["int", "float"])
    @pytest.mark.parametrize("value", ["1:" * 300_000 + "1", "9" * 900_000, "", "x"])
    def test_what_is_said_to_be_a_number_is_none(self, tag: str, value: str) -> None:
        with pytest.raises(NotebookError, match=r"^a\.md: found a header that cannot be read \("):
            parse(f'---\njupyter:\n  x: !!{tag} "{value}"\n---\n'.encode(), "a.md")

    def test_other_numbers_are_those_that_jupytext_reads(self) -> None:
        header = "x: [0x1F, 0b11, 017, 1_000, 1.5e+3, .5, .inf, yes, 12:30, 2026-11-23]"
        value = parse(f"---\njupyter:\n  {header}\n---\n".encode(), "a.md").get("x")
        assert value == [31, 3, 15, 1000, 1500.0, 0.5, float("inf"), True, "12:30", "2026-11-23"]

    @pytest.mark.parametrize("value", ["!!timestamp x", "!!bool 1", "!!int ''", "!!set {a}"])
    def test_whatever_pyyaml_raises_is_told(self, value: str) -> None:
        with pytest.raises(NotebookError, match=r"^a\.md: found a header that cannot be read \("):
            parse(f"---\njupyter:\n  x: {value}\n---\n".encode(), "a.md")

    def test_aliases_do_not_multiply(self) -> None:
        rows = ["  a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        rows += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
        text = "\n".join(["---", "jupyter:", *rows, "---", ""])
        with pytest.raises(NotebookError, match="aliases"):
            parse(text.encode(), "a.md")

    def test_a_header_holds_the_files_that_the_specification_allows(self) -> None:
        lines = [f"package-{n}==1.0 --hash=sha256:{'a' * 64}\n" for n in range(3_000)]
        value: Any = {"version": 1, "files": {"requirements.txt": lines}}
        assert 128 << 10 < sum(map(len, lines)) < 1 << 20
        for name in ("a.md", "a.py"):
            before = parse(b"# Hi\n", name)
            after = before.replaced(value)
            assert after.get() == value
            assert after.replaced(MISSING).data == before.data

    def test_a_header_without_an_end(self) -> None:
        text = "---\n" + "x: 1\n" * 1000
        assert parse(text.encode(), "a.md").get() is MISSING
        with pytest.raises(NotebookError, match="does not end within") as caught:
            parse(("---\n" + "x\n" * 4_000_000).encode(), "a.md")
        assert "---" in caught.value.message
        assert parse(("# ---\n" + "x\n" * 4_000_000).encode(), "a.py").get() is MISSING

    def test_the_encoding_stands_at_the_beginning_of_a_line(self) -> None:
        header = "# ---\n# jupyter:\n#   binder: 1\n# ---\n"
        for first in (
            "# -*- coding: utf-8 -*-\n",
            "#!/usr/bin/python\n# vim: fileencoding=utf-8\n",
        ):
            assert parse((first + header).encode(), "a.py").get() == 1
        far = "#" + "x" * 1000 + "coding: utf-8\n"
        assert parse((far + header).encode(), "a.py").get() is MISSING

    def test_the_body_is_not_taken_apart(self) -> None:
        data = b"---\njupyter:\n  binder: 1\n---\n" + b"a\n" * (6 << 20)
        with little_memory(data, times=4):
            assert parse(data, "a.md").get() == 1

    def test_large_text_is_refused_unread(self, tmp_path: Path) -> None:
        path = tmp_path / "a.md"
        path.write_bytes(b"x" * (MAX_TEXT_BYTES + 1))
        for ask in (lambda: read(path), lambda: parse(path.read_bytes(), "a.md")):
            with pytest.raises(NotebookError, match=f"at most {MAX_TEXT_BYTES} in a text") as told:
                ask()
            assert told.value.hint
        with pytest.raises(NotebookError, match="at most 10 in a text notebook"):
            parse(b"x" * 11, "a.md", max_bytes=10)


class TestMetadata:
    @pytest.mark.parametrize("unit", ["[]", "{}", '""', "NaN", "0"])
    def test_a_large_binder_is_refused_undecoded(self, unit: str) -> None:
        data = notebook(f'{{"binder":{{"version":1,"x-y":{filled(unit)}}},"title":"x"}}')
        found = parse(data, "a.ipynb")
        with little_memory(data, times=1), pytest.raises(SpecError) as caught:
            found.get()
        problem = caught.value.problems[0]
        assert problem.path == "binder"
        assert problem.found.endswith(" bytes")
        assert str(MAX_VALUE_BYTES) in problem.expected
        assert found.get("title") == "x"

    def test_what_the_specification_allows_is_read(self) -> None:
        lines = "\u2603\n" * (1 << 18)
        value = {"version": 1, "files": {"a.txt": lines.splitlines(keepends=True)}}
        data = notebook(json.dumps({"binder": value}))
        assert parse(data).get() == value

    def test_other_members_are_bounded_too(self) -> None:
        found = parse(notebook(f'{{"kernelspec":{filled("[]")},"title":"{"x" * 100}"}}'), "a.ipynb")
        with pytest.raises(NotebookError, match=r"a\.ipynb: found metadata\.kernelspec of \d+ byt"):
            found.get("kernelspec")
        with pytest.raises(
            NotebookError, match=r"metadata\.title of 102 bytes, expected at most 9"
        ):
            found.get("title", max_bytes=9)
        assert importing.from_notebook(found) == ()

    def test_what_tells_the_kernel_is_decoded_alone(self) -> None:
        text = f'{{"widgets":{filled("[]")},"kernelspec":{{"name":"ir"}}}}'
        data = notebook(text)
        found = parse(data)
        with little_memory(data, times=1):
            assert found.kernel_metadata == {"kernelspec": {"name": "ir"}}

    @pytest.mark.parametrize("where", ["metadata", "top"])
    def test_too_many_members(self, where: str) -> None:
        many = ",".join(f'"k{n}":0' for n in range(LARGE // 12))
        data = notebook(f"{{{many}}}") if where == "metadata" else f"{{{many}}}".encode()
        with little_memory(data, times=5), pytest.raises(NotebookError, match="100000 keys"):
            parse(data)


UNRULY: list[Callable[[int], bytes]] = [
    lambda n: b'{"a": "' + b'\\"' * n,
    lambda n: b'{"a": [NaN' + b',""' * n + b"]}",
    lambda n: b'{"a": "\\ud800' + b"\\n" * n + b'"}',
    lambda n: b'{"a": "' + b"\\ud800" * n + b'"}',
    lambda n: b'{"a": [NaN' + b", NaN" * n + b"]}",
    lambda n: b'{"a": ' + b"N" * n,
    lambda n: b'{"a": NaN' + b"-" * n,
    lambda n: b'{"a": "' + b"\\" * n,
    lambda n: b'{"a": "\\ud800' + b"\\" * n,
    lambda n: b'{"a": ' + b'"' * n,
]


@pytest.mark.parametrize("made", UNRULY)
def test_what_python_alone_reads_takes_no_longer(made: Callable[[int], bytes]) -> None:
    data = made(400_000)
    offset = 0
    with little_memory(data, times=8):
        try:
            offset = jsonspan.scan(data).members[0].end
        except jsonspan.Malformed as error:
            offset = error.offset
    assert 0 < offset <= len(data)


JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text("aé\ud800\U0001f600\\\"'/\n,[]{} "),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("aé\ud800"), inner),
    max_leaves=8,
)


@given(st.lists(JSONS), st.sampled_from([None, 1]), st.booleans())
def test_elements_are_what_python_reads(value: Any, indent: int | None, ascii_only: Any) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    data = b' {"a" : ' + text.encode("utf-8", "surrogatepass") + b" }"
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    member = jsonspan.scan(data).members[0]
    spans = list(jsonspan.elements(data, member.start, member.end))
    assert json.dumps([json.loads(data[start:end]) for start, end in spans]) == json.dumps(value)


class TestCells:
    def of(self, value: Any, *, cells: str = "cells") -> Notebook:
        whole = {cells: value, "metadata": {}, "nbformat": 4}
        return parse(json.dumps(whole).encode(), "a.ipynb")

    def test_kinds_and_sources(self) -> None:
        found = self.of(
            [
                {"cell_type": "code", "source": ["a\n", "b"], "outputs": [{"x": float("nan")}]},
                {"cell_type": "markdown", "source": "\ud83d\ude00 \ud800"},
                {"cell_type": "code"},
                {"source": "x"},
                [1],
                {"cell_type": "code", "source": [1, "c"]},
            ]
        )
        cells = list(cells_of.cells(found))
        assert [cell.kind for cell in cells] == ["code", "markdown", "code", "", "", "code"]
        texts = [cells_of.source(found, cell, max_bytes=100) for cell in cells]
        assert texts == ["a\nb", "\U0001f600 \ud800", None, "x", None, "c"]
        assert cells_of.source(found, cells[0], max_bytes=3) is None
        heads = [cells_of.beginning(found, cell) for cell in cells]
        assert heads == ["a\nb", "\U0001f600 \ud800", "", "x", "", "c"]

    def test_format_3_and_other_shapes(self) -> None:
        old = [{"cells": [{"cell_type": "code", "input": "x"}]}, 1, {"cells": [{}]}]
        found = self.of(old, cells="worksheets")
        assert [cell.kind for cell in cells_of.cells(found)] == ["code", ""]
        odds: list[Any] = [None, {}, "x", 1]
        for odd in odds:
            assert list(cells_of.cells(self.of(odd))) == []
        assert list(cells_of.cells(parse(b"# x\n", "a.md"))) == []

    def test_no_more_is_looked_at_than_is_asked_for(self) -> None:
        data = notebook(cells=filled("{}"))
        found = parse(data)
        with little_memory(data, times=0.5):
            assert len(list(islice(cells_of.cells(found), 1000))) == 1000

    @pytest.mark.parametrize("text", ['"' + "é☃" * (LARGE // 5) + '"', filled('"\\n"')])
    def test_the_beginning_of_a_long_one(self, text: str) -> None:
        data = notebook(cells=f'[{{"cell_type":"markdown","source":{text}}}]')
        found = parse(data)
        cell = next(cells_of.cells(found))
        with little_memory(data, times=0.5):
            head = cells_of.beginning(found, cell)
        assert 1000 <= len(head) <= 64 * 1024
        assert set(head) <= set("é☃\n")

    def test_a_header_is_sought_in_one_cell_at_a_time(self) -> None:
        header = "# /// script\n# dependencies = ['numpy']\n# ///\n"
        cell = json.dumps({"cell_type": "code", "source": header})
        data = notebook(cells=f'[{{"cell_type":"code","outputs":{filled("[]")}}},{cell}]')
        found = parse(data)
        with little_memory(data, times=2):
            (imported,) = importing.from_notebook(found)
        assert (imported.tool, imported.where) == ("juv", "cell 2")
