"""An address → the notebook there and what it says. A path brings in nothing of the network."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from binderclip import notebook as notebooks
from binderclip import spec
from binderclip.notebook import MISSING, Missing, Notebook
from binderclip.spec.model import JSON

if TYPE_CHECKING:
    from binderclip.sources import Fetched, Kind, Source


@dataclass(frozen=True, slots=True)
class Seen:
    """A notebook and its metadata. ``address`` and ``origin`` hold no secrets; ``value`` is the
    launch link that led here where the notebook itself says nothing (``linked``); ``reading`` is
    None where there is neither. ``source`` is where the address led; None for a plain path.
    """

    address: str
    kind: Kind
    origin: str
    notebook: Notebook
    value: JSON | Missing
    reading: spec.Reading | None
    linked: bool
    source: Source | None = None


def read(address: str) -> Seen:
    """Raises SourceError, NotebookError, SpecError."""
    if os.path.isfile(address):  # noqa: PTH113 - raises nothing, whatever the address
        # The same as below, at half the time to start: most notebooks are files here.
        notebook = notebooks.read(Path(address)).notebook
        origin = f"path:{os.path.abspath(address)}"  # noqa: PTH100 - links are not followed
        return _seen(address, "path", origin, notebook, None)
    from binderclip import sources

    source = sources.resolve(address)
    if source.path is not None:
        notebook = notebooks.read(source.path).notebook
    else:
        fetched = fetch(source)
        source, notebook = fetched.source, notebooks.parse(fetched.data, fetched.source.name)
    seen = _seen(source.shown, source.kind, source.origin, notebook, source.launch)
    return replace(seen, source=source)


def _seen(address: str, kind: Kind, origin: str, notebook: Notebook, link: str | None) -> Seen:
    value = notebook.get()
    linked = value is MISSING and link is not None
    if linked:
        value = link
    reading = None if value is MISSING else spec.read(value)
    return Seen(address, kind, origin, notebook, value, reading, linked)


def fetch(source: Source) -> Fetched:
    """Go and get it; after a second, standard error says what is going on."""
    from binderclip import sources

    if source.kind == "url":
        import asyncio

        return asyncio.run(_fetch(source))
    # Nothing here is waited for but standard input, and there an event loop would hold up Ctrl-C.
    coming = sources.fetch(source, guard=sources.OpenGuard())
    try:
        coming.send(None)
    except StopIteration as done:
        fetched: Fetched = done.value
        return fetched
    raise RuntimeError("a file made us wait")


async def _fetch(source: Source) -> Fetched:
    import asyncio

    from binderclip import sources
    from binderclip.cli.progress import Reporter

    reporter = Reporter()
    told: list[str] = []
    work = asyncio.ensure_future(
        sources.fetch(source, guard=sources.OpenGuard(), observe=told.append)
    )
    try:
        done, _ = await asyncio.wait({work}, timeout=1)
        if not done:
            reporter.say(told[-1] if told else f"fetching {source.shown}")
        return await work
    finally:
        work.cancel()
