"""What a format cannot say is named by its key; nothing is left out in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest

from binderclip.cli.export_ import command
from binderclip.errors import LossError, SpecError
from binderclip.exporting import FORMATS, Format, Wanted, export
from binderclip.spec.model import Binder

IMAGE = {"host": "https://quay.io", "path": "o/i", "ref": "1"}
BUILD = {"host": "https://github.com", "path": "o/r", "ref": "main"}
FULL = {
    "host": ["https://one.example.org", "https://two.example.org"],
    "image": IMAGE,
    "build": BUILD,
    "files": {"requirements.txt": "six\n", "postBuild": "#!/bin/sh\n", "apt.txt": "git\n"},
    "content": {"host": "https://github.com", "path": "o/data"},
    "config": {"host": "https://github.com", "path": "o/settings"},
}
REST = {"binder.files.postBuild", "binder.files['apt.txt']", "binder.content", "binder.config"}


@pytest.mark.parametrize(
    ("to", "lost"),
    [
        ("requirements", {"binder.image", "binder.build", *REST}),
        ("pep723", {"binder.image", "binder.build", *REST}),
        ("juv", {"binder.image", "binder.build", *REST}),
        ("environment.yml", {"binder.image", "binder.build", *REST}),
        ("myst", {"binder.image", "binder.host[1]", "binder.files['requirements.txt']", *REST}),
        ("dockerfile", {"binder.build", "binder.files['requirements.txt']", *REST}),
    ],
)
def test_every_lost_key_is_named(exported: Callable[..., Any], to: Format, lost: set[str]) -> None:
    with pytest.raises(LossError) as caught:
        exported(to, FULL)
    assert {problem.path for problem in caught.value.problems} == lost
    done = exported(to, FULL, accept_loss=True)
    assert {problem.path for problem in done.losses} == lost
    assert done.data


def test_a_hub_is_no_part_of_an_environment(exported: Callable[..., Any]) -> None:
    value = {"host": "https://mybinder.org", "auto": True, "files": {"requirements.txt": "six\n"}}
    assert exported("requirements", value).losses == ()


@pytest.mark.parametrize("to", ["requirements", "pep723", "juv", "environment.yml"])
def test_nothing_that_a_format_could_say(exported: Callable[..., Any], to: Format) -> None:
    with pytest.raises(SpecError, match=r"no requirements\.txt"):
        exported(to, {"image": IMAGE}, accept_loss=True)


@pytest.mark.parametrize("to", FORMATS)
def test_a_notebook_that_says_nothing(to: Format) -> None:
    with pytest.raises(SpecError, match="nothing") as caught:
        export(Wanted(binder=Binder(), name="a.ipynb"), to)
    assert "binderclip set" in (caught.value.hint or "")


def test_frozen_stands_in_for_what_it_was_made_from(exported: Callable[..., Any]) -> None:
    value = {
        "files": {"requirements.txt": "six\n"},
        "frozen": {"platform": "linux-64", "files": {"requirements.txt": "six==1.16.0\n"}},
    }
    done = exported("requirements", value)
    assert done.text == "six==1.16.0\n"
    assert done.notes == ("requirements.txt was frozen for linux-64",)
    assert exported("requirements", value, frozen=False).text == "six\n"


FROZEN = {
    "files": {"requirements.txt": "six\n"},
    "build": BUILD,
    "frozen": {"files": {"requirements.txt": "six==1.16.0\n", "runtime.txt": "python-3.11\n"}},
}


@pytest.mark.parametrize("to", ["requirements", "pep723", "environment.yml", "juv"])
def test_what_freezing_adds_is_no_loss(exported: Callable[..., Any], to: Format) -> None:
    value = {key: part for key, part in FROZEN.items() if key != "build"}
    done = exported(to, value)
    assert done.losses == ()
    assert done.notes == (("for Python 3.11",) if to == "requirements" else ())
    value = {
        "files": {"environment.yml": "dependencies: [pip: [six]]\n"},
        "frozen": {"files": {"runtime.txt": "python-3.11\n"}},
    }
    done = exported("environment.yml", value)
    assert (done.losses, done.notes) == (
        (),
        ("it was frozen for Python 3.11, which 'environment.yml' does not say",),
    )


def test_a_python_is_no_package(exported: Callable[..., Any]) -> None:
    """So it is no loss in a list of those, whoever wrote it; what is no Python is."""
    value = {"files": {"requirements.txt": "six\n", "runtime.txt": "python-3.11\n"}}
    assert exported("requirements", value).notes == ("for Python 3.11",)
    conda = "dependencies: [python=3.11, pip: [six]]\n"
    done = exported("requirements", {"files": {"environment.yml": conda}})
    assert (done.text, done.notes) == ("six\n", ("for Python 3.11",))
    value = {"files": {"requirements.txt": "six\n", "runtime.txt": "r-4.1-2022-01-01\n"}}
    with pytest.raises(LossError, match=r"runtime\.txt"):
        exported("requirements", value)


def test_what_people_wrote_and_a_format_cannot_say(exported: Callable[..., Any]) -> None:
    value = {**FROZEN, "files": {"runtime.txt": "python-3.11\n", "requirements.txt": "six\n"}}
    with pytest.raises(LossError) as caught:
        exported("myst", value)
    paths = {problem.path for problem in caught.value.problems}
    assert "binder.frozen.files['runtime.txt']" in paths
    with pytest.raises(LossError) as caught:
        exported("myst", FROZEN)
    assert {problem.path for problem in caught.value.problems} < paths


def test_a_loss_tells_what_the_format_has(exported: Callable[..., Any]) -> None:
    with pytest.raises(LossError) as caught:
        exported("juv", {"files": {"requirements.txt": "six\n"}, "build": BUILD})
    assert str(caught.value) == (
        "binder.build: found 'https://github.com/o/r', expected what 'juv' has a place for: "
        "dependencies and requires-python alone"
    )


def test_hashes_are_a_loss_where_there_is_no_place_for_them(exported: Callable[..., Any]) -> None:
    pinned = f"six==1.16.0 \\\n    --hash=sha256:{'a' * 64}\n"
    value = {"frozen": {"files": {"requirements.txt": pinned}}}
    assert exported("requirements", value).text == pinned
    assert f"--hash=sha256:{'a' * 64}" in exported("environment.yml", value).text
    with pytest.raises(LossError, match="hashes") as caught:
        exported("pep723", value)
    assert "--no-frozen" in (caught.value.hint or "")
    assert '"six==1.16.0"' in exported("pep723", value, accept_loss=True).text


def test_the_command_line_knows_every_format() -> None:
    option = next(p for p in command.params if p.name == "format_")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == FORMATS
