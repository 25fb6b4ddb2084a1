"""``binderclip publish-env``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from tests.envrepo.conftest import git
from tests.registries.conftest import serve as serve_site

if TYPE_CHECKING:
    from tests.cli.conftest import Done
    from tests.local.conftest import Origin, Served

Run: TypeAlias = Callable[..., "Done"]
Make: TypeAlias = Callable[..., Path]
Serve: TypeAlias = Callable[..., AbstractContextManager["Served"]]

FILES = {"version": 1, "files": {"requirements.txt": ["numpy\n"]}}
site = serve_site


@pytest.fixture
def web(origin: Origin, serve: Serve) -> Iterator[Served]:
    git(origin.path, "config", "http.receivepack", "true")
    with serve(origin.path.parent) as server:
        yield server


def test_pushed_told_and_not_pushed_again(run: Run, notebook: Make, web: Served) -> None:
    path = notebook(binder={**FILES, "host": ["http://127.0.0.1:1/hub/", "https://b.example.org"]})
    before = path.read_bytes()
    done = run("publish-env", path, "--to", f"{web.url}/origin.git")
    assert done.code == 0, done.err
    first, listed, told, *links = done.out.splitlines()
    commit = first.split("commit ")[1].split(",")[0]
    assert first.endswith(", built by python")
    assert listed == "    100644 requirements.txt, 6 B"
    assert told.startswith(f"✓ pushed to {web.url}/origin.git, binderclip/")
    quoted = f"{web.url}/origin.git".replace(":", "%3A").replace("/", "%2F")
    # This machine is nothing to a hub elsewhere.
    assert links == [f"http://127.0.0.1:1/hub/v2/git/{quoted}/{commit}"]
    assert "the notebook is not in it: upload it" in done.err
    again = run("publish-env", path, "--to", f"{web.url}/origin.git")
    assert again.code == 0
    assert "has it already: nothing to push" in again.out
    assert again.out.splitlines()[-1] == links[0]
    assert path.read_bytes() == before


def test_for_machines(run: Run, notebook: Make, origin: Origin) -> None:
    path = notebook(binder={**FILES, "host": "https://b.example.org"})
    words = ("publish-env", path, "--json", "--to")
    answer = run(*words, "git@github.com:o/r.git", "--dry-run").answer
    assert answer["state"] == "not pushed"
    assert answer["files"] == [{"path": "requirements.txt", "mode": "100644", "size_bytes": 6}]
    assert answer["links"] == [
        {
            "host": "https://b.example.org",
            "url": f"https://b.example.org/v2/gh/o/r/{answer['commit']}",
        }
    ]
    assert answer["branch"] == f"binderclip/{answer['key'][:12]}"
    done = run(*words, origin.path)
    assert (done.code, done.err, done.answer["state"]) == (0, "", "pushed")
    assert "is on no web address that a hub could fetch" in "\n".join(done.answer["notes"])
    assert run(*words, origin.path).answer["state"] == "there"
    refused = run(*words, origin.path, "--branch", "a b")
    assert refused.code == 12
    assert refused.answer["error"]["code"] == "spec"


def test_without_pushing(run: Run, notebook: Make, origin: Origin) -> None:
    path = notebook(binder=FILES)
    done = run("publish-env", path, "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert "commit " in done.out
    run("publish-env", path, "--dry-run", "--to", origin.path)
    assert git(origin.path, "for-each-ref") == ""
    assert run("publish-env", path).code == 2


def test_hosts_of_one_s_own_and_mybinder(run: Run, notebook: Make) -> None:
    words = ("publish-env", notebook(binder=FILES), "--dry-run", "--to", "o/r")
    assert "\nhttps://mybinder.org/v2/gh/o/r/" in run(*words).out
    done = run(*words, "--host", "a.example.org", "--host", "https://b.example.org/x")
    assert "\nhttps://a.example.org/v2/gh/o/r/" in done.out
    assert "\nhttps://b.example.org/x/v2/gh/o/r/" in done.out
    assert "the links work once it is" in done.err


def test_a_repository_alone(run: Run, notebook: Make) -> None:
    build = {"host": "https://github.com", "path": "o/r", "ref": "main"}
    path = notebook(binder={"version": 1, "build": build})
    done = run("publish-env", path, "--to", "me/envs")
    assert done.code == 0
    assert "its environment is a repository already: nothing to push" in done.out
    assert done.out.endswith("https://mybinder.org/v2/gh/o/r/main\n")
    answer = run("publish-env", path, "--to", "me/envs", "--json").answer
    assert (answer["state"], answer["commit"]) == ("not needed", None)


def test_an_image_alone_or_before_a_repository(run: Run, notebook: Make) -> None:
    image = {"host": "https://quay.io", "path": "o/i", "hash": f"sha256:{'1' * 64}"}
    build = {"host": "https://github.com", "path": "o/r"}
    path = notebook(binder={"version": 1, "image": image, "build": build})
    assert "100644 Dockerfile, " in run("publish-env", path, "--dry-run").out
    done = run("publish-env", path, "--dry-run", "--prefer", "build")
    assert "a repository already" in done.out


def test_a_repository_with_files_over_it(
    run: Run, notebook: Make, web: Served, make_origin: Callable[..., Origin]
) -> None:
    theirs = make_origin("theirs")
    theirs.commit({"binder/environment.yml": "dependencies: [pip]\n", "x": Path("/etc/passwd")})
    build = {"host": web.url, "path": "theirs.git"}
    path = notebook(binder={"version": 1, "build": build, "files": {"apt.txt": "git\n"}})
    done = run("publish-env", path, "--to", f"{web.url}/origin.git")
    assert done.code == 0, done.err
    assert "built by conda" in done.out
    assert "    100644 binder/apt.txt, 4 B\n" in done.out
    assert "left out x (a link that leads out of the repository)" in done.err


def test_private_repositories_stay_where_they_are(
    run: Run, notebook: Make, web: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only the person's word has git use their login for what a notebook names."""
    asked = tmp_path / "asked"
    helper = f"!f() {{ touch '{asked}'; echo username=ada; echo password=sekrit; }}; f"
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[credential]\n\thelper = "{helper}"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    build = {"host": web.url, "path": "private.git"}
    path = notebook(binder={"version": 1, "build": build, "files": {"apt.txt": "git\n"}})
    words = ("publish-env", path, "--to", f"{web.url}/origin.git")
    done = run(*words)
    assert done.code == 17
    assert "private" in done.err
    assert not asked.exists()
    assert run(*words, "--trust").code == 17
    assert asked.exists()


def test_from_an_address_without_a_question(
    run: Run, notebook: Make, origin: Origin, site: Callable[..., str]
) -> None:
    data = notebook(binder=FILES).read_bytes()

    def answer(_: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Type": "application/json"}, data

    done = run("publish-env", f"{site(answer)}/a.ipynb", "--to", origin.path)
    assert done.code == 0, done.err
    assert "pushed to" in done.out


@pytest.mark.parametrize(
    ("binder", "refused"),
    [
        (False, (21, "opts out")),
        (None, (21, "names no environment")),
        ({"version": 1, "host": "https://b.example.org"}, (21, "names no environment")),
        ({"version": 1, "files": {".git/config": "x"}}, (12, "binder.files")),
        ({"version": 1, "files": {".gitmodules": "x"}}, (12, "binder.files")),
        ({"version": 1, "files": {"git~1/config": "x"}}, (21, "a '.git' in the name")),
    ],
)
def test_what_cannot_be_published(
    run: Run, notebook: Make, origin: Origin, binder: Any, refused: tuple[int, str]
) -> None:
    path = notebook(binder=binder) if binder is not None else notebook()
    done = run("publish-env", path, "--to", origin.path)
    assert done.code == refused[0], done.out + done.err
    assert refused[1] in done.err
    assert git(origin.path, "for-each-ref") == ""


def test_names_of_files_do_not_reach_the_terminal(run: Run, notebook: Make) -> None:
    path = notebook(binder={"version": 1, "files": {"caf\u00e9 \u00ad.txt": "x"}})
    done = run("publish-env", path, "--dry-run")
    assert "\u00ad" not in done.out + done.err
    assert json.loads(path.read_text())["metadata"]["binder"]["files"]
