"""A requirements file's lines, for formats that say the same in other words.

Source of the format: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_CONTINUED = re.compile(r"\\[ \t]*\r?\n")
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_HASH = re.compile(r"[ \t]--hash[ =]\s*(\S+)")
_FILE = re.compile(r"(?P<option>-r|-c|--requirement|--constraint)(?:\s*=\s*|\s*)(?P<path>.+)")
_OPTION = re.compile(r"(?P<name>-[a-zA-Z]|--[a-z-]+)(?:\s*=\s*|\s*)(?P<value>.*)")
_LONG = {
    "-i": "--index-url",
    "--pypi-url": "--index-url",
    "-f": "--find-links",
    "-e": "--editable",
    "-r": "--requirement",
    "-c": "--constraint",
}
_MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """``text`` is one line without comments and hashes. ``option`` is its long name where it is
    one (``--index-url``), and ``value`` what follows it. ``constraint``: it stands in a file of
    constraints.
    """

    text: str
    hashes: tuple[str, ...] = ()
    option: str | None = None
    value: str = ""
    constraint: bool = False

    @property
    def whole(self) -> str:
        """With its hashes."""
        return " ".join([self.text, *(f"--hash={one}" for one in self.hashes)])


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines of a file and of those that it includes; ``names`` are these files'."""

    lines: tuple[Line, ...]
    names: frozenset[str] = field(default_factory=frozenset)


def read(name: str, files: Mapping[str, str]) -> Lines:
    """The lines of the file ``name`` of ``files``; an included file that is among them is put in
    its place, and any other stays as the option that names it.
    """
    seen: set[str] = set()
    found: list[Line] = []
    for line in _read(name, files, seen, constraint=False):
        found.append(line)
        if len(found) >= _MOST_LINES:
            break
    return Lines(tuple(found), frozenset(seen))


def of(texts: tuple[str, ...], files: Mapping[str, str]) -> Lines:
    """The same for lines that stand in no file of their own, as those of a ``pip:`` list."""
    return read("", {**files, "": "\n".join(texts)})


def _read(
    name: str, files: Mapping[str, str], seen: set[str], *, constraint: bool
) -> Iterator[Line]:
    seen.add(name)
    text = _CONTINUED.sub(" ", files[name].removeprefix("\ufeff"))
    for raw in re.split(r"[\r\n]+", text):
        stripped = " ".join(_COMMENT.sub("", raw).split())
        if not stripped:
            continue
        if included := _FILE.fullmatch(stripped):
            inner = posixpath.normpath(posixpath.join(posixpath.dirname(name), included["path"]))
            if inner in files:
                if inner not in seen:
                    only = constraint or included["option"] in {"-c", "--constraint"}
                    yield from _read(inner, files, seen, constraint=only)
                continue
        yield _line(stripped, constraint=constraint)


def _line(text: str, *, constraint: bool) -> Line:
    if text.startswith("-"):
        found = _OPTION.fullmatch(text)
        name = found["name"] if found else text
        value = found["value"].strip() if found else ""
        return Line(text, option=_LONG.get(name, name), value=value, constraint=constraint)
    hashes = tuple(_HASH.findall(text))
    return Line(_HASH.sub("", text).strip(), hashes, constraint=constraint)
