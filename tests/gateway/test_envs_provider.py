"""Notebooks by their addresses on a real BinderHub, whose repository provider asks a gateway."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.binderhub.rig import Kind, RealBinderHub, binderhub_python, started
from tests.gateway.rig import settings_for
from tests.gateway.rig_envs import notebook, published, served, whole
from tests.gateway.rig_http import listening

from binderclip.gateway.settings.model import Limits

pytestmark = [pytest.mark.binderhub, pytest.mark.slow]

FILES = {"requirements.txt": ["numpy\n"], "postBuild": "#!/bin/sh\n"}
SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass
class Around:
    """A BinderHub, the gateway that it asks, and a web of notebooks. Addresses end in ``/``."""

    binder: RealBinderHub
    gateway: str
    web: str
    folder: Path
    events: list[dict[str, Any]]

    def put(self, binder: object, name: str) -> str:
        notebook(self.folder, name, binder)
        return f"{self.web}{name}"

    def launch(self, spec: str, provider: str = "notebook") -> dict[str, Any]:
        """The last event of it: ``ready`` or ``failed``. All are in ``events``."""
        self.events.clear()
        url = f"{self.binder.url}build/{provider}/{spec}"
        headers = {"Accept": "text/event-stream"}
        with httpx.stream("GET", url, headers=headers, timeout=120, trust_env=False) as stream:
            for line in stream.iter_lines():
                if not line.startswith("data: "):
                    continue
                self.events.append(json.loads(line.removeprefix("data: ")))
                if self.events[-1].get("phase") in {"ready", "failed"}:
                    return self.events[-1]
        raise AssertionError(self.events)

    def told(self) -> str:
        said = "".join(str(event.get("message", "")) for event in self.events)
        return re.sub(r"\x1b\[[0-9;]*m", "", said)

    def home(self, ready: Mapping[str, Any]) -> set[str]:
        headers = {"Authorization": f"token {ready['token']}"}
        url = f"{ready['url']}api/contents/"
        answer = httpx.get(url, headers=headers, trust_env=False)
        httpx.post(f"{ready['url']}api/shutdown", headers=headers, trust_env=False)
        return {entry["name"] for entry in answer.json()["content"]}


@pytest.fixture(scope="module")
def around(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Around]:
    folder = tmp_path_factory.mktemp("around")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("BINDERCLIP_CACHE", str(folder / "cache"))
        listening = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        settings = settings_for(folder, public_url=url, limits=Limits(launches="1000/hour"))
        (folder / "web").mkdir()
        web = stack.enter_context(published(folder / "web"))
        stack.enter_context(served(whole(settings), listening))
        kind = Kind(gateway=url, banned=(r"http://127\.0\.0\.1:\d+/banned", r".*bad\.git"))
        (folder / "binder").mkdir()
        binder = started(binderhub_python(), tools, folder / "binder", kind)
        yield Around(stack.enter_context(binder), url, web, folder / "web", [])


def quoted(address: str) -> str:
    return quote(address, safe="")


def test_launched_twice_and_built_once(around: Around) -> None:
    one = around.put({"version": 1, "files": FILES}, "one.ipynb")
    ready = around.launch(quoted(one))
    assert ready["phase"] == "ready", around.told()
    assert "Step 1/1 : COPY" in around.told()
    assert around.home(ready) == set(FILES)
    # It is part of the user's name, and so of addresses.
    assert "%" not in ready["url"]
    # Another notebook with the same environment has the same image.
    other = around.put(
        {"files": {**FILES, "postBuild": ["#!/bin/sh\n"]}, "version": 1}, "other.ipynb"
    )
    again = around.launch(quoted(other))
    assert "Found built image, launching..." in around.told()
    assert again["image"] == ready["image"]
    assert around.home(again) == set(FILES)
    # And so has its repository, launched by itself.
    said = httpx.get(f"{around.gateway}env/notebook/{quoted(one)}", trust_env=False).json()
    by_itself = around.launch(said["spec"], said["provider"])
    assert by_itself["image"] == ready["image"]
    around.home(by_itself)


def test_the_persistent_request_is_one(around: Around) -> None:
    address = around.put({"version": 1, "files": {"requirements.txt": "a\n"}}, "pin.ipynb")
    ready = around.launch(quoted(address))
    before, _, commit = ready["binder_persistent_request"].rpartition("/")
    assert before == f"v2/notebook/{quoted(address)}"
    assert ready["image"].endswith(f":{commit}")
    assert ready["binder_ref_url"] == f"{around.gateway}v2/notebook/{quoted(address)}"
    around.home(ready)
    around.put({"version": 1, "files": {"requirements.txt": "b\n"}}, "pin.ipynb")
    pinned = around.launch(ready["binder_persistent_request"].removeprefix("v2/notebook/"))
    assert pinned["image"] == ready["image"]
    assert pinned["binder_persistent_request"] == ready["binder_persistent_request"]
    around.home(pinned)
    moved = around.launch(quoted(address))
    assert moved["image"] != ready["image"]
    around.home(moved)


def test_a_repository_as_it_is(around: Around) -> None:
    """Its image is that of a launch by the hub's own provider."""
    build = around.binder.make_repository({"requirements.txt": "x\n", "data.csv": "1"})
    address = around.put(
        {"version": 1, "build": {"host": build.host, "path": build.path, "ref": "main"}},
        "plain.ipynb",
    )
    ready = around.launch(quoted(address))
    assert ready["phase"] == "ready", around.told()
    assert around.home(ready) == {"requirements.txt", "data.csv"}
    same = around.launch(f"{quoted(build.url)}/main", "git")
    assert "Found built image" in around.told()
    assert same["image"] == ready["image"]
    around.home(same)


def test_it_is_in_the_log_of_events(around: Around) -> None:
    """A name that BinderHub does not know would fail the launch after it was ready."""
    address = around.put({"version": 1, "files": FILES}, "logged.ipynb")
    around.home(around.launch(quoted(address)))
    last = [one for one in around.binder.logged() if one["spec"] == quoted(address)]
    assert [one["provider"] for one in last] == ["Git"]
    assert "Traceback" not in around.binder.log


@pytest.mark.parametrize(
    ("name", "binder", "words"),
    [
        ("none.ipynb", None, "names no environment"),
        ("wrong.ipynb", {"version": 1, "files": {"../x": "y"}}, "binder.files"),
        ("banned.ipynb", {"version": 1, "files": FILES}, "is not allowed to launch"),
        ("BANNED.ipynb", {"version": 1, "files": FILES}, "is not allowed to launch"),
        ("x/../banned.ipynb", {"version": 1, "files": FILES}, "is not allowed to launch"),
        ("%62anned.ipynb", {"version": 1, "files": FILES}, "is not allowed to launch"),
        ("gone.ipynb", ..., "Error resolving ref"),
    ],
)
def test_what_fails_says_why(around: Around, name: str, binder: object, words: str) -> None:
    if binder is not ... and "/" not in name:
        notebook(around.folder, name, binder)
    failed = around.launch(quoted(f"{around.web}{name}"))
    assert failed["phase"] == "failed"
    assert words in failed["message"]


def test_a_repository_that_the_hub_bans(around: Around) -> None:
    build = around.binder.make_repository({"requirements.txt": "x\n"}, name="bad")
    address = around.put(
        {"version": 1, "build": {"host": build.host, "path": build.path}}, "b.ipynb"
    )
    failed = around.launch(quoted(address))
    assert "a repository not allowed here" in failed["message"]


@pytest.mark.parametrize(
    "spec",
    ["x", "https%3A", "file%3A%2F%2F%2Fetc%2Fpasswd", "https%3A%2F%2Fu%3Ap%40e.org%2Fx.ipynb",
     "https%3A%2F%2Fe.org%3Ax%2Fx.ipynb", "https%3A%2F%2Fe.org%2Fx.ipynb/main",
     "https%3A%2F%2Fe.org%5C%40f.org%2Fx", "https%3A%2F%2Fe.org%2F%0Ax",
     "https://e.org/x.ipynb"],
)  # fmt: skip
def test_specs_that_are_none(around: Around, spec: str) -> None:
    failed = around.launch(spec)
    assert failed["phase"] == "failed"
    assert "found no address of a notebook" in failed["message"]


def test_the_hub_tells_of_it(around: Around) -> None:
    answer = httpx.get(f"{around.binder.url}api/repoproviders", trust_env=False).json()
    (own,) = (one for one in answer if one["id"] == "notebook")
    assert own["repo"]["urlEncode"] is True
    assert {"gh", "git", "notebook"} <= {one["id"] for one in answer}
    page = httpx.get(
        f"{around.binder.url}v2/notebook/{quoted('https://example.org/x.ipynb')}", trust_env=False
    )
    assert page.status_code == 200
    assert "Notebook: https%3A%2F%2Fexample.org%2Fx.ipynb" in page.text


# What the hub asks of a provider, in its order, without the hub around it.
_CALLS = """
import asyncio, json, sys, time
from binderclip.hub import NotebookProvider
from traitlets.config import Config

async def go(value):
    github = {"banned_specs": value.get("github", [])}
    config = Config({"NotebookProvider": value["config"], "GitHubRepoProvider": github})
    try:
        provider = NotebookProvider(config=config, spec=value["spec"])
        said = {"banned": provider.is_banned(), "url": provider.get_repo_url()}
        if said["banned"]:
            return said
        said["ref"] = await provider.get_resolved_ref()
        said["ref_url"] = await provider.get_resolved_ref_url()
        said["spec"] = await provider.get_resolved_spec()
        said["slug"] = provider.get_build_slug()
        said["config"] = provider.repo_config({"per_repo_quota": 1, "per_repo_quota_higher": 2})
        return said
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}

async def all_of_them():
    return [await go(value) for value in json.load(sys.stdin)]

print(json.dumps(asyncio.run(all_of_them())))
"""
Calls = Callable[..., dict[str, Any]]


@contextmanager
def answering(answer: bytes, status: int = 200) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """A gateway that says the same to all, and what it was asked."""
    asked: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, dict(self.headers)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as port:
        yield f"http://127.0.0.1:{port}/", asked


def called(*values: Mapping[str, Any]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [str(binderhub_python()), "-W", "error::RuntimeWarning", "-c", _CALLS],
        input=json.dumps(values),
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


ADDRESS = "https://e.org/a/x.ipynb"
CODED = "aHR0cHM6Ly9lLm9yZy9hL3guaXB5bmI"
ANSWER = {
    "commit": "ab" * 20,
    "repository": "https://github.com/o/r",
    "provider": "gh",
    "spec": f"o/r/{'ab' * 20}",
    "own": False,
    "origin": ADDRESS,
    "on": None,
    "image": None,
    "remarks": [],
}


def test_the_order_of_calls() -> None:
    with answering(json.dumps(ANSWER).encode()) as (url, asked):
        config = {
            "gateway": url.rstrip("/"),
            "gateway_token": "secret",
            "high_quota_specs": [r"https://e\.org/"],
            "spec_config": [{"pattern": r"https://e\.org/a/", "config": {"x": 1}}],
        }
        pin = "ab" * 20
        specs = (quoted(ADDRESS), f"{quoted(ADDRESS)}/{pin}", "https%3a%2f%2fe.org%2fa%2fx.ipynb")
        found = called(*({"config": config, "spec": spec} for spec in specs))
    pinned = f"{quoted(ADDRESS)}/{pin}"
    one = {
        "banned": False,
        "url": f"{url}env/of/{CODED}.git",
        "ref": pin,
        "ref_url": f"{url}v2/notebook/{quoted(ADDRESS)}",
        "spec": pinned,
        "slug": "o-r",
        "config": {"quota": 2, "x": 1},
    }
    assert found == [one, {**one, "url": f"{url}env/of/{CODED}/{pin}.git"}, one]
    # Asked once each, and with the token.
    plain = f"/env/notebook/{quoted(ADDRESS)}"
    assert [path for path, _ in asked] == [plain, f"/env/notebook/{pinned}", plain]
    assert {headers["Authorization"] for _, headers in asked} == {"Bearer secret"}


def test_who_may_launch() -> None:
    """Patterns are for addresses as people write them, in whatever spelling they come."""
    config = {"gateway": "http://127.0.0.1:9/", "allowed_specs": [r"https://e\.org/ours/"]}
    addresses = {
        "https://e.org/ours/x.ipynb": False,
        "HTTPS://E.ORG/ours/x.ipynb": False,
        "https://e.org/theirs/x.ipynb": True,
        "https://e.org/ours/../theirs/x.ipynb": True,
        "https://e.org/ours/%2e%2e/theirs/x.ipynb": True,
        "https://e.org/ours%2F..%2Ftheirs/x.ipynb": True,
        "https://evil.org/?https://e.org/ours/": True,
        "https://e.org.evil.org/ours/x.ipynb": True,
    }
    found = called(*({"config": config, "spec": quoted(one)} for one in addresses))
    for (one, banned), said in zip(addresses.items(), found, strict=True):
        assert said.get("banned", False) is banned, one
        assert banned or "cannot be asked" in said["error"]
    banning = {"gateway": "http://127.0.0.1:9/", "banned_specs": [r"https://e\.org/theirs/"]}
    spellings = [
        "https://e.org/theirs/x.ipynb", "https://E.org:443/theirs/x", "https://e.org./theirs/x",
        "https://e.org//theirs/x", "https://e.org/%74heirs/x", "https://e.org/a/../theirs/x",
    ]  # fmt: skip
    found = called(*({"config": banning, "spec": quoted(one)} for one in spellings))
    assert [said.get("banned") for said in found] == [True] * len(spellings)


@pytest.mark.parametrize(
    ("banned", "addresses"),
    [
        (
            r"https://github\.com/bad/",
            [
                "https://github.com/bad/r/blob/main/x.ipynb",
                "https://GitHub.com/Bad/r/blob/main/x.ipynb",
                "https://www.github.com/bad/r/blob/main/x.ipynb",
                "https://raw.githubusercontent.com/bad/r/main/x.ipynb",
                "https://raw.githubusercontent.com/bad/r/refs/heads/main/x.ipynb",
                "https://raw.github.com/bad/r/main/x.ipynb",
                "https://nbviewer.org/github/bad/r/blob/main/x.ipynb",
                "https://colab.research.google.com/github/bad/r/blob/main/x.ipynb",
            ],
        ),
        (
            r"https://raw\.githubusercontent\.com/bad/",
            ["https://github.com/bad/r/blob/main/x.ipynb"],
        ),
        (
            r"https://gist\.github\.com/bad/",
            ["https://gist.githubusercontent.com/bad/0123456789abcdef0123/raw/x.ipynb"],
        ),
    ],
)
def test_what_is_banned_is_banned_by_whatever_address(
    banned: str, addresses: Sequence[str]
) -> None:
    """A forge has several for each file."""
    good = [one.replace("bad", "good").replace("Bad", "good") for one in addresses]
    config = {"gateway": "http://127.0.0.1:9/", "banned_specs": [banned]}
    found = called(*({"config": config, "spec": quoted(one)} for one in [*addresses, *good]))
    said = [one.get("banned", False) for one in found]
    assert said == [True] * len(addresses) + [False] * len(good)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"origin": "https://raw.evil.org/x"}, "an address that is not allowed"),
        ({"commit": "main"}, "named no repository of git"),
        ({"provider": "zenodo"}, "named no repository of git"),
        ({"provider": None}, "named no repository of git"),
        ({"own": True, "on": {"provider": "zenodo", "spec": "x"}}, "named no repository of git"),
        ({"on": {"provider": "gh"}}, "nothing that can be read"),
        # One file laid over it, and it is another repository.
        ({"own": True, "on": {"provider": "gh", "spec": "bad/r/main"}}, "a repository not allowed"),
        ({"spec": f"bad/r/{'ab' * 20}"}, "a repository not allowed"),
        ({"own": True, "image": "https://quay.io/bad/i"}, "an image that is not allowed"),
        ({"origin": "https://raw.githubusercontent.com/bad/r/main/x.ipynb"}, "an address that"),
    ],
)
def test_where_it_leads(change: Mapping[str, Any], words: str) -> None:
    with answering(json.dumps({**ANSWER, **change}).encode()) as (url, _):
        banned = [r"https://raw\.evil\.org", r"https://quay\.io/bad/", r"https://github\.com/bad/"]
        config = {"gateway": url, "banned_specs": banned}
        (found,) = called({"config": config, "github": ["bad/"], "spec": quoted(ADDRESS)})
    assert words in found["error"]


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (b'{"error": {"message": "found none", "hint": "write one"}}', 422, "found none (write"),
        (b"<html>", 502, "answered 502 and nothing that can be read"),
        (b"[]", 200, "answered 200 and nothing that can be read"),
        (b"{}", 200, "answered 200 and nothing that can be read"),
        (b"", 302, "answered 302 and nothing that can be read"),
        (b'{"error": "x"}', 500, "answered 500 and nothing that can be read"),
    ],
)
def test_a_gateway_that_says_no(answer: bytes, status: int, words: str) -> None:
    with answering(answer, status) as (url, _):
        (found,) = called({"config": {"gateway": url}, "spec": quoted(ADDRESS)})
    assert words in found["error"]


def test_what_operators_get_wrong() -> None:
    found = called(
        {"config": {}, "spec": quoted(ADDRESS)},
        {"config": {"gateway": "gateway.example.org"}, "spec": quoted(ADDRESS)},
        {"config": {"gateway": "http://127.0.0.1:9/"}, "spec": quoted(ADDRESS)},
        {"config": {"gateway": "http://127.0.0.1:9/"}, "spec": "%FF%FE"},
    )
    assert "names no gateway" in found[0]["error"]
    assert "expected an address like" in found[1]["error"]
    assert "cannot be asked" in found[2]["error"]
    assert "found no address of a notebook" in found[3]["error"]
