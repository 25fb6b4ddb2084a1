"""Streams put together when a cell has ended."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_output

from binderclip.execute.client import joined

# nbclient's own, which takes a time that grows with the square of a line's length.
CARRIAGE_RETURN = re.compile(r".*\r(?=[^\n])")


@given(st.text(alphabet="ab\r\n"))
def test_carriage_returns_are_as_in_nbclient(text: str) -> None:
    (output,) = joined([new_output("stream", name="stdout", text=text)])
    assert output["text"] == CARRIAGE_RETURN.sub("", text)


@given(st.lists(st.sampled_from(["stdout", "stderr", "display"])))
def test_streams_stand_where_they_began(kinds: list[str]) -> None:
    outputs = [
        new_output("display_data")
        if kind == "display"
        else new_output("stream", name=kind, text=f"{n}\n")
        for n, kind in enumerate(kinds)
    ]
    kept = joined(outputs)
    names = [output.get("name", "display") for output in kept]
    expected: list[str] = []
    for kind in kinds:
        if kind == "display" or kind not in expected:
            expected.append(kind)
    for at in range(len(expected) - 1):
        if expected[at : at + 2] == ["stderr", "stdout"]:
            expected[at : at + 2] = ["stdout", "stderr"]
    assert names == expected
    texts = {o["name"]: o["text"] for o in kept if o["output_type"] == "stream"}
    for name, text in texts.items():
        assert text == "".join(f"{n}\n" for n, kind in enumerate(kinds) if kind == name)


def test_a_line_of_millions_of_characters_is_no_trouble() -> None:
    (output,) = joined([new_output("stream", name="stdout", text="x" * 5_000_000)])
    assert len(output["text"]) == 5_000_000
