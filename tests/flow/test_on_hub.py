"""Runs on a real JupyterHub, as a person starts them: outputs come back, the server is gone."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.flow.conftest import Done, MakeNotebook, Shell, Web
    from tests.hubs.rig import Hub

BINDER = {
    "version": 1,
    "host": "https://mybinder.org",
    "build": {"host": "https://github.com", "path": "pangeo-gallery/default-binder"},
}
COUNTING = "import time\nfor n in range(600):\n    print(n, flush=True)\n    time.sleep(0.1)"


class Person:
    """A user of the hub with a shell of their own."""

    def __init__(self, hub: Hub, shell: Shell) -> None:
        self.hub, self.shell = hub, shell
        self.name = hub.user()
        self.token = hub.token(self.name)
        shell.environ["BINDERCLIP_TOKEN"] = self.token

    def run(self, *words: object) -> Done:
        done = self.shell.run(*words)
        assert self.token not in done.out + done.err
        return done

    def start(self, *words: object) -> subprocess.Popen[bytes]:
        return self.shell.start(*words)

    def ended(self, process: subprocess.Popen[bytes]) -> tuple[int, str]:
        out, err = process.communicate(timeout=120)
        text = (out + err).decode()
        assert self.token not in text
        return process.returncode, text

    @property
    def servers(self) -> dict[str, Any]:
        return self.hub.servers(self.name)


@pytest.fixture
def person(hub: Hub, shell: Shell) -> Person:
    return Person(hub, shell)


@pytest.mark.slow
def test_a_notebook_at_an_address_runs_there(
    person: Person, notebook: MakeNotebook, web: Web, tmp_path: Path
) -> None:
    source = notebook("import os\nprint(6 * 7, os.environ['JUPYTERHUB_USER'])", binder=BINDER)
    web.pages["/x/remote.ipynb"] = source.read_bytes()
    done = person.run("run", f"{web.url}/x/remote.ipynb", "--on", person.hub.url)
    assert done.code == 0, done.err
    assert person.shell.printed(tmp_path / "remote.run.ipynb") == f"42 {person.name}\n"
    assert person.servers == {}
    assert "pangeo-gallery/default-binder" in done.err
    assert not list(person.hub.home(person.name).glob("*.ipynb"))
    assert [path.name for path in person.hub.home(person.name).glob("[!.]*")] == []


@pytest.mark.slow
def test_ctrl_c_stops_it_and_keeps_what_came(
    person: Person, notebook: MakeNotebook, tmp_path: Path
) -> None:
    process = person.start("run", notebook(COUNTING), "--on", person.hub.url)
    out = tmp_path / "a.run.ipynb"
    assert person.shell.eventually(lambda: out.exists() and "1\n2\n" in person.shell.printed(out))
    process.send_signal(signal.SIGINT)
    code, text = person.ended(process)
    assert code == 130, text
    assert "KeyboardInterrupt" in out.read_text()
    assert person.servers == {}


@pytest.mark.slow
def test_what_a_killed_process_left_is_listed_and_stopped(
    person: Person, notebook: MakeNotebook, tmp_path: Path
) -> None:
    process = person.start("run", notebook(COUNTING), "--on", person.hub.url)
    out = tmp_path / "a.run.ipynb"
    assert person.shell.eventually(lambda: out.exists() and "1\n2\n" in person.shell.printed(out))
    process.kill()
    process.communicate()
    assert person.servers
    (listed,) = json.loads(person.run("sessions", "--json").out)["sessions"]
    assert listed["owner"] == "left behind"
    done = person.run("sessions", "stop", listed["id"])
    assert done.code == 0, done.err
    assert person.servers == {}
    assert json.loads(person.run("sessions", "--json").out)["sessions"] == []


@pytest.mark.slow
def test_a_server_that_dies_keeps_what_was_done(
    person: Person, notebook: MakeNotebook, tmp_path: Path
) -> None:
    process = person.start("run", notebook("print('first')", COUNTING), "--on", person.hub.url)
    out = tmp_path / "a.run.ipynb"
    assert person.shell.eventually(lambda: out.exists() and "1\n2\n" in person.shell.printed(out))
    person.hub.kill_server(person.name)
    code, text = person.ended(process)
    assert code in {30, 43}, text
    assert "first\n0\n1\n" in person.shell.printed(out)
    assert str(out) in text.replace("\n", "")


@pytest.mark.slow
def test_files_beside_it_go_along_and_results_come_back(
    person: Person, notebook: MakeNotebook, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("1,2\n")
    (tmp_path / "helper.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "private.txt").write_text("nobody's business")
    source = notebook(
        "import helper, os\nprint(open('data/x.csv').read(), helper.double(21), os.listdir('.'))",
        "os.makedirs('figures'); open('figures/a.txt', 'w').write('drawn')",
    )
    done = person.run("run", source, "--on", person.hub.url, "--get", "figures/*")
    assert done.code == 0, done.err
    printed = person.shell.printed(tmp_path / "a.run.ipynb")
    assert printed.startswith("1,2\n 42")
    assert "private.txt" not in printed
    assert (tmp_path / "figures" / "a.txt").read_text() == "drawn"
    # What was sent is gone, what the run wrote is not.
    (folder,) = person.hub.home(person.name).glob("[!.]*")
    assert {path.name for path in folder.glob("[!._]*")} == {"figures"}
    assert folder.name in done.err


@pytest.mark.slow
def test_only_what_is_named_goes_along(
    person: Person, notebook: MakeNotebook, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("a")
    (tmp_path / "b.csv").write_text("b")
    source = notebook("import os\nprint(sorted(os.listdir('.')), 'a.csv')")
    assert person.run("run", source, "--on", person.hub.url, "--with", "b*").code == 0
    assert person.shell.printed(tmp_path / "a.run.ipynb").startswith("['a.ipynb', 'b.csv']")
    missing = person.run("run", source, "--on", person.hub.url, "--with", "c*")
    assert missing.code != 0
    assert "c*" in missing.err
    assert person.servers == {}


@pytest.mark.slow
def test_a_server_that_ran_before_runs_on(
    person: Person, notebook: MakeNotebook, tmp_path: Path
) -> None:
    person.hub.start_server(person.name)
    done = person.run("run", notebook("print(1)"), "--on", person.hub.url)
    assert done.code == 0, done.err
    assert person.shell.printed(tmp_path / "a.run.ipynb") == "1\n"
    assert person.servers[""]["ready"]
    assert (
        person.run("run", notebook("print(2)"), "--on", person.hub.url, "--server", "b").code == 0
    )
    assert set(person.servers) == {""}


@pytest.mark.slow
def test_several_notebooks_share_a_server(
    person: Person, notebook: MakeNotebook, tmp_path: Path
) -> None:
    names = [f"n{n}.ipynb" for n in range(4)]
    for n, name in enumerate(names):
        notebook("1/0" if n == 2 else f"print({n} * 10)", name=name)
    (tmp_path / "results").mkdir()
    done = person.run("run", *names, "--on", person.hub.url, "-o", "results/", "--json")
    assert done.code == 41, done.err
    answer = json.loads(done.out)
    assert (answer["done"], answer["failed"]) == (3, 1)
    assert answer["notebooks"][2]["error"]["code"] == "cell-failed"
    assert person.shell.printed(tmp_path / "results" / "n3.ipynb") == "30\n"
    assert person.hub.log.count(f"User {person.name} took") == 1
    assert person.servers == {}


def test_without_a_token_it_says_where_one_comes_from(
    hub: Hub, shell: Shell, notebook: Any
) -> None:
    done = shell.run("run", notebook("1"), "--on", hub.url)
    assert done.code == 21, done.err
    assert "hub/token" in done.err
    assert "binderclip token add" in done.err


@pytest.mark.slow
def test_a_token_that_is_wrong(hub: Hub, shell: Shell, notebook: Any) -> None:
    shell.environ["BINDERCLIP_TOKEN"] = "wrong-but-secret"
    done = shell.run("run", notebook("1"), "--on", hub.url)
    assert done.code in {20, 21}, done.err
    assert "token" in done.err
    assert "wrong-but-secret" not in done.err


@pytest.mark.slow
def test_env_lends_a_session_to_a_command(person: Person, notebook: Any) -> None:
    code = (
        "import os, urllib.request as u\n"
        "r = u.Request(os.environ['JUPYTER_BASE_URL'] + 'api/status', headers="
        "{'Authorization': 'token ' + os.environ['JUPYTER_TOKEN']})\n"
        "print(u.build_opener(u.ProxyHandler({})).open(r).status)\nraise SystemExit(7)"
    )
    done = person.shell.run(
        "env", notebook("1"), "--on", person.hub.url, "--", "python3", "-c", code
    )
    assert (done.code, done.out) == (7, "200\n"), done.err
    assert person.servers == {}


@pytest.mark.slow
def test_env_leaves_a_session_until_it_is_stopped(person: Person, notebook: Any) -> None:
    done = person.shell.run("env", notebook("1"), "--on", person.hub.url)
    assert done.code == 0, done.err
    shown = subprocess.run(
        ["sh", "-c", f"{done.out}\nprintenv JUPYTER_BASE_URL JUPYTER_TOKEN"],
        capture_output=True,
        text=True,
        check=True,
    )
    url, token = shown.stdout.split()
    assert url.startswith(person.hub.url)
    assert token != person.token  # one that opens this server alone
    assert request(f"{url}api/status", token)
    assert person.servers[""]["ready"]
    (listed,) = json.loads(person.run("sessions", "--json").out)["sessions"]
    assert listed["owner"] == "kept"
    assert person.run("sessions", "stop", listed["id"]).code == 0
    assert person.servers == {}


def request(url: str, token: str, method: str = "GET", body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"token {token}"}
    asked = urllib.request.Request(url, data=data, method=method, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(asked, timeout=60) as answer:
        return answer.read()


@pytest.mark.slow
@pytest.mark.parametrize(("ui", "page"), [(None, "lab/tree/"), ("notebook", "notebooks/")])
def test_open_uploads_shows_and_brings_edits_back(
    *, lab_hub: Hub, shell: Shell, notebook: MakeNotebook, tmp_path: Path, ui: str, page: str
) -> None:
    person = Person(lab_hub, shell)
    words = ["--ui", ui] if ui else []
    source = notebook("1 + 1", name="my analysis.ipynb")
    process = person.start("open", source, "--on", lab_hub.url, "--no-browser", *words)
    assert process.stdout is not None
    address = process.stdout.readline().decode().strip()
    assert page in address
    assert "token" not in address  # hubs let people log in
    assert b"<html" in request(address, person.token).lower()
    base, _, path = address.partition(page)
    place = f"{base}api/contents/{path}"
    model = json.loads(request(place, person.token))
    model["content"]["cells"][0]["source"] = "edited"
    body = {"type": "notebook", "format": "json", "content": model["content"]}
    request(place, person.token, "PUT", body)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err.decode()
    edited = json.loads((tmp_path / "my analysis.edited.ipynb").read_text())
    assert "".join(edited["cells"][0]["source"]) == "edited"
    assert json.loads(source.read_text())["cells"][0]["source"] == "1 + 1"
    assert person.servers == {}
    assert person.token not in err.decode()


@pytest.mark.slow
def test_a_hub_in_the_configuration_goes_by_its_name(
    person: Person, notebook: MakeNotebook, tmp_path: Path
) -> None:
    folder = tmp_path / ".config"
    folder.mkdir()
    (folder / "config.toml").write_text(
        f'[hubs.ours]\nurl = "{person.hub.url}"\nkind = "jupyterhub"\ntoken_env = "OURS"\n'
    )
    person.shell.environ["OURS"] = person.shell.environ.pop("BINDERCLIP_TOKEN")
    done = person.run("run", notebook("print(1)"), "--on", "ours", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["on"] == "jupyterhub"
    wrong = person.run("run", notebook("print(1)"), "--on", "outs")
    assert wrong.code == 2
    assert "'ours'" in wrong.err


@pytest.mark.slow
def test_auto_passes_over_what_does_not_answer(
    shell: Shell, notebook: MakeNotebook, tmp_path: Path
) -> None:
    binder = {
        "version": 1,
        "host": "http://127.0.0.1:9",
        "files": {"requirements.txt": ["cowsay==6.1\n"]},
    }
    done = shell.run("run", notebook("print(1)", binder=binder), "--on", "auto", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["on"] == "local"
    assert shell.printed(tmp_path / "a.run.ipynb") == "1\n"
