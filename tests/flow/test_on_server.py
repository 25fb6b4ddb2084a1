"""Runs on a Jupyter Server that runs already: it goes on, and nothing is left in it."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.servers.conftest import jupyter

if TYPE_CHECKING:
    from tests.flow.conftest import MakeNotebook, Shell, Web
    from tests.servers.conftest import Running

__all__ = ["jupyter"]


def folders(server: Running) -> list[str]:
    return [path.name for path in server.root.glob("[!.]*")]


def test_an_address_with_its_token(
    jupyter: Running, shell: Shell, notebook: MakeNotebook, tmp_path: Path
) -> None:
    source = notebook("import os\nprint(os.getcwd())")
    before = folders(jupyter)
    done = shell.run("run", source, "--on", f"{jupyter.url}lab?token={jupyter.token}")
    assert done.code == 0, done.err
    assert "history" in done.err
    assert jupyter.token not in done.out + done.err
    printed = shell.printed(tmp_path / "a.run.ipynb").strip()
    assert Path(printed).parent == jupyter.root
    assert folders(jupyter) == before
    assert jupyter.process.poll() is None


@pytest.mark.slow
def test_a_token_that_is_kept(
    jupyter: Running, shell: Shell, notebook: MakeNotebook, tmp_path: Path
) -> None:
    kept = shell.run("token", "add", jupyter.url, typed=f"{jupyter.token}\n".encode())
    assert kept.code == 0, kept.err
    done = shell.run("run", notebook("print(1)"), "--on", jupyter.url, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["on"] == "server"
    assert shell.printed(tmp_path / "a.run.ipynb") == "1\n"


def test_what_came_from_an_address_is_asked_about_on_this_machine(
    jupyter: Running, shell: Shell, notebook: MakeNotebook, web: Web, tmp_path: Path
) -> None:
    web.pages["/x/far.ipynb"] = notebook("print('ran')").read_bytes()
    shell.environ["BINDERCLIP_TOKEN"] = jupyter.token
    words = ("run", f"{web.url}/x/far.ipynb", "--on", jupyter.url)
    refused = shell.run(*words)
    assert refused.code == 22, refused.err
    other = shell.run(*words[:-1], jupyter.url.replace("127.0.0.1", "localhost"))
    assert other.code == 22, other.err
    assert not (tmp_path / "far.run.ipynb").exists()
    done = shell.type(*words, answers={"Run it?": "y"})
    assert done.code == 0, done.out
    assert "wants to run elsewhere" in done.out
    assert shell.printed(tmp_path / "far.run.ipynb") == "ran\n"
    assert shell.run(*words).code == 0


@pytest.mark.slow
def test_a_dead_kernel_and_a_failing_cell(
    jupyter: Running, shell: Shell, notebook: MakeNotebook, tmp_path: Path
) -> None:
    shell.environ["BINDERCLIP_TOKEN"] = jupyter.token
    out = tmp_path / "a.run.ipynb"
    died = shell.run("run", notebook("print(1)", "import os\nos._exit(9)"), "--on", jupyter.url)
    assert died.code == 43, died.err
    assert shell.printed(out) == "1\n"
    failed = shell.run("run", notebook("import nothing_of_the_kind"), "--on", jupyter.url)
    assert failed.code == 41
    assert "what is installed there lacks it" in failed.err
    slow = shell.run(
        "run", notebook("import time\ntime.sleep(60)"), "--on", jupyter.url, "--timeout-s", "1"
    )
    assert slow.code == 42, slow.err
    missing = shell.run("run", notebook("1"), "--on", jupyter.url, "--kernel", "julia")
    assert missing.code == 21
    assert "python3" in missing.err


@pytest.mark.slow
def test_open_detached(jupyter: Running, shell: Shell, notebook: MakeNotebook) -> None:
    """A server without pages for notebooks is told apart; one that is left has nothing to stop."""
    shell.environ["BINDERCLIP_TOKEN"] = jupyter.token
    before = folders(jupyter)
    process = shell.start(
        "open", notebook("1"), "--on", jupyter.url, "--no-browser", "--ui", "retro"
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 21, err.decode()
    assert b"no 'retro'" in err
    assert jupyter.token.encode() not in out + err
    assert folders(jupyter) == before
    left = shell.run("open", notebook("1"), "--on", jupyter.url, "--no-browser", "--detach")
    assert left.code == 0, left.err
    assert "token=" in left.out
    assert json.loads(shell.run("sessions", "--json").out)["sessions"] == []


@pytest.mark.slow
def test_content_is_put_beside_the_notebook(
    jupyter: Running, shell: Shell, notebook: MakeNotebook, tmp_path: Path
) -> None:
    """A repository that cannot be reached is told before anything is sent."""
    shell.environ["BINDERCLIP_TOKEN"] = jupyter.token
    binder = {"version": 1, "content": {"host": "http://127.0.0.1:9", "path": "o/r"}}
    before = folders(jupyter)
    done = shell.run("run", notebook("1", binder=binder), "--on", jupyter.url)
    assert done.code == 25, done.err
    assert folders(jupyter) == before
    assert not (tmp_path / "a.run.ipynb").exists()


@pytest.mark.slow
def test_ctrl_c_leaves_no_kernel(
    jupyter: Running, shell: Shell, notebook: MakeNotebook, tmp_path: Path
) -> None:
    shell.environ["BINDERCLIP_TOKEN"] = jupyter.token
    counting = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)"
    process = shell.start("run", notebook(counting), "--on", jupyter.url)
    out = tmp_path / "a.run.ipynb"
    assert shell.eventually(lambda: out.exists() and shell.printed(out).strip().isdigit())
    kernel = int(shell.printed(out))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err.decode()
    assert shell.eventually(lambda: not Path(f"/proc/{kernel}").exists(), within_s=20)
