"""What lies in a folder already, and what a new file beside it would do to it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from binderclip.jupyter.opening.modules import first_name, importable
from binderclip.jupyter.opening.running import folded

_ENVIRONMENT = ("pyvenv.cfg", "conda-meta")
_REPOSITORY = ("HEAD", "objects")


class Standing:
    """Looks into ``home`` as it is now, at every folder once."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folders: dict[str, _Folder | None] = {}
        self._whose: dict[str, str | None] = {"": None}

    def refusal(self, path: str) -> str | None:
        """Why nothing is put at ``path``, given what is there; or None."""
        folder, _, name = path.rpartition("/")
        return self._inside(folder) or next(self._stands_in(folder, name), None)

    def _inside(self, folder: str) -> str | None:
        """Why nothing is put in ``folder``, or in one above it."""
        if folder not in self._whose:
            above = self._inside(folder.rpartition("/")[0])
            self._whose[folder] = above or _whose(self._home / folder)
        return self._whose[folder]

    def _stands_in(self, folder: str, name: str) -> Iterator[str]:
        """Python takes a package before a module, and a library before a source."""
        new = folded(name)
        here = self._folder(folder) if importable(new) else None
        if not importable(new) or (here is not None and new in here.names):
            return
        module = first_name(new)
        if here is not None:
            others = here.modules.get(module, frozenset()) or self._packages(folder, here, module)
            if others:
                yield _told(min(others))
        if module != "__init__" or not folder:
            return
        if here is not None and here.modules:
            yield f"it would run with the modules of {folder.rpartition('/')[2]}, which are there"
        above, _, package = folder.rpartition("/")
        beside = self._folder(above)
        if beside is not None and (others := beside.modules.get(folded(package), frozenset())):
            yield _told(min(others))

    def _packages(self, folder: str, here: _Folder, module: str) -> frozenset[str]:
        """The folder of modules that is called like ``module``."""
        found = here.names.get(module)
        inner = self._folder(f"{folder}/{found}" if folder else found) if found else None
        return frozenset({found}) if found and inner and inner.modules else frozenset()

    def _folder(self, path: str) -> _Folder | None:
        if path not in self._folders:
            where = self._home / path
            self._folders[path] = _Folder(where) if where.is_dir() else None
        return self._folders[path]


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What is in it, by the form of ``folded``."""
        with suppress(OSError), os.scandir(self._path) as entries:
            return {folded(entry.name): entry.name for entry in entries}
        return {}

    @cached_property
    def modules(self) -> Mapping[str, frozenset[str]]:
        """The files of each module that Python could import from it."""
        found: dict[str, set[str]] = {}
        for name, written in self.names.items():
            if importable(name):
                found.setdefault(first_name(name), set()).add(written)
        return {module: frozenset(files) for module, files in found.items()}


def _told(other: str) -> str:
    return f"Python would take it in place of {other}, which is there already"


def _whose(folder: Path) -> str | None:
    if any((folder / name).exists() for name in _ENVIRONMENT):
        return "a Python environment lies in that folder"
    if all((folder / name).exists() for name in _REPOSITORY):
        return "a git repository lies in that folder"
    return None
