"""docs/spec.md says what is copied where: its table is tried, its numbers are compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from binderclip.copying import Limits
from binderclip.copying.choice import rules
from binderclip.spec.grammar import MAX_COPIES

PAGE = (Path(__file__).parents[2] / "docs" / "spec.md").read_text("utf-8")
SECTION = PAGE.partition("### `config` and `content`")[2].partition("\n### ")[0]
HEAD, _, *ROWS = [
    [cell.strip().strip("`") for cell in line.strip("|").split("|")]
    for line in SECTION.splitlines()
    if line.startswith("|")
]


def test_there_are_rows() -> None:
    assert len(ROWS) > 4


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_files_go_where_the_table_says(row: list[str]) -> None:
    glob, *expected = row
    (rule,) = rules({glob: "$HOME/in/"}, "unused")
    assert [rule.placed(path) if rule.takes(path) else "" for path in HEAD[1:]] == expected


def test_limits_are_those_of_the_code() -> None:
    limits = Limits()
    text = re.sub(r"\s+", " ", SECTION)
    assert f"at most {MAX_COPIES} entries" in text
    assert f"{limits.files:,} files".replace(",", " ") in text
    assert f"{limits.file_bytes >> 20} MiB for a file" in text
    assert f"{limits.total_bytes >> 20} MiB for all" in text
