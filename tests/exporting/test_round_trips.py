"""What goes out to another tool comes back as the same binder."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from binderclip import notebook as notebooks
from binderclip.exporting import Format, Wanted, export
from binderclip.importing import from_folder, from_notebook
from binderclip.spec.model import Binder, Reference, Text, joined

NAME = st.from_regex(r"[a-z][a-z0-9]{0,8}([-.][a-z0-9]{1,4})?", fullmatch=True)
VERSION = st.from_regex(r"(==|>=|~=|<)[1-9]\.[0-9]{1,2}", fullmatch=True)
MARKER = st.sampled_from(["", ' ; python_version < "4"', " ; sys_platform == 'linux'"])
PACKAGE = st.builds("{}{}{}".format, NAME, st.one_of(st.just(""), VERSION), MARKER)
DIRECT = st.builds("{} @ https://example.org/{}.whl".format, NAME, NAME)
REQUIREMENTS = st.lists(st.one_of(PACKAGE, DIRECT), min_size=1, max_size=6, unique=True)
INDEX = st.sampled_from([(), ("--index-url https://a.example.org/simple",)])
PYTHON = st.sampled_from([None, "3.11", "3.12", "3.14"])


def binder_of(lines: list[str], index: tuple[str, ...], python: str | None) -> Binder:
    files: dict[str, Text] = {"requirements.txt": "".join(f"{x}\n" for x in (*index, *lines))}
    if python:
        files["runtime.txt"] = f"python-{python}\n"
    return Binder(files=files)


def files_of(binder: Binder) -> dict[str, str]:
    return {name: joined(text).strip() for name, text in binder.files.items()}


def plain() -> notebooks.Notebook:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
    }
    cells = [{**cell, "source": ["import six"]}]
    body = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return notebooks.parse(json.dumps(body, indent=1).encode(), "a.ipynb")


def wanted_of(binder: Binder, *, cells: bool = False) -> Wanted:
    return Wanted(binder=binder, name="a.ipynb", notebook=plain(), cells=cells)


@given(REQUIREMENTS, INDEX, PYTHON)
def test_juv(lines: list[str], index: tuple[str, ...], python: str | None) -> None:
    binder = binder_of(lines, index, python)
    done = export(wanted_of(binder), "juv")
    (back,) = from_notebook(notebooks.parse(done.data, "a.ipynb"))
    assert back.tool == "juv"
    assert files_of(back.binder) == files_of(binder)


@given(REQUIREMENTS, INDEX, PYTHON)
def test_pep723(lines: list[str], index: tuple[str, ...], python: str | None) -> None:
    binder = binder_of(lines, index, python)
    done = export(wanted_of(binder, cells=True), "pep723")
    (back,) = from_notebook(notebooks.parse(done.data, "a.py"))
    assert back.tool == "pep723"
    assert files_of(back.binder) == files_of(binder)


@given(REQUIREMENTS, INDEX)
def test_requirements(lines: list[str], index: tuple[str, ...]) -> None:
    binder = binder_of(lines, index, None)
    text = export(wanted_of(binder), "requirements").text
    assert Binder(files={"requirements.txt": text}) == binder


@given(REQUIREMENTS, INDEX, PYTHON)
def test_environment_yml(lines: list[str], index: tuple[str, ...], python: str | None) -> None:
    """Back through the ``pip:`` list that conda and we read from it."""
    binder = binder_of(lines, index, python)
    text = export(wanted_of(binder), "environment.yml").text
    again = Binder(files={"environment.yml": text})
    done = export(wanted_of(again), "requirements", accept_loss=True)
    assert done.text == joined(binder.files["requirements.txt"])


HOST = st.sampled_from(["https://mybinder.org", "https://hub.example.org/binder"])
REF = st.one_of(st.none(), st.sampled_from(["main", "v1.0", "feature/x", "1e3", "no"]))
PLACE = st.one_of(
    st.sampled_from(
        [
            ("https://github.com", "o/r"),
            ("https://gitlab.com", "g/s/r"),
            ("https://gitlab.com", "g/r"),
        ]
    ),
    st.sampled_from(
        [("https://git.example.org", "deep/er/r.git"), ("https://codeberg.org", "o/r")]
    ),
)


@given(HOST, PLACE, REF, st.sampled_from([None, "a" * 40]))
def test_myst(host: str, place: tuple[str, str], ref: str | None, pin: str | None) -> None:
    build = Reference(*place, ref=None if pin else ref, hash=pin)
    binder = Binder(host=(host,), build=build)
    to: Format = "myst"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "myst.yml").write_bytes(export(wanted_of(binder), to).data)
        (back,) = from_folder(Path(folder))
    assert back.binder == binder
