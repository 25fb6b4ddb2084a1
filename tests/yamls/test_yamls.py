"""YAML of strangers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from binderclip import yamls
from binderclip.errors import Refused


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a: 1\nb: [x, 'y']\n", {"a": 1, "b": ["x", "y"]}),
        ("- python=3.10\n- 3.10\n", ["python=3.10", 3.1]),
        ("date: 2026-11-23\n", {"date": "2026-11-23"}),
        ("base: &b {x: 1}\nmore: {<<: *b, y: 2}\n", {"base": {"x": 1}, "more": {"x": 1, "y": 2}}),
        ("\ufeffa: 1\n", {"a": 1}),
        ("[yes, no, on, True, false]", ["yes", "no", "on", True, False]),
        ("[010, 09, 0x1f, 1:30:00, 1_000]", [10, 9, "0x1f", "1:30:00", "1_000"]),
        (
            "[1.5, .5, 1e3, -2., .inf, ~, null, '']",
            [1.5, 0.5, 1000.0, -2.0, ".inf", None, None, ""],
        ),
        ("a:\nb: ''\n", {"a": None, "b": ""}),
        (f"[{'1:' * 300_000}1]", ["1:" * 300_000 + "1"]),
        (f"[{'1:' * 300_000}1.5, {'9' * 900_000}]", ["1:" * 300_000 + "1.5", "9" * 900_000]),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert yamls.read(text, "x.yml") == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: 1\na: 2\n", "line 2: found the key 'a' twice"),
        ("a: [1\n", "line 2"),
        ("a:\tb: c\n", "line 1"),
        ("a: 1\n---\nb: 2\n", "line 2"),
        ("a: !!python/object:os.system x\n", "line 1"),
        ("a: !mine 1\n", "line 1"),
        ("a: \x00\n", "is not YAML"),
        ("[" * 20_000, "levels"),
        ("- 1\n" * 500_000, "values"),
        ("x" * 5_000_000, "characters"),
        ("a: *b\n", "line 1"),
        ("a: 1\n\ufeffb: 1\n", "byte order mark"),
        ("a: !!bool foo\n", "KeyError"),
        ("a: !!int ''\n", "ValueError"),
        (f"a: !!int '{'1:' * 300_000}1'\n", "line 1: found a number of more than 300 digits"),
        (f"a: !!float '{'1:' * 300_000}.5'\n", "line 1: found a number of more than 300 digits"),
        ("".join(f"{n}: 1\n" for n in range(1001)), "more than 1000 keys that are numbers"),
        (
            "".join(f"%TAG !a{n}! x:,\n" for n in range(65)) + "---\n",
            "more than 64 lines with %TAG",
        ),
        ("a: !!timestamp foo\n", "is not YAML"),
        ("a: &a {x: 1}\nb: {<<: [*a, *a]}\n", "line 2: found '<<' with several mappings"),
        ("a: &a {x: 1}\nb:\n  <<: *a\n  <<: *a\n", "several mappings"),
    ],
)
def test_faults(text: str, why: str) -> None:
    with pytest.raises(Refused, match=r"^x\.yml: ") as caught:
        yamls.read(text, "x.yml")
    assert why in caught.value.message


def test_aliases_do_not_multiply() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Refused, match="aliases"):
        yamls.read("\n".join(rows), "x.yml")


def test_merges_do_not_multiply() -> None:
    rows = ["a0: &a0 {x: 1}"]
    rows += [f"a{n}: &a{n} {{<<: *a{n - 1}, k{n}: 1}}" for n in range(1, 2000)]
    with pytest.raises(Refused, match="merged more than"):
        yamls.read("\n".join(rows), "x.yml")


def test_a_value_that_holds_itself() -> None:
    with pytest.raises(Refused, match="aliases"):
        yamls.read("a: &a [*a]\n", "x.yml")


@given(st.text())
def test_anything_is_read_or_refused(text: str) -> None:
    told = ""
    try:
        yamls.read(text, "x.yml")
    except Refused as error:
        told = error.message
    assert not told or told.startswith("x.yml: ")
    assert "\n" not in told


def test_merges_bring_no_more_numbers_than_may_stand_there() -> None:
    rows = ["a: &a {" + ", ".join(f"{n}: 1" for n in range(900)) + "}"]
    rows += ["b: {<<: *a, " + ", ".join(f"{n}: 1" for n in range(1000, 1200)) + "}"]
    with pytest.raises(Refused, match="more than 1000 keys that are numbers"):
        yamls.read("\n".join(rows), "x.yml")
    assert len(yamls.read(rows[0], "x.yml")["a"]) == 900


@given(st.text("0123456789_+-.xbeEaFinNyosf", max_size=8))
def test_the_old_words_are_those_of_pyyaml(text: str) -> None:
    try:
        expected = yaml.load(f"a: {text}", yaml.SafeLoader)["a"]
    except (yaml.YAMLError, ValueError):
        return
    if isinstance(expected, date):
        return
    assert repr(yamls.parsed(f"a: {text}", "1.1")["a"]) == repr(expected)
