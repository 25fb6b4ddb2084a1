"""Our table, held against repo2docker itself."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rees import kit

from binderclip.rees import Embedded, FolderListing, Report, report

Ask: TypeAlias = Callable[[Path], Any]

BUILDPACKS = {
    None: None,
    "DockerBuildPack": "docker",
    "JuliaProjectTomlBuildPack": "julia",
    "JuliaRequireBuildPack": "julia-require",
    "NixBuildPack": "nix",
    "RBuildPack": "r",
    "CondaBuildPack": "conda",
    "PipfileBuildPack": "pipfile",
    "PythonBuildPack": "python",
}
# What others read later: docker's builder, Julia, the script that Nix starts with, and pip.
LATER = (".dockerignore", ".containerignore", "Manifest.toml", "start", "more.txt", "setup.py")


def agree(found: Report, answer: Any, names: set[str]) -> None:
    assert found.buildpack == BUILDPACKS[answer["buildpack"]]
    assert bool(found.fails) == bool(answer["error"]), (found.fails, answer["error"])
    if answer["error"]:
        return
    assert found.python == answer["python"]
    passed_over = {one.path for one in found.ignored}
    counts = set(answer["counts"])
    assert not counts & passed_over
    assert counts <= set(found.uses)
    read = {path for path in {*found.uses} & names if not path.endswith(LATER)}
    if "setup.py" in names:  # pip reads both, and one is enough to make a package
        read.discard("pyproject.toml")
    assert read <= counts | set(answer["read"]) | set(answer["opened"])


@pytest.mark.parametrize(
    "step",
    [8, pytest.param(1, marks=pytest.mark.slow)],  # thousands of answers of repo2docker's
)
def test_the_folders_of_the_generator(repo2docker: Ask, tmp_path: Path, step: int) -> None:
    seen = set()
    for number, files in enumerate(itertools.islice(kit.folders(), 0, None, step)):
        folder = kit.laid(files, tmp_path / str(number))
        answer = repo2docker(folder)
        found = report(Embedded(files))
        try:
            agree(found, answer, set(files))
        except AssertionError as error:
            pytest.fail(f"{files}\n{answer}\n{found}\n{error}")
        assert report(FolderListing(folder)) == found
        seen.add((found.buildpack, bool(found.fails)))
        shutil.rmtree(folder)
    assert number > 1000 / step
    every = set(BUILDPACKS.values())
    assert {name for name, failed in seen if failed} >= every - {"docker", "nix"}
    assert {name for name, failed in seen if not failed} == every - {"julia-require", None}


words = st.text(st.sampled_from("pytho3.12=*- \n\r#<>~!\u0663x:'\"[]{}\t&r"), max_size=20)
# Without marks of tags and anchors, where a stricter reader of YAML parts from repo2docker's; and
# without tabs, which libyaml takes in places where repo2docker's reader takes none.
plain_words = words.map(lambda text: re.sub(r"[!&\t]", "", text))
versions = st.from_regex(r"\A[v0]?[0-9]{1,2}(\.[0-9]{0,2}){0,2}(\.\*|rc1)?\Z")
specifiers = st.lists(
    st.builds(
        str.__add__,
        st.sampled_from(["==", ">=", "<=", "~=", "!=", "<", ">", "", "==="]),
        st.sampled_from(["3", "3.9", "3.10", "3.10.2", "3.12", "3.13.*", "4", "x"]),
    ),
    max_size=3,
).map(",".join)
runtimes = st.one_of(
    words,
    versions.map("python-{}".format),
    st.builds(
        "{}-{}".format,
        st.sampled_from(["r", "python", "R"]),
        st.sampled_from(["4.1", "2024-02-30", "2024-02-28", "4.3-2019-01-01", "2017-01-01"]),
    ),
)
dependencies = st.lists(
    st.one_of(
        plain_words.map(repr),
        st.builds(
            "python{}{}".format, st.sampled_from(["=", "==", " =", "= ", ">=", " "]), versions
        ),
        words.map("pip: [{!r}]".format),
        st.sampled_from(["null", "3.10", "pip", "~", "true", "{pip: [-e .]}", "*a"]),
    ),
    max_size=4,
)
contents: Mapping[str, st.SearchStrategy[str]] = {
    "runtime.txt": runtimes,
    "environment.yml": st.one_of(
        # An empty key in a block is a fault for PyYAML alone.
        plain_words.map(lambda text: re.sub(r"(?<![\w'\"])\s*:", "", text)),
        dependencies.map(lambda found: "dependencies:\n" + "".join(f"- {x}\n" for x in found)),
    ),
    "pyproject.toml": st.builds(
        "[project]\nrequires-python = {!r}\n{}".format, specifiers, st.sampled_from(["", kit.BUILT])
    ),
    "Pipfile": versions.map('[requires]\npython_version = "{}"\n'.format),
    "Pipfile.lock": st.recursive(
        st.one_of(st.none(), st.integers(), versions),
        lambda inner: st.dictionaries(
            st.sampled_from(["_meta", "requires", "python_version", "python_full_version"]), inner
        ),
        max_leaves=4,
    ).map(json.dumps),
    "Project.toml": st.builds(
        '[compat]\njulia = "{}{}"\n'.format,
        st.sampled_from(["", "^", "~", ">=", "=", "> ", "≥"]),
        st.sampled_from(["0", "0.7", "1", "1.6", "1.06", "1.6.7", "1.6.7.1", "1,2", "x"]),
    ),
    "apt.txt": words,
    "requirements.txt": words,
    "DESCRIPTION": st.just(""),
    "setup.py": st.just(""),
    "postBuild": st.sampled_from(["#!/bin/sh\n", "#!/bin/sh\r\n", "#!/bin/sh -e\r\n", "true\r\n"]),
}
everything = st.fixed_dictionaries({}, optional=dict(contents))


@settings(max_examples=300)
@given(
    files=st.one_of(
        everything,
        *(st.fixed_dictionaries({name: made}) for name, made in contents.items()),
    ),
    room=st.sampled_from(["", "", "binder"]),
)
def test_what_hypothesis_makes(repo2docker: Ask, files: dict[str, str], room: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        kit.laid(files, root / room)
        (root / "README").touch()
        names = {f"{room}/{name}".lstrip("/") for name in files}
        agree(report(FolderListing(root)), repo2docker(root), names)


@settings(max_examples=60)
@given(
    name=st.sampled_from(
        [
            "runtime.txt",
            "apt.txt",
            "environment.yml",
            "Pipfile",
            "Pipfile.lock",
            "Dockerfile",
            "pyproject.toml",
            "postBuild",
            "start",
            "DESCRIPTION",
            "Project.toml",
        ]
    ),
    text=st.sampled_from(["", "python-3.11", "gcc\n", "dependencies: []\n", "{}", "#!/bin/sh\n"]),
    broken=st.sampled_from([b"", b"\xff", b"\xc3", b"#\xe9\n", b"\xef\xbb\xbf"]),
    room=st.sampled_from(["", "", "binder"]),
)
def test_what_is_not_utf_8(
    repo2docker: Ask, name: str, text: str, broken: bytes, room: str
) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        kit.laid(
            {name: broken + text.encode() if "bom" in name else text.encode() + broken}, root / room
        )
        agree(report(FolderListing(root)), repo2docker(root), {f"{room}/{name}".lstrip("/")})
