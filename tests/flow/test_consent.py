"""What came from an address runs only after its person saw it and said yes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.flow.conftest import MakeNotebook, Shell, Web

COMMAND = Path(sys.executable).parent / "binderclip"
SCRIPT = "#!/bin/sh\necho built > built.txt\n"
SCRIPTED = {
    "version": 1,
    "files": {"requirements.txt": ["cowsay==6.1\n"], "postBuild": SCRIPT},
}
QUESTION = "[v]iew everything"


@pytest.fixture
def address(web: Web, notebook: MakeNotebook) -> str:
    """A notebook with a postBuild on a web server of its own."""
    path = notebook("import os; print(os.path.exists('built.txt'), os.getcwd())", binder=SCRIPTED)
    web.pages["/a.ipynb"] = path.read_bytes()
    path.unlink()
    return f"{web.url}/a.ipynb"


def fresh(shell: Shell) -> Path:
    """A cache of the test's own: what is there tells what was built."""
    folder = shell.folder / "own-cache"
    shell.environ["BINDERCLIP_CACHE"] = str(folder)
    return folder


def test_without_a_terminal_it_is_refused_and_nothing_is_built(shell: Shell, address: str) -> None:
    cache = fresh(shell)
    done = shell.run("run", address)
    assert done.code == 22
    assert "cowsay==6.1" in done.err, "what it would install"
    assert "echo built" in done.err, "what it would execute"
    assert "1 code cell" in done.err
    assert "--trust" in done.err
    assert not list(cache.rglob("prefix"))
    assert not (shell.folder / "a.run.ipynb").exists()


def test_what_conda_would_install_is_shown(shell: Shell, web: Web, notebook: MakeNotebook) -> None:
    text = (
        "channels: [https://conda.example.org/lab]\n"
        "dependencies: [numpy=2.1, pip: [cowsay, -r more.txt]]\n"
    )
    files = {"environment.yml": text, "more.txt": "cowsay-extra\n", "postBuild": SCRIPT}
    path = notebook("1", binder={"version": 1, "files": files})
    web.pages["/c.ipynb"] = path.read_bytes()
    fresh(shell)
    done = shell.run("run", f"{web.url}/c.ipynb")
    assert done.code == 22
    assert "conda        --channel https://conda.example.org/lab" in done.err
    assert "numpy=2.1" in done.err
    assert "installs     -r 'environment.yml pip:'" in done.err
    for name in ("environment.yml", "environment.yml pip:", "more.txt"):
        assert f"reads        {name}\n" in done.err
    assert "cowsay-extra" in done.err
    assert "runs         postBuild" in done.err
    assert "echo built" in done.err


def test_json_tells_the_refusal(shell: Shell, address: str) -> None:
    done = shell.run("run", address, "--json")
    assert json.loads(done.out)["error"]["code"] == "not-trusted"


@pytest.mark.slow
def test_trust_runs_it_once_without_remembering(shell: Shell, address: str) -> None:
    done = shell.run("run", address, "--trust")
    assert done.code == 0, done.err
    printed = shell.printed(shell.folder / "a.run.ipynb")
    assert printed.startswith("True "), "its home has what postBuild made"
    assert str(shell.folder) not in printed.split(" ", 1)[1], "and is not this folder"
    assert shell.run("run", address).code == 22


def test_no_is_no(shell: Shell, address: str) -> None:
    done = shell.type("run", address, answers={QUESTION: "n"})
    assert done.code == 22
    assert "said no" in done.out
    assert not (shell.folder / "a.run.ipynb").exists()


def test_ctrl_c_at_the_question_ends_it_at_once(shell: Shell, address: str) -> None:
    done = shell.type("run", address, answers={QUESTION: "\x03"})
    assert done.code == 130
    assert "Interrupted." in done.out
    assert not (shell.folder / "a.run.ipynb").exists()


def test_the_end_of_input_is_no(shell: Shell, address: str) -> None:
    assert shell.type("run", address, answers={QUESTION: "\x04"}).code == 22


def test_a_closed_standard_input_is_no_terminal(shell: Shell, address: str) -> None:
    line = f'"{COMMAND}" run "{address}" <&-'
    done = subprocess.run(
        ["bash", "-c", line], cwd=shell.folder, env=shell.environ, capture_output=True, check=False
    )
    assert done.returncode == 22, done.stderr


def test_yes_is_remembered_listed_and_revoked(shell: Shell, address: str, web: Web) -> None:
    assert shell.type("run", address, answers={QUESTION: "y"}).code == 0
    again = shell.run("run", address)
    assert again.code == 0, again.err
    web.pages["/b.ipynb"] = web.pages["/a.ipynb"]
    elsewhere = shell.run("run", f"{web.url}/b.ipynb")
    assert elsewhere.code == 22, "the same environment from another origin is another question"
    listed = json.loads(shell.run("trust", "list", "--json").out)
    assert address in json.dumps(listed)
    assert shell.run("trust", "revoke", address).code == 0
    assert shell.run("run", address).code == 22


def test_another_environment_is_another_question(shell: Shell, address: str, web: Web) -> None:
    assert shell.type("run", address, answers={QUESTION: "y"}).code == 0
    web.pages["/a.ipynb"] = web.pages["/a.ipynb"].replace(b"echo built", b"echo other")
    done = shell.run("run", address)
    assert done.code == 22
    assert "echo other" in done.err


def test_view_shows_the_cells(shell: Shell, address: str) -> None:
    shell.environ["PAGER"] = "cat"
    done = shell.type("run", address, answers={QUESTION: "v", "cell 1": "n"})
    assert done.code == 22
    assert "os.path.exists('built.txt')" in done.out


def test_escapes_of_a_hostile_notebook_do_not_reach_the_terminal(
    shell: Shell, web: Web, notebook: MakeNotebook
) -> None:
    hostile = {"version": 1, "files": {"postBuild": "#!/bin/sh\n# \x1b[2J\x1b]0;owned\x07\u202e\n"}}
    web.pages["/h.ipynb"] = notebook("1", binder=hostile).read_bytes()
    done = shell.run("run", f"{web.url}/h.ipynb")
    assert done.code == 22
    assert "\x1b" not in done.err
    assert "\u202e" not in done.err


def test_blanks_push_nothing_out_of_sight(shell: Shell, web: Web, notebook: MakeNotebook) -> None:
    script = f"#!/bin/sh\necho fine;{' ' * 100_000}rm -r important\n"
    web.pages["/b.ipynb"] = notebook(
        "1", binder={"version": 1, "files": {"postBuild": script}}
    ).read_bytes()
    done = shell.run("run", f"{web.url}/b.ipynb")
    assert done.code == 22
    assert "more characters" in done.err
    assert len(done.err) < 5000


def test_a_file_of_ones_own_is_not_asked_about(shell: Shell, notebook: MakeNotebook) -> None:
    done = shell.run("run", notebook("1", binder=SCRIPTED))
    assert done.code == 0, done.err


@pytest.mark.slow
def test_a_repository_at_an_address_is_asked_about_with_its_files(
    shell: Shell, web: Web, notebook: MakeNotebook
) -> None:
    commit = _serve_repository(shell.folder, web, {"requirements.txt": "cowsay==6.1\n"})
    build = {"host": web.url, "path": "r.git", "hash": commit}
    path = notebook("import cowsay", binder={"version": 1, "build": build})
    done = shell.run("run", path)
    assert done.code == 22, done.err
    assert commit[:12] in done.err
    assert "cowsay==6.1" in done.err
    assert shell.type("run", path, answers={QUESTION: "yes"}).code == 0
    assert shell.run("run", path).code == 0


def _serve_repository(folder: Path, web: Web, files: dict[str, str]) -> str:
    """Put a repository on the web server, for git's protocol of plain files."""
    work = folder / "work"
    work.mkdir()
    for name, text in files.items():
        (work / name).write_text(text)
    git = ["git", "-C", str(work), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    subprocess.run([*git, "update-server-info"], check=True)
    for file in (work / ".git").rglob("*"):
        if file.is_file():
            web.pages[f"/r.git/{file.relative_to(work / '.git')}"] = file.read_bytes()
    done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.strip()
