"""The file of an image."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.filling.strategies import COMMIT, DIGEST

from binderclip.filling import Facts, Stated
from binderclip.filling.gather import gather
from binderclip.filling.shipped import MAX_BYTES, places
from binderclip.spec.model import Reference


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "binderclip.json"


def of(*files: Path, environ: dict[str, str] | None = None) -> Facts:
    return gather(Stated(), environ or {}, shipped=files)


def written(file: Path, value: Any) -> Facts:
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return of(file)


def test_plain_strings(file: Path) -> None:
    facts = written(
        file,
        {
            "host": "https://hub.example/",
            "image": "quay.io/o/base:2026.1",
            "build": "https://github.com/o/r/tree/main",
        },
    )
    assert facts.host == ("https://hub.example",)
    assert facts.image == Reference("https://quay.io", "o/base", "2026.1")
    assert facts.build == Reference("https://github.com", "o/r", "main")
    assert set(facts.sources.values()) == {str(file)}
    assert not facts.remarks


def test_as_metadata_has_it(file: Path) -> None:
    image = {"host": "https://quay.io/", "path": "o/base", "ref": "1", "hash": DIGEST, "x-a": 1}
    build = {"host": "https://github.com", "path": "o/r.git", "ref": COMMIT}
    value = {"version": 1, "host": ["https://a.example"], "image": image, "build": build}
    facts = written(file, {**value, "$schema": "…", "x-mine": {}})
    assert facts.host == ("https://a.example",)
    assert facts.image == Reference("https://quay.io", "o/base", "1", DIGEST)
    assert facts.build == Reference("https://github.com", "o/r", None, COMMIT)
    assert not facts.remarks


def test_no_file_says_nothing(file: Path) -> None:
    assert of(file, file / "below") == Facts()


def test_the_first_file_goes_before_the_second(tmp_path: Path) -> None:
    one, two = tmp_path / "1.json", tmp_path / "2.json"
    written(one, {"image": "quay.io/one/image"})
    written(two, {"image": "quay.io/two/image", "build": "o/two"})
    facts = of(one, two)
    assert facts.image == Reference("https://quay.io", "one/image")
    assert facts.sources == {"image": str(one), "build": str(two)}
    written(one, "nonsense")
    facts = of(one, two)
    assert (facts.image, facts.build) == (None, None)
    assert len(facts.remarks) == 1


def test_where_it_is_looked_for() -> None:
    etc = Path("/etc/binderclip.json")
    assert places({}) == (etc,)
    assert places({"CONDA_PREFIX": "/opt/conda"}) == (etc, Path("/opt/conda/etc/binderclip.json"))
    assert places({"CONDA_PREFIX": "some/where"}) == (etc,)


def test_in_the_conda_prefix(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    written(tmp_path / "etc" / "binderclip.json", {"image": "quay.io/o/base"})
    facts = gather(Stated(), {"CONDA_PREFIX": str(tmp_path)})
    assert facts.sources["image"] in {
        "/etc/binderclip.json",
        str(tmp_path / "etc" / "binderclip.json"),
    }


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ('{"image": "quay.io/o/r"', "no JSON"),
        ("[" * 100_000, "more than 65536 bytes"),
        ("[" * 50_000, "no JSON"),
        ([], "an empty list"),
        ("null", "null"),
        ("3", "3"),
        ({"version": 2, "image": "quay.io/o/base"}, "another version"),
        ({"x": "x" * MAX_BYTES}, "more than 65536 bytes"),
    ],
)
def test_files_that_cannot_be_used(file: Path, value: Any, why: str) -> None:
    """They block what comes below: nobody knows of what they wanted to speak."""
    facts = written(file, value)
    (remark,) = facts.remarks
    assert remark.startswith(str(file)[:120])
    assert why in remark
    assert facts == Facts(remarks=facts.remarks)


def test_bytes_that_are_no_text(file: Path) -> None:
    file.write_bytes(b'{"image": "quay.io/o/\xff"}')
    assert "no JSON" in of(file).remarks[0]


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ({"host": 3}, "host"),
        ({"host": []}, "host"),
        ({"host": ["https://a.example", None]}, "host"),
        ({"host": "https://user:sekrit@a.example"}, "host"),
        ({"image": None}, "image"),
        ({"image": ["quay.io/o/base"]}, "image"),
        ({"image": {"host": "https://quay.io"}}, "image"),
        ({"image": {"host": "https://u:sekrit@quay.io", "path": "o/base"}}, "image"),
        ({"image": {"host": "https://quay.io", "path": "o/base", "hash": COMMIT}}, "image"),
        ({"image": {"host": "https://quay.io", "path": "../etc"}}, "image"),
        ({"build": {"host": "https://github.com", "path": "-o/r"}}, "build"),
        ({"build": {"host": "file:///etc", "path": "o/r"}}, "build"),
        ({"build": {"host": "https://github.com", "path": "o/r", "ref": "a\x1b"}}, "build"),
        ({"build": True}, "build"),
    ],
)
def test_hostile_words(file: Path, value: dict[str, Any], part: str) -> None:
    others = {"host": "https://a.example", "image": "quay.io/o/base", "build": "o/r"}
    facts = written(file, {**others, **value})
    assert not getattr(facts, part)
    assert len(facts.sources) == 2
    (remark,) = facts.remarks
    assert remark.isprintable()
    assert "sekrit" not in remark
    assert f"no {part} is filled in" in remark


def test_strange_keys_are_told(file: Path) -> None:
    facts = written(file, {"image": "quay.io/o/base", "biuld": "o/r", "\x1b[31m": 1})
    assert facts.image
    (remark,) = facts.remarks
    assert "'biuld'" in remark
    assert remark.isprintable()


def test_what_is_no_plain_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, Path("/dev/zero")):
        (remark,) = of(path).remarks
        assert "no plain file" in remark
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (loop, Path("/nul\0l"), Path("/\ud800")):
        (remark,) = of(path).remarks
        assert "cannot be read" in remark
    assert remark.isprintable()


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    written(tmp_path / "real.json", {"image": "quay.io/o/base"})
    link = tmp_path / "link.json"
    link.symlink_to("real.json")
    assert of(link).image
