"""repo2docker itself chooses for the commit what it chooses for the files."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from tests.envrepo.conftest import DIGEST
from tests.rees import kit

from binderclip.environment import Environment
from binderclip.envrepo import Packed
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from tests.local.conftest import Origin

Ask: TypeAlias = Callable[[Path], Any]
Pack: TypeAlias = Callable[..., Packed]
CheckedOut: TypeAlias = Callable[[Packed], Path]

OURS = {
    "DockerBuildPack": "docker",
    "JuliaProjectTomlBuildPack": "julia",
    "JuliaRequireBuildPack": "julia-require",
    "NixBuildPack": "nix",
    "RBuildPack": "r",
    "CondaBuildPack": "conda",
    "PipfileBuildPack": "pipfile",
    "PythonBuildPack": "python",
}
TELLING = ("buildpack", "error", "python")


def told(answer: Any) -> list[Any]:
    return [answer[key] for key in TELLING]


@pytest.mark.parametrize("step", [200, pytest.param(10, marks=pytest.mark.slow)])
def test_files_alone(
    repo2docker: Ask, packed: Pack, checked_out: CheckedOut, tmp_path: Path, step: int
) -> None:
    seen = set()
    for number, files in enumerate(itertools.islice(kit.folders(), 5, None, step)):
        folder = kit.laid(files, tmp_path / f"laid-{number}")
        found = packed(Environment(files=files))
        into = checked_out(found)
        answer = repo2docker(into)
        assert told(answer) == told(repo2docker(folder)), files
        if not answer["error"]:
            assert OURS[answer["buildpack"]] == found.buildpack
        for name, text in files.items():
            assert (into / name).read_bytes() == text.encode()
        seen.add(answer["buildpack"])
    assert len(seen) > 4


def test_an_image(repo2docker: Ask, packed: Pack, checked_out: CheckedOut) -> None:
    folder = checked_out(packed(Environment(image=Reference("https://quay.io", "o/i"))))
    answer = repo2docker(folder)
    assert told(answer) == ["DockerBuildPack", None, None]
    assert (folder / "Dockerfile").read_text() == f"FROM quay.io/o/i@{DIGEST}\n"


@pytest.mark.parametrize("at", ["", "binder/", ".binder/"])
def test_files_over_a_repository(
    repo2docker: Ask, packed: Pack, checked_out: CheckedOut, origin: Origin, at: str
) -> None:
    theirs: dict[str, str | Path] = {
        f"{at}requirements.txt": "numpy\n",
        f"{at}link.txt": Path("requirements.txt"),
        "environment.yml" if at else "README.md": "dependencies: [python=3.8]\n",
    }
    origin.commit(theirs)
    own = {"Pipfile": '[requires]\npython_version = "3.12"\n', "postBuild": "#!/bin/sh\n"}
    found = packed(Environment(build=origin.reference, files=own))
    answer = repo2docker(checked_out(found))
    assert told(answer) == ["PipfileBuildPack", None, "3.12"]
    assert f"{at}postBuild" in answer["read"]
