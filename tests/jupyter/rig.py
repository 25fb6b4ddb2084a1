"""A real Jupyter Server or JupyterLab on loopback, with binderclip's extension, for any suite.

In a test of this folder, take a fixture of its conftest.py:

- ``server``: one light-handed server a worker, whose facts are of no consequence; make folders and
  files of your own in ``server.root``;
- ``jupyter_python``, ``managers_python``: the interpreters for servers of your own.

    def test_it(jupyter_python: Path, tmp_path: Path) -> None:
        config = 'c.Binderclip.image = "quay.io/o/name:tag"'
        with served(jupyter_python, tmp_path / "root", config=config) as server:
            server.save("a.ipynb", notebook())         # through the contents API
            server.on_disk("a.ipynb")["metadata"]      # what came of it
            server.ask("GET", "binderclip/api/v1/facts").json()
            assert "Traceback" not in server.log

For the types, ``if TYPE_CHECKING: from tests.jupyter.rig import Served``. Everything ends with the
test run, even where that is killed (tests/hubs/leash.py). Nobody's settings are read and no
variables are inherited but PATH.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlsplit

_LEASH = Path(__file__).parent.parent / "hubs" / "leash.py"
_START_S = 120
_MODULES = {"server": "jupyter_server", "lab": "jupyterlab"}

App: TypeAlias = Literal["server", "lab"]


@dataclass(frozen=True)
class Answer:
    """``headers`` have names in lower case; of repeated ones, the last."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """``url`` ends in ``/``; ``folder`` holds the server's home, settings and log."""

    url: str
    token: str = field(repr=False)
    root: Path
    folder: Path
    pid: int = 0
    _leash: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def log(self) -> str:
        """All that the server and its kernels printed so far; still there when it has ended."""
        return (self.folder / "log").read_text("utf-8", "replace")

    @property
    def warnings(self) -> list[str]:
        """The lines of the log that are ours and tell of something wrong."""
        lines = self.log.splitlines()
        return [line for line in lines if "binderclip: " in line and line[:2] in {"[W", "[E"}]

    def ask(
        self,
        method: str,
        path: str,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        data: bytes | None = None,
        timeout_s: float = 120,
    ) -> Answer:
        """The answer to one request below ``url``, whatever its status: no redirect is followed.
        ``path`` is sent as it is. Without an ``Authorization`` of the caller's the token is sent;
        an empty one sends none.
        """
        sent = {"Authorization": f"token {self.token}", **(headers or {})}
        sent = {name: value for name, value in sent.items() if name != "Authorization" or value}
        if json is not None:
            data = _dumps(json)
            sent.setdefault("Content-Type", "application/json")
        where = urlsplit(self.url)
        connection = http.client.HTTPConnection(where.netloc, timeout=timeout_s)
        try:
            connection.request(method, f"{where.path}{path}", data, sent)
            got = connection.getresponse()
            pairs = [(name.lower(), value) for name, value in got.getheaders()]
            cookies = tuple(value for name, value in pairs if name == "set-cookie")
            return Answer(got.status, dict(pairs), got.read(), cookies)
        finally:
            connection.close()

    def put(self, path: str, model: Mapping[str, Any]) -> Answer:
        """Save ``model`` through the contents API."""
        return self.ask("PUT", f"api/contents/{quote(path)}", model)

    def save(self, path: str, notebook: Mapping[str, Any]) -> dict[str, Any]:
        """Save a notebook as the applications do; the contents API's model of it."""
        model = {"type": "notebook", "format": "json", "content": notebook}
        answer = self.put(path, model)
        assert answer.status in {200, 201}, f"{answer.status} {answer.text}\n{self.log[-3000:]}"
        return dict(answer.json())

    def read(self, path: str) -> dict[str, Any]:
        """The notebook as the contents API shows it."""
        answer = self.ask("GET", f"api/contents/{quote(path)}?content=1&type=notebook")
        assert answer.status == 200, f"{answer.status} {answer.text}\n{self.log[-3000:]}"
        return dict(answer.json()["content"])

    def on_disk(self, path: str) -> dict[str, Any]:
        """The notebook as it lies below ``root``."""
        return dict(json.loads((self.root / path).read_bytes()))

    def end(self) -> None:
        """The server and its kernels, at once."""
        if self._leash is not None:
            self._leash.communicate()
            self._leash = None

    def stop(self, within_s: float = 30) -> None:
        """As an operator would: it may still finish what it began."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        ends = time.monotonic() + within_s
        runtime = self.folder / "runtime" / f"jpserver-{self.pid}.json"
        while runtime.exists() and time.monotonic() < ends:
            time.sleep(0.05)
        self.end()


@contextmanager
def served(
    python: Path,
    root: Path,
    *,
    config: str = "",
    environ: Mapping[str, str] | None = None,
    app: App = "server",
    log: Path | None = None,
) -> Iterator[Served]:
    """A server of ``python`` over ``root``, which is made where it is not there. ``config`` is the
    text of ``jupyter_server_config.py``; ``environ`` are variables besides the few that every
    server has. Its own folder is made beside ``root``; ``log`` takes the place of the file there.
    """
    root.mkdir(parents=True, exist_ok=True)
    folder = root.parent / f"{root.name}-server-{secrets.token_hex(4)}"
    token = secrets.token_hex(16)
    variables = {**_environ(python, folder), "JUPYTER_TOKEN": token, **(environ or {})}
    (folder / "config" / "jupyter_server_config.py").write_text(config, "utf-8")
    (folder / "log").touch()
    server = Served("", token, root, folder)
    try:
        server._leash = subprocess.Popen(
            [
                *(sys.executable, str(_LEASH), str(log or folder / "log")),
                *(str(python), "-m", _MODULES[app], *_options(root)),
            ],
            cwd=folder,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert server._leash.stdout is not None
        server.pid = int(server._leash.stdout.readline())
        _wait(server)
        yield server
    finally:
        server.end()


def notebook(*sources: str, **metadata: Any) -> dict[str, Any]:
    """A notebook of code cells, as nbformat 4.5 wants it."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources or ("1 + 1",))
    ]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _options(root: Path) -> list[str]:
    return [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--ServerApp.root_dir={root}",
        # It would ask a package registry.
        "--LabApp.extension_manager=readonly",
    ]


def _environ(python: Path, folder: Path) -> dict[str, str]:
    """Nothing of whoever runs the tests but where programs are."""
    parts = {part: folder / part for part in ("home", "config", "data", "runtime", "tmp")}
    for part in parts.values():
        part.mkdir(parents=True)
    # The news of Lab cover what a browser wants to click on, and come from the internet.
    page = parts["config"] / "labconfig" / "page_config.json"
    page.parent.mkdir()
    off = {"@jupyterlab/apputils-extension:announcements": True}
    page.write_text(json.dumps({"disabledExtensions": off}))
    return {
        "HOME": str(parts["home"]),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "TMPDIR": str(parts["tmp"]),
        "JUPYTER_CONFIG_DIR": str(parts["config"]),
        "JUPYTER_DATA_DIR": str(parts["data"]),
        "JUPYTER_RUNTIME_DIR": str(parts["runtime"]),
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def _wait(server: Served) -> None:
    """Until it has said where it listens, and answers there."""
    assert server._leash is not None
    says = server.folder / "runtime" / f"jpserver-{server.pid}.json"
    ends = time.monotonic() + _START_S
    while time.monotonic() < ends and _alive(server.pid):
        with suppress(OSError, ValueError, http.client.HTTPException):
            server.url = str(json.loads(says.read_bytes())["url"])
            if server.ask("GET", "api/status", timeout_s=5).status == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the Jupyter Server did not come up:\n{server.log[-5000:]}")


def _alive(pid: int) -> bool:
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _dumps(value: object) -> bytes:
    return json.dumps(value).encode()
