"""Inline script metadata: the header alone, or a script of all code cells.

Source of the format: https://packaging.python.org/en/latest/specifications/inline-script-metadata/
with uv's own table: https://docs.astral.sh/uv/reference/settings/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from binderclip.companions import PYTHONS, language
from binderclip.errors import Problem, Refused
from binderclip.exporting import percent
from binderclip.exporting.lines import Line
from binderclip.exporting.model import Format, Said, Wanted, has
from binderclip.exporting.packages import Packages, gathered
from binderclip.exporting.requirements import platform_note
from binderclip.notebook import Notebook
from binderclip.spec.shown import shown

_EGG = re.compile(r"[#&]egg=(?P<name>[\w.-]+(?:\[[\w.,-]*\])?)", re.ASCII)
_ADDRESS = re.compile(r"(?:git\+)?(?:https?|ssh)://\S+")
# What an option of a requirements file is called in [tool.uv]; a list of names, or words.
_LISTS = {
    "--find-links": "find-links",
    "--no-binary": "no-binary-package",
    "--only-binary": "no-build-package",
}
_ALL = {"--no-binary": "no-binary = true", "--only-binary": "no-build = true"}
_WORDS = {
    "--pre": ('prerelease = "allow"',),
    "--no-index": ("no-index = true",),
    "--require-hashes": (),  # the hashes are told of themselves
}


def made(wanted: Wanted) -> Said:
    """Raises SpecError where no packages of Python are named, Refused for the cells of another
    language, NotebookError for cells of another shape.
    """
    packages = gathered(wanted, "pep723")
    text, losses = header(packages, "pep723")
    if wanted.cells and wanted.notebook:
        _check_python(wanted.notebook)
        text = f"{text}\n{percent.script(wanted.notebook)}"
    return Said(
        text.encode("utf-8", "backslashreplace"),
        packages.keys,
        losses,
        platform_note(wanted, packages.source),
    )


def _check_python(notebook: Notebook) -> None:
    if (spoken := language(notebook)) not in PYTHONS:
        raise Refused(
            f"{notebook.name}: its kernel speaks {spoken[:40]!a}, and a script for uv is Python's",
            hint="a FILE that does not end in .py gets the header alone",
        )


def header(
    packages: Packages, to: Format, *, still: bool = False
) -> tuple[str, tuple[Problem, ...]]:
    """The block of comments, and what of ``packages`` is not in it. ``still``: for a uv that is to
    build nothing, which no word about source packages may talk into it.
    """
    table = _Table(packages.source.key, to)
    for line in packages.lines:
        table.take(line)
    if packages.hashed:
        table.losses.append(
            Problem(
                packages.source.key, "hashes", f"versions alone: '{to}' has no place for hashes"
            )
        )
    if still:
        table.lists.pop(_LISTS["--no-binary"], None)
        table.words = [one for one in table.words if one not in _ALL.values()]
        table.words.append(_ALL["--only-binary"])
    lines = ["/// script", *_toml(packages.python, table), "///"]
    text = "".join(f"# {line}".rstrip() + "\n" for line in lines)
    return text, (*packages.losses, *table.losses)


@dataclass(slots=True)
class _Table:
    """What becomes of the lines: ``words`` are whole lines of [tool.uv]."""

    key: str
    to: Format
    dependencies: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    indexes: list[tuple[str, bool]] = field(default_factory=list)
    losses: list[Problem] = field(default_factory=list)

    def take(self, line: Line) -> None:
        if line.option:
            if not self._option(line):
                self._lose(line)
        elif (text := _requirement(line.text)) is None:
            self._lose(line)
        else:
            (self.constraints if line.constraint else self.dependencies).append(text)

    def _option(self, line: Line) -> bool:
        """False for what is not taken."""
        name, value = line.option or "", line.value
        if name in _WORDS:
            self.words += _WORDS[name]
        elif "$" in value or not value:
            return False
        elif name in {"--index-url", "--extra-index-url"}:
            self.indexes.append((value, name == "--index-url"))
        elif name in _ALL and value in {":all:", ":none:"}:
            self.words += [_ALL[name]] if value == ":all:" else []
        elif name in _LISTS:
            values = [value] if name == "--find-links" else value.split(",")
            self.lists.setdefault(_LISTS[name], []).extend(one.strip() for one in values)
        else:
            return self._editable(line)
        return True

    def _editable(self, line: Line) -> bool:
        text = _requirement(line.value) if line.option == "--editable" else None
        if text:
            self.dependencies.append(text)
        return text is not None

    def _lose(self, line: Line) -> None:
        self.losses.append(Problem(self.key, shown(line.text), has(self.to)))


def _requirement(text: str) -> str | None:
    """As PEP 508 has it; None for a path, and for an address that names no package."""
    try:
        Requirement(text)
    except InvalidRequirement:
        return _addressed(text)
    return text


def _addressed(text: str) -> str | None:
    address, _, marker = text.partition(" ;")
    address = address.strip()
    if not _ADDRESS.fullmatch(address):
        return None
    if egg := _EGG.search(address):
        name, address = egg["name"], _EGG.sub("", address)
    else:
        file = unquote(PurePosixPath(urlsplit(address).path).name)
        try:
            name = parse_wheel_filename(file)[0]
        except InvalidWheelFilename:
            return None
    whole = f"{name} @ {address}" + (f" ;{marker}" if marker else "")
    try:
        Requirement(whole)
    except InvalidRequirement:
        return None
    return whole


def _toml(python: str | None, table: _Table) -> Iterator[str]:
    """Strings of JSON are strings of TOML."""
    if python:
        yield f'requires-python = "=={python}.*"'
    yield from _array("dependencies", table.dependencies)
    if table.constraints or table.lists or table.words:
        yield ""
        yield "[tool.uv]"
        if table.constraints:
            yield from _array("constraint-dependencies", table.constraints)
        for name, values in table.lists.items():
            yield from _array(name, list(dict.fromkeys(values)))
        yield from dict.fromkeys(table.words)
    for url, default in _last_default(table.indexes):
        yield from ("", "[[tool.uv.index]]", f"url = {_quoted(url)}")
        if default:
            yield "default = true"


def _last_default(indexes: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Of several ``--index-url`` the last one counts, and there may be one default."""
    last = max((n for n, (_, default) in enumerate(indexes) if default), default=None)
    return [one for n, one in enumerate(indexes) if not one[1] or n == last]


def _array(name: str, values: list[str]) -> Iterator[str]:
    if not values:
        yield f"{name} = []"
        return
    yield f"{name} = ["
    for value in values:
        yield f"    {_quoted(value)},"
    yield "]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
