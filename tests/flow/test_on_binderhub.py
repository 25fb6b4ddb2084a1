"""The command line against a real BinderHub over a real JupyterHub."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.binderhub.rig import Kind, RealBinderHub, binderhub_python, started

if TYPE_CHECKING:
    from tests.flow.conftest import MakeNotebook, Shell, Web

pytestmark = pytest.mark.binderhub
COUNTING = "import time\nfor n in range(600):\n    print(n, flush=True)\n    time.sleep(0.1)"


@pytest.fixture(scope="module")
def binder(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBinderHub]:
    folder = tmp_path_factory.mktemp("binder")
    with started(binderhub_python(), tools, folder, Kind(prefix="/bi/")) as running:
        yield running


@pytest.fixture(scope="module")
def logins(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBinderHub]:
    folder = tmp_path_factory.mktemp("logins")
    with started(binderhub_python(), tools, folder, Kind(logins=True)) as running:
        yield running


def metadata(binder: RealBinderHub, **files: str) -> dict[str, Any]:
    build = binder.make_repository({"requirements.txt": "\n", **files})
    where = {"host": build.host, "path": build.path, "ref": build.ref or "HEAD"}
    return {"version": 1, "host": binder.url, "build": where}


def test_a_notebook_at_an_address_on_the_hub_that_it_names(
    binder: RealBinderHub, shell: Shell, notebook: MakeNotebook, web: Web, tmp_path: Path
) -> None:
    meta = metadata(binder, **{"data.csv": "1,2\n"})
    source = notebook("print(open('data.csv').read(), 6 * 7)", binder=meta)
    web.pages["/x/far.ipynb"] = source.read_bytes()
    for on, words in ((binder.url, ()), ("binderhub", ("--trust",)), ("auto", ("--trust",))):
        done = shell.run("run", f"{web.url}/x/far.ipynb", "--on", on, *words)
        assert done.code == 0, done.err
        assert shell.printed(tmp_path / "far.run.ipynb") == "1,2\n 42\n"
        assert shell.eventually(lambda: binder.servers() == {}, within_s=20)
    # A hub of this machine that only the notebook names is this machine.
    asked = shell.run("run", f"{web.url}/x/far.ipynb", "--on", "binderhub")
    assert asked.code == 22, asked.err


def test_ctrl_c_ends_the_server(
    binder: RealBinderHub, shell: Shell, notebook: MakeNotebook, tmp_path: Path
) -> None:
    process = shell.start("run", notebook(COUNTING, binder=metadata(binder)), "--on", "binderhub")
    out = tmp_path / "a.run.ipynb"
    assert shell.eventually(lambda: out.exists() and "1\n2\n" in shell.printed(out))
    assert binder.servers()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=90)
    assert process.returncode == 130, err.decode()
    assert shell.eventually(lambda: binder.servers() == {}, within_s=20)


def test_what_a_killed_process_left(
    binder: RealBinderHub, shell: Shell, notebook: MakeNotebook, tmp_path: Path
) -> None:
    process = shell.start("run", notebook(COUNTING, binder=metadata(binder)), "--on", "binderhub")
    out = tmp_path / "a.run.ipynb"
    assert shell.eventually(lambda: out.exists() and "1\n2\n" in shell.printed(out))
    process.kill()
    process.communicate()
    assert binder.servers()
    (listed,) = json.loads(shell.run("sessions", "--json").out)["sessions"]
    assert (listed["target"], listed["owner"]) == ("binderhub", "left behind")
    done = shell.run("sessions", "stop", "--left")
    assert done.code == 0, done.err
    assert shell.eventually(lambda: binder.servers() == {}, within_s=20)


def test_files_that_the_notebook_names_go_to_hubs_that_a_person_names(
    binder: RealBinderHub, shell: Shell, notebook: MakeNotebook, tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_text("mine")
    code = "import os\nprint(open('mine.csv').read() if os.path.exists('mine.csv') else 'not sent')"
    source = notebook(code, binder=metadata(binder))
    out = tmp_path / "a.run.ipynb"
    assert shell.run("run", source, "--on", "binderhub").code == 0
    assert shell.printed(out) == "not sent\n"
    assert shell.run("run", source, "--on", "binderhub", "--with", "mine.csv").code == 0
    assert shell.printed(out) == "mine\n"
    out.unlink()
    assert shell.run("run", source, "--on", binder.url).code == 0
    assert shell.printed(out) == "mine\n"


def test_what_it_cannot_take_is_refused(
    binder: RealBinderHub, shell: Shell, notebook: MakeNotebook
) -> None:
    before = len(binder.log)
    files = {"version": 1, "files": {"requirements.txt": ["numpy\n"]}}
    done = shell.run("run", notebook("1", binder=files), "--on", binder.url)
    assert done.code == 21, done.err
    assert "--on local" in done.err or "local" in done.err
    assert "/build/" not in binder.log[before:]
    wrong = metadata(binder)
    wrong["build"]["ref"] = "mian"
    lost = shell.run("run", notebook("1", binder=wrong), "--on", binder.url)
    assert lost.code == 17, lost.err
    assert "mian" in lost.err


def test_a_hub_where_people_log_in(
    logins: RealBinderHub, shell: Shell, notebook: MakeNotebook, tmp_path: Path
) -> None:
    source = notebook("print(6 * 7)", binder=metadata(logins))
    unknown = shell.run("run", source, "--on", logins.url)
    assert unknown.code in {20, 21}, unknown.err
    assert "token" in unknown.err
    token = logins.token("ada")
    shell.environ["BINDERCLIP_TOKEN"] = token
    done = shell.run("run", source, "--on", logins.url)
    assert done.code == 0, done.err
    assert token not in done.out + done.err
    assert shell.printed(tmp_path / "a.run.ipynb") == "42\n"
    assert shell.eventually(lambda: logins.servers() == {}, within_s=20)
