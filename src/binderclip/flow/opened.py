"""From an address to a notebook that was read, and to what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from binderclip import notebook as notebooks
from binderclip import sources, spec
from binderclip.environment import Environment
from binderclip.errors import NotebookError, SpecError
from binderclip.notebook import MISSING, Notebook
from binderclip.session import Session
from binderclip.sources import Source
from binderclip.spec import Binder, Reference

if TYPE_CHECKING:
    from binderclip.importing import Imported

Adopt: TypeAlias = "Callable[[Sequence[Imported]], Imported | None]"
"""Asked with what other tools say of the environment, best first; gives what is to be used."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A notebook that was read, and the environment that it is to run in.

    ``reading`` is None where nothing says which environment: the bare one is used then.
    ``note`` says in a line where the environment comes from, when it is not simply the
    notebook's own word.
    """

    source: Source
    notebook: Notebook
    reading: spec.Reading | None
    environment: Environment
    note: str | None = None

    @property
    def binder(self) -> Binder | None:
        """All that the notebook says, where it says something."""
        return self.reading.binder if self.reading else None

    @property
    def distant(self) -> bool:
        """True when the notebook came over the network."""
        return self.source.kind == "url"

    @property
    def folder(self) -> Path:
        """Where its own files lie; the current folder for what has none."""
        return self.source.path.absolute().parent if self.source.path else Path.cwd()


async def open_address(
    address: str,
    *,
    guard: sources.Guard,
    observe: Callable[[str], None] | None = None,
    latest: bool = False,
    build: Reference | None = None,
    adopt: Adopt | None = None,
    cells: bool = True,
) -> Opened:
    """Read the notebook at ``address`` (a path, ``-``, a URL) and what it says.

    ``latest`` sets aside what was frozen: hashes and pinned files. ``build`` stands in for
    the environment that the notebook names; what else it says holds. ``adopt`` is asked where the
    notebook names none, and another tool does. Where its ``cells`` are to run, a script of
    marimo's is refused. Raises SourceError, NotebookError, SpecError.
    """
    source = sources.resolve(address)
    if source.kind == "path" and source.path:
        notebook = notebooks.read(source.path).notebook
    else:
        fetched = await sources.fetch(source, guard=guard, observe=observe)
        source = fetched.source
        notebook = notebooks.parse(fetched.data, source.name)
    return opened_from(source, notebook, latest=latest, build=build, adopt=adopt, cells=cells)


def opened_from(
    source: Source,
    notebook: Notebook,
    *,
    latest: bool = False,
    build: Reference | None = None,
    adopt: Adopt | None = None,
    cells: bool = True,
) -> Opened:
    """What ``notebook``, which was read from ``source``, says; as ``open_address``. Nothing is
    asked of the network, and of this machine only where ``source`` is a path of it. Raises
    NotebookError, SpecError.
    """
    if cells:
        _refuse_marimo(notebook)
    note: str | None = None
    value = notebook.get("binder")
    if value is MISSING and source.launch:
        value, note = source.launch, "the environment is the launch link's"
    if build is not None:
        note = "the environment is the repository that you named, not the notebook's own"
        reading = None
        with suppress(SpecError):  # metadata that is wrong is no reason to refuse another's
            reading = None if value is MISSING else spec.read(value)
        return Opened(source, notebook, reading, Environment(build=build), note)
    if value is MISSING and adopt is not None and (taken := _adopted(source, notebook, adopt)):
        note = f"the environment is what {taken.tool} says ({taken.where})"
        theirs = Environment.of(taken.binder)
        environment = thawed(theirs) if latest else theirs
        return Opened(source, notebook, spec.Reading(taken.binder, "v1"), environment, note)
    if value is MISSING:
        note = "the notebook names no environment: it gets a plain Python with a kernel"
        return Opened(source, notebook, None, Environment(), note)
    reading = spec.read(value)
    if reading.binder is None:
        note = "the notebook opted out of naming an environment: it gets a plain Python"
        return Opened(source, notebook, reading, Environment(), note)
    environment = Environment.of(reading.binder)
    return Opened(source, notebook, reading, thawed(environment) if latest else environment, note)


def _refuse_marimo(notebook: Notebook) -> None:
    """It runs its cells by what they need of each other, and not in their order."""
    if not notebook.text or b"marimo.App(" not in notebook.data:
        return
    from binderclip import importing  # noqa: PLC0415 - most notebooks are none of marimo's

    if importing.is_marimo(notebook):
        raise NotebookError(
            f"{notebook.name}: a notebook of marimo's, whose cells Jupyter does not know",
            hint=f"`{importing.conversion(notebook.name)}` makes an .ipynb of it, which can be run",
        )


def _adopted(source: Source, notebook: Notebook, adopt: Adopt) -> Imported | None:
    """What other tools left in the notebook; or, for a file, in the folders that it lies in."""
    from binderclip import importing  # noqa: PLC0415 - most notebooks say it themselves

    found = importing.from_notebook(notebook)
    if not found and source.path is not None:
        found = importing.above(source.path)
    return adopt(found) if found else None


def working_folder(opened: Opened, session: Session) -> Path:
    """Where the notebook's code starts: beside its file, or in the session's own home for one
    that came over the network.
    """
    if opened.distant and session.runtime is not None:
        return session.runtime.home
    return opened.folder


def thawed(environment: Environment) -> Environment:
    """The environment as people said it: by ref, without what a machine pinned."""
    image, build = environment.image, environment.build
    return replace(
        environment,
        image=replace(image, hash=None) if image else None,
        build=replace(build, hash=None) if build else None,
        frozen=None,
    )
