"""A notebook with everything at once, over a real git server, registry, channel and index."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from tests.cli.conftest import run
from tests.conda.channel import ChannelFolder, channel
from tests.pylocks.index import Index, index
from tests.registries.rig import Registry, registry

from binderclip import conda
from binderclip.platforms import this_platform

if TYPE_CHECKING:
    from tests.cli.conftest import Run
    from tests.local.conftest import Origin, Served

__all__ = ["run"]


@pytest.fixture(autouse=True)
def _nobodys_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONDARC", str(tmp_path / "condarc"))
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(tmp_path / "no-credentials.json"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))


@pytest.fixture
def web(tmp_path: Path, serve: Callable[..., AbstractContextManager[Served]]) -> Iterator[Served]:
    (tmp_path / "origins").mkdir(exist_ok=True)
    with serve(tmp_path / "origins") as server:
        yield server


@pytest.fixture
def images(tmp_path: Path, lacking: Callable[[str, str], NoReturn]) -> Iterator[Registry]:
    with registry(tmp_path, lacking) as there:
        yield there


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with index(tmp_path / "packages") as made:
        made.add("alpha", "1.0", requires=["beta>=1"])
        made.add("beta", "1.0")
        monkeypatch.setenv("UV_DEFAULT_INDEX", made.url)
        yield made


@pytest.fixture
def ch(tmp_path: Path) -> Iterator[ChannelFolder]:
    with channel(tmp_path / "channel") as made:
        for version in ("3.10.14", "3.11.9", "3.12.4"):
            made.add("python", version, indexed=False)
        made.add("pip", "24.0", depends=["python"], indexed=False)
        made.add("tool", "1.0", depends=["python"])
        yield made


@dataclass
class World:
    """All that a notebook may name."""

    origin: Origin
    web: Served
    images: Registry
    packages: Index
    channel: ChannelFolder

    @property
    def asked(self) -> tuple[int, ...]:
        """How often each was asked, as far as it counts."""
        return len(self.web.seen), len(self.packages.seen), len(self.channel.asked)

    def move_on(self) -> tuple[str, str]:
        """Everything gets a newer version; the new commit and digest."""
        self.packages.add("beta", "2.0")
        self.channel.add("tool", "2.0", depends=["python"])
        commit = self.origin.commit({"README": "ho"})
        return commit, self.images.push("pangeo/base", "2026.10", content="other")


@pytest.fixture
def world(
    origin: Origin, web: Served, images: Registry, packages: Index, ch: ChannelFolder
) -> World:
    return World(origin, web, images, packages, ch)


def written(path: Path) -> tuple[Any, dict[str, str]]:
    """The notebook's binder, and its frozen files."""
    value = json.loads(path.read_bytes())["metadata"]["binder"]
    files = value["frozen"]["files"].items()
    return value, {name: "".join(lines) for name, lines in files}


def test_freeze_twice_and_thaw(run: Run, tmp_path: Path, world: World) -> None:
    origin, web, images = world.origin, world.web, world.images
    commit = origin.commit({"README": "hi"})
    digest = images.push_index("pangeo/base", "2026.10", platforms=("linux/amd64", "linux/arm64"))
    repository = {"host": web.url, "path": "origin.git"}
    environment = (
        f"name: x\nchannels:\n- {world.channel.http}\n- nodefaults\ndependencies:\n"
        "- python=3.12\n- tool\n- pip:\n  - alpha\n"
    )
    binder = {
        "version": 1,
        "host": "https://binder.example.org",
        "image": images.reference("pangeo/base", "2026.10"),
        "build": {**repository, "ref": "main"},
        "files": {
            "requirements.txt": ["alpha\n"],
            "environment.yml": environment.splitlines(keepends=True),
            "postBuild": "#!/bin/bash\necho é\n",
        },
        "config": {**repository, "ref": "main", "copy": {"*.json": "$HOME/.jupyter/"}},
        "content": {**repository, "copy": {"*.ipynb": "$HOME/"}},
        "mine": {"kept": [1, 2.50]},
    }
    whole = {"cells": [], "metadata": {"binder": binder}, "nbformat": 4, "nbformat_minor": 5}
    path = tmp_path / "a.ipynb"
    # As a person may have written it: not in the way in which anything is written by machines.
    text = json.dumps(whole, indent=2, ensure_ascii=False).replace("2.5", "2.50")
    text = text.replace('{\n        "kept"', '{ "kept"')
    path.write_text(text + "\n", "utf-8")
    before = path.read_bytes()

    done = run("freeze", "a.ipynb")
    assert (done.code, done.err) == (0, "")
    frozen = path.read_bytes()
    value, files = written(path)
    hashes = {key: value[key]["hash"] for key in ("image", "build", "config", "content")}
    assert hashes == {"image": digest, "build": commit, "config": commit, "content": commit}
    assert {key: part for key, part in value["build"].items() if key != "hash"} == binder["build"]
    assert value["files"] == binder["files"]
    assert value["frozen"]["platform"] == this_platform()
    assert set(files) == {"requirements.txt", "environment.yml"}
    for name in ("alpha==1.0", "beta==1.0", "--hash=sha256:"):
        assert name in files["requirements.txt"]
    solved = conda.read(files["environment.yml"], "environment.yml")
    assert any(re.search("tool.*1.0", spec) for spec in solved.specs)
    assert any(re.search("python.*3.12.4", spec) for spec in solved.specs)
    assert any("beta==1.0" in line for line in solved.pip)
    assert "requirements.txt: pinned, though repo2docker ignores it" in done.out

    # What comes later changes nothing, until it is asked for.
    later = world.move_on()
    asked = world.asked
    assert run("freeze", "a.ipynb").out == "· a.ipynb: unchanged\n"
    assert path.read_bytes() == frozen
    assert run("freeze", "a.ipynb", "--check").code == 0
    assert world.asked == asked

    assert run("freeze", "a.ipynb", "--check", "--upgrade").code == 1
    assert path.read_bytes() == frozen
    assert run("freeze", "a.ipynb", "--upgrade").code == 0
    value, files = written(path)
    assert (value["build"]["hash"], value["image"]["hash"]) == later
    assert "beta==2.0" in files["requirements.txt"]
    assert re.search(r"tool.*2\.0", files["environment.yml"])
    assert run("freeze", "a.ipynb", "--check", "--upgrade").code == 0

    assert run("thaw", "a.ipynb").code == 0
    assert path.read_bytes() == before


def test_a_dockerfile_and_every_failure_at_once(
    run: Run, tmp_path: Path, images: Registry, packages: Index, web: Served
) -> None:
    digest = images.push("a/base", "1")
    files = {"Dockerfile": f"FROM {images.image('a/base:1')}\nRUN true\n"}
    binder: dict[str, Any] = {"version": 1, "files": files}
    whole = {"cells": [], "metadata": {"binder": binder}, "nbformat": 4, "nbformat_minor": 5}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(whole))
    before = path.read_bytes()
    done = run("freeze", "a.ipynb")
    assert done.code == 0, done.err
    value = json.loads(path.read_bytes())["metadata"]["binder"]
    assert f"a/base:1@{digest}" in "".join(value["frozen"]["files"]["Dockerfile"])
    assert run("freeze", "a.ipynb", "--check").code == 0
    run("thaw", "a.ipynb")
    assert path.read_bytes() == before

    binder["files"] = {
        "Dockerfile": f"FROM {images.image('a/base:9')}\n",
        "requirements.txt": "omega\n",
    }
    binder["image"] = images.reference("a/base", "7")
    binder["content"] = {"host": web.url, "path": "origin.git"}
    path.write_text(json.dumps(whole))
    before = path.read_bytes()
    done = run("freeze", "a.ipynb", "--json")
    assert done.code == 19
    (one,) = done.answer["notebooks"]
    assert [failure["path"] for failure in one["error"]["failures"]] == [
        "binder.image",
        "binder.content",
        "binder.files['requirements.txt']",
        "binder.files.Dockerfile",
    ]
    assert path.read_bytes() == before
    del packages


def test_the_python_of_an_environment_that_names_none_stays(
    run: Run, tmp_path: Path, ch: ChannelFolder, packages: Index
) -> None:
    environment = f"channels: ['{ch.http}', nodefaults]\ndependencies: [tool, pip: [alpha]]\n"
    files = {"environment.yml": environment, "requirements.txt": "alpha\n"}
    binder = {"version": 1, "files": files}
    whole = {"cells": [], "metadata": {"binder": binder}, "nbformat": 4, "nbformat_minor": 5}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(whole))
    done = run("freeze", "a.ipynb", "--python", "3.12")
    assert done.code == 0, done.err
    frozen = path.read_bytes()
    _, files = written(path)
    assert re.search(r"python.*3\.12\.4", files["environment.yml"])
    asked = len(packages.seen), len(ch.asked)
    assert run("freeze", "a.ipynb").out == "· a.ipynb: unchanged\n"
    assert run("freeze", "a.ipynb", "--check").code == 0
    assert (len(packages.seen), len(ch.asked)) == asked
    assert path.read_bytes() == frozen
    assert run("freeze", "a.ipynb", "--check", "--python", "3.10").code == 1
    assert run("freeze", "a.ipynb", "--upgrade").out == "· a.ipynb: unchanged\n"
    done = run("freeze", "a.ipynb", "--python", "3.10")
    assert re.search(r"python.*3\.10\.14", written(path)[1]["environment.yml"])
