"""What another tool says of a notebook's environment, and what may be read to learn it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, TypeAlias

from binderclip import cells, spec
from binderclip.errors import NotebookError, SpecError
from binderclip.notebook import MISSING, Notebook
from binderclip.spec.model import Binder
from binderclip.spec.shown import has_credentials, shown

Tool: TypeAlias = Literal[
    "juv",
    "pep723",
    "marimo",
    "nteract",
    "thoth",
    "conda-env",
    "nbenv",
    "vertex",
    "nbreproduce",
    "pangeo-gallery",
    "myst",
    "jupyter-book",
    "thebe",
]

MAX_REMARKS = 24
MAX_ITEMS = 2000
"""Dependencies of one list; more are nonsense, or an attempt to keep us busy."""
MAX_SOURCE = 1 << 20
"""Characters of a cell, or of a text notebook, that are searched for a header."""
MAX_CELLS = 10_000
"""Cells that are searched for one."""
_MAX_SOURCE_BYTES = 6 * MAX_SOURCE


@dataclass(frozen=True, slots=True)
class Imported:
    """What ``tool`` says, as a Binder that version 1 can be written of. ``where`` is the place it
    stands at: ``metadata.runt.uv``, ``cell 1``, ``docs/myst.yml``. ``remarks`` tell, a line
    each, what could not be said.
    """

    tool: Tool
    where: str
    binder: Binder
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something of ``tool`` of which nothing could be taken over; ``why`` in words."""

    tool: Tool
    where: str
    why: str


Found: TypeAlias = "Imported | Unusable"


_TOKEN = re.compile(r"/t/[^/\s'\"]+")
"""As anaconda.org has tokens in addresses."""


def secret(address: str) -> bool:
    """Does it hold credentials: a user's name, a token in its query or, of conda's, in its path?"""
    return has_credentials(address) or ("://" in address and _TOKEN.search(address) is not None)


def told(value: Any) -> str:
    """``value`` as it may stand in a remark: short, and without secrets. TOML has dates too."""
    known = value is None or isinstance(value, bool | int | float | str | list | dict)
    return _TOKEN.sub("/t/…", shown(value if known else str(value)))


class Remarks:
    """What could not be said, in the order in which it was met; each once, and not too many."""

    __slots__ = ("_lines", "_more")

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self._more = 0

    def say(self, line: str) -> None:
        if line in self._lines:
            return
        if len(self._lines) < MAX_REMARKS:
            self._lines[line] = None
        else:
            self._more += 1

    def left_out(self, what: str, value: Any, why: str) -> None:
        """``value``, of which ``what`` tells the kind, is not taken over."""
        self.say(f"{what} {told(value)} is left out: {why}")

    @property
    def lines(self) -> tuple[str, ...]:
        more = (f"and {self._more} more that could not be said",) if self._more else ()
        return (*self._lines, *more)


@dataclass(frozen=True, slots=True)
class View:
    """A notebook as importers see it. Nothing here raises."""

    notebook: Notebook = field(repr=False)

    def get(self, key: str) -> Any:
        """A member of the metadata; None where there is none, or it cannot be read."""
        try:
            value = self.notebook.get(key)
        except NotebookError:
            return None
        return None if value is MISSING else value

    @property
    def python(self) -> str | None:
        """The minor version of the Python that last ran it ("3.12"), where the kernel said so."""
        info = self.get("language_info")
        version = info.get("version") if isinstance(info, dict) else None
        if not isinstance(info, dict) or info.get("name") != "python":
            return None
        found = re.match(r"3\.\d{1,2}(?![0-9])", version) if isinstance(version, str) else None
        return found[0] if found else None

    @property
    def text(self) -> str | None:
        """The whole of a text notebook; None for ``.ipynb``."""
        if not self.notebook.text or len(self.notebook.data) > MAX_SOURCE:
            return None
        return self.notebook.data.decode(errors="replace").removeprefix("\ufeff")

    def cells(self) -> Iterator[tuple[int, str]]:
        """The code cells of an ``.ipynb`` with their numbers, cells of all types counted from 1.
        Scans the whole file: look first whether it can hold what is sought.
        """
        for number, cell in enumerate(islice(cells.cells(self.notebook), MAX_CELLS), 1):
            if cell.kind == "code":
                source = cells.source(self.notebook, cell, max_bytes=_MAX_SOURCE_BYTES)
                if source is not None and len(source) <= MAX_SOURCE:
                    yield number, source


def finished(tool: Tool, where: str, binder: Binder, remarks: Remarks) -> Found:
    """``binder`` once it is known to be one; without its pinned files where these are too much."""
    reason = _fault(binder)
    if reason and binder.frozen is not None:
        remarks.say(f"what it pinned is left out: {reason}")
        binder = Binder(
            host=binder.host, image=binder.image, build=binder.build, files=binder.files
        )
        reason = _fault(binder)
    if reason:
        return Unusable(tool, where, reason)
    if not (binder.image or binder.build or binder.files or binder.frozen):
        why = "; ".join(remarks.lines) or "it names no environment"
        return Unusable(tool, where, why)
    return Imported(tool, where, binder, remarks.lines)


def _fault(binder: Binder) -> str | None:
    try:
        spec.write(binder)
    except SpecError as error:
        return str(error.problems[0])
    return None
