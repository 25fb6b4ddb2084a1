"""What changes deep in a value leaves the text around it as it was, whatever its layout."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from binderclip.notebook import parse

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
KEYS = st.text(max_size=3)
OBJECTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[^\s"{}\[\],:]+|[{}\[\],:]')
SPACES = [b"", b"", b" ", b"\n", b"\r\n", b"\t", b"\n  ", b"\r\n\t", b"\n\n ", b"  "]
ADDED = "added"


@st.composite
def layouts(draw: st.DrawFn) -> bytes:
    """A notebook laid out in one way, its value of ``binder`` in the same or in another."""
    value = draw(OBJECTS)
    form: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {
            "indent": st.sampled_from([None, 0, 1, 2, 4, "\t"]),
            "separators": st.sampled_from([None, (",", ":"), (", ", ": "), (" , ", " : ")]),
        }
    )
    around = {"cells": [], "metadata": {"a": 1, "binder": "HERE"}, "nbformat": 4}
    text = json.dumps(around, **draw(form))
    inner = json.dumps(value, ensure_ascii=False, **draw(form))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    whole = text.replace('"HERE"', inner).replace("\n", end).encode()
    if draw(st.booleans()):
        return whole
    rng = random.Random(draw(st.integers(0, 1 << 30)))
    return b"".join(rng.choice(SPACES) + token for token in TOKEN.findall(whole))


def objects(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of the objects in ``value``, through objects alone."""
    if not isinstance(value, dict):
        return []
    inner = [found for key, part in value.items() for found in objects(part, (*path, key))]
    return [path, *inner]


def with_members(value: Any, path: tuple[str, ...], members: dict[str, Any], place: int) -> Any:
    if not path:
        items = list(value.items())
        return dict([*items[:place], *members.items(), *items[place:]])
    return {**value, path[0]: with_members(value[path[0]], path[1:], members, place)}


@given(layouts(), st.data())
@example(b'{"metadata": {"binder": {}}, "nbformat": 4}', None)
@example(b'{\n "metadata": {\n  "binder": {"build":{"host":"h"}}\n },\n "nbformat": 4\n}', None)
def test_what_was_added_anywhere_comes_out_without_a_trace(data: bytes, drawn: Any) -> None:
    before = parse(data)
    value: Any = before.get()
    wanted = value
    for number, path in enumerate(objects(value)):
        if drawn is not None and drawn.draw(st.booleans()):
            continue
        place = drawn.draw(st.integers(0, 4)) if drawn is not None else 0
        names = [f"{ADDED} {number}", f"{ADDED} {number} too"]
        wanted = with_members(wanted, path, {names[0]: {"x": [1]}, names[1]: "y"}, place)
    after = before.replaced(wanted)
    assert json.dumps(after.get(), sort_keys=True) == json.dumps(wanted, sort_keys=True)
    assert after.replaced(value).data == data


@given(layouts(), OBJECTS)
def test_any_value_may_follow_any_other(data: bytes, value: dict[str, Any]) -> None:
    before = parse(data)
    after = before.replaced(value)
    assert json.dumps(after.get(), sort_keys=True) == json.dumps(value, sort_keys=True)
    rest = {key: part for key, part in json.loads(after.data)["metadata"].items() if key == "a"}
    assert rest == {"a": 1}
    assert after.replaced(value) is after


FRAME = '{\n "metadata": {\n  "a": 1,\n  "binder": %s\n },\n "nbformat": 4\n}'


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ('{"x":{"a":1},"y" :2}', {"x": {"a": 1, "b": 2}, "y": 2}, '{"x":{"a":1,"b":2},"y" :2}'),
        ('{"x": {"a": 1}}', {"x": {"a": 1, "b": 2}}, '{"x": {"a": 1, "b": 2}}'),
        ('{"x": {"b": 1}}', {"x": {"a": 0, "b": 1}}, '{"x": {"a": 0, "b": 1}}'),
        ('{\n    "x": {}\n}', {"x": {"a": 1}}, '{\n    "x": {\n        "a": 1\n    }\n}'),
        ('{"a": [1,2],  "b": 3}', {"a": [1, 2], "b": 4}, '{"a": [1,2],  "b": 4}'),
        ('{"a": 1, "b": 2, "c": 3}', {"b": 2}, '{"b": 2}'),
        ('{"a": 1, "b": 2, "c": 3}', {"a": 1}, '{"a": 1}'),
        ('{ "a": 1, "b": 2 }', {"c": 3}, '{ "c": 3 }'),
        ('{ "a": 1.0 }', {"a": 1}, '{ "a": 1 }'),
        ('{"a": 1, "a": 2, "b": 3}', {"a": 2}, '{\n   "a": 2\n  }'),
    ],
)  # fmt: skip
def test_the_manner_of_each_object_is_followed(before: str, value: Any, after: str) -> None:
    found = parse((FRAME % before).encode()).replaced(value)
    assert found.data.decode() == FRAME % after


def test_an_order_that_a_person_chose_stays() -> None:
    text = '{"path": "p", "host": "h", "ref": "main"}'
    notebook = parse((FRAME % text).encode())
    after = notebook.replaced({"host": "h", "path": "p", "ref": "main", "hash": "c"})
    assert after.data.decode() == FRAME % f'{text[:-1]}, "hash": "c"}}'
