"""The quick way to write a value says, byte for byte, what Python's json says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from binderclip.jsonedit import Style, render

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def style(indent: bytes, *, ordered: bool) -> Style:
    return Style(
        newline=b"\n",
        indent=indent,
        outer=b"",
        inner=b"",
        comma=b", ",
        colon=b": ",
        ordered=ordered,
    )


@given(VALUES, st.sampled_from([b" ", b"  ", b"    ", b"\t"]), st.booleans())
@example({"b": [], "a": {}}, b" ", True)
@example({"x": "\x7f\x1f/</\u2028"}, b" ", False)
@example([1 << 63, -(1 << 63), 1e16, True], b"  ", False)
def test_values_are_written_as_json_writes_them(value: Any, indent: bytes, ordered: bool) -> None:  # noqa: FBT001 - drawn
    expected = json.dumps(value, indent=indent.decode(), ensure_ascii=False, sort_keys=ordered)
    written = render(value, b"", style(indent, ordered=ordered))
    assert written == expected.encode("utf-8", "backslashreplace")


@pytest.mark.parametrize("value", [float("nan"), [float("inf")]])
def test_what_json_has_no_word_for_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        render(value, b"", style(b" ", ordered=True))
