"""The texts that come out, against what their own tools read."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from binderclip.errors import LossError, SpecError
from binderclip.importing.script import block

ODD = """\
# what people write
--index-url https://index.example.org/simple
--extra-index-url=https://more.example.org/simple
-f https://wheels.example.org/
--pre
--no-binary six
numpy >= 1.20, \\
    < 2   # not two yet
-r more.txt
-c limits.txt
requests[socks]; python_version < "4"
git+https://github.com/o/tool@v1#egg=tool
https://example.org/w/demo-1.0-py3-none-any.whl
"""
FILES = {
    "requirements.txt": ODD,
    "more.txt": "humanize\n-r requirements.txt\n",
    "limits.txt": "six<2\n",
    "runtime.txt": "python-3.11",
}


def test_pep723(exported: Callable[..., Any]) -> None:
    done = exported("pep723", {"files": FILES})
    table = tomllib.loads(block(done.text) or "")
    assert table["requires-python"] == "==3.11.*"
    assert table["dependencies"] == [
        "numpy >= 1.20, < 2",
        "humanize",
        'requests[socks]; python_version < "4"',
        "tool @ git+https://github.com/o/tool@v1",
        "demo @ https://example.org/w/demo-1.0-py3-none-any.whl",
    ]
    assert table["tool"]["uv"] == {
        "constraint-dependencies": ["six<2"],
        "find-links": ["https://wheels.example.org/"],
        "no-binary-package": ["six"],
        "prerelease": "allow",
        "index": [
            {"url": "https://index.example.org/simple", "default": True},
            {"url": "https://more.example.org/simple"},
        ],
    }


@pytest.mark.parametrize(
    "line",
    [
        "./here",
        "-e .",
        "-r elsewhere.txt",
        "--trusted-host example.org",
        "--index-url https://${TOKEN}@example.org/",
        "not a requirement",
        "https://example.org/source.tar.gz",
    ],
)
def test_pep723_names_the_lines_that_it_cannot_say(exported: Callable[..., Any], line: str) -> None:
    with pytest.raises(LossError) as caught:
        exported("pep723", {"files": {"requirements.txt": f"six\n{line}\n"}})
    assert [p.path for p in caught.value.problems] == ["binder.files['requirements.txt']"]
    assert "TOKEN" not in str(caught.value)


def test_a_password_is_not_in_the_message(exported: Callable[..., Any]) -> None:
    line = "https://me:hunter2@example.org/source.tar.gz"
    with pytest.raises(LossError) as caught:
        exported("pep723", {"files": {"requirements.txt": f"{line}\n"}})
    assert "hunter2" not in str(caught.value)


def test_requirements_as_they_stand(exported: Callable[..., Any]) -> None:
    text = "# mine\nnumpy  # and why\n"
    assert exported("requirements", {"files": {"requirements.txt": text}}).text == text


def test_requirements_with_what_they_include(exported: Callable[..., Any]) -> None:
    files = {"requirements.txt": "six # one\n-r more.txt\n", "more.txt": "humanize\n"}
    assert exported("requirements", {"files": files}).text == "six\nhumanize\n"


def test_requirements_of_a_conda_file(exported: Callable[..., Any]) -> None:
    text = "dependencies:\n  - python=3.11\n  - pip\n  - pip:\n    - six\n    - humanize<5\n"
    done = exported("requirements", {"files": {"environment.yml": text}})
    assert done.text == "six\nhumanize<5\n"
    assert done.notes == ("for Python 3.11",)
    assert "==3.11.*" in exported("pep723", {"files": {"environment.yml": text}}).text


def test_conda_packages_are_no_requirements(exported: Callable[..., Any]) -> None:
    text = "dependencies:\n  - gdal=3\n  - pip:\n    - six\n"
    with pytest.raises(LossError, match="gdal=3"):
        exported("requirements", {"files": {"environment.yml": text}})
    with pytest.raises(SpecError, match="no 'pip:' list"):
        exported(
            "requirements",
            {"files": {"environment.yml": "dependencies:\n  - gdal\n"}},
            accept_loss=True,
        )


def test_environment_yml_as_it_stands(exported: Callable[..., Any]) -> None:
    text = "# mine\ndependencies: [python=3.11, numpy]\n"
    assert exported("environment.yml", {"files": {"environment.yml": text}}).text == text


def test_environment_yml_of_requirements(exported: Callable[..., Any]) -> None:
    files = {"requirements.txt": "six # one\nodd: x\n", "runtime.txt": "python-3.11\n"}
    done = exported("environment.yml", {"files": files})
    assert yaml.safe_load(done.text) == {
        "name": "analysis",
        "channels": ["conda-forge"],
        "dependencies": ["python=3.11", "pip", {"pip": ["six", "odd: x"]}],
    }


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (
            {"host": "https://github.com", "path": "o/r", "ref": "main", "hash": "a" * 40},
            {"repo": "o/r", "ref": "a" * 40, "provider": "github"},
        ),
        (
            {"host": "https://gitlab.com", "path": "g/s/r"},
            {"repo": "https://gitlab.com/g/s/r", "ref": "HEAD", "provider": "gitlab"},
        ),
        (
            {"host": "https://git.example.org", "path": "x/y.git", "ref": "1e3"},
            {"repo": "https://git.example.org/x/y.git", "ref": "1e3", "provider": "git"},
        ),
        (
            {"host": "https://doi.org", "path": "10.5281/zenodo.3242074"},
            {"repo": "10.5281/zenodo.3242074", "provider": "zenodo"},
        ),
    ],
)
def test_myst(exported: Callable[..., Any], build: Any, said: Any) -> None:
    done = exported("myst", {"host": "https://hub.example.org", "build": build})
    found = yaml.safe_load(done.text)["project"]["jupyter"]["binder"]
    assert found == {"url": "https://hub.example.org", **said}


def test_myst_goes_by_refs_where_asked_to(exported: Callable[..., Any]) -> None:
    build = {"host": "https://github.com", "path": "o/r", "ref": "main", "hash": "a" * 40}
    done = exported("myst", {"build": build}, frozen=False)
    assert yaml.safe_load(done.text)["project"]["jupyter"]["binder"]["ref"] == "main"
