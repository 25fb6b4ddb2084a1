"""A real JupyterHub with its proxy on loopback, for any suite.

In a test, take one of the fixtures of tests/conftest.py (each starts its hub once a worker, which
takes three seconds; a server on it takes two to three):

- ``hub``: named servers allowed, light servers (contents and kernels, no pages);
- ``lab_hub``: the same under a path prefix, with JupyterLab, Notebook 7 and nbgitpuller.

    def test_it(hub: Hub) -> None:
        user = hub.user()                      # a user nobody else uses; made on the spot
        token = hub.token(user)                # all that a user may; scopes=[…] for less
        hub.start_server(user)                 # or let the code under test do it
        hub.servers(user)                      # {"": {"ready": True, "url": …, …}}
        hub.kill_server(user)                  # kill -9, as when the memory ran out
        hub.mood(user, delay_s=5, says=["pulling"])   # how the next start goes

For the types, ``if TYPE_CHECKING: from tests.hubs.rig import Hub``. A test that breaks its hub, or
needs another kind, starts its own: ``with started(tools, tmp_path, Kind(…)) as hub``.

Everything ends with the test run, even where that is killed (leash.py). No real home is touched:
homes lie under ``hub.folder``.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

_HERE = Path(__file__).parent
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Kind:
    """``prefix`` is the hub's base_url. ``form``: the page of options as DockerSpawner
    ("images") or KubeSpawner ("profiles") makes it. ``named_servers`` and ``concurrent_spawns``
    are limits, 0 for none; ``slow_spawn_s`` is how long the hub waits before it answers 202, and
    ``start_s`` how long for a server. ``python`` and ``servers`` are the folders among the tools
    that the hub and its servers run from; ``config`` are more lines of jupyterhub_config.py.
    """

    prefix: str = "/"
    lab: bool = False
    form: Literal["", "images", "profiles"] = ""
    named_servers: int = 0
    concurrent_spawns: int = 0
    slow_spawn_s: float = 0.5
    start_s: int = 60
    python: str = "hub"
    servers: str = "hub"
    config: str = ""


@dataclass
class Hub:
    """``url`` is what people would paste, ``api`` its REST API; both end in ``/``."""

    url: str
    folder: Path
    secret: str = field(repr=False)
    command: list[str] = field(repr=False)
    environ: dict[str, str] = field(repr=False)
    pid: int = 0
    _leash: subprocess.Popen[str] | None = field(default=None, repr=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @property
    def api(self) -> str:
        return f"{self.url}hub/api/"

    @property
    def log(self) -> str:
        """All that the hub, its proxy and its servers printed."""
        return (self.folder / "hub.log").read_text("utf-8", "replace")

    def user(self) -> str:
        """The name of a new user."""
        name = f"user-{next(self._numbers)}"
        self.ask("POST", f"users/{name}", ok=(201,))
        return name

    def token(self, user: str, scopes: Sequence[str] | None = None) -> str:
        """A token of the user: for all that they may, or for ``scopes`` alone."""
        wanted: dict[str, Any] = {"note": "test"}
        if scopes is not None:
            wanted["scopes"] = list(scopes)
        return str(self.ask("POST", f"users/{user}/tokens", wanted, ok=(201,))["token"])

    def servers(self, user: str, *, stopped: bool = False) -> dict[str, Any]:
        """The hub's model of each server that runs or is about to, by name; with ``stopped`` those
        that it remembers too.
        """
        found = self.ask("GET", f"users/{user}?include_stopped_servers={int(stopped)}", ok=(200,))
        return dict(found["servers"])

    def start_server(self, user: str, name: str = "", options: dict[str, Any] | None = None) -> str:
        """Start it as somebody else would, and wait until it is ready; its address."""
        self.ask("POST", _path(user, name), options, ok=(201, 202))
        return str(self.server_in(user, name, "ready")["url"])

    def server_in(self, user: str, name: str, state: str, within_s: float = 60) -> dict[str, Any]:
        """The server's model once ``state`` ("ready", "pending", "stopped") is true of it."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            model = self.servers(user).get(name, {"stopped": True})
            if model.get(state):
                return dict(model)
            time.sleep(0.05)
        raise AssertionError(f"{user}'s server {name!r} is not {state}:\n{self.log[-3000:]}")

    def stop_server(self, user: str, name: str = "") -> None:
        """Behind the back of whoever uses it."""
        self.ask("DELETE", _path(user, name), ok=(202, 204))
        self.server_in(user, name, "stopped")

    def kill_server(self, user: str, name: str = "") -> None:
        """By ``kill -9``. The hub finds out within a second or so."""
        os.kill(self.server_pid(user, name), signal.SIGKILL)

    def server_pid(self, user: str, name: str = "") -> int:
        return int(self.servers(user)[name]["state"]["pid"])

    def chosen(self, user: str, name: str = "") -> str:
        """What the options of a server came to, on hubs with a form."""
        return psutil.Process(self.server_pid(user, name)).environ()["RIG_CHOSE"]

    def processes(self) -> list[psutil.Process]:
        """Of all servers, also those that the hub has forgotten."""
        assert self._leash is not None
        found = []
        for process in psutil.Process(self._leash.pid).children(recursive=True):
            with suppress(psutil.Error):
                if any("jupyterhub-singleuser" in word for word in process.cmdline()):
                    found.append(process)
        return found

    def home(self, user: str) -> Path:
        """The folder that the user's servers show."""
        return self.folder / "homes" / user

    def mood(self, user: str, **mood: Any) -> None:
        """How the user's servers start from now on. ``delay_s``: so much later. ``says``: lines of
        progress. ``fail``: not at all, for that reason. ``crash``: the process ends at once.
        ``stop_delay_s``: they take so long to stop.
        """
        path = self.folder / "moods" / f"{user}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(mood))

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        ok: Sequence[int] = (200, 201, 202, 204),
    ) -> Any:
        """The hub's JSON answer to a request below ``api``, by default as its administrator."""
        request = urllib.request.Request(
            self.api + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {token or self.secret}"},
        )
        try:
            with _OPENER.open(request, timeout=120) as answer:
                status, data = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, data = error.code, error.read()
        assert status in ok, f"{method} {path}: {status} {data!r}\n{self.log[-3000:]}"
        return json.loads(data) if data.strip() else None

    def start(self) -> None:
        """Again, after ``kill``. Tokens and users are still known; servers that ran as well."""
        self.end()
        self._leash = subprocess.Popen(
            [sys.executable, str(_HERE / "leash.py"), str(self.folder / "hub.log"), *self.command],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._leash.stdout is not None
        self.pid = int(self._leash.stdout.readline())
        ends = time.monotonic() + 90
        while time.monotonic() < ends and self._leash.poll() is None:
            try:
                with _OPENER.open(self.api, timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.end()
        raise AssertionError(f"the hub did not come up:\n{self.log[-5000:]}")

    def kill(self) -> None:
        """The hub alone, by ``kill -9``: its proxy and its servers live on."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """All of it: the hub, the proxy, the servers, their kernels."""
        if self._leash is not None:
            self._leash.communicate()
            self._leash = None


@contextmanager
def started(tools: Path, folder: Path, kind: Kind | None = None) -> Iterator[Hub]:
    """A hub over ``folder``; ``tools`` is the fixture of that name."""
    kind = kind or Kind()
    public, inner, proxy_api = (f"http://127.0.0.1:{port}" for port in _free_ports(3))
    secret = secrets.token_hex(16)
    prefix = f"/{kind.prefix.strip('/')}/".replace("//", "/")
    settings = {
        "folder": str(folder),
        "secret": secret,
        "bind_url": public + prefix,
        "hub_bind_url": inner,
        "proxy_api_url": proxy_api,
        "proxy": str(tools / "node_modules" / ".bin" / "configurable-http-proxy"),
        "singleuser": str(tools / kind.servers / "bin" / "jupyterhub-singleuser"),
        "lab": kind.lab,
        "form": kind.form,
        "named_servers": kind.named_servers,
        "concurrent_spawns": kind.concurrent_spawns,
        "slow_spawn_s": kind.slow_spawn_s,
        "start_s": kind.start_s,
        "config": kind.config,
    }
    environ = _environ(tools / kind.servers / "bin", folder)
    hub = Hub(
        url=public + prefix,
        folder=folder,
        secret=secret,
        command=[
            str(tools / kind.python / "bin" / "python"),
            *("-m", "jupyterhub", "--no-ssl", "-f", str(_HERE / "hub_config.py")),
        ],
        environ={**environ, "BINDERCLIP_RIG": json.dumps(settings)},
    )
    try:
        hub.start()
        yield hub
    finally:
        hub.end()


def _environ(programs: Path, folder: Path) -> dict[str, str]:
    """Nothing of whoever runs the tests but where programs are."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "TMPDIR": str(folder),
    }


def _path(user: str, name: str) -> str:
    return f"users/{user}/servers/{name}" if name else f"users/{user}/server"


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
