"""A notebook that names no environment, where another tool's metadata does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from binderclip import flow
from binderclip.importing import Imported
from binderclip.sources import OpenGuard
from binderclip.spec.model import joined

if TYPE_CHECKING:
    from tests.flow.conftest import MakeNotebook, Shell, Web

LOCKED = Path(__file__).parents[1] / "importing/fixtures/juv/locked.ipynb"
HEADER = '# /// script\n# dependencies = ["cowsay==6.1"]\n# ///'
USE = "import cowsay; print(cowsay.__version__)"
QUESTION = "Use that?"


def opened(
    address: object, *, answer: bool, latest: bool = False
) -> tuple[flow.Opened, list[Imported]]:
    asked: list[Imported] = []

    def adopt(found: Sequence[Imported]) -> Imported | None:
        asked.extend(found)
        return found[0] if answer else None

    done = asyncio.run(
        flow.open_address(str(address), guard=OpenGuard(), adopt=adopt, latest=latest)
    )
    return done, asked


def test_the_environment_is_the_other_tool_s(notebook: MakeNotebook) -> None:
    found, (asked,) = opened(notebook(HEADER, USE, binder=None), answer=True)
    assert asked.tool == "juv"
    assert joined(found.environment.files["requirements.txt"]) == "cowsay==6.1\n"
    assert found.binder is not None
    assert found.note == "the environment is what juv says (cell 1)"


def test_a_no_leaves_it_bare(notebook: MakeNotebook) -> None:
    found, asked = opened(notebook(HEADER, USE, binder=None), answer=False)
    assert asked
    assert found.environment.bare


@pytest.mark.parametrize("binder", [False, {"version": 1, "files": {"apt.txt": "curl\n"}}])
def test_what_the_notebook_says_itself_comes_first(notebook: MakeNotebook, binder: object) -> None:
    _, asked = opened(notebook(HEADER, USE, binder=binder), answer=True)
    assert not asked


def test_the_folder_is_asked_for_files_alone(
    notebook: MakeNotebook, web: Web, tmp_path: Path
) -> None:
    (tmp_path / "myst.yml").write_text("project: {jupyter: {binder: {repo: o/r, ref: main}}}\n")
    path = notebook(USE, binder=None)
    found, asked = opened(path, answer=True)
    assert asked[0].tool == "myst"
    assert found.environment.build is not None
    web.pages["/a.ipynb"] = path.read_bytes()
    found, asked = opened(f"{web.url}/a.ipynb", answer=True)
    assert not asked
    assert found.environment.bare


def test_latest_sets_aside_what_another_tool_locked() -> None:
    assert opened(LOCKED, answer=True)[0].environment.frozen is not None
    assert opened(LOCKED, answer=True, latest=True)[0].environment.frozen is None


@pytest.mark.slow
def test_a_run_uses_it_and_says_so(shell: Shell, notebook: MakeNotebook) -> None:
    path = notebook(HEADER, USE, binder=None)
    before = path.read_bytes()
    done = shell.run("run", path)
    assert done.code == 0, done.err
    assert "the environment is what juv says (cell 1)" in done.err
    assert "binderclip import" in done.err
    assert "6.1" in shell.printed(path.with_name("a.run.ipynb"))
    assert path.read_bytes() == before
    refused = shell.run("run", path, "--no-import")
    assert refused.code == 41
    assert "is not used" in refused.err


@pytest.mark.slow
def test_a_terminal_is_asked(shell: Shell, notebook: MakeNotebook) -> None:
    path = notebook(HEADER, "print(1 + 1)", binder=None)
    yes = shell.type("run", path, answers={QUESTION: ""})
    assert yes.code == 0
    assert "the environment is what juv says" in yes.out
    no = shell.type("run", path, answers={QUESTION: "n"})
    assert no.code == 0
    assert "the notebook names no environment" in no.out
