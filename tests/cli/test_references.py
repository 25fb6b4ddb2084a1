"""How people write images and repositories."""

from __future__ import annotations

import pytest

from binderclip import references
from binderclip.errors import SpecError
from binderclip.spec.model import Reference

SHA = "0123456789abcdef0123456789abcdef01234567"
DIGEST = f"sha256:{'ab' * 32}"

IMAGES = {
    "quay.io/pangeo/base-notebook:2026.10.01": (
        "https://quay.io",
        "pangeo/base-notebook",
        "2026.10.01",
        None,
    ),
    f"quay.io/pangeo/base-notebook@{DIGEST}": (
        "https://quay.io",
        "pangeo/base-notebook",
        None,
        DIGEST,
    ),
    f"quay.io/pangeo/base-notebook:1@{DIGEST}": (
        "https://quay.io",
        "pangeo/base-notebook",
        "1",
        DIGEST,
    ),
    "docker://quay.io/pangeo/base-notebook": (
        "https://quay.io",
        "pangeo/base-notebook",
        None,
        None,
    ),
    "jupyter/base-notebook:latest": ("https://docker.io", "jupyter/base-notebook", "latest", None),
    "docker.io/jupyter/base-notebook": ("https://docker.io", "jupyter/base-notebook", None, None),
    "python:3.12": ("https://docker.io", "library/python", "3.12", None),
    "docker.io/python": ("https://docker.io", "library/python", None, None),
    "localhost/x": ("https://localhost", "x", None, None),
    "localhost:5000/a/b:c": ("https://localhost:5000", "a/b", "c", None),
    "http://127.0.0.1:5000/a/b": ("http://127.0.0.1:5000", "a/b", None, None),
    "https://quay.io/repository/pangeo/base-notebook": (
        "https://quay.io",
        "pangeo/base-notebook",
        None,
        None,
    ),
    "https://hub.docker.com/r/jupyter/base-notebook": (
        "https://docker.io",
        "jupyter/base-notebook",
        None,
        None,
    ),
    "https://hub.docker.com/_/python": ("https://docker.io", "library/python", None, None),
    "ghcr.io/o/r/x:1": ("https://ghcr.io", "o/r/x", "1", None),
}

REPOSITORIES = {
    "o/r": ("https://github.com", "o/r", None, None),
    "o/r@v1.0": ("https://github.com", "o/r", "v1.0", None),
    "o/r@feature/x": ("https://github.com", "o/r", "feature/x", None),
    f"o/r@{SHA}": ("https://github.com", "o/r", None, SHA),
    "gh:o/r": ("https://github.com", "o/r", None, None),
    "gl:group/sub/r@dev": ("https://gitlab.com", "group/sub/r", "dev", None),
    "cb:o/r": ("https://codeberg.org", "o/r", None, None),
    "gh/o/r/main": ("https://github.com", "o/r", "main", None),
    "github.com/o/r": ("https://github.com", "o/r", None, None),
    "https://github.com/o/r": ("https://github.com", "o/r", None, None),
    "https://github.com/o/r/": ("https://github.com", "o/r", None, None),
    "https://github.com/o/r.git": ("https://github.com", "o/r", None, None),
    "git+https://github.com/o/r.git@main": ("https://github.com", "o/r", "main", None),
    "https://github.com/o/r/tree/main": ("https://github.com", "o/r", "main", None),
    "https://github.com/o/r/tree/feature/x": ("https://github.com", "o/r", "feature/x", None),
    f"https://github.com/o/r/commit/{SHA}": ("https://github.com", "o/r", None, SHA),
    "https://github.com/o/r/releases/tag/v1": ("https://github.com", "o/r", "v1", None),
    "https://gitlab.com/g/s/r/-/tree/dev": ("https://gitlab.com", "g/s/r", "dev", None),
    "https://git.example.org/x/y.git": ("https://git.example.org", "x/y.git", None, None),
    "http://127.0.0.1:8080/env.git": ("http://127.0.0.1:8080", "env.git", None, None),
    "https://mybinder.org/v2/gh/o/r/main": ("https://github.com", "o/r", "main", None),
}


@pytest.mark.parametrize("text", IMAGES)
def test_images(text: str) -> None:
    assert references.image(text) == Reference(*IMAGES[text])


@pytest.mark.parametrize("text", REPOSITORIES)
def test_repositories(text: str) -> None:
    assert references.repository(text) == Reference(*REPOSITORIES[text])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Quay.io/Pangeo/X",
        "quay.io/",
        "a b",
        "x@sha256:12",
        "x:-bad",
        "ftp://x/y",
        "a//b",
        "../x",
    ],
)
def test_what_is_no_image(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        references.image(text)
    assert caught.value.problems[0].path == "binder.image"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "r",
        "git@github.com:o/r.git",
        "ssh://git@host/x/y",
        "file:///srv/x",
        "https://",
        "o/r@",
        "https://[",
        "https://user:hunter2@github.com/o/r",
        "o/r@x@y",
        "gh:",
        "https://github.com/o",
        "https://github.com/o/r/tree/main@dev",
    ],
)
def test_what_is_no_repository(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        references.repository(text, "content")
    assert caught.value.problems[0].path == "binder.content"
    assert "hunter2" not in str(caught.value)


def test_ssh_is_answered_with_the_address_that_would_do() -> None:
    with pytest.raises(SpecError, match=r"https://github\.com/o/r"):
        references.repository("git@github.com:o/r.git")


@pytest.mark.parametrize("text", ["user:hunter2@quay.io/x/y", "https://user:hunter2@quay.io/x/y"])
def test_an_image_with_a_password_does_not_show_it(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        references.image(text)
    assert "hunter2" not in str(caught.value)
