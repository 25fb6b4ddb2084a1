"""The environment files that repo2docker knows, for front ends that help to write them.

Names and precedence are those of ``binderclip.rees``; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from binderclip.jupyter.routes import snippets
from binderclip.rees import EXECUTABLE, Buildpack

Role: TypeAlias = Literal["chooses", "beside"]

_DOCS = "https://repo2docker.readthedocs.io/en/latest/configuration"
_DOCKER_DOCS = "https://docs.docker.com/build/concepts/context/#dockerignore-files"


@dataclass(frozen=True, slots=True)
class KnownFile:
    r"""``role``: does it choose the build, or count beside what does? ``snippet`` is text with
    placeholders (``${1:numpy}``; ``\{`` and ``\}`` are braces), None for a file that nobody
    should write by hand. ``root_only``: it counts in a root without a ``binder`` folder alone.
    """

    name: str
    role: Role
    buildpack: Buildpack | None
    about: str
    documentation: str
    snippet: str | None = None
    root_only: bool = False

    @property
    def executable(self) -> bool:
        return self.name in EXECUTABLE


def _chooses(
    name: str,
    buildpack: Buildpack,
    about: str,
    page: str,
    snippet: str | None = None,
    *,
    root_only: bool = False,
) -> KnownFile:
    where = f"{_DOCS}/{page}"
    return KnownFile(name, "chooses", buildpack, about, where, snippet, root_only)


def _beside(name: str, about: str, where: str, snippet: str | None = None) -> KnownFile:
    where = where if "://" in where else f"{_DOCS}/{where}"
    return KnownFile(name, "beside", None, about, where, snippet)


KNOWN: tuple[KnownFile, ...] = (
    _chooses(
        "Dockerfile",
        "docker",
        "Says everything itself; no other file is read. Try the others first.",
        "system.html#dockerfile",
        snippets.DOCKERFILE,
    ),
    _chooses(
        "JuliaProject.toml",
        "julia",
        "Julia and its packages; another name for Project.toml, which it wins over.",
        "research.html#project-toml",
        snippets.JULIA,
    ),
    _chooses(
        "Project.toml",
        "julia",
        "Julia and its packages.",
        "research.html#project-toml",
        snippets.JULIA,
    ),
    _chooses(
        "REQUIRE",
        "julia-require",
        "Packages of Julia before 1.0, which nothing builds any more; write a Project.toml.",
        "research.html#project-toml",
    ),
    _chooses(
        "default.nix",
        "nix",
        "A Nix expression; it has to bring Jupyter itself.",
        "system.html#default-nix",
        snippets.NIX,
    ),
    _chooses(
        "DESCRIPTION",
        "r",
        "The repository is an R package, which is installed with what it needs.",
        "research.html#description",
        snippets.DESCRIPTION,
        root_only=True,
    ),
    _chooses(
        "environment.yml",
        "conda",
        "Packages of conda, of any language; below pip: those of Python's index.",
        "research.html#environment-yml",
        snippets.ENVIRONMENT_YML,
    ),
    _chooses(
        "environment.yaml",
        "conda",
        "Another name for environment.yml, which wins over it.",
        "research.html#environment-yml",
        snippets.ENVIRONMENT_YML,
    ),
    _chooses(
        "Pipfile.lock",
        "pipfile",
        "What pipenv pinned; `pipenv lock` writes it.",
        "development.html#pipfile",
    ),
    _chooses(
        "Pipfile",
        "pipfile",
        "Packages of Python, as pipenv states them.",
        "development.html#pipfile",
        snippets.PIPFILE,
    ),
    _chooses(
        "runtime.txt",
        "python",
        "The version of Python; with r-YYYY-MM-DD that of R's packages, and then it wins over "
        "environment.yml.",
        "system.html#runtime-txt",
        snippets.RUNTIME,
    ),
    _chooses(
        "setup.py",
        "python",
        "The repository is a Python package, which is installed; a pyproject.toml is its newer "
        "form.",
        "development.html#setup-py",
        snippets.SETUP,
        root_only=True,
    ),
    _chooses(
        "pyproject.toml",
        "python",
        "The repository is a Python package, which is installed; it takes both [project] and "
        "[build-system].",
        "development.html#pyproject",
        snippets.PYPROJECT,
        root_only=True,
    ),
    _chooses(
        "requirements.txt",
        "python",
        "Packages of Python, as pip states them; runtime.txt beside it chooses the Python.",
        "development.html#requirements-txt",
        snippets.REQUIREMENTS,
    ),
    _beside(
        "requirements3.txt",
        "Packages of a Python 3 beside a notebook server of Python 2; write a requirements.txt.",
        "development.html#requirements-txt",
    ),
    _beside(
        "JuliaManifest.toml",
        "What Julia pinned, beside a JuliaProject.toml; Julia's Pkg writes it.",
        "research.html#project-toml",
    ),
    _beside(
        "Manifest.toml",
        "What Julia pinned, beside a Project.toml; Julia's Pkg writes it.",
        "research.html#project-toml",
    ),
    _beside(
        "install.R",
        "A script that installs R packages, where runtime.txt says r-YYYY-MM-DD.",
        "research.html#install-r",
        snippets.INSTALL_R,
    ),
    _beside(
        "apt.txt",
        "Packages of the system, by their names in Ubuntu, one a line.",
        "system.html#apt-txt",
        snippets.APT,
    ),
    _beside(
        "postBuild",
        "A script that runs once, when everything is installed.",
        "actions.html#postbuild",
        snippets.POST_BUILD,
    ),
    _beside(
        "start",
        "A script that runs before every session; its last line goes on to the server.",
        "actions.html#start",
        snippets.START,
    ),
    _beside(
        ".dockerignore",
        "Files of the repository that stay out of the image.",
        _DOCKER_DOCS,
        snippets.IGNORE,
    ),
    _beside(
        ".containerignore",
        "Another name for .dockerignore.",
        _DOCKER_DOCS,
        snippets.IGNORE,
    ),
)
"""The best first: of two that choose, that which stands first here wins."""
