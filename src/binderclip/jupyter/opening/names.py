"""Where a notebook is saved: a path in the server's own terms (relative, with slashes)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from binderclip.addresses.masking import printable
from binderclip.addresses.naming import TEXT_SUFFIXES, notebook_like, suffix
from binderclip.errors import Refused
from binderclip.jupyter.opening.running import ANYWHERE, Places, refusal

MAX_PATH = 1000
MAX_DEPTH = 20
MAX_NAME_BYTES = 200
TRIES = 100
"""Names that are tried one after the other, where others are taken."""

# A colon makes a drive of what stands before it; the rest is not allowed everywhere.
_ODD = re.compile(r'[\\:<>"|?*]')


@dataclass(frozen=True, slots=True)
class Destination:
    """``folder`` is "" for the root. ``remark`` says why the name is not the one asked for."""

    folder: str
    name: str
    remark: str | None = None

    def paths(self) -> Iterator[str]:
        """The path, then those to take where that is taken."""
        stem, dot, ending = self.name.rpartition(".")
        for number in range(TRIES):
            name = f"{stem}-{number}{dot}{ending}" if number else self.name
            yield _in(self.folder, name)


def destination(path: str, name: str, places: Places = ANYWHERE) -> Destination:
    """Where the notebook that is called ``name`` goes, when ``path`` was asked for: "", a folder,
    or a file; ``places`` is what is known of the root, for one that ``runs_by_name``. Raises
    Refused.
    """
    parts = checked(path)
    if parts and not path.endswith("/") and "." in parts[-1]:
        return _named("/".join(parts[:-1]), _typed(parts[-1], name), places)
    return _named("/".join(parts), _short(name), places)


def checked(path: str) -> list[str]:
    """The parts of ``path``, as it came with a link. Raises Refused."""
    if not path:
        return []
    parts = path.removesuffix("/").split("/")
    why = next(_faults(path, parts), None)
    if why:
        raise Refused(
            f"path: found {why} in '{printable(path, 100)}', expected a folder, or a file's name, "
            "below the server's root",
            hint="a path such as 'courses/week-1/' or 'courses/week-1/analysis.ipynb'",
        )
    return parts


def _faults(path: str, parts: list[str]) -> Iterator[str]:
    if len(path) > MAX_PATH or len(parts) > MAX_DEPTH:
        yield f"more than {MAX_PATH} characters or {MAX_DEPTH} folders"
    if path.startswith("/"):
        yield "a slash at its beginning"
    if not path.isprintable():
        yield "characters that cannot be seen"
    if found := _ODD.search(path):
        yield f"the character {found[0]}"
    for part in parts:
        if part in {"", ".", ".."}:
            yield "an empty part, '.' or '..'"
        if part.startswith("."):
            yield "a name that begins with a dot"
        if part != part.strip() or part.endswith("."):
            yield "a name that begins with a blank, or ends with a blank or dot"
        if len(part.encode(errors="replace")) > MAX_NAME_BYTES:
            yield f"a name of more than {MAX_NAME_BYTES} bytes"


def _typed(wanted: str, name: str) -> str:
    """``wanted``, if it is a name for what ``name`` is."""
    if not notebook_like(wanted):
        known = ", ".join(sorted(TEXT_SUFFIXES))
        raise Refused(
            f"path: found the file name '{printable(wanted, 60)}', expected one that ends in "
            f".ipynb (or, for text notebooks, in {known})",
            hint="to name a folder, end it with a slash",
        )
    if suffix(wanted) != suffix(name):
        raise Refused(
            f"path: found the ending {suffix(wanted)}, and the notebook is a {suffix(name)} file",
            hint=f"end the file's name with {suffix(name)}",
        )
    return wanted


def _short(name: str) -> str:
    """A name out of an address, cut where file systems end."""
    ending = name[len(name) - len(suffix(name)) :]
    stem = name.removesuffix(ending).encode()[: MAX_NAME_BYTES - len(ending)]
    return stem.decode(errors="ignore") + ending


def runs_by_name(name: str) -> bool:
    """Whether a file may run because of its name: text notebooks are programs."""
    return suffix(name) != ".ipynb"


def _named(folder: str, name: str, places: Places) -> Destination:
    why = refusal(_in(folder, name), places) if runs_by_name(name) else None
    if why is None:
        return Destination(folder, name)
    stem, dot, ending = name.rpartition(".")
    other = f"{stem}-1{dot}{ending}"
    if refusal(_in(folder, other), places):
        raise Refused(
            f"path: found '{printable(_in(folder, name), 100)}', expected a place where nothing "
            f"runs unasked: {why}",
            hint="choose another folder",
        )
    return Destination(folder, other, f"not as {name}, since {why}")


def _in(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
