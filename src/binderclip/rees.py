"""Which configuration file wins: the table of repo2docker, over any listing of files.

Source: ``repo2docker/buildpacks``, release 2026.4.0. The order of BUILDPACKS is its order.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from binderclip.errors import Refused

Buildpack: TypeAlias = Literal[
    "docker", "julia", "julia-require", "nix", "r", "conda", "pipfile", "python"
]

EXECUTABLE = frozenset({"postBuild", "start"})
"""Embedded files that are made executable."""


class Listing(Protocol):
    """A folder of files, wherever it is. Paths are relative, with slashes."""

    def folder(self, path: str) -> bool: ...

    def read(self, path: str) -> str | None:
        """The text of a file, what is not UTF-8 replaced; None when there is no such file."""
        ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """The files of a notebook's metadata, as if they lay in a folder."""

    files: Mapping[str, str]

    def folder(self, path: str) -> bool:
        return any(name.startswith(f"{path}/") for name in self.files)

    def read(self, path: str) -> str | None:
        return self.files.get(path)


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A repository's files with a notebook's laid over its configuration folder."""

    below: Listing
    files: Mapping[str, str]
    at: str

    def folder(self, path: str) -> bool:
        inside = any(posixpath.join(self.at, name).startswith(f"{path}/") for name in self.files)
        return inside or self.below.folder(path)

    def read(self, path: str) -> str | None:
        name = posixpath.relpath(path, self.at or ".")
        return self.files[name] if name in self.files else self.below.read(path)


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
    where nothing did and Python is the default.
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
        raise Refused(
            "found both a 'binder' and a '.binder' folder, expected one of them",
            hint="remove or rename one in the repository; repo2docker refuses this too",
        )
    return found[0] if found else ""


def choose(listing: Listing) -> Choice:
    """The buildpack that wins. Raises Refused for a listing that repo2docker refuses too."""
    folder = config_folder(listing)
    runtime = _runtime(listing, posixpath.join(folder, "runtime.txt"))
    for buildpack, names in _BY_FILE:
        if buildpack == "conda" and (trigger := _r_trigger(listing, folder, runtime)):
            return Choice(folder, "r", trigger, runtime)
        if buildpack == "pipfile" and runtime and runtime.name != "python":
            continue
        for name in names:
            path = posixpath.join(folder, name)
            if listing.read(path) is not None:
                return Choice(folder, buildpack, path, runtime)
    return Choice(folder, "python", _python_trigger(listing, folder, runtime), runtime)


def is_package(listing: Listing, folder: str) -> str | None:
    """The file that makes the repository itself a package to install: only in a root that is its
    own configuration folder.
    """
    if folder:
        return None
    if listing.read("setup.py") is not None:
        return "setup.py"
    pyproject = parsed_toml(listing, "pyproject.toml")
    return "pyproject.toml" if {"project", "build-system"} <= pyproject.keys() else None


def parsed_toml(listing: Listing, path: str) -> dict[str, object]:
    """A TOML file's content; empty when it is not there. Raises Refused for bad TOML."""
    text = listing.read(path)
    try:
        return tomllib.loads(text) if text else {}
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, deep nesting
        raise Refused(f"{path}: is not TOML ({error})") from error


_BY_FILE: tuple[tuple[Buildpack, tuple[str, ...]], ...] = (
    ("docker", ("Dockerfile",)),
    ("julia", ("Project.toml", "JuliaProject.toml")),
    ("julia-require", ("REQUIRE",)),
    ("nix", ("default.nix",)),
    ("conda", ("environment.yml", "environment.yaml")),
    ("pipfile", ("Pipfile.lock", "Pipfile")),
)

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _runtime(listing: Listing, path: str) -> RuntimeTxt | None:
    text = listing.read(path)
    if text is None:
        return None
    text = text.strip()
    parts = text.split("-")
    date = "-".join(parts[-3:]) if len(parts) in {4, 5} else None
    version = parts[1] if len(parts) in {2, 5} else None
    if len(parts) not in {2, 4, 5} or not all(parts) or (date and not _DATE.fullmatch(date)):
        raise Refused(f"{path}: found {text!r}, expected a line like 'python-3.12'")
    return RuntimeTxt(text, parts[0], version, date)


def _r_trigger(listing: Listing, folder: str, runtime: RuntimeTxt | None) -> str | None:
    if runtime and runtime.name == "r" and runtime.date:
        return posixpath.join(folder, "runtime.txt")
    return "DESCRIPTION" if not folder and listing.read("DESCRIPTION") is not None else None


def _python_trigger(listing: Listing, folder: str, runtime: RuntimeTxt | None) -> str | None:
    if runtime:
        return posixpath.join(folder, "runtime.txt") if runtime.name == "python" else None
    requirements = posixpath.join(folder, "requirements.txt")
    there = listing.read(requirements) is not None
    return is_package(listing, folder) or (requirements if there else None)
