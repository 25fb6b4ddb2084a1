"""``binderclip link``: which links, in which form, and what is said where there is none."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import MakeNotebook, Run

BUILD = {"host": "https://github.com", "path": "o/r", "ref": "main"}
HEAVY = ["httpx", "jupyter_client", "nbformat", "nbclient", "rich", "jsonschema"]
OWN = "https://mybinder.org/v2/gh/o/r/main?labpath=a.ipynb\n"


@pytest.fixture(autouse=True)
def _no_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


def binder(**keys: Any) -> dict[str, Any]:
    return {"version": 1, **keys}


def test_one_line_and_nothing_else(run: Run, notebook: MakeNotebook) -> None:
    done = run("link", notebook(binder=binder(build=BUILD)), "--repo", "o/r")
    assert (done.code, done.out, done.err) == (0, OWN, "")


def test_hosts_in_order_and_instead(run: Run, notebook: MakeNotebook) -> None:
    hosts = ["https://hub.example.org/pre/", "https://mybinder.org"]
    path = notebook(binder=binder(build=BUILD, host=hosts))
    done = run("link", path, "--repo", "o/r")
    assert [line.partition("/v2/")[0] for line in done.out.splitlines()] == [
        "https://hub.example.org/pre",
        "https://mybinder.org",
    ]
    assert run("link", path, "--repo", "o/r", "--first").out.count("\n") == 1
    done = run("link", path, "--repo", "o/r", "--host", "other.example.org/x")
    assert done.out.startswith("https://other.example.org/x/v2/gh/")


def test_hosts_and_hubs_of_the_configuration(
    run: Run, notebook: MakeNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "config.toml").write_text(
        'hosts = ["https://binder.corp.example"]\n'
        '[hubs.class]\nurl = "https://hub.corp.example/jupyter"\nkind = "jupyterhub"\n'
    )
    monkeypatch.setenv("BINDERCLIP_CONFIG", str(folder))
    path = notebook(binder=binder(build=BUILD))
    done = run("link", path, "--repo", "o/r", "--hub", "class")
    first, second = done.out.splitlines()
    assert first.startswith("https://binder.corp.example/v2/gh/o/r/main?")
    assert second.startswith("https://hub.corp.example/jupyter/hub/user-redirect/git-pull?repo=")


def test_a_file_in_a_checkout(run: Run, notebook: MakeNotebook, tmp_path: Path) -> None:
    path = notebook("sub/a.ipynb", binder=binder(build={**BUILD, "path": "o/env"}))
    subprocess.run(["git", "init", "-q", "-b", "dev", tmp_path], check=True)
    origin = ["remote", "add", "origin", "https://ada:sekrit@gitlab.com/g/p.git"]
    subprocess.run(["git", "-C", tmp_path, *origin], check=True)
    done = run("link", path, "--json")
    assert "sekrit" not in done.out
    answer = done.answer
    where = {"repository": "https://gitlab.com/g/p", "ref": "dev", "hash": None}
    assert answer["place"].items() >= {**where, "path": "sub/a.ipynb"}.items()
    assert answer["nowhere"] is None
    (link,) = answer["links"]
    assert link["kind"] == "binder-pull"
    assert "urlpath=git-pull%3Frepo%3Dhttps%253A%252F%252Fgitlab.com%252Fg%252Fp" in link["url"]
    assert [note for note in link["notes"] if "nbgitpuller" in note]
    assert [note for note in link["notes"] if "not committed" in note]
    assert answer["refused"][0]["kind"] == "binder"
    told = run("link", path)
    assert told.out == link["url"] + "\n"
    assert "nbgitpuller" in told.err


def test_in_each_form(run: Run, notebook: MakeNotebook) -> None:
    path = notebook(binder=binder(build=BUILD))
    words = ("link", path, "--repo", "o/r")
    answer = run(*words, "--as", "json").answer
    assert answer == run(*words, "--json").answer
    for form in ("markdown", "html", "rst"):
        done = run(*words, "--as", form)
        assert done.out == answer["links"][0][form] + "\n"
        assert "https://mybinder.org/badge_logo.svg" in done.out
        assert "pic.svg" in run(*words, "--as", form, "--badge", "pic.svg").out


def test_where_it_is_can_be_said(run: Run, notebook: MakeNotebook) -> None:
    path = notebook()
    done = run("link", path, "--repo", "gl:g/p", "--ref", "feature/x", "--path", "./d/x y.ipynb")
    assert done.out == "https://mybinder.org/v2/gl/g%2Fp/feature/x?labpath=d/x%20y.ipynb\n"
    done = run("link", "-", "--repo", "o/r", "--path", "a.ipynb", typed=path.read_text())
    assert done.out == OWN.replace("main", "HEAD")


def test_another_page(run: Run, notebook: MakeNotebook) -> None:
    path = notebook(binder=binder(build=BUILD))
    done = run("link", path, "--repo", "o/r", "--ui", "notebook")
    assert done.out == OWN.replace("labpath=", "urlpath=notebooks/")


def test_what_was_frozen_and_the_latest(run: Run, notebook: MakeNotebook) -> None:
    path = notebook(binder=binder(build={**BUILD, "hash": "a" * 40}))
    done = run("link", path, "--repo", "o/r", "--ref", "main")
    assert f"/gh/o/r/{'a' * 40}?" in done.out
    assert "the notebook opens as it is at aaaaaaaaaaaa, not at main" in done.err
    done = run("link", path, "--repo", "o/r", "--ref", "main", "--latest")
    assert (done.out, done.err) == (OWN, "")


@pytest.mark.parametrize(
    ("metadata", "why", "what_to_do"),
    [
        (None, "names no environment", "set --build"),
        (binder(files={"requirements.txt": "numpy"}), "carries files", "publish-env"),
        (
            binder(build=BUILD, files={"apt.txt": "x"}),
            "carries files of its environment itself (apt.txt)",
            "publish-env",
        ),
        (binder(image={"host": "https://quay.io", "path": "o/i"}), "an image alone", "publish-env"),
    ],
)
def test_no_link_can_be_made(
    run: Run, notebook: MakeNotebook, metadata: Any, why: str, what_to_do: str
) -> None:
    path = notebook(**({"binder": metadata} if metadata else {}))
    done = run("link", path)
    assert (done.code, done.out) == (21, "")
    assert why in done.err
    assert what_to_do in done.err
    done = run("link", path, "--json")
    assert done.answer["error"]["code"] == "refused"


def test_a_notebook_nowhere(run: Run, notebook: MakeNotebook) -> None:
    done = run("link", notebook())
    assert "in no git checkout" in done.err
    assert "--repo" in done.err
    path = notebook(binder=binder(build=BUILD))
    done = run("link", path)
    assert done.out == "https://mybinder.org/v2/gh/o/r/main\n"
    assert "upload it" in done.err
    done = run("link", path, "--kind", "hub-file", "--hub", "hub.example.org")
    assert done.out == "https://hub.example.org/hub/user-redirect/lab/tree/a.ipynb\n"
    assert run("link", path, "--kind", "hub-pull").code == 21


HUBS = """
[hubs.class]
url = "https://hub.corp.example/jupyter/"
open = true
[hubs.plain]
url = "https://plain.corp.example"
[hubs.mine]
url = "http://localhost:8888/x"
kind = "server"
[hubs.binder]
url = "https://binder.corp.example"
kind = "binderhub"
open = true
"""
PULL = "/hub/user-redirect/git-pull?repo="
PAGE = "https%3A%2F%2Fgithub.com%2Fo%2Fr%2Fblob%2FHEAD%2Fa.ipynb"
SIGNED = "https://files.example.org/a.ipynb?sig=sekrit"


@pytest.fixture
def _hubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "config.toml").write_text(HUBS)
    monkeypatch.setenv("BINDERCLIP_CONFIG", str(tmp_path / "settings"))


@pytest.mark.usefixtures("_hubs")
def test_a_hub_that_opens_addresses(run: Run, notebook: MakeNotebook) -> None:
    words = ("link", notebook(), "--repo", "o/r", "--kind", "hub-open", "--kind", "hub-pull")
    base = "https://hub.corp.example/jupyter/hub/user-redirect/binderclip/open?url="
    for hub in ("class", "https://HUB.corp.example/jupyter", "hub.corp.example/jupyter/hub/home"):
        done = run(*words, "--hub", hub)
        first, second = done.out.splitlines()
        assert first.lower() == f"{base}{PAGE}".lower()
        assert PULL in second
        assert "binderclip's extension" not in done.err
    done = run("link", words[1], "--repo", "o/r", "--hub", "class", "--hub", "plain", "--json")
    found = [(link["kind"], link["host"]) for link in done.answer["links"]]
    assert found == [
        ("hub-open", "https://hub.corp.example/jupyter/"),
        ("hub-pull", "https://hub.corp.example/jupyter/"),
        ("hub-pull", "https://plain.corp.example/"),
        ("binder-content", "https://mybinder.org"),
    ]
    assert "fetched into your server" in done.answer["links"][0]["what"]


@pytest.mark.usefixtures("_hubs")
def test_open_is_short_for_the_kind(run: Run, notebook: MakeNotebook) -> None:
    path = notebook(binder=binder(build={**BUILD, "path": "o/env"}))
    words = ("link", path, "--repo", "o/r", "--open")
    done = run(*words, "--hub", "plain", "--ui", "notebook")
    start = "https://plain.corp.example/hub/user-redirect/binderclip/open?url="
    assert done.out == f"{start}{PAGE}&app=notebook\n"
    assert run(*words, "--hub", "plain", "--ui", "lab").out == f"{start}{PAGE}&app=lab\n"
    assert run(*words, "--hub", "plain").out == f"{start}{PAGE}\n"
    assert "the hub's servers have to have binderclip's extension" in done.err
    done = run(*words)
    assert done.out.startswith("https://mybinder.org/v2/gh/o/env/main?urlpath=binderclip/open%3F")
    assert "the environment has to contain binderclip's extension" in done.err
    done = run(*words, "--host", "binder.corp.example")
    assert done.out.startswith("https://binder.corp.example/v2/gh/o/env/main?urlpath=binderclip/")
    assert done.err == ""
    done = run("link", path, "--repo", "o/r", "--hub", "mine")
    assert done.out.splitlines()[1] == f"http://localhost:8888/x/binderclip/open?url={PAGE}"


@pytest.mark.usefixtures("_hubs")
def test_a_binderhub_is_no_jupyterhub(run: Run, notebook: MakeNotebook) -> None:
    done = run("link", notebook(), "--hub", "binder")
    assert done.code == 12
    assert "--host https://binder.corp.example/" in done.err


def test_an_address_that_is_stated(run: Run, notebook: MakeNotebook) -> None:
    path = notebook(binder=binder(build=BUILD))
    done = run("link", path, "--hub", "hub.example.org", "--url", SIGNED)
    first, second = done.out.splitlines()
    assert first.startswith("https://mybinder.org/v2/gh/o/r/main?urlpath=binderclip/open%3Furl%3D")
    assert second == (
        "https://hub.example.org/hub/user-redirect/binderclip/open"
        "?url=https%3A%2F%2Ffiles.example.org%2Fa.ipynb%3Fsig%3Dsekrit"
    )
    assert "whoever sees the link has it too" in done.err
    assert "sekrit" not in done.err


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://ada:sekrit@example.org/a.ipynb", "--url: found a user or password"),
        ("https://github.com/o/r", "--url: https://github.com/o/r is a repository"),
        ("a.ipynb", "--url: found a file of this machine"),
        ("-", "--url: found a file of this machine"),
        ("example.org/b.ipynb", "write https://example.org/b.ipynb"),
    ],
)
def test_an_address_that_leads_nowhere(
    run: Run, notebook: MakeNotebook, address: str, why: str
) -> None:
    done = run("link", notebook(), "--url", address)
    assert (done.code, done.out) == (14, "")
    assert why in done.err
    assert "sekrit" not in done.err


def test_what_a_hub_filled_in(run: Run, notebook: MakeNotebook) -> None:
    """Lying about, in no repository, without a word of configuration."""
    image = {"host": "https://quay.io", "path": "o/image", "ref": "1"}
    pinned = {**BUILD, "hash": "a" * 40}
    done = run("link", notebook(binder=binder(image=image, build=pinned, auto=True)))
    assert done.out == f"https://mybinder.org/v2/gh/o/r/{'a' * 40}\n"
    for words in (
        "the notebook is not in it: upload it there",
        "for a link that opens it, push it to a repository, or say with --repo and --path",
        "the image that the notebook names is not used",
        "no BinderHub was named: this one has to be able to get https://github.com/o/r",
    ):
        assert words in done.err
    done = run("link", notebook(binder=binder(image=image, auto=True)))
    assert done.code == 21
    assert "name with --hub a JupyterHub that has the image" in done.err


def test_an_opt_out_is_no_environment(run: Run, notebook: MakeNotebook) -> None:
    done = run("link", notebook(binder=False), "--repo", "o/r")
    assert done.out == OWN.replace("main", "HEAD")


@pytest.mark.parametrize(
    "words",
    [
        ("--host", "https://ada:sekrit@hub.example.org"),
        ("--hub", "https://hub.example.org/?token=sekrit"),
        ("--repo", "https://ada:sekrit@github.com/o/r"),
        ("--path", "../sekrit", "--repo", "o/r"),
        ("--host", "ftp://hub.example.org"),
    ],
)
def test_what_is_refused(run: Run, notebook: MakeNotebook, words: tuple[str, ...]) -> None:
    done = run("link", notebook(binder=binder(build=BUILD)), *words)
    assert done.code == 12
    assert "ada:sekrit" not in done.err
    assert "token=sekrit" not in done.err


def test_a_hostile_notebook_breaks_out_of_nothing(run: Run, notebook: MakeNotebook) -> None:
    path = notebook('"><script>`](x)\n.ipynb', binder=binder(build=BUILD))
    for form in ("markdown", "html"):
        out = run("link", path, "--repo", "o/r", "--as", form).out
        assert "<script>" not in out
        assert out.count("\n") == 1
    assert run("link", path, "--repo", "o/r").out.count("\n") == 1


def test_a_terminal_is_told_what_each_does(notebook: MakeNotebook, tmp_path: Path) -> None:
    """A real pseudo-terminal."""
    path = notebook(binder=binder(build={**BUILD, "path": "o/env"}))
    code = (
        "from binderclip.cli import main\n"
        f"main(['link', {str(path)!r}, '--repo', 'o/r', '--hub', 'hub.example.org'])\n"
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=theirs, stdin=theirs, cwd=tmp_path
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait() == 0
    text = shown.decode().replace("\r\n", "\n")
    assert "mybinder.org: the environment, and github.com/o/r pulled into it" in text
    assert "hub.example.org: github.com/o/r pulled into your server there" in text
    assert "the environment has to contain nbgitpuller" in text
    assert len([line for line in text.split("\n") if line.startswith("https://")]) == 2


def test_a_link_loads_no_network(notebook: MakeNotebook, tmp_path: Path) -> None:
    """Start-up is a feature: nothing of HTTP, and no Jupyter."""
    path = notebook(binder=binder(build=BUILD))
    code = (
        "import sys, json\n"
        "from binderclip.cli import main\n"
        "try:\n"
        f"    main(['link', {str(path)!r}, '--repo', 'o/r'])\n"
        "except SystemExit:\n"
        f"    print(json.dumps([name for name in {HEAVY} if name in sys.modules]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
