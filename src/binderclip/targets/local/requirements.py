"""Where a requirements file leads uv: to files that it includes, and to packages in folders.

uv takes more than people write: quotes, escapes, variables, ``file:`` addresses, blanks within a
path, an option behind another one. A path that is not plain is refused, since nobody could be
shown what it leads to. https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Protocol

from binderclip.errors import Refused
from binderclip.rees import Listing, parsed_toml

_OPTION = "(?:-r|-c|--requirement|--constraint)"
_INCLUDE = re.compile(rf"(?:^\s*{_OPTION}|[ \t]{_OPTION}(?=[\s=]))\s*=?\s*(?P<path>.*)", re.DOTALL)
_REQUIRE_HASHES = re.compile(r"^[^\S\n]*+--require-hashes\b", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|[ \t])#.*", re.DOTALL)
# The end of a path for uv is the end of its line, or a '#'.
_NOT_PLAIN = re.compile(r"[\s\"'\\$]")
_FOLDER = re.compile(
    r"(?:-e|--editable)[\s=]\s*(?P<editable>[^\s\[;#]+)|[^@]*?@\s*(?P<named>[^\s;#]+)"
    r"|(?P<plain>[^\s\[;#]+)"
)
_MOST_FILES = 64


class Notes(Listing, Protocol):
    """A listing that keeps what was read for the person to see."""

    @property
    def texts(self) -> Mapping[str, str]: ...

    def note(self, path: str, *, runs: bool = False) -> str | None: ...


def note_all(files: Notes, top: str, *, root: str = "") -> bool:
    """Note every file that ``top`` includes, and what makes the packages that it installs from
    folders; True when one of the files requires hashes. ``root`` as ``note_folders`` has it.
    Raises Refused.
    """
    waiting, hashed = [top], False
    while waiting:
        path = waiting.pop()
        text = files.texts[path].removeprefix("\ufeff")
        if "\0" in text:
            raise Refused(f"{path}: found text in another encoding", hint="save it as UTF-8")
        hashed = hashed or bool(_REQUIRE_HASHES.search(text))
        note_folders(files, text, root=root)
        for inner in _included(path, text):
            if inner in files.texts:
                continue
            if files.note(inner) is None:
                raise Refused(f"{path}: includes {inner!r}, which is not there")
            if len(files.texts) > _MOST_FILES:
                raise Refused(f"{path}: includes more than {_MOST_FILES} files")
            waiting.append(inner)
    return hashed


def note_folders(files: Notes, text: str, *, root: str = "") -> None:
    """Note what makes the packages that ``text``, lines of requirements, takes from folders. Their
    paths start at ``root``, the folder where uv runs, wherever the lines stand.
    """
    for line in _lines(text):
        found = _FOLDER.match(line.strip())
        stated = next(filter(None, found.groups()), "") if found else ""
        place = re.sub(r"^file:(?!//)", "", stated.strip("\"'"))
        folder = posixpath.normpath(posixpath.join(root, place))
        local = "://" not in place and ("/" in place or place.startswith("."))
        if local and not folder.startswith(("/", "..")):
            note_package(files, "" if folder == "." else folder)


def note_package(files: Notes, folder: str) -> None:
    """Note what is read, and what runs, when the package in ``folder`` is built."""
    for name in ("setup.py", "setup.cfg", "pyproject.toml"):
        files.note(posixpath.join(folder, name), runs=name == "setup.py")
    build = parsed_toml(files, posixpath.join(folder, "pyproject.toml")).get("build-system")
    table = build if isinstance(build, dict) else {}
    module = str(table.get("build-backend", "")).partition(":")[0].replace(".", "/")
    paths = table.get("backend-path")
    for path in map(str, paths if isinstance(paths, list) and module else ()):
        for name in (f"{module}.py", f"{module}/__init__.py"):
            inner = posixpath.normpath(posixpath.join(folder, path, name))
            if not inner.startswith(("/", "..")):
                files.note(inner, runs=True)


def _included(path: str, text: str) -> Iterator[str]:
    for line in _lines(text):
        found = _INCLUDE.search(line)
        stated = found["path"].partition("#")[0].strip(" \t") if found else ""
        if not stated or (re.match(r"https?://", stated) and not re.search(r"\s", stated)):
            continue
        # A folder on the way may be a link, which '..' would leave elsewhere than it seems.
        inward = re.sub(r"^(?:\.{1,2}/+)*", "", stated)
        if "://" in stated or _NOT_PLAIN.search(stated) or "/../" in inward:
            raise Refused(
                f"{path}: includes {stated[:80]!r}, expected a plain path or a web address",
                hint="write it without blanks, quotes, escapes, variables and 'file:'",
            )
        inner = posixpath.normpath(posixpath.join(posixpath.dirname(path), stated))
        if inner == ".." or inner.startswith(("/", "../")):
            raise Refused(
                f"{path}: includes {stated!r}, which lies outside of the environment",
                hint="keep included files beside it",
            )
        yield inner


def _lines(text: str) -> Iterator[str]:
    """Without comments. Only these are line ends for uv; and a comment goes no further, whatever
    it ends with.
    """
    for line in re.split(r"[\r\n]", text):
        yield _COMMENT.sub("", line)
