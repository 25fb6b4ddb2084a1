"""What environment files name besides themselves: included requirements, packages in folders.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from binderclip.rees.listings import Listing
from binderclip.rees.table import Choice, Unbuildable, parsed_toml
from binderclip.rees.version import environment_yml, pip_lines

_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)\s*+(?:=\s*+)?(?P<path>\S.*)")
_FOLDER = re.compile(r"(?:-e|--editable)[\s=]\s*(?P<editable>\S+)|(?P<plain>\S+)")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_MOST_FILES = 64


@dataclass(frozen=True, slots=True)
class Inclusion:
    """``path`` is named by ``by``, both from the listing's root; it begins with ``../`` where it
    leads out of it. ``there`` is False where there is no such file.
    """

    path: str
    by: str
    there: bool


def inclusions(listing: Listing, choice: Choice, used: Iterable[str]) -> tuple[Inclusion, ...]:
    """The files that ``used`` ones include, and what these include, each once."""
    found: dict[str, Inclusion] = {}
    waiting = list(_starts(listing, choice, used))
    while waiting and len(found) < _MOST_FILES:
        by, lines = waiting.pop(0)
        for stated in _included(lines):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(by), stated))
            if path in found:
                continue
            outside = path.startswith(("../", "/"))
            text = None if outside else listing.read(path)
            found[path] = Inclusion(path, by, there=outside or text is not None)
            if text is not None:
                waiting.append((path, text.splitlines()))
    return tuple(found.values())


def local_packages(listing: Listing, choice: Choice, used: Iterable[str]) -> tuple[str, ...]:
    """The folders, as they are written, that ``used`` files install packages from."""
    found = [
        stated
        for _, lines in _starts(listing, choice, used)
        for line in lines
        if (stated := _package(_COMMENT.sub("", line).strip()))
    ]
    if choice.buildpack == "pipfile":
        found += _pipfile_packages(listing, choice)
    return tuple(dict.fromkeys(found))


def _starts(
    listing: Listing, choice: Choice, used: Iterable[str]
) -> Iterator[tuple[str, list[str]]]:
    for path in used:
        name = posixpath.basename(path)
        if name in {"environment.yml", "environment.yaml"}:
            try:
                yield path, pip_lines(*_environment(listing, choice))
            except Unbuildable:
                continue
        elif name.endswith(".txt") and name not in {"apt.txt", "runtime.txt"}:
            yield path, (listing.read(path) or "").splitlines()


def _environment(listing: Listing, choice: Choice) -> tuple[str, dict[object, object]]:
    path, value = environment_yml(listing, choice)
    return str(path), dict(value)


def _included(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        found = _INCLUDE.fullmatch(_COMMENT.sub("", line).strip())
        stated = found["path"].strip("\"'") if found else ""
        if stated and "://" not in stated:
            yield stated


def _package(line: str) -> str | None:
    found = _FOLDER.match(line)
    stated = (found["editable"] or found["plain"]) if found else ""
    stated = re.sub(r"^file:(?!//)", "", stated.strip("\"'")).partition("[")[0]
    local = stated.startswith((".", "/", "file://")) and "://" not in stated[7:]
    return stated if local or ("/" in stated and "://" not in stated and "@" not in line) else None


def _pipfile_packages(listing: Listing, choice: Choice) -> Iterator[str]:
    try:
        pipfile = parsed_toml(listing, choice.path("Pipfile"))
    except Unbuildable:
        return
    for section in ("packages", "dev-packages"):
        table = pipfile.get(section)
        for entry in table.values() if isinstance(table, dict) else ():
            stated = entry.get("path") if isinstance(entry, dict) else None
            if isinstance(stated, str):
                yield stated
