"""A real BinderHub over a real JupyterHub on loopback, without Docker or Kubernetes.

It needs a Python that can import ``binderhub`` and ``jupyterhub``, with jupyterlab and ipykernel:
its path is in $BINDERCLIP_TEST_BINDERHUB_PYTHON. In a test:

    @pytest.mark.binderhub
    def test_it(tools: Path, tmp_path: Path) -> None:
        with started(binderhub_python(), tools, tmp_path) as binder:
            build = binder.make_repository({"x.ipynb": "…", "data.csv": "1,2"})
            binder.url                         # what people would name with --on
            binder.servers()                   # those that run: {user: {server: model}}

With ``started(…, Kind(logins=True))`` users have names, and ``binder.token("ada")`` is a token.

The first server takes four seconds or so to be there, as it does on any BinderHub.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
import subprocess
import threading
import time
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.hubs.rig import _OPENER, Hub, _free_ports

from binderclip.spec.model import Reference

_REAL = Path(__file__).parent / "real"
_SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass(frozen=True)
class Kind:
    """``logins``: users have names and tokens. ``named_servers``: how many each may have beside
    the default one; 0 for none. ``rate_limit``: launches an hour and address, 0 for any number.
    ``gateway``: the address of one, by which notebooks are launched (``v2/notebook/…``); ``banned``
    are patterns of their addresses.
    """

    prefix: str = "/"
    logins: bool = False
    named_servers: int = 0
    rate_limit: int = 0
    gateway: str = ""
    banned: tuple[str, ...] = ()


@dataclass
class RealBinderHub:
    """``url`` is the BinderHub's address, below its JupyterHub's; it ends in ``/``."""

    url: str
    hub: Hub
    folder: Path
    git_url: str
    users: set[str] = field(default_factory=set)

    @property
    def log(self) -> str:
        return self.hub.log

    def start(self) -> None:
        self.hub.start()
        ends = time.monotonic() + 90
        while time.monotonic() < ends:
            try:
                with _OPENER.open(f"{self.url}versions", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self.stop()
        raise AssertionError(f"the BinderHub did not come up:\n{self.log[-5000:]}")

    def stop(self) -> None:
        """All of it: BinderHub, JupyterHub, proxy, servers, kernels."""
        self.hub.end()

    def make_repository(
        self, files: Mapping[str, str], *, name: str | None = None, branch: str = "main"
    ) -> Reference:
        """A new repository with one commit, or another commit in that of ``name``."""
        name = name or f"repository-{secrets.token_hex(4)}"
        work, bare = self.folder / "work" / name, self.folder / "git" / f"{name}.git"
        if not work.exists():
            work.mkdir(parents=True)
            _git(work, "init", "--quiet", f"--initial-branch={branch}")
            _git(work, "clone", "--quiet", "--bare", str(work), str(bare))
        _git(work, "checkout", "--quiet", "-B", branch)
        for path, content in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(content)
        _git(work, "add", "--all")
        _git(work, "commit", "--quiet", "--allow-empty", "-m", "change")
        _git(work, "push", "--quiet", "--force", str(bare), branch)
        _git(bare, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
        _git(bare, "update-server-info")
        return Reference(self.git_url, f"{name}.git")

    def commit(self, build: Reference) -> str:
        return _git(self.folder / "git" / build.path, "rev-parse", "HEAD")

    def token(self, user: str) -> str:
        """Of a user of a hub with logins, who is made on the spot."""
        if user not in self.users:
            self.hub.ask("POST", f"users/{user}", ok=(201,))
            self.users.add(user)
        return self.hub.token(user)

    def servers(self) -> dict[str, dict[str, Any]]:
        """Those that run or are about to, by user."""
        users = self.hub.ask("GET", "users?state=active")
        return {user["name"]: user["servers"] for user in users if user["servers"]}

    def logged(self) -> list[dict[str, Any]]:
        """What BinderHub's log of events says of launches."""
        path = self.folder / "events.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def say_used(self, count: int) -> None:
        """How much of its quota of 10 is in use."""
        (self.folder / "used").write_text(str(count))


def binderhub_python() -> Path:
    """A Python that has a BinderHub; without one the test is skipped."""
    named = os.environ.get("BINDERCLIP_TEST_BINDERHUB_PYTHON")
    if not named:
        pytest.skip("BINDERCLIP_TEST_BINDERHUB_PYTHON names no Python that can import binderhub")
    return Path(named).absolute()


@contextmanager
def started(
    python: Path, tools: Path, folder: Path, kind: Kind | None = None
) -> Iterator[RealBinderHub]:
    kind = kind or Kind()
    public, inner, proxy_api, own = (f"http://127.0.0.1:{port}" for port in _free_ports(4))
    prefix = f"/{kind.prefix.strip('/')}/".replace("//", "/")
    secret = secrets.token_hex(16)
    settings = {
        "here": str(_REAL),
        "folder": str(folder),
        "secret": secret,
        "bind_url": public + prefix,
        "hub_bind_url": inner,
        "proxy_api_url": proxy_api,
        "binder_url": own,
        "proxy": str(tools / "node_modules" / ".bin" / "configurable-http-proxy"),
        "logins": kind.logins,
        "named_servers": kind.named_servers,
        "rate_limit": kind.rate_limit,
        "gateway": kind.gateway,
        "banned": kind.banned,
        "source": str(_SOURCE),
    }
    hub = Hub(
        url=public + prefix,
        folder=folder,
        secret=secret,
        command=[
            *(str(python), "-m", "jupyterhub", "--no-ssl"),
            *("-f", str(_REAL / "jupyterhub_config.py")),
        ],
        environ=_environ(python, folder) | {"BINDERCLIP_RIG": json.dumps(settings)},
    )
    with _git_served(folder / "git") as git_url:
        binder = RealBinderHub(f"{hub.url}services/binder/", hub, folder, git_url)
        try:
            binder.start()
            yield binder
        finally:
            binder.stop()


@contextmanager
def _git_served(folder: Path) -> Iterator[str]:
    """As plain files, which git takes: https://git-scm.com/docs/gitprotocol-http#_dumb_clients"""
    folder.mkdir(exist_ok=True)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _environ(python: Path, folder: Path) -> dict[str, str]:
    """Nothing of whoever runs the tests but where programs are."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "TMPDIR": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def _git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "core.hooksPath="]
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words],
        check=True,
        capture_output=True,
        text=True,
        env=environ,
    )
    return done.stdout.strip()
