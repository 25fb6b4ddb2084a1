"""What real spawners would start (spawning.py), and hubs whose servers fill notebooks in."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest
from tests.hubs.rig import Hub, Kind, started
from tests.jupyter.rig import Served

Lacking = Callable[[str, str], NoReturn]
ROOT = Path(__file__).resolve().parents[2]
_HERE = Path(__file__).parent

_NO_CLUSTER = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}],
    "users": [{"name": "nobody", "user": {}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "nobody"}}],
    "current-context": "none",
}
"""A KubeSpawner wants one before it asks anything of it."""


def line(**said: Any) -> str:
    """An operator's."""
    words = ", ".join(f"{name}={value!r}" for name, value in said.items())
    return f"import binderclip.hub; binderclip.hub.configure({words})"


@dataclass(frozen=True)
class Spawned:
    """``image`` is what runs, None where the spawner has none. ``error`` is a traceback; ``log``
    has the warnings of the hub.
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    image: str | None = None
    error: str = ""
    log: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """What concerns us."""
        names = ("BINDERCLIP_", "JUPYTER_IMAGE_SPEC")
        return {name: one for name, one in self.variables.items() if name.startswith(names)}


@dataclass
class Spawners:
    """``spawn(config)``: a hub with ``config`` in its jupyterhub_config.py starts a server."""

    _process: subprocess.Popen[str] = field(repr=False)

    def spawn(
        self,
        config: str,
        *,
        options: Mapping[str, Any] | None = None,
        arguments: Sequence[str] = (),
        server: str = "",
        files: Mapping[str, str] | None = None,
    ) -> Spawned:
        """``options`` are the user's, ``arguments`` of ``jupyterhub``; ``files`` lie beside the
        configuration.
        """
        case = {
            "files": {"jupyterhub_config.py": f"c = get_config()\n{config}\n", **(files or {})},
            "options": dict(options or {}),
            "arguments": list(arguments),
            "server": server,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        return Spawned(**json.loads(self._process.stdout.readline()))

    def started(self, config: str, **named: Any) -> Spawned:
        spawned = self.spawn(config, **named)
        assert not spawned.error, spawned.error
        return spawned


@pytest.fixture(scope="session")
def spawners(
    tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Spawners]:
    """Real ones, without what they start servers in."""
    python = tool("spawners/bin/python")
    folder = tmp_path_factory.mktemp("spawners")
    (folder / "cluster").write_text(json.dumps(_NO_CLUSTER))
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("BINDERCLIP_", "JUPYTER"))}
    with subprocess.Popen(
        [str(python), str(_HERE / "spawning.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environ, "KUBECONFIG": str(folder / "cluster")},
        cwd=folder,
        text=True,
    ) as process:
        yield Spawners(process)
        assert process.stdin is not None
        process.stdin.close()


@dataclass
class Person:
    """A user of a hub, at their server. ``began`` is where in the hub's log that was started."""

    server: Served
    home: Path
    began: int

    @property
    def log(self) -> str:
        """What the hub and its servers said since."""
        return self.server.log[self.began :]

    @property
    def warnings(self) -> list[str]:
        """Those of them that are ours, but for the one on a repository of the tests' own."""
        ours = [one for one in self.log.splitlines() if one[:2] == "[W" and "binderclip: " in one]
        return [one for one in ours if "BUILD: 'http://127.0.0.1:" not in one]

    def metadata(self, name: str = "a.ipynb") -> dict[str, Any]:
        """Of a notebook as it lies in the home."""
        return dict(json.loads((self.home / name).read_bytes())["metadata"])


@dataclass
class Operated:
    """A hub with our line in its configuration, and the extension on its servers."""

    hub: Hub

    def person(
        self,
        *,
        variables: Mapping[str, str] | None = None,
        options: dict[str, Any] | None = None,
    ) -> Person:
        """Somebody new; their server runs. ``variables`` are the operator's, for them alone."""
        user, began = self.hub.user(), len(self.hub.log)
        if variables:
            path = self.hub.folder / "variables" / f"{user}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(variables))
        folder = self.hub.folder / "people" / user
        folder.mkdir(parents=True)
        (folder / "log").symlink_to(self.hub.folder / "hub.log")
        token = self.hub.token(user)
        path_of = self.hub.start_server(user, options=options)
        home = self.hub.home(user)
        server = Served(f"{self.hub.url.rstrip('/')}{path_of}", token, home, folder)
        return Person(server, home, began)


@pytest.fixture(scope="session")
def filling_tools(tools: Path, tool: Callable[[str], Path]) -> Path:
    """A hub beside spawners, and servers with the extension."""
    tool("spawners/bin/jupyterhub")
    tool("jupyter/bin/jupyterhub-singleuser")
    return tools


@contextmanager
def operated(tools: Path, folder: Path, line: str, pods: object = None) -> Iterator[Operated]:
    """``line`` stands above what else the configuration says (hub_lines.py). ``pods`` are the
    image and profiles of a KubeSpawner, which runs what it would give to its cluster.
    """
    known = {"cluster": _NO_CLUSTER, **pods} if isinstance(pods, dict) else None
    lines = (_HERE / "hub_lines.py").read_text()
    config = f"{line}\nPODS = {known!r}\n{lines}"
    kind = Kind(lab=True, python="spawners", servers="jupyter", config=config)
    with started(tools, folder, kind) as hub:
        yield Operated(hub)
