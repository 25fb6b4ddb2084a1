"""The schema as a file: valid, packaged, portable, and the same rules as the reader's."""

from __future__ import annotations

import importlib.resources
import ipaddress
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # without types

from binderclip import spec
from binderclip.spec import grammar

ENDS = ["", "\n", "\u2028", "\x00", "\ud800", "\U0001f600", "é", "/", "/..", "\u0660", "K"]
STARTS = (
    *("main", "a/b", "https://h", "https://[::1]:80/x/", "$HOME/a", "$HOME", "linux-64", "o__r"),
    *("2026-11-22T20:00:00Z", "a" * 40, "sha256:" + "b" * 64, "%41/x", "C:x", ".git", "-x", ""),
    *("https://h:65535", "https://h:65536", "https://[::1.2.3.4]", "a@{b", ".x", "a.lock"),
)
SAMPLES = [start + end for start in STARTS for end in ENDS]


def patterns(schema: Any) -> Iterator[tuple[str, int]]:
    """Every (pattern, maxLength) in the schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"], schema.get("maxLength", -1)
        for part in schema.values():
            yield from patterns(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from patterns(part)


def test_it_is_a_valid_schema_of_2020_12(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "https://github.com/binderclip/binderclip/schema/metadata.binder/v1"
    Draft202012Validator.check_schema(schema)


def test_it_is_packaged(schema: dict[str, Any]) -> None:
    file = importlib.resources.files("binderclip.spec") / "schema.json"
    assert json.loads(file.read_text("utf-8")) == schema
    assert spec.schema_text().isascii()


def test_reader_and_schema_have_the_same_patterns_and_limits(schema: dict[str, Any]) -> None:
    ours = {(grammar.PATTERNS[kind], grammar.MAX_LENGTH[kind]) for kind in grammar.PATTERNS}
    assert set(patterns(schema)) == ours | {(grammar.TEXT, -1)}
    kinds = schema["$defs"]
    assert tuple(kinds["binder"]["properties"]) == grammar.BINDER_KEYS
    assert tuple(kinds["image"]["properties"]) == grammar.REFERENCE_KEYS
    assert tuple(kinds["repository"]["properties"]) == grammar.REFERENCE_KEYS
    assert tuple(kinds["fetch"]["properties"]) == grammar.FETCH_KEYS[4:]
    assert tuple(kinds["frozen"]["properties"]) == grammar.FROZEN_KEYS
    assert kinds["files"]["x-maxTotalBytes"] == grammar.MAX_BYTES
    assert kinds["files"]["maxProperties"] == grammar.MAX_FILES


def test_patterns_use_nothing_that_differs_between_languages(schema: dict[str, Any]) -> None:
    for pattern, _ in patterns(schema):
        bare = pattern.replace(r"(?![\s\S])", "").replace(r"[\s\S]", "")
        bare = bare.replace(r"\$", "").replace("!$&", "")  # a dollar sign, not the end
        for construct in ("$", r"\d", r"\w", r"\s", r"\b", r"\Z", "(?<", "(?P", r"\-", "(?i"):
            assert construct not in bare


def test_patterns_mean_the_same_in_ecma_262(
    schema: dict[str, Any], lacking: Callable[[str, str], NoReturn]
) -> None:
    node = shutil.which("node") or lacking("node", "apt-get install nodejs")
    expressions = sorted({pattern for pattern, _ in patterns(schema)})
    program = (
        "const [p, s] = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify("
        "p.map(e => { const r = new RegExp(e, 'u'); return s.map(t => r.test(t)); })))"
    )
    asked = json.dumps([expressions, SAMPLES])
    done = subprocess.run(
        [node, "-e", program], input=asked, capture_output=True, text=True, check=True
    )
    import re

    ours = [
        [re.search(expression, sample) is not None for sample in SAMPLES]
        for expression in expressions
    ]
    assert json.loads(done.stdout) == ours


addresses = st.one_of(
    st.ip_addresses(v=6).map(str),
    st.ip_addresses(v=6).map(lambda address: address.exploded),
    st.text("0123456789abcF:", max_size=24),
    st.lists(st.sampled_from(["", "0", "ffff", "12345", "::"]), max_size=9).map(":".join),
)


@given(address=addresses)
def test_an_ipv6_host_is_an_address(address: str) -> None:
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        valid = False
    else:
        valid = "." not in address
    assert grammar.fits("host", f"https://[{address}]") == valid


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        (False, True),
        (0, False),
        (0.0, False),
        (True, False),
        ({"version": 1}, True),
        ({"version": 1.0}, True),
        ({"version": True}, False),
        ({"version": 2}, False),
        ("https://mybinder.org/v2/gh/o/r/main", False),
        ({"binder_url": "https://h", "binder_repo": "o/r"}, False),
        ({"version": 0}, False),
    ],
)
def test_the_schema_is_version_1_and_the_opt_out(
    *, value: Any, accepted: bool, schema_accepts: Callable[[Any], bool]
) -> None:
    assert schema_accepts(value) is accepted


def test_importing_and_reading_load_nothing_heavy() -> None:
    program = (
        "import sys; from binderclip import spec;"
        "spec.write(spec.read({'version': 1, 'build': {'host': 'https://h', 'path': 'x'}}).binder);"
        "print(*sorted({'difflib', 'urllib.parse', 'jsonschema', 'importlib.resources', 'httpx',"
        " 'pathlib', 'binderclip.spec.explain', 'binderclip.spec.providers'} & set(sys.modules)))"
    )
    run = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
