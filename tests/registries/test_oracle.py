"""Dockerfiles as we read them, against BuildKit's own parser, in the package ``dockerfile``."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from binderclip.dockerfile.lines import read
from binderclip.errors import Refused

# In a process of its own: it is written in Go.
_SCRIPT = """
import json, sys
import dockerfile
for line in sys.stdin:
    try:
        found = dockerfile.parse_string(json.loads(line))
        told = [[c.cmd or "", c.start_line, list(c.flags), list(c.value)] for c in found]
    except dockerfile.GoParseError as error:
        told = str(error)
    print(json.dumps(told), flush=True)
"""
_OURS = ("from", "copy", "run", "arg")

atoms = st.sampled_from(
    [
        *("FROM ", "from", "FROM a\n", "RUN ", "COPY ", "ARG X=1\n", "ENV a=b\n", "ONBUILD RUN "),
        *(" ", "\n", "\r\n", "\r", "\t", "\x0b", "\x0c", "\x1c", "\u2028", "\ufeff"),
        *("\\\n", "\\", "\\ \n", "`\n", "`", "# escape=`\n", "# syntax=x\n", "#", "# c\n"),
        *("<<EOF", "<<-E", "<<'E'", '<<"E"', "EOF\n", "\tE\n", "E\n", "3<<F", "F\n", "<", "<<"),
        *("--from=x ", '--from="y z" ', "--mount=type=bind,from=q ", "--", "AS ", "b", "c:1", "@"),
        *('"', "'", '["x", "<<E"]\n', "x", "é"),
    ]
)


@pytest.fixture(scope="module")
def buildkit() -> Iterator[Callable[[str], Any]]:
    if importlib.util.find_spec("dockerfile") is None:
        pytest.skip("this Python has no `dockerfile`, which wraps BuildKit's parser")
    with subprocess.Popen(
        [sys.executable, "-c", _SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def parsed(text: str) -> Any:
            stdin.write(f"{json.dumps(text)}\n")
            stdin.flush()
            return json.loads(stdout.readline())

        yield parsed


@pytest.mark.slow
@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(atoms, max_size=14).map("".join))
def test_both_read_the_same(buildkit: Callable[[str], Any], text: str) -> None:
    assume(text.isascii() or "--" not in text)  # it takes flags apart byte by byte
    told = buildkit(text)
    if isinstance(told, str):
        faults = ("heredoc", "directive", "escape token")
        if any(fault in told for fault in faults):
            with pytest.raises(Refused):
                read(text)
        return
    theirs = [
        (cmd.lower(), line, flags, value if cmd.lower() == "from" else [])
        for cmd, line, flags, value in told
        if cmd.lower() in _OURS
    ]
    ours = [
        (
            one.keyword,
            one.line,
            [flag.text for flag in one.flags],
            [word.text for word in one.rest.words()] if one.keyword == "from" else [],
        )
        for one in read(text).instructions
        if one.keyword in _OURS
    ]
    assert ours == [
        (cmd, line, flags, [v for v in value if v]) for cmd, line, flags, value in theirs
    ]
