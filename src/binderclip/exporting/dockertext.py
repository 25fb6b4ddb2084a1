"""Lines of a Dockerfile. What comes from notebooks stands in JSON, in quotes or in a heredoc, so
that no shell and no builder reads anything into it.

Source of the format: https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence

USER = (
    "USER root",
    "RUN getent passwd 1000 >/dev/null || useradd --create-home --uid 1000 jovyan",
)
"""The user is 1000, as on a BinderHub; some images have one."""

HOME = (
    "ENV HOME=/home/jovyan",
    'RUN mkdir -p "$HOME" && chown 1000 "$HOME"',
    "USER 1000",
    "WORKDIR /home/jovyan",
)
ENVIRONMENT = (
    "ENV VIRTUAL_ENV=/srv/environment PATH=/srv/environment/bin:$PATH PIP_NO_CACHE_DIR=1",
    "RUN python3 -m venv /srv/environment && chown -R 1000 /srv/environment",
)
CONDA_ENVIRONMENT = (
    "ENV PATH=/srv/conda/environment/bin:$PATH PIP_NO_CACHE_DIR=1",
    "RUN mkdir -p /srv/conda && chown 1000 /srv/conda",
)
CONDA_INSTALL = '"conda", "env", "create", "--prefix", "/srv/conda/environment", "--file"'
CONDA_JUPYTER = (
    "conda install --yes --prefix /srv/conda/environment --channel conda-forge jupyterlab"
)
RUN = (
    "EXPOSE 8888",
    'CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser"]',
)
_PATH = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./+@-]*", re.ASCII)


def from_image(image: str, name: str) -> str:
    return "\n".join([f"# Made by binderclip from {comment(name)}.", f"FROM {image}", *RUN, ""])


def comment(text: str) -> str:
    """On one line."""
    return "".join(c if c.isprintable() else "?" for c in text)


def can_carry(name: str) -> bool:
    """Is ``name`` one that stands for itself in a Dockerfile?"""
    return _PATH.fullmatch(name) is not None


def apt(packages: Sequence[str]) -> Iterator[str]:
    words = " ".join(packages)
    yield (
        "RUN apt-get update && apt-get install --yes --no-install-recommends "
        f"{words} && rm -rf /var/lib/apt/lists/*"
    )


def clone(url: str, word: str) -> Iterator[str]:
    """The home folder need not be empty, and of the history one commit is enough."""
    steps = (
        ["git", "init", "--quiet", "."],
        ["git", "remote", "add", "origin", url],
        ["git", "fetch", "--quiet", "--depth=1", "origin", word],
        ["git", "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD"],
        ["git", "submodule", "--quiet", "update", "--init", "--recursive"],
    )
    for step in steps:
        yield f"RUN {json.dumps(step)}"


def copied(path: str, text: str, *, runs: bool) -> Iterator[str]:
    """A file of its own. A heredoc is what people can read, where it is exact."""
    mode = "--chmod=0755 " if runs else ""
    if text.endswith("\n") and not re.search(r"[^\n\t\x20-\x7e\x80-\U0010ffff]", text):
        mark = "EOF"
        while mark in text.split("\n"):
            mark += "_"
        yield f'COPY --chown=1000 {mode}<<"{mark}" {path}'
        yield from text[:-1].split("\n")
        yield mark
        return
    coded = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    folder, slash, _ = path.rpartition("/")
    make = f"mkdir -p {folder} && " if slash else ""
    executable = f" && chmod 0755 {path}" if runs else ""
    yield f"RUN {make}echo {coded} | base64 -d > {path}{executable}"


def pip(words: Sequence[str]) -> str:
    return f"RUN {json.dumps(['python', '-m', 'pip', 'install', *words])}"
