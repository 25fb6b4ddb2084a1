"""Which files are pinned, for which Python, and what the repository has to do with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from binderclip import edit, spec
from binderclip.edit import Edited
from binderclip.errors import FreezeFailed
from binderclip.freeze.parts import loose as loose_parts
from binderclip.platforms import this_platform

if TYPE_CHECKING:
    from tests.freeze.conftest import Memory

A, B = "a" * 40, "b" * 40
REPO = "https://example.org/o/r"
OWN = this_platform()

Freeze = Callable[..., Edited]
Loose = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def _known(memory: Memory) -> None:
    memory.commits |= {(REPO, "main"): A}
    memory.trees |= {A: {"README": "hi"}, B: {"README": "hi"}}
    memory.pinning.versions |= {"scipy": "3.0"}


def binder(**files: str) -> dict[str, Any]:
    """With those files, and where ``build="yes"`` with a repository."""
    value: dict[str, Any] = {"version": 1, "files": files}
    if files.pop("build", ""):
        value["build"] = {"host": "https://example.org", "path": "o/r", "ref": "main"}
    return value


def frozen(found: Edited) -> dict[str, str]:
    value: Any = found.value
    return {name: "".join(lines) for name, lines in value["frozen"]["files"].items()}


PYPROJECT = """
[project]
name = "x"
requires-python = ">=3.9,<3.11"
dependencies = ["numpy"]
"""


@pytest.mark.parametrize(
    ("files", "python", "runtime"),
    [
        ({"runtime.txt": "python-3.9\n"}, "3.9", None),
        ({"runtime.txt": "python-3"}, "3.12", "python-3.12\n"),
        ({"pyproject.toml": PYPROJECT}, "3.10", "python-3.10\n"),
        ({"environment.yml": "dependencies:\n- python=3.8\n"}, "3.8", None),
        ({"environment.yml": "dependencies: [conda-forge::python =3.13.2=h_0]"}, "3.13", None),
        ({"environment.yml": "dependencies: ['python>=3.8']"}, "3.12", None),
        ({"Dockerfile": "FROM x"}, "3.12", None),
        ({"runtime.txt": "r-4.4-2026-01-01"}, "3.12", None),
    ],
)
def test_the_python_is_what_the_files_state(
    freeze: Freeze, memory: Memory, files: dict[str, str], python: str, runtime: str | None
) -> None:
    asked = None if "pyproject.toml" in files else "3.12"
    value = binder(**files, **{"requirements.txt": "numpy\n"})
    found = freeze(value, python=asked, only=["requirements.txt"])
    assert memory.pinning.asked[-1].python == python
    assert frozen(found).get("runtime.txt") == runtime
    if python != "3.12" and asked:
        assert any("--python is not used" in note for note in found.notes)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"runtime.txt": "python-3.11.4"}, "python-3.11.4"),
        ({"pyproject.toml": "[project]\nrequires-python = 3"}, "expected a string"),
        ({"pyproject.toml": "[project]\nrequires-python = '>=3.99'"}, "allows no Python"),
        ({"pyproject.toml": "[proj"}, "is not TOML"),
    ],
)
def test_what_no_one_could_build_is_told(
    freeze: Freeze, loose: Loose, files: dict[str, str], words: str
) -> None:
    for ask in (freeze, loose):
        with pytest.raises(FreezeFailed, match=words) as caught:
            ask(binder(**files, **{"requirements.txt": "numpy\n"}))
        assert caught.value.failures[0].path == "binder.files"


def test_a_python_that_was_asked_for_must_be_allowed(freeze: Freeze) -> None:
    with pytest.raises(FreezeFailed, match=r"excludes the 3\.12 that was asked for"):
        freeze(binder(**{"requirements.txt": "numpy", "pyproject.toml": PYPROJECT}), python="3.12")


def test_what_repo2docker_ignores_is_pinned_with_a_remark(freeze: Freeze) -> None:
    value = binder(**{"requirements.txt": "numpy\n", "Dockerfile": "scipy\n"})
    found = freeze(value)
    assert set(frozen(found)) == {"requirements.txt", "Dockerfile"}
    assert any(
        note.startswith("requirements.txt: pinned, though repo2docker ignores it")
        for note in found.notes
    )


def test_a_package_without_requirements_gets_them(freeze: Freeze, memory: Memory) -> None:
    package = '[project]\nname = "x"\n[build-system]\nrequires = []\n'
    memory.pinning.versions |= dict.fromkeys(package.split(), "1")
    found = freeze(binder(**{"pyproject.toml": package}))
    assert memory.pinning.asked[0].path == "pyproject.toml"
    assert set(frozen(found)) == {"requirements.txt", "runtime.txt"}
    assert freeze(found.value) == Edited(found.value)


def test_a_pyproject_that_is_no_package_is_not_pinned(freeze: Freeze, loose: Loose) -> None:
    value = binder(**{"pyproject.toml": PYPROJECT})
    assert freeze(value) == Edited(value)
    assert loose(value) == []


def test_a_pipfile_is_for_pipenv(freeze: Freeze) -> None:
    value = binder(Pipfile="[packages]\n", **{"requirements.txt": "numpy\n"})
    assert any(
        note.startswith("Pipfile: not pinned; `pipenv lock`") for note in freeze(value).notes
    )


def test_files_are_pinned_where_they_will_lie(freeze: Freeze, memory: Memory) -> None:
    memory.trees[A] = {"binder/more.txt": "numpy", "binder/requirements.txt": "numpy"}
    found = freeze(binder(build="yes", **{"requirements.txt": "scipy\n"}))
    wanted = memory.pinning.asked[0]
    assert wanted.path == "binder/requirements.txt"
    assert memory.pinning.texts == ["scipy\n"]
    assert set(frozen(found)) == {"requirements.txt", "runtime.txt"}


def test_the_repository_is_not_fetched_again_to_see_that_a_lock_holds(
    freeze: Freeze, loose: Loose, memory: Memory
) -> None:
    first = freeze(binder(build="yes", **{"requirements.txt": "scipy\n"}))
    memory.trees.clear()
    assert freeze(first.value) == Edited(first.value)
    assert loose(first.value) == []


def test_a_lock_that_only_the_repository_explains(
    freeze: Freeze, loose: Loose, memory: Memory
) -> None:
    """With a file of the repository's beside it the lock holds; nothing is locked anew."""
    memory.trees[A] = {"runtime.txt": "python-3.9\n"}
    first = freeze(binder(build="yes", **{"requirements.txt": "scipy\n"}))
    assert frozen(first)["runtime.txt"] == "python-3.9\n"
    value: Any = first.value
    del value["frozen"]["files"]["runtime.txt"]
    assert freeze(value) == Edited(value)
    assert loose(value) == []


def test_deep_pins_what_the_repository_leaves_open(
    freeze: Freeze, loose: Loose, memory: Memory
) -> None:
    memory.trees[A] = {"requirements.txt": "numpy\n", "Dockerfile": "scipy\n"}
    value = binder(build="yes")
    del value["files"]
    plain: Any = freeze(value)
    assert "files" not in plain.value["frozen"]
    assert loose(plain.value) == []
    assert loose(plain.value, deep=True) == [
        "requirements.txt: not pinned",
        "Dockerfile: not pinned",
    ]
    deep = freeze(plain.value, deep=True)
    assert set(frozen(deep)) == {"requirements.txt", "Dockerfile"}
    assert freeze(deep.value, deep=True) == Edited(deep.value)
    assert loose(deep.value, deep=True) == []
    # Where the commit moves, what was pinned of the other goes or is pinned anew.
    memory.commits[REPO, "main"] = B
    memory.trees[B] = {"requirements.txt": "scipy\n", "environment.yml": "numpy\n"}
    moved = freeze(deep.value, upgrade=True)
    assert set(frozen(moved)) == {"requirements.txt", "environment.yml"}
    assert "scipy==3.0" in frozen(moved)["requirements.txt"]


def test_deep_tells_of_the_repository_s_faults_at_build(freeze: Freeze, memory: Memory) -> None:
    memory.trees[A] = {"requirements.txt": "numpi\n"}
    with pytest.raises(FreezeFailed, match=r"^binder\.build: numpi: no such package"):
        freeze(binder(build="yes"), deep=True)


def test_links_lead_nowhere(freeze: Freeze, memory: Memory, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("numpy\n")
    memory.trees[A] = {
        "requirements.txt": secret,
        "environment.yml": Path("environment.yml"),
        "inside": "numpy\n",
        "Dockerfile": Path("inside"),
    }
    found = freeze(binder(build="yes"), deep=True)
    assert set(frozen(found)) == {"Dockerfile"}


def test_a_link_in_place_of_a_folder_is_refused(
    freeze: Freeze, memory: Memory, tmp_path: Path
) -> None:
    memory.trees[A] = {"sub": tmp_path, "kept": "x"}
    freeze(binder(build="yes", **{"requirements.txt": "numpy", "sub/more.txt": "x"}))
    assert list(tmp_path.iterdir()) == []


def test_both_folders_are_refused(freeze: Freeze, memory: Memory) -> None:
    memory.trees[A] = {"binder/x": "", ".binder/x": ""}
    with pytest.raises(FreezeFailed, match=r"both a 'binder' and a '\.binder' folder"):
        freeze(binder(build="yes", **{"requirements.txt": "numpy"}))


@pytest.mark.parametrize("folder", ["binder", ".binder"])
def test_a_folder_of_the_notebook_s_own(
    freeze: Freeze, loose: Loose, memory: Memory, folder: str
) -> None:
    value = binder(**{f"{folder}/requirements.txt": "numpy\n", "Dockerfile": "not used"})
    assert loose(value) == ["requirements.txt: not pinned"]
    found = freeze(value)
    assert memory.pinning.asked[0].path == f"{folder}/requirements.txt"
    assert set(frozen(found)) == {f"{folder}/requirements.txt", f"{folder}/runtime.txt"}
    assert freeze(found.value) == Edited(found.value)
    read = spec.read(value).binder
    assert read
    assert loose_parts(read) == ("requirements.txt",)
    assert edit.thawed(found.value, ["requirements.txt"]).value == value
