"""From an operator's one line to a notebook that runs elsewhere: a real JupyterHub whose servers
have the extension, saves through the contents API and through rooms, `link` and `run` in the home
of somebody who knows nothing of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.jupyter.rig import Served, notebook, served
from tests.jupyter.rooms import joined
from tests.local.conftest import Origin, serving
from tests.operators.conftest import Operated, Person, line, operated

pytestmark = pytest.mark.slow

COMMAND = Path(sys.executable).parent / "binderclip"
BINDER = "https://binder.example.org"
IMAGE = {"host": "https://quay.io", "path": "o/env", "ref": "2026.10"}


@dataclass(frozen=True)
class Repository:
    """A real one, at an address: what the environment of the hub is built from."""

    host: str

    @property
    def address(self) -> str:
        return f"{self.host}/o/env@main"

    @property
    def reference(self) -> dict[str, str]:
        return {"host": self.host, "path": "o/env", "ref": "main"}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    folder = tmp_path_factory.mktemp("origins")
    origin = Origin(folder / "work", folder / "o" / "env")
    for path, more in ((origin.work, ()), (origin.path, ("--bare",))):
        subprocess.run(["git", "init", "-q", "-b", "main", *more, str(path)], check=True)
    origin.commit({"requirements.txt": "cowsay==6.1\n"})
    with serving(folder) as web:
        yield Repository(web.url)


@pytest.fixture(scope="module")
def operator(
    filling_tools: Path, tmp_path_factory: pytest.TempPathFactory, repository: Repository
) -> Iterator[Operated]:
    said = line(build=repository.address, image="quay.io/o/env:2026.10", hosts=[BINDER])
    with operated(filling_tools, tmp_path_factory.mktemp("hub"), said) as one:
        yield one


@pytest.fixture(scope="module")
def person(operator: Operated) -> Person:
    return operator.person()


def filled(repository: Repository) -> dict[str, Any]:
    return {
        "version": 1,
        "host": BINDER,
        "image": IMAGE,
        "build": repository.reference,
        "auto": True,
    }


def test_a_save_through_the_contents_api_is_filled_in(
    operator: Operated, person: Person, repository: Repository
) -> None:
    saved = person.server.save("a.ipynb", notebook("6 * 7"))
    assert saved["type"] == "notebook"
    assert person.metadata()["binder"] == filled(repository)
    created = person.server.ask("POST", "api/contents/", {"type": "notebook"}).json()
    assert person.metadata(created["name"])["binder"] == filled(repository)
    assert operator.hub.url not in (person.home / "a.ipynb").read_text(), "no address of the hub"
    assert "binderclip: saves carry build " in person.log
    assert f"host {BINDER} (BINDERCLIP_FILL_HOSTS)" in person.log


def test_a_save_through_a_room_is_filled_in(
    person: Person, repository: Repository, filling_tools: Path
) -> None:
    (person.home / "room.ipynb").write_text(json.dumps(notebook("1")))
    python = filling_tools / "jupyter" / "bin" / "python"
    with joined(python, person.server.url, person.server.token, "room.ipynb") as room:
        room.edit(0, "6 * 7")
        room.save()
    saved = json.loads((person.home / "room.ipynb").read_bytes())
    assert "".join(saved["cells"][0]["source"]) == "6 * 7"
    assert saved["metadata"]["binder"] == filled(repository)


AUTHORS: dict[str, dict[str, Any]] = {
    "its own entry": {"binder": {"version": 1, "image": {"host": "https://x.org", "path": "y"}}},
    "opted out": {"binder": False},
    "an older form": {"binder": {"binder_url": "https://mybinder.org", "binder_repo": "o/r"}},
}


@pytest.fixture(scope="module")
def plain_server(filling_tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of the same versions, without the extension."""
    config = 'c.ServerApp.jpserver_extensions = {"binderclip": False}'
    python = filling_tools / "jupyter" / "bin" / "python"
    with served(python, tmp_path_factory.mktemp("plain") / "root", config=config) as one:
        assert one.ask("GET", "binderclip/open").status == 404, "it has no extension"
        yield one


def test_what_an_author_said_is_saved_byte_for_byte(person: Person, plain_server: Served) -> None:
    for name, metadata in AUTHORS.items():
        content = notebook("1 + 1", **metadata)
        for one in (plain_server, person.server):
            one.save(f"{name}.ipynb", content)
            one.save(f"{name}.ipynb", one.read(f"{name}.ipynb"))
        ours = (person.home / f"{name}.ipynb").read_bytes()
        assert ours == (plain_server.root / f"{name}.ipynb").read_bytes(), name
        assert json.loads(ours)["metadata"] == metadata


def test_it_runs_elsewhere_without_a_word_of_configuration(
    person: Person, repository: Repository, tmp_path: Path
) -> None:
    person.server.save("run.ipynb", notebook("import cowsay", "print(6 * 7)"))
    download = person.server.ask("GET", "files/run.ipynb?download=1")
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / "a.ipynb").write_bytes(download.body)

    links = elsewhere(tmp_path, "link", "a.ipynb", "--json")
    assert links.returncode == 0, links.stderr
    quoted = repository.host.replace(":", "%3A").replace("/", "%2F")
    assert f"{BINDER}/v2/git/{quoted}%2Fo%2Fenv/main" in links.stdout
    done = elsewhere(tmp_path, "run", "a.ipynb", "--trust")
    assert done.returncode == 0, done.stderr
    cells = json.loads((folder / "a.run.ipynb").read_bytes())["cells"]
    assert "".join(cells[1]["outputs"][0]["text"]) == "42\n"


def elsewhere(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """As somebody who has the file and nothing else."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = ("PATH", "LANG", "SSL_CERT_FILE", "PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX")
    environ = {name: os.environ[name] for name in kept if name in os.environ}
    return subprocess.run(
        [COMMAND, *words],
        cwd=folder / "downloads",
        env={**environ, "HOME": str(home), "NO_PROXY": "127.0.0.1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


NO_HOST: dict[str, str] = {"BINDERCLIP_FILL_HOSTS": ""}
BROKEN: dict[str, tuple[dict[str, str], set[str]]] = {
    "an unknown policy": ({"BINDERCLIP_FILL": "mangaed"}, set()),
    "an image of this machine": (
        {"BINDERCLIP_FILL_IMAGE": "127.1:5000/o/env:1"},
        {"version", "host", "build", "auto"},
    ),
    "a launch link": (
        {"BINDERCLIP_FILL_HOSTS": "https://mybinder.org/v2/gh/o/r"},
        {"version", "image", "build", "auto"},
    ),
    "no image": (
        {"BINDERCLIP_FILL_IMAGE": "quay.io/O/Env:1\n"},
        {"version", "host", "build", "auto"},
    ),
    "a hostile host": (
        {**NO_HOST, "BINDER_LAUNCH_HOST": "https://evil.example.org/"},
        {"version", "image", "build", "auto"},
    ),
    "a secret and a second line": (
        {
            **NO_HOST,
            "BINDER_LAUNCH_HOST": "https://ada:s3cret@mybinder.org/\n[W] binderclip: \x1b[31mx",
        },
        {"version", "image", "build", "auto"},
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_is_broken_or_hostile_costs_no_save_and_tells_nothing_false(
    operator: Operated, repository: Repository, fault: str
) -> None:
    variables, keys = BROKEN[fault]
    person = operator.person(variables=variables)
    person.server.save("a.ipynb", notebook("6 * 7"))
    person.server.save("a.ipynb", person.server.read("a.ipynb"))
    saved = person.metadata().get("binder", {})
    assert saved == {key: filled(repository)[key] for key in saved}, "nothing false"
    assert set(saved) == keys
    assert len(person.warnings) == 1, person.log
    assert "s3cret" not in person.log
    assert "\x1b[31mx" not in person.log


@pytest.fixture(scope="module")
def pods(filling_tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """KubeSpawner's own profiles; what it would give to its cluster runs here."""
    said = line(
        build="https://github.com/o/env@main",
        builds={"quay.io/o/gpu:1": "https://github.com/o/gpu@v1"},
    )
    own = {"BINDERCLIP_FILL_BUILD": "https://github.com/o/own@main"}
    choice = {"display_name": "x", "kubespawner_override": {"image": "quay.io/o/x:1"}}
    unlisted = {
        "enabled": True,
        "display_name": "Yours",
        "kubespawner_override": {"image": "{value}"},
    }
    option = {"display_name": "Image", "choices": {"x": choice}, "unlisted_choice": unlisted}
    settings = {
        "image": "quay.io/o/env:2026.10",
        "profiles": [
            {"display_name": "Usual"},
            {"display_name": "GPU", "kubespawner_override": {"image": "quay.io/o/gpu:1"}},
            {
                "display_name": "Own",
                "kubespawner_override": {"image": "quay.io/o/own:1", "environment": own},
            },
            {"display_name": "Any", "profile_options": {"image": option}},
        ],
    }
    with operated(filling_tools, tmp_path_factory.mktemp("pods"), said, settings) as one:
        yield one


PROFILES: dict[str, tuple[dict[str, str], str, str | None]] = {
    "the default": ({}, "o/env", "o/env"),
    "by its image": ({"profile": "gpu"}, "o/gpu", "o/gpu"),
    "by its variables": ({"profile": "own"}, "o/own", "o/own"),
    "free text": (
        {"profile": "any", "image--unlisted-choice": "quay.io/me/mine:2"},
        "me/mine",
        None,
    ),
}


@pytest.mark.parametrize("case", PROFILES)
def test_saves_say_the_profile_that_their_user_chose(pods: Operated, case: str) -> None:
    options, image, build = PROFILES[case]
    person = pods.person(options=options)
    person.server.save("a.ipynb", notebook("6 * 7"))
    saved = person.metadata()["binder"]
    assert saved["image"]["path"] == image
    assert saved.get("build", {}).get("path") == build
    assert "host" not in saved
    assert person.warnings == []


def test_a_typo_stops_the_hub(filling_tools: Path, tmp_path: Path) -> None:
    config = tmp_path / "jupyterhub_config.py"
    config.write_text(line(policy="mangaed"))
    done = subprocess.run(
        [filling_tools / "spawners" / "bin" / "jupyterhub", "-f", config],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode != 0
    assert "binderclip.hub.configure: policy: found 'mangaed'" in done.stderr
