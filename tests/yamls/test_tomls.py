"""TOML of strangers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip import tomls


def test_values() -> None:
    assert tomls.read('a.b = 1\n[c]\nd = "' + "." * 500 + '"\n') == {
        "a": {"b": 1},
        "c": {"d": "." * 500},
    }
    assert tomls.read(f"# {'.' * 500}\n") == {}
    assert tomls.read(f"a = [{'1.5, ' * 500}]")["a"] == [1.5] * 500
    words = ".".join("a" * 100)
    text = f"""a = '{words}' # {words}\nb = \"\"\"\n{words}\n\"\"\"\n"{words}" = 1\n"""
    assert tomls.read(text) == {"a": words, "b": f"{words}\n", words: 1}


@pytest.mark.parametrize(
    "text",
    ["a = ", ".".join("a" * 100) + " = 1", "x = {" + "a." * 100 + "a = 1}", "x = " + "[" * 5000],
)
def test_faults(text: str) -> None:
    with pytest.raises(ValueError, match=r"dots|nested|line|document"):
        tomls.read(text)


@given(st.text())
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(tomls.read(text), dict)
    except ValueError as error:
        told = str(error)
    else:
        told = "read"
    assert told
