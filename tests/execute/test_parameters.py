"""What is given on the command line, what stands in the notebook, and that both are the same."""

from __future__ import annotations

import math
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip import parameters
from binderclip.errors import BadParameter

names = st.from_regex(r"[^\W\d]\w{0,8}", fullmatch=True).filter(
    lambda name: name.isidentifier() and not __import__("keyword").iskeyword(name)
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(names, values, max_size=4))
def test_what_is_injected_evaluates_to_the_same_values(given_values: dict[str, Any]) -> None:
    namespace: dict[str, Any] = {}
    exec(parameters.python_code(given_values), namespace)
    for name, value in given_values.items():
        found = namespace[parameters.checked_name(name)]
        assert found == value
        assert type(found) is type(value)


def test_infinity_and_nan_survive() -> None:
    namespace: dict[str, Any] = {}
    exec(parameters.python_code({"a": math.inf, "b": -math.inf, "c": [math.nan]}), namespace)
    assert (namespace["a"], namespace["b"]) == (math.inf, -math.inf)
    assert math.isnan(namespace["c"][0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-12", -12),
        ("1_000", 1000),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("True", True),
        ("false", False),
        ("None", None),
        ("null", None),
        ("", ""),
        ("a=b", "a=b"),
        ("nan", "nan"),
        ("1e999", "1e999"),
        ("[1, 2]", "[1, 2]"),
        ("٣", "٣"),
        ("9" * 5000, "9" * 5000),
        ("2026-11-22", "2026-11-22"),
    ],
)
def test_values_are_read_as_papermill_reads_them(text: str, value: object) -> None:
    found = parameters.parse([f"name={text}"])["name"]
    assert found == value
    assert type(found) is type(value)


def test_json_stands_after_colon_equals() -> None:
    found = parameters.parse(['years:=[2025, {"a": null}]', 'zip:="01234"', "zip2=x"])
    assert found == {"years": [2025, {"a": None}], "zip": "01234", "zip2": "x"}


@pytest.mark.parametrize(
    "pair",
    ["year", "=1", "a b=1", "1a=1", "class=1", "a.b=1", "a\n=1", "a:=", "a:={", "a:=" + "[" * 99],
)
def test_wrong_pairs_are_refused(pair: str) -> None:
    with pytest.raises(BadParameter):
        parameters.parse([pair])


def node(*sources: tuple[str, str | None], minor: int = 5) -> Any:
    cells = [
        nbformat.v4.new_code_cell(source, metadata={"tags": [tag]} if tag else {})
        for source, tag in sources
    ]
    nb = nbformat.v4.new_notebook(cells=cells)
    nb.nbformat_minor = minor
    if minor < 5:
        for cell in nb.cells:
            del cell["id"]
    return nb


def test_they_stand_directly_after_the_defaults() -> None:
    nb = node(("import os", None), ("year = 2025", "parameters"), ("print(year)", None))
    assert parameters.inject(nb, {"year": 2026}) == ()
    assert [cell.source for cell in nb.cells] == [
        "import os",
        "year = 2025",
        "# Parameters\nyear = 2026",
        "print(year)",
    ]
    assert nb.cells[2].metadata.tags == ["injected-parameters"]
    assert nb.metadata.papermill["parameters"] == {"year": 2026}
    nbformat.validate(nb)


def test_they_replace_those_of_an_earlier_run() -> None:
    nb = node(("year = 2025", "parameters"), ("print(year)", None))
    nb.metadata["papermill"] = {"version": "2.6"}
    parameters.inject(nb, {"year": 2026})
    first = nb.cells[1].id
    parameters.inject(nb, {"year": 2027})
    assert [cell.source for cell in nb.cells][1:] == ["# Parameters\nyear = 2027", "print(year)"]
    assert nb.cells[1].id == first
    assert nb.metadata.papermill == {"version": "2.6", "parameters": {"year": 2027}}


def test_without_defaults_they_stand_at_the_top() -> None:
    nb = node(("print(year)", None), minor=4)
    (notice,) = parameters.inject(nb, {"year": 2026})
    assert "no cell is tagged 'parameters'" in notice
    assert nb.cells[0].source == "# Parameters\nyear = 2026"
    nbformat.validate(nb)


def test_an_unknown_one_is_told() -> None:
    nb = node(("year: int = 2025\nmonth, day = 1, 2", "parameters"))
    notices = parameters.inject(nb, {"yaer": 1, "day": 3})
    assert notices == ("the parameter 'yaer' is not one of the notebook's own (day, month, year)",)


def test_a_cell_with_magics_is_read_too() -> None:
    assert parameters.assigned("%matplotlib inline\na = 1\nb: int = 2\nif a == 1: pass") == {
        "a",
        "b",
    }


@given(st.text(max_size=60))
def test_any_cell_can_be_searched(source: str) -> None:
    assert all(isinstance(name, str) for name in parameters.assigned(source))
