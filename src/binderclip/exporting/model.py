"""What is asked of an export, and what comes out. Inert data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from binderclip.errors import Problem
from binderclip.links import Asked
from binderclip.notebook import Notebook
from binderclip.rees import Listing
from binderclip.spec.model import Binder, joined
from binderclip.spec.shown import key_path

Format: TypeAlias = Literal[
    "juv", "myst", "pep723", "requirements", "environment.yml", "dockerfile", "link"
]
FORMATS: tuple[Format, ...] = get_args(Format)
RUNTIME = "runtime.txt"
_HAS: Mapping[Format, str] = {
    "juv": "dependencies and requires-python alone",
    "pep723": "dependencies and requires-python alone",
    "requirements": "packages of Python alone",
    "environment.yml": "packages of conda and pip, and a Python, alone",
    "dockerfile": "what builds one image for Python alone",
    "myst": "one hub and one repository alone",
    "link": "one hub and one repository alone",
}


def has(to: Format) -> str:
    """What of an environment a format has a place for: the end of a sentence on what it has not."""
    return f"what '{to}' has a place for: {_HAS[to]}"


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository of ``binder.build`` as it was found: ``commit``, and the files there."""

    commit: str
    files: Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``name`` is the notebook's file name. ``frozen``: what was frozen goes before what people
    wrote. ``notebook`` is needed by ``juv`` and for scripts; ``cells``: the script has them too.
    ``repository`` and ``base`` (an image) are for ``dockerfile``, ``asked`` is for ``link``, and
    ``lock`` (the text of a ``uv.lock`` of what was frozen) for ``juv``.
    """

    binder: Binder
    name: str
    frozen: bool = True
    notebook: Notebook | None = None
    cells: bool = False
    repository: Repository | None = None
    base: str | None = None
    asked: Asked | None = None
    lock: str | None = None

    @property
    def files(self) -> Mapping[str, File]:
        """The environment's files by name: a frozen one in the place of what it was made from."""
        found = {
            name: File(name, key_path("binder.files", name), joined(text))
            for name, text in self.binder.files.items()
        }
        if self.frozen and self.binder.frozen:
            found |= {
                name: File(name, key_path("binder.frozen.files", name), joined(text), frozen=True)
                for name, text in self.binder.frozen.files.items()
            }
        return found


@dataclass(frozen=True, slots=True)
class File:
    """``key`` is the path of its key, as ``binder.files['apt.txt']``."""

    name: str
    key: str
    text: str
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a format made of it. ``keys`` are the paths of the keys that it says whole, ``losses``
    what it leaves out of those, and ``notes`` what people should know.
    """

    data: bytes
    keys: frozenset[str]
    losses: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """``data`` is the file's bytes; ``losses`` is empty unless they were accepted."""

    format: Format
    data: bytes = field(repr=False)
    losses: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "surrogateescape")
