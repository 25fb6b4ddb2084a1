"""docs/spec.md says what the code does: its examples are run, its numbers are compared."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from binderclip import spec
from binderclip.environment import Environment
from binderclip.errors import SpecError
from binderclip.spec import grammar
from binderclip.spec.providers import PROVIDERS

PAGE = (Path(__file__).parents[2] / "docs" / "spec.md").read_text("utf-8")
BLOCK = re.compile(r"(?:<!-- (\w+) -->\n)?```json\n(.*?)```", re.DOTALL)
REFUSED = re.compile(r"<!-- refused -->\n```json\n(.*?)```\n\n```text\n(.*?)\n```", re.DOTALL)
EXAMPLES = [(found[1], json.loads(found[2])["binder"]) for found in BLOCK.finditer(PAGE)]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == PAGE.count("```json")
    dialects = {spec.detect(value) for _, value in EXAMPLES}
    assert dialects == set(spec.DIALECTS)


@pytest.mark.parametrize(("note", "value"), [e for e in EXAMPLES if e[0] != "refused"])
def test_examples_are_right(
    note: str | None, value: Any, schema_accepts: Callable[[Any], bool]
) -> None:
    reading = spec.read(value)
    assert note in {None, "key"}
    assert reading.warnings == ()
    assert schema_accepts(value) == (reading.dialect == "v1")
    again = spec.write(reading.binder, reading.dialect, opens=reading.opens)
    assert spec.read(again) == reading


@pytest.mark.parametrize(
    "found", list(REFUSED.finditer(PAGE)), ids=lambda found: str(found.start())
)
def test_refusals_are_told_in_these_words(
    found: re.Match[str], schema_accepts: Callable[[Any], bool]
) -> None:
    value = json.loads(found[1])["binder"]
    with pytest.raises(SpecError) as caught:
        spec.read(value)
    assert str(caught.value) == found[2]
    assert not schema_accepts(value)


def test_every_refusal_shows_its_message() -> None:
    assert len(list(REFUSED.finditer(PAGE))) == PAGE.count("<!-- refused -->")


def test_the_key_s_worked_example() -> None:
    value = next(value for note, value in EXAMPLES if note == "key")
    after = PAGE[PAGE.index("<!-- key -->") :]
    canonical, key = re.findall(r"```text\n(.*?)\n```", after, re.DOTALL)[:2]
    assert hashlib.sha256(canonical.encode()).hexdigest() == key
    binder = spec.read(value).binder
    assert binder is not None
    assert Environment.of(binder).key == key


def test_tables_are_complete() -> None:
    for name in (*spec.DIALECTS, *PROVIDERS):
        assert re.search(rf"^\| .*`{name}`.* \|", PAGE, re.MULTILINE), name
    for key in (*grammar.BINDER_KEYS, *grammar.FETCH_KEYS, *grammar.FROZEN_KEYS):
        assert f"`{key}`" in PAGE
    assert f"At most {grammar.MAX_FILES} files" in PAGE
    assert f"{grammar.MAX_BYTES:,} bytes".replace(",", " ") in PAGE
    assert f"a list of up to {grammar.MAX_HOSTS}" in PAGE
    for limit in ("host", "path", "ref", "name"):
        assert re.search(rf"[Aa]t most {grammar.MAX_LENGTH[limit]} characters", PAGE)
