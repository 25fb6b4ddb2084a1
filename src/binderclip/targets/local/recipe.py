"""How to build an environment, read from its configuration files."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

from binderclip import pythons
from binderclip.errors import Refused
from binderclip.rees import Choice, Listing, choose, is_package, requires_python
from binderclip.targets.local import environmentyml, pipfile, requirements
from binderclip.targets.local.environmentyml import Conda

KERNEL = "ipykernel"
PIPFILE_LINES = "pipfile-requirements.txt"
"""Where the lines made from a Pipfile are written; not in the working copy."""
KEPT = "installed-before.txt"
"""Where the versions are written that an install must leave alone: all that is installed. Nor is
this in the working copy.
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to build. ``request`` is what uv is asked for, such as "3.11" or "==3.11.*,>=3.11.4";
    ``stated`` is True when the environment leaves no choice of Python; ``installs`` are the
    arguments of each ``uv pip install``, run in ``folder`` of the working copy; ``scripts`` are
    the paths in ``texts`` that are executed; ``made`` is the text of PIPFILE_LINES; ``post_build``
    and ``start`` are paths in the working copy; ``at`` is the folder that the notebook's own files
    are laid over. With ``conda``, its packages come first and there is no ``request``.
    """

    python: str
    request: str
    stated: bool
    installs: tuple[tuple[str, ...], ...]
    texts: Mapping[str, str]
    scripts: tuple[str, ...] = ()
    made: str | None = None
    post_build: str | None = None
    start: str | None = None
    at: str = ""
    folder: str = ""
    conda: Conda | None = None

    @property
    def commands(self) -> tuple[str, ...]:
        words = [["uv", "pip", "install", *install] for install in self.installs]
        words += [[f"./{self.post_build}"]] if self.post_build else []
        venv = shlex.join(["uv", "venv", "--seed", "--python", self.request])
        return (self.conda.command if self.conda else venv, *map(shlex.join, words))

    @property
    def written(self) -> frozenset[str]:
        """The names in ``texts`` that are no files of the working copy."""
        made = {PIPFILE_LINES} if self.made is not None else set()
        return frozenset(made | ({self.conda.pip_name} if self.conda else set()))


def recipe(listing: Listing, default_python: str, *, at: str = "") -> Recipe:
    """Read the configuration in ``listing``. Raises Refused for what this target cannot honour."""
    choice = choose(listing)
    _check_possible(listing, choice)
    files = _Files(listing)
    post_build, start = (
        path
        for name in ("postBuild", "start")
        for path in [choice.path(name) if files.note(choice.path(name)) is not None else None]
    )
    _check_scripts(files.texts, post_build, start)
    if choice.buildpack == "conda":
        found = _of_conda(files, environmentyml.read(files, choice, default_python))
    elif choice.buildpack == "pipfile":
        found = _of_pipfile(files, choice, default_python)
    else:
        found = _of_python(files, choice, default_python)
    return replace(
        found,
        scripts=(*files.scripts, *filter(None, (post_build, start))),
        post_build=post_build,
        start=start,
        at=at,
    )


def _of_conda(files: _Files, conda: Conda) -> Recipe:
    installs: tuple[tuple[str, ...], ...] = ()
    if conda.pip_lines:
        # pip's own way to read the list: paths in it start at the file's folder.
        installs = (("-r", conda.pip_name),)
        files.texts[conda.pip_name] = conda.pip_lines
        requirements.note_all(files, conda.pip_name, root=posixpath.dirname(conda.path))
    return Recipe(
        python=conda.python,
        request="",
        stated=conda.stated,
        installs=installs,
        texts=files.texts,
        folder=posixpath.dirname(conda.path),
        conda=conda,
    )


def _of_pipfile(files: _Files, choice: Choice, default_python: str) -> Recipe:
    wanted, made = pipfile.read(files, choice.path)
    files.texts[PIPFILE_LINES] = made
    requirements.note_folders(files, made)
    python = wanted or default_python
    return Recipe(
        python=python,
        request=python,
        stated=wanted is not None,
        installs=(("-r", PIPFILE_LINES, KERNEL),),
        texts=files.texts,
        made=made,
    )


def _of_python(files: _Files, choice: Choice, default_python: str) -> Recipe:
    version = _python(files, choice, default_python)
    return Recipe(
        python=version.python,
        request=version.request,
        stated=version.stated,
        installs=_installs(files, choice),
        texts=files.texts,
    )


def _check_scripts(texts: Mapping[str, str], post_build: str | None, start: str | None) -> None:
    """``postBuild`` may do without a first line: a Dockerfile's RUN has a shell run it."""
    if start and not texts[start].startswith("#!"):
        raise Refused(f"{start}: found no '#!' line, expected one that names its interpreter")
    for script in filter(None, (post_build, start)):
        if texts[script].startswith("#!") and texts[script].partition("\n")[0].endswith("\r"):
            _refuse(
                f"{script}: its first line ends as on Windows, so that no interpreter is found",
                "save it with Unix line ends",
            )


class _Files:
    """A listing that remembers what was read of it."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self.texts: dict[str, str] = {}
        self.scripts: list[str] = []

    def folder(self, path: str) -> bool:
        return self._listing.folder(path)

    def read(self, path: str) -> str | None:
        return self._listing.read(path)

    def note(self, path: str, *, runs: bool = False) -> str | None:
        text = self._listing.read(path)
        if text is not None:
            self.texts[path] = text
            if runs and path not in self.scripts:
                self.scripts.append(path)
        return text


_ELSEWHERE = "a BinderHub builds it; a target for containers is to come"
_NOT_HERE: Mapping[str, str] = {
    "docker": "the local target builds no images",
    "julia": "the local target installs Python alone, not Julia",
    "julia-require": "REQUIRE belongs to Julia before 1.0, which nothing builds any more",
    "nix": "the local target does not use Nix",
    "r": "the local target installs Python alone, not R",
}


def _check_possible(listing: Listing, choice: Choice) -> None:
    if choice.buildpack in _NOT_HERE:
        why = _NOT_HERE[choice.buildpack]
        advice = {"julia-require": "write a Project.toml for a current Julia"}
        _refuse(f"{choice.trigger}: {why}", advice.get(choice.buildpack, _ELSEWHERE))
    # As with repo2docker, no runtime.txt counts beside an environment.yml.
    if choice.runtime and choice.runtime.name != "python" and choice.buildpack != "conda":
        _refuse(
            f"{choice.path('runtime.txt')}: found {choice.runtime.text!r}, and the local target "
            "installs Python alone",
            _ELSEWHERE,
        )
    if listing.read(choice.path("apt.txt")) is not None:
        _refuse(
            f"{choice.path('apt.txt')}: the local target installs no system packages",
            f"{_ELSEWHERE}. Or install them yourself and drop the file",
        )
    if choice.trigger is None and listing.read(choice.path("install.R")) is not None:
        _refuse(f"{choice.path('install.R')}: {_NOT_HERE['r']}", _ELSEWHERE)


def refused_by_name(names: Mapping[str, str]) -> str | None:
    """Of files laid over a repository, one that no repository can make possible here."""
    bad = {
        "Dockerfile": "docker",
        "Project.toml": "julia",
        "JuliaProject.toml": "julia",
        "REQUIRE": "julia-require",
        "default.nix": "nix",
    }
    for name, buildpack in bad.items():
        if name in names:
            return f"{name}: {_NOT_HERE[buildpack]}; {_ELSEWHERE}"
    if "apt.txt" in names:
        return f"apt.txt: the local target installs no system packages; {_ELSEWHERE}"
    if {"environment.yml", "environment.yaml"} & names.keys():
        return environmentyml.impossible()
    return None


def image_alone() -> str:
    return (
        "binder.image: the local target runs no images, and the notebook names nothing to build; "
        "a target for containers is to come. Or add binder.build or binder.files"
    )


def _python(files: _Files, choice: Choice, default: str) -> pythons.Version:
    if choice.runtime:
        files.note(choice.path("runtime.txt"))
    runtime = choice.runtime.version if choice.runtime else None
    if runtime and not re.fullmatch(r"3|3\.\d{1,2}", runtime):
        short = ".".join(runtime.split(".")[:2])
        better = f"python-{short}" if re.fullmatch(r"3\.\d{1,2}", short) else "python-3.12"
        _refuse(
            f"{choice.path('runtime.txt')}: found 'python-{runtime}', expected 'python-X.Y'",
            f"write {better!r}: repo2docker takes no patch release and no Python 2",
        )
    spec = None if choice.folder else requires_python(files)
    if spec is not None:
        files.note("pyproject.toml")
    fixed = runtime if runtime and "." in runtime else None
    try:
        return pythons.pick(spec, fixed=fixed, default=default)
    except ValueError as error:
        raise Refused(f"pyproject.toml: requires-python: {error}") from error


def _installs(files: _Files, choice: Choice) -> tuple[tuple[str, ...], ...]:
    """The kernel is resolved together with everything else, so that it takes the versions that are
    pinned; except where every requirement must have a hash: then it comes after, and leaves alone
    what is there.
    """
    path = choice.path("requirements.txt")
    first: tuple[str, ...] = ()
    hashed = False
    if files.note(path) is not None:
        first = ("-r", path)
        hashed = requirements.note_all(files, path)
    package = is_package(files, choice.folder)
    if package:
        requirements.note_package(files, "")
    rest = ((".",) if package else ()) + (KERNEL,)
    return (first, ("--constraint", KEPT, *rest)) if hashed else (first + rest,)


def _refuse(message: str, hint: str) -> NoReturn:
    raise Refused(message, hint=hint)
