"""Project files of other tools, in one folder or up to the repository's root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from binderclip.importing.model import Found
from binderclip.importing.table import TABLE, OfFile
from binderclip.importing.texts import text_of

_MAX_FOLDERS = 32
_MAX_PAGES = 50


FILES: dict[str, OfFile] = {
    name: read for row in TABLE.values() for name, read in (row.files or {}).items()
}
_OWN = (".html", ".py")
_INDEX = "index.html"


class Projects:
    """What lies above notebooks; each file is read once for all of them."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Found, ...]] = {}

    def above(self, path: Path) -> tuple[Found, ...]:
        """For the notebook at ``path``: the page and the script of its name, then project files
        and a page ``index.html``, folder by folder up to the repository's root.
        """
        here, *_ = folders = upwards(path)
        wanted = [here / f"{path.stem}{suffix}" for suffix in _OWN if path.suffix != suffix]
        names = [*(name for name in FILES if not name.startswith(".")), _INDEX]
        wanted += [folder / name for folder in folders for name in names]
        return tuple(found for file in dict.fromkeys(wanted) for found in self._said(file))

    def _said(self, path: Path) -> tuple[Found, ...]:
        if path not in self._known:
            self._known[path] = tuple(_said(path, FILES.get(path.name) or FILES[path.suffix]))
        return self._known[path]


def in_folder(folder: Path) -> Iterator[Found]:
    """What the files in ``folder`` say, pages and scripts too."""
    for name, read in FILES.items():
        for path in _paths(folder, name):
            yield from _said(path, read)


def upwards(path: Path) -> tuple[Path, ...]:
    """The folders from that of ``path`` to its repository's root, that first. Without a repository
    it is the folder alone: what lies above is somebody's home.
    """
    found = []
    for folder in list(path.absolute().parents)[:_MAX_FOLDERS]:
        found.append(folder)
        if os.path.lexists(folder / ".git"):
            return tuple(found)
    return tuple(found[:1])


def _paths(folder: Path, name: str) -> list[Path]:
    if not name.startswith("."):
        return [folder / name]
    try:
        with os.scandir(folder) as scan:
            names = sorted(entry.name for entry in scan if entry.name.endswith(name))
    except OSError:
        return []
    return [folder / one for one in names[:_MAX_PAGES]]


def _said(path: Path, read: OfFile) -> Iterator[Found]:
    text = text_of(path)
    if text is not None:
        yield from read(text, _shown(path))


def _shown(path: Path) -> str:
    """As the person would type it from where they are."""
    shown = os.path.relpath(path)
    return str(path) if shown.startswith("..") else shown
