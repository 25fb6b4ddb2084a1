"""Dockerfiles: read back by our own parser, with nothing of a stranger's in a shell."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip import dockerfile
from binderclip.errors import LossError, Refused, SpecError
from binderclip.exporting import dockertext

DIGEST = f"sha256:{'b' * 64}"
BUILD = {"host": "https://git.example.org", "path": "o/r", "ref": "main"}


def test_an_image(exported: Callable[..., Any]) -> None:
    image = {"host": "https://quay.io", "path": "o/i", "ref": "1.2", "hash": DIGEST}
    (first,) = dockerfile.parse(exported("dockerfile", {"image": image}).text)
    assert first.image == f"quay.io/o/i:1.2@{DIGEST}"
    (first,) = dockerfile.parse(exported("dockerfile", {"image": image}, frozen=False).text)
    assert first.image == "quay.io/o/i:1.2"


@pytest.mark.parametrize("part", [{"ref": "1 AS x"}, {"path": "o/i x"}, {"path": "o/i$(x)"}])
def test_nothing_but_an_image(exported: Callable[..., Any], part: dict[str, str]) -> None:
    with pytest.raises(SpecError):
        exported("dockerfile", {"image": {"host": "https://quay.io", "path": "o/i", **part}})


def test_files_alone(exported: Callable[..., Any]) -> None:
    files = {
        "requirements.txt": "six\n",
        "apt.txt": "# tools\ngraphviz\n",
        "runtime.txt": "python-3.11",
        "postBuild": "#!/bin/sh\necho $HOME\n",
        "start": '#!/bin/sh\nexec "$@"\n',
    }
    text = exported("dockerfile", {"files": files}).text
    (first,) = dockerfile.parse(text)
    assert first.image == "docker.io/library/python:3.11-slim"
    assert "--no-install-recommends graphviz &&" in text
    assert "USER 1000" in text.splitlines()
    assert re.search(r'^COPY --chown=1000 --chmod=0755 <<"EOF" postBuild$', text, re.MULTILINE)
    assert 'RUN ["./postBuild"]' in text
    assert 'ENTRYPOINT ["./start"]' in text
    assert text.index("USER root") < text.index("apt-get") < text.index("USER 1000")
    assert text.rindex("USER") < text.index("pip")


def test_a_repository_with_a_binder_folder(
    exported: Callable[..., Any], in_repository: Callable[..., Any]
) -> None:
    repository = in_repository(**{"binder__requirements.txt": "x\n", "environment.yml": "a: 1\n"})
    value = {"build": BUILD, "files": {"apt.txt": "curl\n"}}
    text = exported("dockerfile", value, repository=repository).text
    assert 'RUN ["git", "remote", "add", "origin", "https://git.example.org/o/r"]' in text
    assert f'"origin", "{"a" * 40}"]' in text
    assert '<<"EOF" binder/apt.txt' in text
    assert '"-r", "binder/requirements.txt"' in text
    humane = exported("dockerfile", value, repository=repository, frozen=False).text
    assert '"origin", "main"]' in humane


def test_conda(exported: Callable[..., Any]) -> None:
    files = {"environment.yml": "dependencies: [numpy]\n"}
    text = exported("dockerfile", {"files": files}).text
    assert "miniforge" in dockerfile.parse(text)[0].image
    assert '"--file", "environment.yml"]' in text


def test_hashed_requirements_are_installed_alone(exported: Callable[..., Any]) -> None:
    pinned = f"six==1.16.0 --hash=sha256:{'a' * 64}\n"
    text = exported("dockerfile", {"frozen": {"files": {"requirements.txt": pinned}}}).text
    steps = [line for line in text.splitlines() if '"pip", "install"' in line]
    assert [json.loads(step[4:])[4:] for step in steps] == [
        ["-r", "requirements.txt"],
        ["jupyterlab"],
    ]


def test_a_base_of_ones_own(exported: Callable[..., Any]) -> None:
    files = {"requirements.txt": "six\n"}
    text = exported("dockerfile", {"files": files}, base="registry.example.org/py:3").text
    assert dockerfile.parse(text)[0].image == "registry.example.org/py:3"
    image = {"host": "https://quay.io", "path": "o/i"}
    with pytest.raises(SpecError, match="no build and no files"):
        exported("dockerfile", {"image": image}, base="x/y:1")


def test_an_embedded_dockerfile_is_the_answer(exported: Callable[..., Any]) -> None:
    text = "FROM scratch\nCOPY x y\n"
    assert exported("dockerfile", {"files": {"Dockerfile": text}}).text == text
    with pytest.raises(LossError, match=r"apt\.txt"):
        exported("dockerfile", {"files": {"Dockerfile": text, "apt.txt": "git\n"}})


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"Dockerfile": "FROM x"}, "a Dockerfile of its own"),
        ({"Project.toml": ""}, "for julia"),
        ({"Pipfile": ""}, "for pipfile"),
        ({"apt.txt": "git; rm -rf /"}, "expected names of packages"),
    ],
)
def test_refusals(
    exported: Callable[..., Any],
    in_repository: Callable[..., Any],
    files: dict[str, str],
    said: str,
) -> None:
    with pytest.raises(Refused, match=said):
        exported("dockerfile", {"build": BUILD}, repository=in_repository(**files))


def test_what_is_of_another_language_is_a_loss(exported: Callable[..., Any]) -> None:
    files = {"requirements.txt": "six\n", "install.R": "x\n"}
    with pytest.raises(LossError) as caught:
        exported("dockerfile", {"files": files})
    assert [p.path for p in caught.value.problems] == ["binder.files['install.R']"]


@given(st.text(max_size=300), st.booleans())
def test_a_file_comes_back_exactly(text: str, runs: bool) -> None:  # noqa: FBT001 - hypothesis
    """However odd it is; and nothing behind it is taken into it, or it into what is behind."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    lines = [*dockertext.copied("x/y", text, runs=runs), "USER 1000"]
    whole = "\n".join(lines)
    assert [one.image for one in dockerfile.parse(f"FROM a\n{whole}\n")] == ["a"]
    if lines[0].startswith("COPY"):
        mark = re.fullmatch(r'COPY .*<<"(\w+)" x/y', lines[0])
        assert mark
        body = "\n".join(whole.split("\n")[1:])
        content, _, rest = body.partition(f"\n{mark[1]}\n")
        if body.startswith(f"{mark[1]}\n"):
            content, rest = "", body
        assert f"{content}\n" == text or (content == "" and text == "\n")
        assert rest.endswith("USER 1000")
    else:
        (step,) = re.findall(r"echo (\S*) \| base64 -d > x/y", lines[0])
        assert base64.b64decode(step).decode() == text
        assert len(lines) == 2
