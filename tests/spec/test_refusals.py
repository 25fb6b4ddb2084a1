"""Every refusal with its whole message; ``refusals.json`` holds a value and its problems."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from binderclip import spec
from binderclip.errors import LossError, SpecError

REFUSALS = json.loads((Path(__file__).parent / "refusals.json").read_text("utf-8"))
LARGE = "what is large belongs into the repository of build or content"


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: json.dumps(case["value"])[:60])
def test_refused_in_these_words(
    case: dict[str, Any], schema_accepts: Callable[[Any], bool]
) -> None:
    with pytest.raises(SpecError) as caught:
        spec.read(case["value"])
    assert str(caught.value).splitlines() == case["problems"]
    assert not schema_accepts(case["value"])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            {"host": "https://h/" + "x" * 2050},
            (
                "binder.host: found 2060 characters, more than 2048, expected an http(s) URL "
                "without user, query or fragment, such as 'https://mybinder.org'"
            ),
        ),
        (
            {"host": ["https://h"] * 17},
            (
                "binder.host: found a list of 17, expected a URL such as 'https://mybinder.org', "
                "or a list of 1 to 16 of them"
            ),
        ),
        (
            {"files": {f"f{n}": "" for n in range(65)}},
            f"binder.files: found 65 files, expected at most 64 ({LARGE})",
        ),
        (
            {"frozen": {"files": {"a": "x" * 2**20, "b": ["y"]}}},
            (
                "binder.frozen.files: found 1048577 bytes, expected at most 1048576 bytes in all "
                f"({LARGE})"
            ),
        ),
        (
            {"files": {"a": "é" * 2**19, "b": ["y"]}},
            f"binder.files: found 1048577 bytes, expected at most 1048576 bytes in all ({LARGE})",
        ),
        (
            {
                "content": {
                    "host": "https://h",
                    "path": "x",
                    "copy": {f"f{n}": "$HOME" for n in range(65)},
                }
            },
            "binder.content.copy: found 65 entries, expected at most 64",
        ),
    ],
)
def test_refused_for_its_size(
    value: dict[str, Any], problem: str, schema_accepts: Callable[[Any], bool]
) -> None:
    value = {"version": 1, **value}
    assert list(map(str, spec.problems(value))) == [problem]
    assert not schema_accepts(value)


def test_limits_are_inclusive(schema_accepts: Callable[[Any], bool]) -> None:
    value: Any = {
        "version": 1,
        "host": ["https://h"] * 16,
        "files": {f"f{n}": "x" * (2**20 // 64) for n in range(64)},
        "frozen": {"files": {"f0": "é" * 2**19}},
    }
    assert spec.problems(value) == ()
    assert schema_accepts(value)


def test_all_faults_are_told_at_once() -> None:
    value: Any = {
        "version": 1,
        "host": "https://h?q=1",
        "build": {"host": "https://github.com", "path": "../r", "hash": "abc"},
        "files": {"/x": 1},
        "auto": 1,
    }
    assert [problem.path for problem in spec.problems(value)] == [
        "binder.host",
        "binder.build.path",
        "binder.build.hash",
        "binder.files['/x']",
        "binder.files['/x']",
        "binder.auto",
    ]


@pytest.mark.parametrize(
    ("value", "warning"),
    [
        (
            {"version": 1, "buld": {}},
            (
                "binder.buld: found an unknown key, expected one of version, host, image, build, "
                "files, config, content, frozen, auto (kept as it is; did you mean 'build'?)"
            ),
        ),
        (
            {"version": 1, "build": {"host": "https://h", "path": "x", "branch": "main"}},
            (
                "binder.build.branch: found an unknown key, expected one of host, path, ref, hash "
                "(kept as it is; did you mean 'ref'?)"
            ),
        ),
        (
            {"version": 1, "frozen": {"note": 1}},
            (
                "binder.frozen.note: found an unknown key, expected one of at, platform, files "
                "(kept as it is)"
            ),
        ),
        (
            {"binder_url": "https://h", "binder_repo": "o/r", "binder_reff": "x"},
            (
                "binder.binder_reff: found an unknown key, expected one of binder_url, "
                "binder_repo, binder_ref (kept as it is; did you mean 'binder_ref'?)"
            ),
        ),
        (
            "https://h/v2/gh/o/r/main?labpth=x.ipynb",
            (
                "binder.labpth: found an unknown key, expected one of labpath, filepath, urlpath "
                "(kept as it is; did you mean 'labpath'?)"
            ),
        ),
    ],
)
def test_unknown_keys_are_warned_about(value: Any, warning: str) -> None:
    assert list(map(str, spec.read(value).warnings)) == [warning]


def test_private_keys_are_not_warned_about() -> None:
    assert spec.read({"version": 1, "x-lab": {"any": "thing"}}).warnings == ()


def test_many_unknown_keys_are_counted() -> None:
    reading = spec.read({"version": 1, **{f"odd{n}": n for n in range(1000)}})
    assert len(reading.warnings) == 17
    assert reading.warnings[-1].found == "984 more unknown keys"
    assert reading.binder is not None
    assert len(reading.binder.extra) == 1000


@pytest.mark.parametrize("version", [2, 2.0, 10**100])
def test_a_newer_version_is_read_as_far_as_known(version: float) -> None:
    value: Any = {
        "version": version,
        "build": {"host": "https://github.com", "path": "o/r"},
        "image": ["another form"],
        "kernels": 3,
    }
    assert spec.problems(value) == ()
    reading = spec.read(value)
    assert reading.newer
    assert reading.binder is not None
    assert reading.binder.build == spec.Reference("https://github.com", "o/r")
    assert reading.binder.image is None
    assert [str(warning) for warning in reading.warnings[:2]] == [
        (
            "binder.version: found a version after 1, expected 1 (read as far as version 1 goes, "
            "and never rewritten; a newer binderclip may know it)"
        ),
        (
            "binder.image: found a list of 1, expected an object with 'host' and 'path' "
            "(left out of the reading)"
        ),
    ]


def test_loss_is_an_error_of_its_own() -> None:
    binder = spec.Binder(
        host=("https://a", "https://b"),
        image=spec.Reference("https://quay.io", "o/i"),
        build=spec.Reference("https://github.com", "o/r", "main", "a" * 40, {"note": 1}),
        files={"requirements.txt": "numpy"},
        auto=True,
        extra={"mine": [1]},
    )
    with pytest.raises(LossError) as caught:
        spec.write(binder, "url", opens={"labpath": "x.ipynb"})
    has = "what 'url' has a place for: one hub and one repository alone"
    assert str(caught.value).splitlines() == [
        f"binder.host[1]: found 'https://b', expected {has}",
        f"binder.image: found an object, expected {has}",
        f"binder.build.ref: found 'main', expected {has}",
        f"binder.build.note: found 1, expected {has}",
        f"binder.files: found an object, expected {has}",
        f"binder.auto: found true, expected {has}",
        f"binder.mine: found a list of 1, expected {has}",
    ]
    assert caught.value.hint == "write it as v1, or accept the loss"
    link = spec.write(binder, "url", accept_loss=True, opens={"labpath": "x.ipynb"})
    assert link == f"https://a/v2/gh/o/r/{'a' * 40}?labpath=x.ipynb"


def test_what_version_1_cannot_say_has_no_hint_to_write_it() -> None:
    build = spec.Reference("https://github.com", "o/r")
    with pytest.raises(LossError) as caught:
        spec.write(spec.Binder(build=build), "v1", opens={"labpath": "x.ipynb"})
    assert caught.value.hint == "accept the loss"


def test_what_a_dialect_cannot_do_without() -> None:
    build = spec.Reference("https://github.com", "o/r")
    image = spec.Reference("https://quay.io", "o/i")
    hub = ("https://h",)
    cases: list[tuple[spec.Binder, spec.Dialect, type[SpecError], list[str]]] = [
        (spec.Binder(build=build), "url", SpecError, ["binder.host"]),
        (spec.Binder(host=hub), "url", SpecError, ["binder.build"]),
        (spec.Binder(host=hub), "environment-url", SpecError, ["binder.build"]),
        (spec.Binder(), "components", SpecError, ["binder.build"]),
        (spec.Binder(host=hub, image=image), "url", LossError, ["binder.image", "binder.build"]),
    ]
    for binder, dialect, error, paths in cases:
        with pytest.raises(error) as caught:
            spec.write(binder, dialect)
        assert type(caught.value) is error
        assert [problem.path for problem in caught.value.problems] == paths
        with pytest.raises(SpecError):
            spec.write(binder, dialect, accept_loss=True)


def test_a_link_s_page_is_lost_elsewhere() -> None:
    binder = spec.Binder(build=spec.Reference("https://github.com", "o/r"))
    with pytest.raises(LossError, match=r"binder\['\?labpath'\]: found 'x.ipynb'"):
        spec.write(binder, opens={"labpath": "x.ipynb"})
    assert spec.write(binder, accept_loss=True, opens={"labpath": "x.ipynb"})


def test_a_broken_model_is_not_written() -> None:
    with pytest.raises(SpecError, match=r"binder\.host: found 'hub'"):
        spec.write(spec.Binder(host=("hub",)))
    with pytest.raises(SpecError, match=r"binder\.build: found a known key among the unknown"):
        spec.write(spec.Binder(extra={"build": 1}))
