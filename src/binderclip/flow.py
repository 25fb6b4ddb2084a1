"""The pipeline from an address to a running environment, step by step. Shells call it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from binderclip import notebook as notebooks
from binderclip import sources, spec
from binderclip.environment import Environment
from binderclip.errors import LaunchError, Refused
from binderclip.events import Event, Ready
from binderclip.notebook import MISSING, Notebook
from binderclip.session import Session
from binderclip.sources import Source
from binderclip.spec import Reference
from binderclip.targets import Target


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
) -> Opened:
    """Read the notebook at ``address`` (a path, ``-``, a URL) and what it says.

    ``latest`` sets aside what was frozen: hashes and pinned files. ``build`` stands in for
    whatever the notebook names. Raises SourceError, NotebookError, SpecError.
    """
    source = sources.resolve(address)
    if source.kind == "path" and source.path:
        notebook = notebooks.read(source.path).notebook
    else:
        fetched = await sources.fetch(source, guard=guard, observe=observe)
        source = fetched.source
        notebook = notebooks.parse(fetched.data, source.name)
    note: str | None = None
    if build is not None:
        note = "the environment is the repository that you named, not the notebook's own"
        return Opened(source, notebook, None, Environment(build=build), note)
    value = notebook.get("binder")
    if value is MISSING and source.launch:
        value, note = source.launch, "the environment is the launch link's"
    if value is MISSING:
        note = "the notebook names no environment: it gets a plain Python with a kernel"
        return Opened(source, notebook, None, Environment(), note)
    reading = spec.read(value)
    if reading.binder is None:
        note = "the notebook opted out of naming an environment: it gets a plain Python"
        return Opened(source, notebook, reading, Environment(), note)
    environment = Environment.of(reading.binder)
    return Opened(source, notebook, reading, thawed(environment) if latest else environment, note)


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


@asynccontextmanager
async def launched(
    target: Target, environment: Environment, observe: Callable[[Event], None]
) -> AsyncIterator[Session]:
    """Bring ``environment`` up on ``target``, and stop it on leaving, whatever happens.

    Raises Refused before anything is done, and any other LaunchError.
    """
    if reason := target.refusal(environment):
        raise Refused(reason)
    session = None
    async with aclosing(target.launch(environment)) as events:
        async for event in events:
            if isinstance(event, Ready):
                session = event.session
            else:
                observe(event)
    if session is None:
        raise LaunchError(f"{target.name}: the launch ended without a session")
    try:
        yield session
    finally:
        # A second Ctrl-C must not leave half of it running.
        await asyncio.shield(target.stop(session))
