"""From an address to a notebook that was fetched and read, before anything of it runs."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from binderclip.addresses.masking import printable
from binderclip.addresses.source import Source
from binderclip.environment import Environment
from binderclip.errors import AddressForbidden, BinderclipError, Refused
from binderclip.fetch import Fetched, Limits, fetch
from binderclip.flow import Opened, opened_from
from binderclip.gateway.launches.model import Look
from binderclip.gateway.launches.room import Room
from binderclip.gateway.settings.model import Settings
from binderclip.guard import Guard
from binderclip.notebook import parse
from binderclip.pages.excerpt import excerpt
from binderclip.pages.kept import Bounds, Job, Kept, Tell, bare
from binderclip.pages.lengths import LARGE_BYTES, refuse_long_text
from binderclip.portrait import Row, rows
from binderclip.spec import Reading
from binderclip.spec.grammar import fits
from binderclip.spec.model import Binder

if TYPE_CHECKING:
    from binderclip.importing import Imported

FETCH_S = 60.0
KEPT = Bounds(running=4, running_client=16, kept=6, everybody=48, held_bytes=256 * 2**20)


def _silent(line: str) -> None:
    pass


class Looker:
    """One of a process. What is looked at for a page is kept until the click. ``observe`` is told
    how each look ended: "read", or an error's code. ``own`` reads the notebooks that the service
    itself keeps by their addresses, since it need not be able to ask itself.
    """

    def __init__(
        self,
        guard: Guard,
        settings: Settings,
        bounds: Bounds | None = None,
        *,
        observe: Callable[[str], None] = _silent,
        own: Callable[[str], Awaitable[bytes | None]] | None = None,
        room: Room | None = None,
    ) -> None:
        self._guard, self._settings, self._observe = guard, settings, observe
        self._own, self._room = own, room or Room()
        self._kept: Kept[Look] = Kept(bounds or KEPT)
        self._turn = asyncio.Lock()

    async def look(
        self,
        source: Source,
        tell: Tell = _silent,
        *,
        ref: str | None = None,
        client: str | None = None,
    ) -> Look:
        """``ref`` stands in for the one of the notebook's repository; ``client`` is who asks.
        Raises SourceError and its kin (AddressForbidden for what is not of the web), NotebookError,
        SpecError, Refused, and RateLimited where enough is being looked at.
        """
        if source.kind != "url":
            raise AddressForbidden(
                "found an address that is not of the web, expected one that begins with https:",
                hint="files of this machine are not for those who ask from elsewhere",
            )
        try:
            with self._room.taken(client) as took:
                look = await self._read(source, tell, took)
        except BinderclipError as error:
            self._observe(error.code)
            # Its frames hold on to the notebook, which is no longer counted.
            raise bare(error) from None
        self._observe("read")
        return look if ref is None else at_ref(look, ref)

    async def _read(self, source: Source, tell: Tell, took: Callable[[int], None]) -> Look:
        most = Limits(max_bytes=self._settings.limits.notebook_bytes, total_timeout_s=FETCH_S)
        kept = await self._own(source.url) if self._own and source.url else None
        if kept is not None:
            took(len(kept))
            fetched = Fetched(kept, source)
        else:
            fetched = await fetch(source, guard=self._guard, limits=most, observe=tell, took=took)
        refuse_long_text(fetched, "make an .ipynb of it")
        async with self._turn if len(fetched.data) > LARGE_BYTES else nullcontext():
            tell("reading the notebook")
            return await asyncio.to_thread(_looked_at, fetched, self._settings.environment)

    def begin(
        self, owner: str, source: Source, *, client: str, ref: str | None = None
    ) -> Job[Look]:
        """Look in the background. The job's ``address`` is that of ``source``. Raises RateLimited
        where enough is going on, for ``owner`` or for ``client``, who may have many cookies.
        """
        look = partial(self._look, source, ref, client)
        return self._kept.begin(owner, source.address, look, client=client)

    def find(self, number: str, address: str, owner: str) -> Job[Look] | None:
        """The job of that id, if it is there, for that address, and ``owner``'s."""
        return self._kept.find(number, address, owner)

    async def settled(self, job: Job[Look], patience_s: float) -> bool:
        """Whether it is done, after at most ``patience_s``."""
        return await self._kept.settled(job, patience_s)

    async def _look(self, source: Source, ref: str | None, client: str, tell: Tell) -> Look:
        return await self.look(source, tell, ref=ref, client=client)


def at_ref(look: Look, ref: str) -> Look:
    """With another ref of the same repository; what was frozen, and the image, were for the one
    before. Raises Refused for what can be no ref, and where no repository is named.
    """
    opened = look.opened
    build, binder = opened.environment.build, opened.binder
    if build is None or binder is None:
        raise Refused(
            f"found ref={printable(ref, 80)!r}, and the notebook names no repository that has one",
            hint="leave ref= out of the link",
        )
    if not fits("ref", ref):
        raise Refused(
            f"found ref={printable(ref, 80)!r}, expected a branch, a tag or a commit",
            hint="leave ref= out of the link",
        )
    whole = fits("commit", ref)
    named = replace(build, ref=None if whole else ref, hash=ref if whole else None)
    said = replace(binder, build=named, image=None, frozen=None)
    return replace(
        look,
        opened=replace(opened, environment=Environment.of(said), reading=Reading(said, "v1")),
        rows=tuple(rows(said)),
        remarks=(*look.remarks, f"its repository is taken at {ref}, as the link says"),
    )


def _looked_at(fetched: Fetched, default: Binder | None) -> Look:
    notebook = parse(fetched.data, fetched.source.name)
    opened = opened_from(fetched.source, notebook, adopt=_first)
    lent = opened.binder is None and default is not None
    if lent and default is not None:
        reading = Reading(default, "v1")
        opened = replace(opened, reading=reading, environment=Environment.of(default), note=None)
    return Look(
        source=fetched.source,
        opened=opened,
        excerpt=excerpt(notebook),
        rows=_rows(opened),
        remarks=tuple(_remarks(opened, lent=lent)),
        digest=hashlib.sha256(fetched.data).hexdigest(),
        lent=lent,
    )


def _first(found: Sequence[Imported]) -> Imported | None:
    """What other tools say of the environment is better than a default that nobody chose."""
    return next(iter(found), None)


def _rows(opened: Opened) -> tuple[Row, ...]:
    return tuple(rows(opened.binder or Binder()))


def _remarks(opened: Opened, *, lent: bool) -> Iterator[str]:
    if lent:
        yield "the notebook names no environment: it runs in the one that this service lends"
    elif opened.note:
        yield opened.note
    if opened.reading is not None:
        yield from map(str, opened.reading.warnings)
