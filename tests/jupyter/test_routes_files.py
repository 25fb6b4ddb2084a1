"""The environment files that front ends are told of, held against the table of `rees`."""

from __future__ import annotations

import itertools
import re

import pytest

from binderclip import conda, dockerfile, requirementfiles
from binderclip.jupyter.routes.known import KNOWN, KnownFile
from binderclip.rees import Embedded, choose, report
from binderclip.rees.usage import ANYWHERE, ROOT_ONLY

CHOOSING = [one for one in KNOWN if one.role == "chooses"]
WRITABLE = [one for one in KNOWN if one.snippet is not None]
# What choosing files need beside them before nothing is left to say, and what others go beside.
PYTHON = {"runtime.txt": "python-3.12\n"}
BESIDE = {
    "requirements.txt": PYTHON,
    "setup.py": PYTHON,
    "pyproject.toml": PYTHON,
    "Project.toml": PYTHON,
    "JuliaProject.toml": PYTHON,
    "DESCRIPTION": {"runtime.txt": "r-4.4-2025-06-01\n"},
    "install.R": {"runtime.txt": "r-4.4-2025-06-01\n"},
    "apt.txt": PYTHON,
    "postBuild": PYTHON,
    "start": PYTHON,
    ".dockerignore": PYTHON,
    ".containerignore": PYTHON,
}


def filled_in(snippet: str) -> str:
    """As CodeMirror's `snippet` writes it, every placeholder left as it is."""
    text = re.sub(r"[#$]\{(?:\d+:)?([^{}\\]*)\}", r"\1", snippet)
    assert not re.search(r"(?<!\\)[{}]", text), "a brace that is neither escaped nor a tab stop's"
    return re.sub(r"\\([{}])", r"\1", text)


def content(one: KnownFile) -> str:
    """Something to lie there: what front ends would write, or else nothing of weight."""
    return "" if one.snippet is None else filled_in(one.snippet)


def test_all_names_of_the_table_are_known_and_no_others() -> None:
    assert sorted(one.name for one in KNOWN) == sorted((*ANYWHERE, *ROOT_ONLY))
    assert {one.name for one in KNOWN if one.root_only} == set(ROOT_ONLY)
    assert [one.executable for one in KNOWN if one.name in {"postBuild", "start"}] == [True] * 2


@pytest.mark.parametrize(("first", "second"), [*itertools.combinations(CHOOSING, 2)])
def test_the_first_of_two_wins(first: KnownFile, second: KnownFile) -> None:
    files = {one.name: content(one) for one in (second, first)}
    chosen = choose(Embedded(files))
    assert (chosen.trigger, chosen.buildpack) == (first.name, first.buildpack)


@pytest.mark.parametrize(
    "one", [one for one in KNOWN if one.role == "beside"], ids=lambda one: one.name
)
def test_what_counts_beside_chooses_nothing(one: KnownFile) -> None:
    assert one.buildpack is None
    assert choose(Embedded({one.name: content(one)})).trigger is None


@pytest.mark.parametrize("one", WRITABLE, ids=lambda one: one.name)
def test_snippets_are_read_without_complaint(one: KnownFile) -> None:
    beside = BESIDE.get(one.name, {})
    found = report(Embedded({one.name: content(one)} | beside))
    assert found.fails is None
    # With R, runtime.txt cannot say a version of Python too.
    assert [trap for trap in found.traps if trap.path not in beside] == []
    assert one.name in found.uses
    assert found.ignored == ()


@pytest.mark.parametrize("one", WRITABLE, ids=lambda one: one.name)
def test_snippets_are_read_by_who_pins_them(one: KnownFile) -> None:
    text = content(one)
    if one.name == "requirements.txt":
        assert len(list(requirementfiles.statements(text, one.name))) == 2
    elif one.buildpack == "conda":
        assert conda.read(text, one.name).python == "3.12"
    elif one.name == "Dockerfile":
        assert len(list(dockerfile.parse(text))) == 1


@pytest.mark.parametrize("one", WRITABLE, ids=lambda one: one.name)
def test_snippets_have_tab_stops_in_order(one: KnownFile) -> None:
    stops = [int(number) for number in re.findall(r"\$\{(\d+):[^{}]+\}", one.snippet or "")]
    assert stops == list(range(1, len(stops) + 1))
    assert stops


def test_what_nobody_should_write_has_no_snippet() -> None:
    for one in KNOWN:
        if one.snippet is None:
            assert re.search(r"writes it|write a ", one.about), one.name


def test_what_nothing_builds_has_no_snippet() -> None:
    assert report(Embedded({"REQUIRE": "julia 0.6\n"})).fails
    assert next(one for one in KNOWN if one.name == "REQUIRE").snippet is None
