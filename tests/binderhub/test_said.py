"""Words of strangers, made fit to be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.targets.binderhub.said import LONGEST_LINE, Clean, Lines
from binderclip.targets.binderhub.told import parse


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[91mtime: 34\n\x1b[0m", "time: 34"),
        ("\x1b]0;title\x07x\x1b]8;;http://a\x1b\\y", "xy"),
        ("a\x00b\x9bc\u202ed", "a b c d"),
        ("a\tb", "a    b"),
        ("see http://u:p@h.org/?token=abc", "see http://***@h.org/?token=***"),
        ("tok3n and to\x1b[0mk3n", "*** and ***"),
        ("  indented", "  indented"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert Clean(["tok3n", None, ""])(text) == shown


def test_lines_of_a_log_that_comes_in_pieces() -> None:
    lines = Lines(Clean())
    assert lines.feed("Step 1/2 : FROM x", "building") == []
    assert lines.feed("\n", "building") == ["Step 1/2 : FROM x"]
    assert lines.feed("10%\r50%\r", "building") == []
    assert lines.feed("100%\n", "building") == ["100%"]
    assert lines.feed("drawn\r", "building") == []
    assert lines.feed("\n", "building") == ["drawn"]
    assert lines.feed("cut off by", "building") == []
    assert lines.feed("another phase\n", "pushing") == ["cut off by", "another phase"]
    assert lines.feed("whole without an end", "") == ["whole without an end"]
    assert lines.feed("a\r\nb\n\n\n c", "building") == ["a", "b"]
    assert lines.rest() == [" c"]
    assert lines.rest() == []


def test_what_never_ends_is_cut() -> None:
    lines = Lines(Clean())
    found = []
    for _ in range(100):
        found += lines.feed("x" * 300, "building")
    assert found
    assert max(map(len, found)) <= LONGEST_LINE + 1
    assert len(lines._begun) <= LONGEST_LINE


@given(st.lists(st.tuples(st.text(), st.sampled_from(["", "building", "x"]))))
def test_any_log_makes_lines_that_can_be_shown(pieces: list[tuple[str, str]]) -> None:
    lines = Lines(Clean(["secret"]))
    shown = [line for text, phase in pieces for line in lines.feed(text, phase)] + lines.rest()
    assert all(line.isprintable() and line.strip() for line in shown)
    assert all(len(line) <= LONGEST_LINE + 1 and "secret" not in line for line in shown)


@given(st.lists(st.text(alphabet="ab\n"), max_size=20))
def test_no_piece_is_lost(pieces: list[str]) -> None:
    lines = Lines(Clean())
    shown = [line for text in pieces for line in lines.feed(text, "building")] + lines.rest()
    assert shown == [line for line in "".join(pieces).split("\n") if line]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.text() | st.builds(lambda value: __import__("json").dumps(value), JSON))
def test_any_data_is_an_event_or_none(data: str) -> None:
    parse(data)


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("phase", "message", "status_code", "url", "token"), JSON)
    )
)
def test_any_object_is_an_event(value: dict[str, object]) -> None:
    import json

    told = parse(json.dumps(value))
    assert told is not None
    told.message.encode()
    assert told.status is None or type(told.status) is int
