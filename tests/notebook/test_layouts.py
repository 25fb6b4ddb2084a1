"""Any layout of JSON: what is set is there, the rest is as it was, and removing undoes setting."""

from __future__ import annotations

import codecs
import json
import random
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from binderclip.errors import NotebookError
from binderclip.notebook import MISSING, Notebook, parse

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = st.sampled_from(["binder", "a", "zebra", "kernelspec", "é", "\\", '"', "", "\ud800"])
METADATA = st.dictionaries(KEYS, VALUES, max_size=4)
# The snowman shows how a file writes what is not ASCII.
CELLS = st.sampled_from(
    [["☃"], ["☃", float("nan"), -float("inf")], ["☃\udc00 NaN"], ["☃", {"metadata": {"binder": 1}}]]
)
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[^\s"{}\[\],:]+|[{}\[\],:]')
SPACES = [b"", b"", b"", b" ", b"\n", b"\r\n", b"\r", b"\t", b"\n  ", b"\r\n\t", b"\n\n ", b"  "]


def encoded(value: Any, **layout: Any) -> bytes:
    return json.dumps(value, **layout).encode("utf-8", "backslashreplace")


@st.composite
def odd_notebooks(draw: st.DrawFn) -> bytes:
    """Members in any order, and white space of any kind wherever some may stand."""
    notebook = {
        "metadata": draw(METADATA),
        "nbformat": draw(st.sampled_from([3, 4])),
        draw(st.sampled_from(["cells", "a"])): draw(CELLS),
    }
    rng = random.Random(draw(st.integers(0, 1 << 30)))
    items = list(notebook.items())
    rng.shuffle(items)
    spaces = rng.choices(SPACES, k=rng.randint(1, 4))
    tokens = TOKEN.findall(encoded(dict(items), ensure_ascii=rng.random() < 0.5))
    bom = rng.choice([b"", codecs.BOM_UTF8])
    return bom + b"".join(rng.choice(spaces) + token for token in tokens) + rng.choice(spaces)


@st.composite
def standard_notebooks(draw: st.DrawFn, *, sort: bool | None = None) -> bytes:
    """As json.dumps and JSON.stringify lay it out, with any line end."""
    notebook = {"cells": draw(CELLS), "metadata": draw(METADATA), "nbformat": 4}
    data = encoded(
        notebook,
        indent=draw(st.sampled_from([None, 0, 1, 2, 4, 7, "\t", " \t"])),
        sort_keys=draw(st.booleans()) if sort is None else sort,
        ensure_ascii=draw(st.booleans()),
        separators=(",", ":") if draw(st.booleans()) else None,
    )
    end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    return (data + draw(st.sampled_from([b"", b"\n"]))).replace(b"\n", end)


def exact(value: Any) -> str:
    """Tells 1 from 1.0 and true, and looks through the order of keys."""
    return json.dumps(value, sort_keys=True)


def metadata_of(data: bytes) -> Any:
    return json.loads(data.removeprefix(codecs.BOM_UTF8).decode())["metadata"]


def unchanged_around(before: Notebook, after: Notebook) -> None:
    """Nothing but one stretch differs, and JSON's other values are the same."""
    old, new = (json.loads(n.data.removeprefix(codecs.BOM_UTF8)) for n in (before, after))
    del old["metadata"], new["metadata"]
    assert exact(old) == exact(new)


@given(odd_notebooks() | standard_notebooks(), KEYS, VALUES)
@example(b'{"metadata":{},"nbformat":4}', "binder", {"a": [1]})
@example(b'{"metadata":{ },"nbformat":4}', "binder", {"a": [1]})
@example(b'{\n"metadata":{\n},"nbformat":4}', "binder", {"a": [1]})
@example(b'{\n "metadata": {},\n "nbformat": 4\n}', "binder", {"a": [1]})
@example(b'{\n "metadata": {\n },\n "nbformat": 4\n}', "binder", {"a": [1]})
@example(b'{\n "metadata": {\n  },\n "nbformat": 4\n}', "binder", {"a": [1]})
@example(b'{\n"metadata": {},\n"nbformat": 4\n}', "binder", {"a": [1]})
def test_set_then_strip_gives_the_bytes_of_before(data: bytes, key: str, value: Any) -> None:
    before = parse(data)
    assert exact(before.metadata) == exact(metadata_of(data))
    after = before.replaced(value, key)
    assert exact(after.get(key)) == exact(value)
    assert exact(metadata_of(after.data)) == exact({**before.metadata, key: value})
    unchanged_around(before, after)
    assert after.replaced(value, key) is after
    assert parse(after.data) == after
    stripped = after.replaced(MISSING, key)
    if before.get(key) is MISSING:
        assert stripped.data == data
    else:
        assert stripped.data == before.replaced(MISSING, key).data


@given(odd_notebooks() | standard_notebooks(), KEYS)
def test_stripping_removes_that_member_alone(data: bytes, key: str) -> None:
    before = parse(data)
    after = before.replaced(MISSING, key)
    if before.get(key) is MISSING:
        assert after is before
        return
    rest = {other: value for other, value in before.metadata.items() if other != key}
    assert exact(metadata_of(after.data)) == exact(rest)
    unchanged_around(before, after)


@given(odd_notebooks(), VALUES, VALUES)
@example(b'{\n"metadata": {},\n"nbformat": 4, "cells": []\n}', [None], None)
def test_replacing_touches_the_value_alone(data: bytes, first: Any, second: Any) -> None:
    bare = parse(data).replaced(MISSING)
    before = bare.replaced(first)
    after = before.replaced(second)
    assert exact(after.get()) == exact(second)
    assert after.replaced(first).data == before.data
    assert after.replaced(MISSING).data == bare.data


@given(standard_notebooks(sort=True), VALUES)
def test_putting_the_old_value_back_gives_the_bytes_of_before(data: bytes, value: Any) -> None:
    before = parse(data)
    for key, old in before.metadata.items():
        assert before.replaced(value, key).replaced(old, key).data == data


@given(KEYS, VALUES)
def test_a_sorted_file_stays_as_json_would_write_it(key: str, value: Any) -> None:
    notebook = {"cells": [], "metadata": {"a": 1, "z": {"b": 2}}, "nbformat": 4}
    for indent in (1, 2, "\t", None):
        layout: dict[str, Any] = {"indent": indent, "sort_keys": True, "ensure_ascii": False}
        text = encoded(notebook, **layout)
        whole = {**notebook, "metadata": {"a": 1, "z": {"b": 2}, key: value}}
        assert parse(text).replaced(value, key).data == encoded(whole, **layout)


@given(standard_notebooks(), st.data())
def test_what_python_cannot_read_is_refused(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    byte = draw.draw(st.binary(max_size=2))
    mutant = data[:at] + byte + data[at + 1 :]
    try:
        metadata = parse(mutant).metadata
    except NotebookError:
        return
    found = json.loads(mutant.removeprefix(codecs.BOM_UTF8).decode())
    assert exact(found["metadata"]) == exact(metadata)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"é": 1}', '{"binder": "é", "é": 1}'),
        (r'{"\u00e9": 1}', r'{"binder": "\u00e9", "\u00e9": 1}'),
        (r'{"x": "\\u00e9"}', r'{"binder": "é", "x": "\\u00e9"}'),
        (r'{"x": "\u001b"}', r'{"binder": "é", "x": "\u001b"}'),
        ('{"x": 1, "a": 2}', '{"x": 1, "a": 2, "binder": "é"}'),
        ('{"a":1,"c":2}', '{"a":1,"binder":"é","c":2}'),
        ('{"binder": {"z": 1, "a": 2}}', '{"binder": "é"}'),
        ('{\n"a": 1}', '{\n"a": 1,\n"binder": "é"}'),
        ('{"a" : 1 , "c" : 2}', '{"a" : 1 , "binder" : "é" , "c" : 2}'),
    ],
)
def test_the_manner_of_the_file_is_followed(before: str, after: str) -> None:
    frame = '{{"metadata": {}, "nbformat": 4}}'
    found = parse(frame.format(before).encode()).replaced("é")
    assert found.data.decode() == frame.format(after)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")]])
def test_what_json_cannot_hold_is_refused(plain: bytes, value: Any) -> None:
    with pytest.raises(NotebookError, match="JSON cannot hold"):
        parse(plain).replaced(value)


def test_a_value_that_only_python_reads_can_be_replaced() -> None:
    notebook = parse(rb'{"metadata": {"binder": [NaN, "\ud800"]}, "nbformat": 4}')
    assert (
        notebook.replaced(["\ud800"]).data
        == rb'{"metadata": {"binder": ["\ud800"]}, "nbformat": 4}'
    )
    assert notebook.replaced(1).data == b'{"metadata": {"binder": 1}, "nbformat": 4}'


def test_an_order_that_was_chosen_is_kept() -> None:
    notebook = parse(b'{"metadata": {"binder": {"version": 1, "host": "a"}}, "nbformat": 4}')
    value: Any = {"version": 1, "host": "b"}
    assert b'{"version": 1, "host": "b"}' in notebook.replaced(value).data
    assert notebook.replaced({"host": "a", "version": 1}) is notebook
    assert notebook.replaced({"host": "a", "version": 1.0}) is not notebook
    bare = parse(b'{"metadata": {}, "nbformat": 4}')
    assert b'{"host": "b", "version": 1}' in bare.replaced(value).data
