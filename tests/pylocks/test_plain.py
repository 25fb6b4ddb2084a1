"""Plain requirements are read without packaging, to the same end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from binderclip.errors import Refused
from binderclip.requirementfiles.single import _parsed, _plain

NAMES = st.sampled_from(["a", "Foo.Bar", "x-y_z", "a1", "a-", "-a", "a b"])
PARTS = ["==", "!=", ">=", "<=", "<", ">", "~=", "===", "1", "1.0", "2.3.4", "02", "1.*", "1rc1"]
PARTS += [",", " ", "\t", "\n", "[x]", ";", "@", "\u0661"]


@given(NAMES, st.lists(st.sampled_from(PARTS), max_size=7))
def test_the_short_way_ends_where_the_long_one_does(name: str, parts: list[str]) -> None:
    text = name + "".join(parts)
    found = _plain(text)
    try:
        told = _parsed(text, "x")
    except Refused:
        told = None
    assert found is None or found == told


def test_what_the_short_way_takes() -> None:
    assert _plain("Six") == _parsed("Six", "x")
    assert _plain("numpy >=2, <3") == _parsed("numpy >=2, <3", "x")
    assert _plain("numpy==2,==2.0") is None
    assert _plain("numpy[x]") is None
