"""Which configuration file wins: the table of repo2docker, over any listing of files.

Source: ``repo2docker/buildpacks``, release 2026.4.0. The order of BUILDPACKS is its order.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NoReturn, TypeAlias

from binderclip import tomls
from binderclip.errors import Refused
from binderclip.rees.listings import Listing

Buildpack: TypeAlias = Literal[
    "docker", "julia", "julia-require", "nix", "r", "conda", "pipfile", "python"
]

EXECUTABLE = frozenset({"postBuild", "start"})
"""Embedded files that are made executable."""

_CHUNK = 8192
"""A file that is read line by line is decoded in pieces of this size."""


class Unbuildable(Refused):
    """repo2docker itself fails on these files."""


@dataclass(frozen=True, slots=True)
class RuntimeTxt:
    """``runtime.txt``: ``name-version``, ``name-YYYY-MM-DD`` or ``name-version-YYYY-MM-DD``."""

    text: str
    name: str
    version: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """``folder`` is "", "binder" or ".binder"; ``trigger`` the path of the file that decided, None
    where nothing did and Python is the default. ``runtime`` is what runtime.txt says, where it was
    looked at before something won.
    """

    folder: str
    buildpack: Buildpack
    trigger: str | None
    runtime: RuntimeTxt | None

    def path(self, name: str) -> str:
        """Where the configuration file ``name`` lies, whether it is there or not."""
        return posixpath.join(self.folder, name)


def config_folder(listing: Listing) -> str:
    """``.binder`` or ``binder``, or "" for the root. Raises Refused when there are both."""
    found = [name for name in (".binder", "binder") if listing.folder(name)]
    if len(found) > 1:
        raise Unbuildable(
            "found both a 'binder' and a '.binder' folder, expected one of them",
            hint="remove or rename one in the repository; repo2docker refuses this too",
        )
    return found[0] if found else ""


def choose(listing: Listing) -> Choice:
    """The buildpack that wins. Raises Refused for a listing that repo2docker refuses too."""
    _refuse_legacy(listing)
    folder = config_folder(listing)
    for buildpack, names in _AT_FIRST_SIGHT:
        if trigger := _first(listing, folder, *names):
            return Choice(folder, buildpack, trigger, None)
    runtime = runtime_txt(listing, folder)
    if trigger := _r_trigger(listing, folder, runtime):
        return Choice(folder, "r", trigger, runtime)
    for buildpack, names in _AFTER_RUNTIME:
        if buildpack == "pipfile" and runtime and runtime.name != "python":
            continue
        if trigger := _first(listing, folder, *names):
            return Choice(folder, buildpack, trigger, runtime)
    return Choice(folder, "python", _python_trigger(listing, folder, runtime), runtime)


_Row: TypeAlias = tuple[Buildpack, tuple[str, ...]]
_AT_FIRST_SIGHT: tuple[_Row, ...] = (
    ("docker", ("Dockerfile",)),
    ("julia", ("JuliaProject.toml", "Project.toml")),
    ("julia-require", ("REQUIRE",)),
    ("nix", ("default.nix",)),
)
_AFTER_RUNTIME: tuple[_Row, ...] = (
    ("conda", ("environment.yml", "environment.yaml")),
    ("pipfile", ("Pipfile.lock", "Pipfile")),
)


def there(listing: Listing, path: str) -> bool:
    """Is there something at ``path``? To repo2docker a folder of that name is as good."""
    return listing.read(path) is not None or listing.folder(path)


def text_of(listing: Listing, path: str) -> str | None:
    """A file's text with line ends of one kind, as repo2docker opens it; None where nothing is.
    Raises Unbuildable for a folder, and for what is not UTF-8.
    """
    text = listing.read(path)
    if text is None:
        if listing.folder(path):
            raise Unbuildable(f"{path}: is a folder, expected a file")
        return None
    if "\ufffd" in text:
        raise Unbuildable(f"{path}: is not text in UTF-8", hint="save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_package(listing: Listing, folder: str) -> str | None:
    """The file that makes the repository itself a package to install: only in a root that is its
    own configuration folder.
    """
    if folder:
        return None
    if there(listing, "setup.py"):
        return "setup.py"
    pyproject = parsed_toml(listing, "pyproject.toml")
    return "pyproject.toml" if {"project", "build-system"} <= pyproject.keys() else None


def parsed_toml(listing: Listing, path: str) -> dict[str, object]:
    """A TOML file's content; empty when it is not there. Raises Refused for bad TOML."""
    text = listing.read(path)
    if text is None and listing.folder(path):
        raise Unbuildable(f"{path}: is a folder, expected a file")
    try:
        if text and "\ufffd" in text:
            raise ValueError("not in UTF-8")  # noqa: TRY301 - told as the others are
        return tomls.read(text) if text else {}
    except ValueError as error:
        raise Unbuildable(f"{path}: is not TOML ({error})") from error


def runtime_txt(listing: Listing, folder: str) -> RuntimeTxt | None:
    """What ``runtime.txt`` says; None where it is not there. Raises Unbuildable."""
    path = posixpath.join(folder, "runtime.txt")
    text = text_of(listing, path)
    if text is None:
        return None
    text = text.strip()
    parts = text.split("-")
    if len(parts) not in {2, 4, 5} or not all(parts):
        _refuse_runtime(path, text)
    date = "-".join(parts[-3:]) if len(parts) > 2 else None  # noqa: PLR2004 - name and version
    if date is not None:
        try:
            if not re.match(r"\d\d\d\d-\d\d-\d\d", date):
                _refuse_runtime(path, text)
            datetime.fromisoformat(date)
        except ValueError:
            _refuse_runtime(path, text)
    version = parts[1] if len(parts) in {2, 5} else None
    return RuntimeTxt(text, parts[0], version, date)


def _refuse_runtime(path: str, text: str) -> NoReturn:
    raise Unbuildable(
        f"{path}: found {text[:80]!r}, expected a line like 'python-3.12'",
        hint="for R write 'r-YYYY-MM-DD' or 'r-X.Y-YYYY-MM-DD'",
    )


def _refuse_legacy(listing: Listing) -> None:
    """A root Dockerfile is looked at even where there is a ``binder`` folder."""
    text = listing.read("Dockerfile")
    if text is None and listing.folder("Dockerfile"):
        raise Unbuildable("Dockerfile: is a folder, expected a file")
    if "\ufffd" in (text or "")[:_CHUNK]:
        raise Unbuildable("Dockerfile: is not text in UTF-8", hint="save it as UTF-8")
    for line in re.split(r"\r\n|\r|\n", text or ""):
        if line.startswith("FROM"):
            if "andrewosh/binder-base" in line.split("#")[0].lower():
                raise Unbuildable(
                    "Dockerfile: is built on andrewosh/binder-base, which Binder no longer builds",
                    hint="start from a current image, or write a requirements.txt instead",
                )
            return


def _first(listing: Listing, folder: str, *names: str) -> str | None:
    paths: Iterable[str] = (posixpath.join(folder, name) for name in names)
    return next((path for path in paths if there(listing, path)), None)


def _r_trigger(listing: Listing, folder: str, runtime: RuntimeTxt | None) -> str | None:
    if runtime and runtime.name == "r" and runtime.date:
        return posixpath.join(folder, "runtime.txt")
    return "DESCRIPTION" if not folder and there(listing, "DESCRIPTION") else None


def _python_trigger(listing: Listing, folder: str, runtime: RuntimeTxt | None) -> str | None:
    if runtime:
        return posixpath.join(folder, "runtime.txt") if runtime.name == "python" else None
    requirements = posixpath.join(folder, "requirements.txt")
    return is_package(listing, folder) or (requirements if there(listing, requirements) else None)


def requires_python(listing: Listing) -> str | None:
    """What a pyproject.toml in the root says of it. Raises Unbuildable."""
    project = parsed_toml(listing, "pyproject.toml").get("project", {})
    if not isinstance(project, dict | list | str):
        raise Unbuildable("pyproject.toml: 'project' is no table")
    if "requires-python" not in project:
        return None
    if not isinstance(project, dict):
        raise Unbuildable("pyproject.toml: 'project' is no table")
    spec = project["requires-python"]
    if spec in ([], {}):
        return None
    if not isinstance(spec, str):
        raise Unbuildable(
            "pyproject.toml: project.requires-python: found no text, expected a string "
            "like '>=3.11'"
        )
    return spec
