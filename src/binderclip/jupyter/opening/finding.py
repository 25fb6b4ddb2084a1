"""The fetch behind the page: a notebook and what goes with it, looked at and kept in memory."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import nullcontext
from dataclasses import dataclass, replace

from binderclip.addresses.source import Source
from binderclip.cache import Cache
from binderclip.copying import Copies
from binderclip.errors import BinderclipError
from binderclip.events import Event, Progress
from binderclip.fetch import Fetched, Limits, fetch
from binderclip.filling import Facts
from binderclip.flow.bringing import brought
from binderclip.guard import Guard
from binderclip.jupyter.opening.describing import Wanted, wanted
from binderclip.notebook import parse
from binderclip.pages.excerpt import Excerpt, excerpt
from binderclip.pages.kept import Tell, bare
from binderclip.pages.lengths import LARGE_BYTES, refuse_long_text
from binderclip.spec.model import Binder

LIMITS = Limits(max_bytes=48 * 2**20, total_timeout_s=60.0)
_FILE_BYTES = 500
"""About what Python holds of a file, besides its names."""


@dataclass(frozen=True, slots=True)
class Found:
    """A notebook that is ready to be saved; ``sha`` is that of its bytes. ``copies`` is None where
    its metadata names no ``content``, or where that cannot be had: ``content_failure`` then says
    why.
    """

    fetched: Fetched
    sha: bytes
    excerpt: Excerpt
    wanted: Wanted
    text: bool
    copies: Copies | None = None
    content_failure: BinderclipError | None = None

    @property
    def digest(self) -> str:
        """It names what is going to be written, to the byte."""
        copied = self.copies.digest if self.copies else ""
        return hashlib.sha256(self.sha + copied.encode()).hexdigest()

    @property
    def held_bytes(self) -> int:
        copies = self.copies or Copies()
        files = sum(_FILE_BYTES + len(file.path) + len(file.source) for file in copies.files)
        said = sum(map(len, (*copies.described, *copies.remarks)))
        return len(self.fetched.data) + files + said


class Finder:
    """Fetches and describes, under ``guard``; one of a server, so that what is large is looked at
    one after the other.
    """

    def __init__(self, guard: Guard, facts: Facts) -> None:
        self._guard = guard
        self._facts = facts
        self._turn = asyncio.Lock()

    async def find(self, source: Source, tell: Tell) -> Found:
        """Nothing is written but the cache of repositories. Raises SourceError and its kin,
        NotebookError.
        """
        fetched = await fetch(source, guard=self._guard, limits=LIMITS, observe=tell)
        refuse_long_text(fetched, "upload it here")
        large = len(fetched.data) > LARGE_BYTES
        async with self._turn if large else nullcontext():
            tell("reading the notebook")
            found = await asyncio.to_thread(_looked_at, fetched, self._facts)
        content = found.wanted.content
        if content is None:
            return found
        try:
            copies = await _copies(Binder(content=content), self._guard, tell)
        except BinderclipError as error:
            return replace(found, content_failure=bare(error))
        return replace(found, copies=copies)


def _looked_at(fetched: Fetched, facts: Facts) -> Found:
    notebook = parse(fetched.data, fetched.source.name)
    said = wanted(notebook, fetched, facts)
    sha = hashlib.sha256(fetched.data).digest()
    return Found(fetched, sha, excerpt(notebook), said, notebook.text)


async def _copies(binder: Binder, guard: Guard, tell: Tell) -> Copies:
    def observe(event: Event) -> None:
        if isinstance(event, Progress):
            tell(event.message)

    return await brought(binder, cache=Cache(), guard=guard, observe=observe)
