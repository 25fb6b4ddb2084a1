"""Environments by the address of a notebook."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from tests.gateway.rig import running, settings_for
from tests.gateway.rig_envs import git, notebook, published, served, whole
from tests.local.conftest import make_origin, serve  # noqa: F401 - pytest looks for them

from binderclip.flow.bringing import UNUSED_S
from binderclip.gateway.envs.remembered import FRESH_S, Base, Built, Remembered
from binderclip.gateway.settings.model import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.conftest import Origin, Served

FILES = {"requirements.txt": ["numpy\n"], "postBuild": "#!/bin/sh\n"}


@dataclass
class Around:
    """A gateway at ``url`` and a web of notebooks at ``web``; both addresses end in ``/``."""

    url: str
    web: str
    folder: Path
    storage: Path

    def put(self, binder: object, name: str = "x.ipynb") -> str:
        """The path, below the gateway's address, of a notebook that says that."""
        notebook(self.folder, name, binder)
        return f"env/notebook/{quote(f'{self.web}{name}', safe='')}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        with httpx.Client(trust_env=False) as client:
            return client.get(f"{self.url}{path}", headers=headers, timeout=60)

    def said(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert isinstance(found, dict)
        return found


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Around]:
    monkeypatch.setenv("BINDERCLIP_CACHE", str(tmp_path / "cache"))
    web = tmp_path / "web"
    web.mkdir()
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    settings = settings_for(
        tmp_path, public_url=url, tokens={"hub": "of a hub"}, limits=Limits(launches="12/hour")
    )
    with published(web) as address, served(whole(settings), listening):
        yield Around(url, address, web, settings.storage)


def test_what_it_is_now(around: Around, tmp_path: Path) -> None:
    path = around.put({"version": 1, "files": FILES})
    said = around.said(path)
    key = re.fullmatch(rf"{re.escape(around.url)}env/([0-9a-f]{{64}})\.git", said["repository"])
    assert key
    assert said["own"] is True
    assert said["origin"] == f"{around.web}x.ipynb"
    assert (said["provider"], said["spec"]) == (
        "git",
        f"{quote(said['repository'], safe='')}/{said['commit']}",
    )
    # As builders do it: by an address that was known before anything else was.
    git(tmp_path, "clone", "--quiet", "--no-checkout", f"{around.url}{path}.git", "clone")
    git(tmp_path / "clone", "reset", "--quiet", "--hard", said["commit"])
    git(tmp_path / "clone", "submodule", "update", "--init", "--recursive")
    assert (tmp_path / "clone" / "requirements.txt").read_text() == "numpy\n"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"{around.url}{path}.git", "shallow")
    assert git(tmp_path / "shallow", "rev-parse", "HEAD") == said["commit"]


def test_in_base64url(around: Around, tmp_path: Path) -> None:
    around.put({"version": 1, "files": FILES})
    coded = urlsafe_b64encode(f"{around.web}x.ipynb".encode()).decode().rstrip("=")
    said = around.said(f"env/of/{coded}")
    git(tmp_path, "clone", "--quiet", f"{around.url}env/of/{coded}.git", "clone")
    assert git(tmp_path / "clone", "rev-parse", "HEAD") == said["commit"]
    pinned = f"{around.url}env/of/{coded}/{said['commit']}.git"
    assert git(tmp_path, "ls-remote", pinned, "HEAD").split()[0] == said["commit"]
    for wrong in (f"{coded}=", f"{coded}!", "%41", "_w", "A", f"{coded}/{coded}"):
        assert around.get(f"env/of/{wrong}").status_code in {404, 422}


def test_the_same_environment_is_the_same_repository(around: Around) -> None:
    one = around.said(around.put({"version": 1, "files": FILES}, "one.ipynb"))
    other = around.said(
        around.put({"files": {**FILES, "postBuild": ["#!/bin/sh\n"]}, "version": 1})
    )
    assert one["repository"] == other["repository"]
    assert one["commit"] == other["commit"]


def test_earlier_commits_stay(around: Around, tmp_path: Path) -> None:
    path = around.put({"version": 1, "files": FILES})
    before = around.said(path)
    around.put({"version": 1, "files": {"requirements.txt": "scipy\n"}})
    # What was resolved is what the builder gets, who asks a moment later.
    found = git(tmp_path, "ls-remote", f"{around.url}{path}.git", "HEAD")
    assert found.split()[0] == before["commit"]
    after = around.said(path)
    assert after["commit"] != before["commit"]
    found = git(tmp_path, "ls-remote", f"{around.url}{path}.git", "HEAD")
    assert found.split()[0] == after["commit"]
    pinned = f"{path}/{before['commit']}"
    assert around.said(pinned)["repository"] == before["repository"]
    git(tmp_path, "clone", "--quiet", f"{around.url}{pinned}.git", "clone")
    assert git(tmp_path / "clone", "rev-parse", "HEAD") == before["commit"]


def test_an_earlier_commit_that_is_kept_no_more(around: Around, tmp_path: Path) -> None:
    path = around.put({"version": 1, "files": FILES})
    said = around.said(path)
    for pack in (around.storage / "envs").iterdir():
        pack.unlink()
    # The notebook still says the same, and so it is made once more.
    assert around.said(f"{path}/{said['commit']}")["repository"] == said["repository"]
    for pack in (around.storage / "envs").iterdir():
        pack.unlink()
    around.put({"version": 1, "files": {"requirements.txt": "scipy\n"}})
    answer = around.get(f"{path}/{said['commit']}")
    assert answer.status_code == 404
    assert "another environment in the notebook by now" in answer.json()["error"]["message"]
    complaint = git(tmp_path, "clone", f"{around.url}{path}/{said['commit']}.git", "into", ok=False)
    assert "not found" in complaint


def test_a_repository_as_it_is(
    around: Around,
    tmp_path: Path,
    make_origin: Callable[..., Origin],  # noqa: F811 - pytest's way
    serve: Callable[..., AbstractContextManager[Served]],  # noqa: F811 - as above
) -> None:
    """Git is led there, submodules, history and all; and nobody else is."""
    made = make_origin("plain")
    commit = made.commit({"environment.yml": "dependencies: [numpy]\n"})
    with serve(made.path.parent) as server:
        host = {"host": server.url, "path": "plain.git"}
        path = around.put({"version": 1, "build": host})
        said = around.said(path)
        assert said["own"] is False
        assert (said["commit"], said["repository"]) == (commit, f"{server.url}/plain.git")
        git(tmp_path, "clone", "--quiet", "--no-checkout", f"{around.url}{path}.git", "clone")
        git(tmp_path / "clone", "reset", "--quiet", "--hard", commit)
        pinned = f"{around.url}{path}/{commit}.git"
        git(tmp_path, "clone", "--quiet", pinned, "pinned")
        asked = f"{path}.git/info/refs?service=git-upload-pack"
        answer = around.get(asked, **{"User-Agent": "Mozilla/5.0"})
        assert answer.status_code == 403
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("binder", "status", "words"),
    [
        (None, 422, "names no environment"),
        ({"version": 1, "host": "https://mybinder.org"}, 422, "names no environment"),
        ({"version": 1, "files": {"../x": "y"}}, 422, "binder.files"),
        (
            {"version": 1, "build": {"host": "https://doi.org", "path": "10.5281/zenodo.32420"}},
            422,
            "a deposit",
        ),
        ({"version": 1, "build": {"host": "http://10.0.0.1", "path": "o/r"}}, 403, "public"),
    ],
)
def test_what_cannot_be_built(
    around: Around, tmp_path: Path, binder: object, status: int, words: str
) -> None:
    path = around.put(binder)
    answer = around.get(path)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]["message"]
    answer = around.get(f"{path}.git/info/refs?service=git-upload-pack")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert words in answer.text
    git(tmp_path, "clone", f"{around.url}{path}.git", "into", ok=False)


@pytest.mark.parametrize(
    "address",
    [
        "/etc/passwd", "file:///etc/passwd", "-", "http://10.0.0.1/x.ipynb", "x.ipynb",
        "http://169.254.169.254/latest/meta-data", "https://user:pass@example.org/x.ipynb",
        "http://[::ffff:10.0.0.1]/x.ipynb", "ssh://git@example.org/x", "ext::sh -c id",
    ],
)  # fmt: skip
def test_addresses_that_are_not_asked(around: Around, address: str) -> None:
    answer = around.get(f"env/notebook/{quote(address, safe='')}")
    assert answer.status_code in {403, 422}
    assert "pass" not in answer.text.replace("/etc/passwd", "").replace("password", "")


def test_other_services_and_methods(around: Around) -> None:
    path = around.put({"version": 1, "files": FILES})
    for query in ("", "?service=git-receive-pack"):
        assert around.get(f"{path}.git/info/refs{query}").status_code == 403
    with httpx.Client(trust_env=False) as client:
        for rest in ("", ".git/git-receive-pack", ".git/git-upload-pack"):
            assert client.post(f"{around.url}{path}{rest}").status_code == 405
    assert around.get("env/notebook/").status_code == 404


def test_strangers_are_counted(around: Around) -> None:
    path = around.put({"version": 1, "files": FILES})
    for _ in range(12):
        assert around.get(path).status_code == 200
    # It fetches what a launch does, and counts as one; a hub with a token of ours has its people.
    assert around.get(path, Authorization="Bearer of a hub").status_code == 200
    for rest in ("", f"/{'0' * 40}.git/info/refs?service=git-upload-pack"):
        answer = around.get(f"{path}{rest}")
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
    # What is known already is free.
    assert around.get(f"{path}.git/info/refs?service=git-upload-pack").status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        {"Origin": "https://evil.example.org"},
    ],
)
def test_no_page_elsewhere_makes_a_visitor_fetch(around: Around, headers: dict[str, str]) -> None:
    """Pictures and frames of any site fill the disk of whoever runs a gateway on a laptop."""
    path = around.put({"version": 1, "files": FILES})
    coded = urlsafe_b64encode(f"{around.web}x.ipynb".encode()).decode().rstrip("=")
    for one in (path, f"env/of/{coded}", f"{path}.git/info/refs?service=git-upload-pack"):
        answer = around.get(one, **headers)
        assert answer.status_code == 403, answer.text
        assert "another web site" in answer.text
    assert not list((around.storage / "envs").glob("*/*"))
    assert around.get(path, **{"Sec-Fetch-Site": "none"}).status_code == 200


def test_what_it_is_made_of(
    around: Around,
    make_origin: Callable[..., Origin],  # noqa: F811 - pytest's way
    serve: Callable[..., AbstractContextManager[Served]],  # noqa: F811 - as above
) -> None:
    """So that a hub can tell what it bans, also below a file that was laid over it."""
    make_origin("plain").commit({"environment.yml": "dependencies: [numpy]\n"})
    with serve(make_origin("plain").path.parent) as server:
        build = {"host": server.url, "path": "plain.git", "ref": "main"}
        path = around.put({"version": 1, "build": build, "files": FILES})
        said = around.said(path)
        assert (said["own"], said["image"]) == (True, None)
        spec = f"{quote(f'{server.url}/plain.git', safe='')}/main"
        assert said["on"] == {"provider": "git", "spec": spec}
        # Whoever names an earlier commit is told the same.
        assert around.said(f"{path}/{said['commit']}")["on"] == said["on"]
        as_it_is = around.said(around.put({"version": 1, "build": build}))
        assert (as_it_is["own"], as_it_is["on"], as_it_is["image"]) == (False, None, None)
    image = {"host": "https://quay.io", "path": "o/i", "hash": f"sha256:{'a' * 64}"}
    said = around.said(around.put({"version": 1, "image": image}))
    assert (said["own"], said["on"]) == (True, None)
    assert said["image"] == "https://quay.io/o/i"


def test_what_was_fetched_for_strangers_goes_again(
    around: Around,
    tmp_path: Path,
    make_origin: Callable[..., Origin],  # noqa: F811 - pytest's way
    serve: Callable[..., AbstractContextManager[Served]],  # noqa: F811 - as above
) -> None:
    """Nobody else prunes that part of the cache."""
    old = tmp_path / "cache" / "repositories" / "old"
    (old / f"{'a' * 40}.git").mkdir(parents=True)
    (tmp_path / "cache").chmod(0o700)
    then = time.time() - UNUSED_S - 1
    os.utime(old, (then, then))
    make_origin("plain").commit({"environment.yml": "dependencies: [numpy]\n"})
    with serve(make_origin("plain").path.parent) as server:
        build = {"host": server.url, "path": "plain.git", "ref": "main"}
        around.said(around.put({"version": 1, "build": build, "files": FILES}))
    assert not old.exists()


def test_in_the_whole_service_under_a_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINDERCLIP_CACHE", str(tmp_path / "cache"))
    (tmp_path / "web").mkdir()
    notebook(tmp_path / "web", "x.ipynb", {"version": 1, "files": FILES})
    settings = settings_for(tmp_path, public_url="http://gateway.test/deep/down/")
    with published(tmp_path / "web") as web, running(settings) as url:
        around = Around(url, web, tmp_path / "web", settings.storage)
        path = f"env/notebook/{quote(f'{web}x.ipynb', safe='')}"
        said = around.said(path)
        assert said["repository"].startswith(f"{url}env/")
        assert urlsplit(url).path == "/deep/down/"
        for number, named in enumerate((said["repository"], f"{url}{path}.git")):
            git(tmp_path, "clone", "--quiet", named, str(number))
            assert git(tmp_path / str(number), "rev-parse", "HEAD") == said["commit"]
        # By one address alone: by another it would be built once more.
        asked = f"{said['repository']}/info/refs?service=git-upload-pack"
        with httpx.Client(trust_env=False) as client:
            assert client.get(asked).status_code == 200
            other = client.get(asked, headers={"Host": "elsewhere.example.org"})
            assert other.status_code in {400, 421}
            # Nobody else's page has a browser fetch it.
            away = f"{said['repository']}/git-upload-pack"
            headers = {"Origin": "https://evil.example.org", "Sec-Fetch-Site": "cross-site"}
            assert client.post(away, content=b"0000", headers=headers).status_code == 403


class TestRemembered:
    ONE, OTHER = (Built(digit * 40, key=digit * 64) for digit in "12")

    def test_the_newest_and_those_before(self, tmp_path: Path) -> None:
        kept = Remembered(tmp_path / "deep" / "notebooks")
        assert kept.find("a") is None
        kept.add("a", self.ONE)
        kept.add("a", self.OTHER)
        assert kept.find("a") == self.OTHER
        assert kept.find("a", self.ONE.commit) == self.ONE
        assert kept.find("b") is None
        kept.add("a", self.ONE)
        again = Remembered(tmp_path / "deep" / "notebooks")
        assert again.find("a") == self.ONE
        assert again.find("a", self.OTHER.commit) == self.OTHER

    def test_what_it_was_made_of(self, tmp_path: Path) -> None:
        kept = Remembered(tmp_path)
        made = Built("3" * 40, key="3" * 64, on=Base("gh", "o/r/main"))
        kept.add("a", made)
        kept.add("a", Built("4" * 40, key="4" * 64, on=Base(image="https://quay.io/o/i")))
        assert kept.find("a", made.commit) == made
        assert kept.find("a") == Built("4" * 40, key="4" * 64, on=Base(image="https://quay.io/o/i"))

    def test_no_address_is_written_down(self, tmp_path: Path) -> None:
        kept = Remembered(tmp_path)
        kept.add("https://example.org/x.ipynb?sig=secret", self.ONE)
        (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
        assert "secret" not in f"{path}{path.read_text()}"
        assert path.stat().st_mode & 0o777 == 0o600

    def test_only_so_many(self, tmp_path: Path) -> None:
        kept = Remembered(tmp_path)
        for number in range(30):
            kept.add("a", Built(f"{number:040}", key="1" * 64))
        assert kept.find("a", f"{10:040}")
        assert kept.find("a", f"{9:040}") is None

    def test_the_newest_is_not_for_ever(self, tmp_path: Path) -> None:
        kept = Remembered(tmp_path)
        kept.add("a", self.ONE)
        (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
        lines = json.loads(path.read_text())
        lines[0]["at"] = time.time() - FRESH_S - 1
        path.write_text(json.dumps(lines))
        assert kept.find("a") is None
        assert kept.find("a", self.ONE.commit) == self.ONE

    @pytest.mark.parametrize(
        "line",
        [
            {"commit": "x", "at": 1e12}, {"commit": "1" * 40, "at": 1e12},
            {"commit": "1" * 40, "at": 1e12, "url": "file:///etc"},
            {"commit": "1" * 40, "at": 1e12, "key": "../.."}, [], "x", {"commit": 1}, None,
        ],
    )  # fmt: skip
    def test_what_was_damaged(self, tmp_path: Path, line: object) -> None:
        kept = Remembered(tmp_path)
        kept.add("a", self.ONE)
        (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
        path.write_text(json.dumps([line]))
        assert kept.find("a") is None
        assert kept.find("a", "1" * 40) is None

    def test_the_oldest_notebooks_go(self, tmp_path: Path) -> None:
        kept = Remembered(tmp_path)
        kept.add("a", self.ONE)
        (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
        for number in range(250):
            other = path.with_name(f"{number:062}.json")
            other.write_text("[]")
            os.utime(other, (number, number))
        os.utime(path, (300, 300))
        same = next(
            name for number in range(10_000)
            if kept._path(name := f"n{number}").parent == path.parent
        )  # fmt: skip
        kept.add(same, self.OTHER)
        assert len(list(path.parent.iterdir())) == 200
        assert kept.find("a", self.ONE.commit)
        assert kept.find(same)
