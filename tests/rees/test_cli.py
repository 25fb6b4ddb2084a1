"""`embed`, `extract` and `buildpack` as a person types them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from tests.cli.conftest import MakeNotebook, Run
from tests.local.conftest import Origin, serving
from tests.rees.kit import laid

BinderOf: TypeAlias = Callable[[Path], Any]

FILES = {"requirements.txt": "numpy\r\nscipy", "postBuild": "#!/bin/sh\ntrue\n", "apt.txt": ""}


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Origin:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    work, bare = tmp_path / "origins/work", tmp_path / "origins/repo.git"
    for path, more in ((work, ()), (bare, ("--bare",))):
        subprocess.run(["git", "init", "-q", "-b", "main", *more, str(path)], check=True)
    return Origin(work, bare)


@pytest.fixture
def served(origin: Origin) -> Iterator[str]:
    """The address of a git server over http, with ``repo.git``."""
    with serving(origin.path.parent) as server:
        yield server.url


def test_there_and_back(
    run: Run, notebook: MakeNotebook, binder_of: BinderOf, tmp_path: Path
) -> None:
    path = notebook(kernelspec={"name": "python3"})
    laid(FILES, tmp_path / "env/binder")
    done = run("embed", "env", "a.ipynb")
    assert (done.code, done.err) == (0, "")
    assert "a.ipynb: changed files" in done.out
    assert "carries apt.txt, postBuild (executable), requirements.txt" in done.out
    assert binder_of(path) == {
        "version": 1,
        "files": {
            "requirements.txt": ["numpy\r\n", "scipy"],
            "postBuild": ["#!/bin/sh\n", "true\n"],
            "apt.txt": [],
        },
    }
    assert "unchanged" in run("embed", "env", "a.ipynb").out
    done = run("extract", "a.ipynb", "-o", "out")
    assert (done.code, done.err) == (0, "")
    assert "✓ out/postBuild: written, executable" in done.out
    for name, content in FILES.items():
        assert (tmp_path / "out" / name).read_bytes() == content.encode()
    assert os.access(tmp_path / "out/postBuild", os.X_OK)
    assert run("extract", "a.ipynb", "-o", "out", "--json").answer["written"] == []
    laid({"again.ipynb": (tmp_path / "a.ipynb").read_bytes()}, tmp_path)
    assert "unchanged" in run("embed", "out", "again.ipynb").out


def test_files_by_name_and_those_there_before(
    run: Run, notebook: MakeNotebook, binder_of: BinderOf, tmp_path: Path
) -> None:
    frozen = {"files": {"requirements.txt": "numpy==2\n", "Pipfile.lock": "{}"}}
    before = {"version": 1, "files": {"old.txt": "o", "apt.txt": "gcc\n"}, "frozen": frozen}
    path = notebook(binder=before)
    laid({"a/requirements.txt": "numpy\n", "apt.txt": "gcc\n"}, tmp_path)
    done = run("embed", "a/requirements.txt", "apt.txt", "a.ipynb", "-n")
    assert "would change files, frozen" in done.out
    assert binder_of(path) == before
    done = run("embed", "a/requirements.txt", "apt.txt", "a.ipynb")
    assert "the pinned requirements.txt is gone" in done.out
    found = binder_of(path)
    assert list(found["files"]) == ["old.txt", "apt.txt", "requirements.txt"]
    assert list(found["frozen"]["files"]) == ["Pipfile.lock"]
    done = run("embed", "a/requirements.txt", "a.ipynb", "--replace", "--json")
    (answer,) = done.answer["notebooks"]
    assert (answer["status"], answer["changes"]) == ("changed", ["files"])
    assert list(binder_of(path)["files"]) == ["requirements.txt"]


def test_all_and_what_is_left_out(
    run: Run, notebook: MakeNotebook, binder_of: BinderOf, tmp_path: Path
) -> None:
    path = notebook()
    laid({"env/requirements.txt": "", "env/run.py": "", "env/x.bin": b"\0\xff"}, tmp_path)
    done = run("embed", "env", "a.ipynb", "--all")
    assert "left out: x.bin is not text in UTF-8" in done.out
    assert sorted(binder_of(path)["files"]) == ["requirements.txt", "run.py"]


def test_a_build_that_would_fail_is_told(run: Run, notebook: MakeNotebook, tmp_path: Path) -> None:
    notebook()
    laid({"runtime.txt": "python-3.11.4"}, tmp_path)
    done = run("embed", "runtime.txt", "a.ipynb", "-q")
    assert (done.code, done.out) == (0, "")
    done = run("embed", "runtime.txt", "a.ipynb", "--replace", "--force")
    assert "unchanged" in done.out
    notebook("b.ipynb")
    assert "the build would fail: runtime.txt" in run("embed", "runtime.txt", "b.ipynb").out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["a.ipynb"], 2, "the notebook last"),
        (["requirements.txt", "project"], 2, "project is a folder, and the notebook has to come"),
        (["project", "a.ipynb"], 12, "installs itself (setup.py)"),
        (["gone.txt", "a.ipynb"], 2, "gone.txt: No such file"),
        (["requirements.txt", "out.ipynb", "a.ipynb"], 2, "the last argument alone"),
        (["link", "a.ipynb"], 12, "link: found a link, expected a file"),
        (["requirements.txt", "gone.ipynb"], 10, "gone.ipynb"),
        (["requirements.txt", "out.ipynb"], 12, "the notebook's opt-out"),
        (["requirements.txt", "https://example.org/a.ipynb"], 10, "an address"),
    ],
)
def test_embed_refuses(  # noqa: PLR0917 - pytest passes them by name
    run: Run, notebook: MakeNotebook, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    before = notebook().read_bytes()
    notebook("out.ipynb", binder=False)
    laid({"project/setup.py": "", "requirements.txt": ""}, tmp_path)
    (tmp_path / "link").symlink_to("requirements.txt")
    done = run("embed", *words)
    assert done.code == code
    assert message in done.err.replace("\n", " ")
    assert (tmp_path / "a.ipynb").read_bytes() == before
    if code != 2:
        assert json.loads(run("embed", *words, "--json").out)


def test_an_opt_out_goes_with_force(
    run: Run, notebook: MakeNotebook, binder_of: BinderOf, tmp_path: Path
) -> None:
    path = notebook(binder=False)
    laid({"requirements.txt": "x"}, tmp_path)
    assert run("embed", "requirements.txt", "a.ipynb", "--force", "--replace").code == 0
    assert binder_of(path)["files"] == {"requirements.txt": ["x"]}


def test_extract_with_pinned_files(run: Run, notebook: MakeNotebook, tmp_path: Path) -> None:
    frozen = {"platform": "linux-64", "files": {"requirements.txt": ["numpy==2\n"], "more": "m"}}
    files = {"requirements.txt": "numpy\n", "apt.txt": ""}
    notebook(binder={"version": 1, "files": files, "frozen": frozen})
    assert run("extract", "a.ipynb", "-o", "plain").code == 0
    assert run("extract", "a.ipynb", "-o", "pinned", "--frozen").code == 0
    assert (tmp_path / "plain/requirements.txt").read_text() == "numpy\n"
    assert not (tmp_path / "plain/more").exists()
    assert (tmp_path / "pinned/requirements.txt").read_text() == "numpy==2\n"
    assert (tmp_path / "pinned/more").read_text() == "m"


def test_extract_keeps_what_is_there(run: Run, notebook: MakeNotebook, tmp_path: Path) -> None:
    notebook(binder={"version": 1, "files": {"a.txt": "theirs", "b.txt": "b"}})
    laid({"out/a.txt": "mine"}, tmp_path)
    done = run("extract", "a.ipynb", "-o", "out")
    assert (done.code, done.out) == (21, "")
    assert "out: found other content in a.txt; nothing was written" in done.err
    assert not (tmp_path / "out/b.txt").exists()
    assert run("extract", "a.ipynb", "-o", "out", "--force").code == 0
    assert (tmp_path / "out/a.txt").read_text() == "theirs"
    done = run("extract", "a.ipynb", "-o", "more", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (tmp_path / "more/a.txt").read_text() == "theirs"
    assert run("extract", "a.ipynb", "-o", "more", "-q", "--json").answer["written"] == []


def test_nothing_to_extract(run: Run, notebook: MakeNotebook) -> None:
    notebook()
    build = {"host": "https://github.com", "path": "o/r"}
    notebook("b.ipynb", binder={"version": 1, "build": build})
    notebook("c.ipynb", binder={"version": 1, "files": {"x": ""}})
    done = run("extract", "a.ipynb", "-o", "out")
    assert (done.code, done.err.count("carries no environment files")) == (10, 1)
    assert "built from https://github.com/o/r" in run("extract", "b.ipynb", "-o", "out").err
    assert "carries no pinned files" in run("extract", "c.ipynb", "-o", "out", "--frozen").err


def test_hostile_names_are_never_written(run: Run, notebook: MakeNotebook, tmp_path: Path) -> None:
    for name in ("../x", "/tmp/x", "a/../../x", ".git/config", "a\\b", "-o", "a\u202eb"):
        notebook(binder={"version": 1, "files": {name: "x"}})
        assert run("extract", "a.ipynb", "-o", "out").code == 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ipynb"]


def test_the_buildpack_of_a_notebook(run: Run, notebook: MakeNotebook) -> None:
    files = {"environment.yml": "dependencies: [python=3.12]\n", "requirements.txt": "x"}
    notebook(binder={"version": 1, "files": files})
    done = run("buildpack", "a.ipynb")
    assert done.code == 0
    assert done.out == (
        "a.ipynb\n"
        "  build    conda, by environment.yml\n"
        "  python   3.12\n"
        "  uses     environment.yml\n"
        "  ignores  requirements.txt: environment.yml wins\n"
        "  ! requirements.txt: with an environment.yml nothing of it is installed\n"
        "    instead: add '- pip:' with '- -r requirements.txt' below it to\n"
        "    environment.yml\n"
    )
    answer = run("buildpack", "a.ipynb", "--json").answer
    assert answer["report"]["ignored"] == [
        {"path": "requirements.txt", "why": "environment.yml wins"}
    ]


def test_a_build_that_fails_is_the_exit_code(run: Run, tmp_path: Path) -> None:
    laid({"environment.yml": "dependencies:\n- python=3.11\n", "runtime.txt": "3.11"}, tmp_path)
    done = run("buildpack", ".")
    assert done.code == 1
    assert "✗ the build would fail: runtime.txt: found '3.11'" in done.out
    done = run("buildpack", tmp_path, "--json")
    assert (done.code, done.answer["report"]["buildpack"]) == (1, None)


def test_pinned_files_stand_in(run: Run, notebook: MakeNotebook) -> None:
    frozen = {"files": {"runtime.txt": "python-3.13"}, "platform": "linux-64"}
    files = {"requirements.txt": "x"}
    notebook(binder={"version": 1, "files": files, "frozen": frozen})
    answer = run("buildpack", "a.ipynb", "--json").answer
    assert answer["report"]["python"] == "3.13"
    assert answer["remarks"] == ["with the pinned runtime.txt"]
    frozen["platform"] = "osx-arm64"
    notebook(binder={"version": 1, "files": files, "frozen": frozen})
    assert run("buildpack", "a.ipynb", "--json").answer["report"]["python"] == "3.10"


def test_what_only_the_repository_can_tell(run: Run, notebook: MakeNotebook) -> None:
    build = {"host": "https://github.com", "path": "o/r"}
    image = {"host": "https://quay.io", "path": "a/b"}
    notebook(binder={"version": 1, "build": build, "files": {"apt.txt": ""}, "image": image})
    done = run("buildpack", "a.ipynb")
    assert done.code == 0
    told = " ".join(done.out.split())
    assert "https://github.com/o/r decides into which of its folders apt.txt are laid" in told
    assert "--fetch" in told
    assert "its image is tried first" in told
    notebook(binder={"version": 1, "image": image})
    assert "it is an image, and nothing is built" in run("buildpack", "a.ipynb").out
    notebook()
    assert run("buildpack", "a.ipynb").code == 10


def test_a_repository_is_fetched_and_laid_under(
    run: Run, notebook: MakeNotebook, origin: Origin, served: str
) -> None:
    commit = origin.commit({".binder/environment.yml": "dependencies: [python=3.11]", "x": ""})
    build = {"host": served, "path": "repo.git", "ref": "main"}
    notebook(binder={"version": 1, "build": build, "files": {"requirements.txt": "x"}})
    answer = run("buildpack", "a.ipynb", "--fetch", "--json").answer
    assert (answer["commit"], answer["repository"]) == (commit, f"{served}/repo.git")
    found = answer["report"]
    assert (found["buildpack"], found["python"]) == ("conda", "3.11")
    assert [one["path"] for one in found["ignored"]] == [".binder/requirements.txt"]
    done = run("buildpack", f"{served}/repo.git@main")
    assert f"fetched  {served}/repo.git at {commit[:12]}" in done.out
    assert "conda, by .binder/environment.yml" in done.out
    origin.commit({"binder/x": ""})
    done = run("buildpack", "a.ipynb", "--fetch")
    assert (done.code, "both a 'binder' and a '.binder'" in done.out) == (1, True)
    build["hash"] = commit
    notebook(binder={"version": 1, "build": build})
    assert run("buildpack", "a.ipynb", "--fetch", "--json").answer["commit"] == commit
    build |= {"hash": "0" * 40}
    notebook(binder={"version": 1, "build": build})
    assert run("buildpack", "a.ipynb", "--fetch").code == 17


def test_control_characters_are_not_sent_to_the_terminal(run: Run, tmp_path: Path) -> None:
    laid(
        {"runtime.txt": "python-\x1b[31m", "environment.yml": "dependencies: ['python \x1b']"},
        tmp_path,
    )
    assert "\x1b" not in run("buildpack", ".").out
    (tmp_path / "runtime.txt").unlink()
    assert "\x1b" not in run("buildpack", ".").out
