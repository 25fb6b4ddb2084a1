"""What a person says with --with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.companions.conftest import Fill

from binderclip.companions import globbed
from binderclip.errors import Refused, TooLarge


def names(folder: Path, *patterns: str) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in globbed(folder, patterns)]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["a.csv"], ["a.csv"]),
        (["./a.csv", "a.csv"], ["a.csv"]),
        (["*.csv"], ["a.csv", "b.csv"]),
        (["?.csv", "data"], ["a.csv", "b.csv", "data/c.csv", "data/deep/d.csv"]),
        (["data/"], ["data/c.csv", "data/deep/d.csv"]),
        (["data/*"], ["data/c.csv", "data/deep/d.csv"]),
        (["data/**"], ["data/c.csv", "data/deep/d.csv"]),
        (["**/d.csv"], ["data/deep/d.csv"]),
        (["**/*.csv"], ["a.csv", "b.csv", "data/c.csv", "data/deep/d.csv"]),
        (["[ab].csv"], ["a.csv", "b.csv"]),
        (["two words.txt"], ["two words.txt"]),
        (["."], ["a.csv", "b.csv", "data/c.csv", "data/deep/d.csv", "two words.txt"]),
        (["**"], ["a.csv", "b.csv", "data/c.csv", "data/deep/d.csv", "two words.txt"]),
        ([".hidden/x"], [".hidden/x"]),
        ([".hidden"], [".hidden/x"]),
        ([".h*"], [".hidden/x"]),
        ([".env", "id_rsa"], [".env", "id_rsa"]),
    ],
)
def test_patterns(folder: Path, fill: Fill, patterns: list[str], expected: list[str]) -> None:
    fill("a.csv", "b.csv", "data/c.csv", "data/deep/d.csv", "two words.txt")
    fill(".hidden/x", ".hidden/.more", ".env", "id_rsa", "data/.git/config", "data/key.pem")
    fill("data/__pycache__/c.pyc")
    assert names(folder, *patterns) == expected


def test_secrets_that_a_pattern_passes_over_are_told(folder: Path, fill: Fill) -> None:
    fill("d/a.csv", "d/tokens.csv", "d/.hidden", "d/deep/key.pem", "id_rsa")
    told: list[str] = []
    globbed(folder, ["d"], remark=told.append)
    assert [line.partition(": ")[2] for line in told] == [
        "d/deep/key.pem, d/tokens.csv (--with sends what you name)"
    ]
    globbed(folder, ["d/*.csv", "d/tokens.csv", "id_rsa"], remark=told.append)
    assert len(told) == 1


def test_an_absolute_path_inside(folder: Path, fill: Fill) -> None:
    fill("data/a.csv")
    assert names(folder, str(folder / "data")) == ["data/a.csv"]


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("dta.csv", "did you mean 'data.csv'?"),
        ("Data.csv", "did you mean 'data.csv'?"),
        ("inptus/x.csv", "did you mean 'inputs'?"),
        ("inputs/x.csv", "did you mean 'inputs/xy.csv'?"),
        ("inputs/*.parquet", "in inputs/ are xy.csv, z.txt"),
        ("empty", "that folder has no files"),
        ("empty/x", "empty/ is empty"),
        ("*.pem", "name such a file itself"),
        ("*env", "name such a file itself"),
    ],
)
def test_a_pattern_that_names_nothing(folder: Path, fill: Fill, pattern: str, hint: str) -> None:
    fill("data.csv", "inputs/xy.csv", "inputs/z.txt", "a.pem", ".env")
    (folder / "empty").mkdir()
    with pytest.raises(Refused) as caught:
        globbed(folder, ["data.csv", pattern])
    assert pattern in caught.value.message
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    "pattern", ["../outside.csv", "a/../../outside.csv", "/etc/passwd", "~", ""]
)
def test_nothing_outside(folder: Path, pattern: str) -> None:
    with pytest.raises(Refused, match="expected a file"):
        globbed(folder, [pattern])


@pytest.mark.parametrize("pattern", ["out.csv", "*.csv", "up/outside.csv", "up", "."])
def test_links_that_lead_out_are_refused(folder: Path, pattern: str) -> None:
    (folder / "out.csv").symlink_to("../outside.csv")
    (folder / "up").symlink_to("..")
    with pytest.raises(Refused, match="a link that leads out"):
        globbed(folder, [pattern])


def test_links_that_stay_inside(folder: Path, fill: Fill) -> None:
    fill("data/a.csv")
    (folder / "link.csv").symlink_to("data/a.csv")
    (folder / "linked").symlink_to("data")
    (folder / "data" / "around").symlink_to(".")
    (folder / "broken.csv").symlink_to("no")
    (folder / "ring.csv").symlink_to("ring.csv")
    assert names(folder, "*.csv", "linked") == ["link.csv", "linked/a.csv"]


def test_only_files(folder: Path, fill: Fill) -> None:
    fill("a.csv")
    os.mkfifo(folder / "pipe")
    assert names(folder, ".") == ["a.csv"]
    with pytest.raises(Refused):
        globbed(folder, ["pipe"])


def test_too_much(folder: Path) -> None:
    with (folder / "big.bin").open("wb") as stream:
        stream.truncate(2**31 + 1)
    with pytest.raises(TooLarge, match="2,048 MiB"):
        globbed(folder, ["big.bin"])


NAMES = st.text(st.sampled_from("ab*?[]!.-~/\\ \n\u2028é"), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pattern=NAMES)
def test_any_pattern_gives_files_inside_or_a_word(folder: Path, fill: Fill, pattern: str) -> None:
    fill("a", "b/a", "b/[a]", "é.a")
    try:
        found = globbed(folder, [pattern])
    except (Refused, TooLarge):
        return
    assert found
    assert all(path.resolve().is_relative_to(folder) for path in found)
