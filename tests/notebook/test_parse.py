"""What is a notebook and what is not; reading its metadata."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from binderclip.errors import NotebookError
from binderclip.notebook import MISSING, parse, read, to_ipynb


def test_only_the_metadata_is_read(plain: bytes) -> None:
    notebook = parse(plain, "a.ipynb")
    assert (notebook.name, notebook.nbformat, notebook.nbformat_minor) == ("a.ipynb", 4, 5)
    assert not notebook.text
    assert notebook.metadata == json.loads(plain)["metadata"]
    assert notebook.get("kernelspec") == {"name": "python3"}
    assert notebook.get() is MISSING
    assert repr(MISSING) == "MISSING"
    assert "Hi" not in repr(notebook)
    assert to_ipynb(notebook) == plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"null", None),
        (b"false", False),
        (b'"https://mybinder.org/v2/gh/o/r/HEAD"', "https://mybinder.org/v2/gh/o/r/HEAD"),
        (b'{"version": 1}', {"version": 1}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"[1.5e3, -0.0, 1E400]", [1500.0, -0.0, math.inf]),
        (rb'"\ud83d\ude00 \ud800 \u00e9"', "\U0001f600 \ud800 é"),
        (b"-Infinity", -math.inf),
    ],
)
def test_get_decodes_what_python_does(text: bytes, expected: Any) -> None:
    data = b'{"nbformat": 4, "metadata": {"a": 1, "binder": %s}}' % text
    assert parse(data).get() == expected == json.loads(data)["metadata"]["binder"]


@pytest.mark.parametrize("odd", [b"NaN", b"[Infinity]", rb'"\udc00"', rb'{"\ud800": 1}'])
def test_what_only_python_writes_is_read_in_the_cells(odd: bytes) -> None:
    data = b'{"cells": [%s], "metadata": {"a": 1}, "nbformat": 4}' % odd
    notebook = parse(data)
    assert notebook.metadata == {"a": 1}
    assert notebook.replaced([1]).replaced(MISSING).data == data


def test_keys_may_be_escaped() -> None:
    notebook = parse(rb'{"nbformat": 4, "\u006detadata": {"bi\u006eder": 1, "\ud800": 2}}')
    assert notebook.get() == 1
    assert notebook.metadata == {"binder": 1, "\ud800": 2}


@pytest.mark.parametrize("minor", [b"", b', "nbformat_minor": 0', b', "nbformat_minor": 99'])
@pytest.mark.parametrize("major", [3, 4])
def test_formats_3_and_4_with_any_minor(major: int, minor: bytes) -> None:
    assert parse(b'{"metadata": {}, "nbformat": %d%s}' % (major, minor)).nbformat == major


FAULTS: list[tuple[bytes, str, str]] = [
    (b"", "an empty file", ".ipynb_checkpoints"),
    (b" \r\n", "nothing but white space", ".ipynb_checkpoints"),
    (b"<!DOCTYPE html>\n<html></html>", "an HTML page", "raw file's address"),
    (b"\xef\xbb\xbf\n<HTML>", "an HTML page", "raw file's address"),
    (b"<?xml version='1.0'?>", "an XML document", "raw file's address"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer", "git lfs"),
    (b'{\n<<<<<<< HEAD\n "a": 1\n', "a merge conflict at line 2, column 1", "nbdime"),
    (b"<<<<<<< HEAD\n{}", "a merge conflict at line 1, column 1", "nbdime"),
    (b"\x1f\x8b\x08\x00", "gzip", "gunzip"),
    (b"PK\x03\x04", "ZIP", "unpack"),
    (b"%PDF-1.7", "PDF", ".ipynb"),
    ("{}".encode("utf-16"), "UTF-16", "iconv"),
    ("{}".encode("utf-16-be"), "UTF-16", "iconv"),
    ("{}".encode("utf-32"), "UTF-16 or UTF-32", "iconv"),
    (b'{\n "a": "caf\xe9"}', "not UTF-8 at line 2, column 11", "encoding"),
    (b'{"a": "\xed\xa0\x80"}', "not UTF-8 at line 1, column 8", "encoding"),
    (b"hello", "a file that is not JSON", "name a notebook"),
    (b"numpy\nmatplotlib\n", "a file that is not JSON", "name a notebook"),
    (b'{\n "metadata": {},\n "nbformat": 4,\n}', "broken JSON at line 4, column 1 (trail", "mend"),
    ('{\r\n"é": }'.encode(), "broken JSON at line 2, column 6", "mend"),
    (b'\xef\xbb\xbf{"a": }', "broken JSON at line 1, column 7", "mend"),
    (b'{"metadata": {}, "nbf', "column 22 (the JSON ends too early)", "mend"),
    (b'{"metadata": {}, "nbformat": 4} {}', "broken JSON at line 1, column 33", "mend"),
    (b'{"a": "x\ny"}', "broken JSON", "mend"),
    (b'{"a": nan}', "broken JSON", "mend"),
    (b'{"a": 1NaN}', "broken JSON", "mend"),
    (b'{"a":' + b"[" * 200_000, "nested too deeply", "another place"),
    (b"[]", "a list at the top", ".ipynb"),
    (b'"x"', "a string at the top", ".ipynb"),
    (b"3", "a number at the top", ".ipynb"),
    (b"null", "null at the top", ".ipynb"),
    (b'{"nbformat": 4}', 'no "metadata"', '"metadata": {}'),
    (b'{"nbformat": 4, "metadata": []}', 'a list as "metadata"', "{}"),
    (b'{"nbformat": 4, "metadata": null}', 'null as "metadata"', "{}"),
    (b'{"metadata": {}}', 'no "nbformat"', "something else"),
    (b'{"metadata": {}, "nbformat": 5}', "nbformat 5", "newer binderclip"),
    (b'{"metadata": {}, "nbformat": 2}', "nbformat 2, of IPython before 1.0", "nbconvert"),
    (b'{"metadata": {}, "nbformat": "4"}', '"nbformat": "4"', "correct"),
    (b'{"metadata": {}, "nbformat": 4.0}', '"nbformat": 4.0', "correct"),
    (b'{"metadata": {}, "nbformat": true}', '"nbformat": true', "correct"),
    (b'{"metadata": {}, "nbformat": 4, "nbformat_minor": -1}', '"nbformat_minor": -1', "correct"),
    (b'{"metadata": {}, "metadata": {}, "nbformat": 4}', "key 'metadata' twice at the top", "one"),
    (b'{"metadata": {}, "a": 1, "b": 2, "a": 34, "nbformat": 4}', "key 'a' twice", "one"),
    (rb'{"metadata": {"a": 1, "\u0061": 2}, "nbformat": 4}', "'a' twice in the metadata", "one"),
]


@pytest.mark.parametrize(("data", "found", "step"), FAULTS, ids=[case[1] for case in FAULTS])
def test_each_fault_is_told_once_with_the_next_step(data: bytes, found: str, step: str) -> None:
    with pytest.raises(NotebookError) as caught:
        parse(data, "dir/a.ipynb")
    assert str(caught.value).startswith("dir/a.ipynb: found ")
    assert found in str(caught.value)
    assert ", expected " in str(caught.value)
    assert "\n" not in str(caught.value)
    assert step in (caught.value.hint or "")


def test_cut_off_anywhere_is_broken(plain: bytes) -> None:
    for end in range(len(plain) - 1):
        with pytest.raises(NotebookError):
            parse(plain[:end])


def test_a_value_that_python_cannot_hold() -> None:
    notebook = parse(b'{"metadata": {"binder": %s, "a": 1}, "nbformat": 4}' % (b"9" * 5000))
    assert notebook.get("a") == 1
    with pytest.raises(NotebookError, match="cannot be read"):
        notebook.get()
    assert notebook.replaced(MISSING).metadata == {"a": 1}


def test_large_files_are_refused_unread(tmp_path: Path, plain: bytes) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(plain)
    with pytest.raises(NotebookError, match=f"{len(plain)} bytes, expected at most 10"):
        read(path, max_bytes=10)
    with pytest.raises(NotebookError, match="expected at most 10"):
        parse(plain, max_bytes=10)


def test_a_non_ascii_character_across_blocks_is_utf8() -> None:
    head, tail = b'{"a": "', b'", "metadata": {}, "nbformat": 4}'
    block = 1 << 20
    for shift in range(4):
        text = b"x" * (block - len(head) - shift) + "☃".encode() + b"x" * block
        assert parse(head + text + tail).nbformat == 4
        with pytest.raises(NotebookError, match=rf"column {block - shift + 1}\b"):
            parse(head + text.replace("☃".encode(), b"\xe2\x98") + tail)
