"""What docs/addresses.md promises is what happens."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from binderclip import sources
from binderclip.addresses.link import parse
from binderclip.addresses.table import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "addresses.md"
TEXT = PAGE.read_text("utf-8")
ROWS = re.findall(r"^\| ([^|`]+) \| `([^`]+)` \| `([^`]+)`(.*) \|$", TEXT, re.MULTILINE)
GOLDEN = tomllib.loads(Path(__file__).with_name("golden.toml").read_text("utf-8"))["case"]
NOT_IN_THE_DOCS = {"github_raw", "mirror", "enterprise_gist"}
"""Addresses that need no explanation: they work as anybody expects."""


def test_the_table_was_found() -> None:
    assert len(ROWS) > 25


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_row(row: tuple[str, str, str, str]) -> None:
    _, address, request, then = row
    source = sources.resolve(address)
    assert source.url == request
    assert bool(source.lookup) == then.startswith(", then")
    assert any(case["address"] == address and case.get("url") == request for case in GOLDEN)


def test_every_rule_is_in_the_table() -> None:
    shown = set()
    for _, address, _, _ in ROWS:
        if address.startswith("http"):
            link = parse(address)
            shown.add(next((rule.__name__ for rule in RULES if rule(link)), "as_is"))
    # Written as doi:… in the table.
    assert {rule.__name__ for rule in RULES} - shown - {"doi"} == NOT_IN_THE_DOCS


def test_limits() -> None:
    limits = sources.Limits()
    assert f"| {limits.max_bytes // 2**20} MiB |" in TEXT
    assert f"| time to connect | {limits.connect_timeout_s:g} s |" in TEXT
    assert f"| time for everything | {limits.total_timeout_s:g} s |" in TEXT
    assert f"| redirects | {limits.max_redirects}," in TEXT
