"""docs/gateway.md and docs/threat-model.md, held against the settings and the tests."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from binderclip.gateway.settings import places, reading, said
from binderclip.gateway.settings.model import Limits, ShareSettings
from binderclip.gateway.settings.reading import Means, read
from binderclip.gateway.settings.said import Flags

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "gateway.md").read_text("utf-8")
THREATS = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
SETTINGS = PAGE[PAGE.index("## Settings") : PAGE.index("## Deploying it")]


def first_cells(text: str) -> set[str]:
    rows = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_every_setting_is_documented_and_no_other() -> None:
    of_all, _, of_places = SETTINGS.partition("Of a place:")
    assert first_cells(of_all) == set(reading.KEYS)
    assert first_cells(of_places) == set(places.KEYS)


def test_limits_and_sharing_are_documented() -> None:
    (limits,) = re.findall(r"^\| `limits` \|.*$", SETTINGS, re.MULTILINE)
    assert {one.name for one in fields(Limits)} <= set(re.findall(r"`(\w+)`", limits))
    (share,) = re.findall(r"^\| `share` \|.*$", SETTINGS, re.MULTILINE)
    assert {one.name for one in fields(ShareSettings)} <= set(re.findall(r"`(\w+)`", share))


def test_every_variable_is_documented() -> None:
    prefix = "BINDERCLIP_SERVE"
    stated = re.findall(r"`(?:BINDERCLIP_SERVE)?(_[A-Z_]+)`", PAGE)
    assert set(said.VARIABLES.values()) == {f"{prefix}{name}" for name in stated} - {
        f"{prefix}_CONFIG"
    }


def test_the_example_is_taken(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(public_url.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "gateway.toml"
    file.write_text(text, "utf-8")
    found = read(file, {"CI_TOKEN": "t" * 40}, Flags(), Means(keep=False))
    assert set(found.places) == set(tomllib.loads(text)["places"])


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", THREATS))
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert {name for name in named if f"def {name}(" not in tests} == set()
    rows = [line for line in THREATS.splitlines() if line.startswith("| ")]
    untested = [row for row in rows if "`test_" not in row and "attack" not in row]
    # The first table says what is worth attacking.
    assert all(row.startswith(("| **", "| | |")) for row in untested)
