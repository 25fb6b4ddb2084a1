"""From what was asked to a notebook that was read and the targets that may take it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from binderclip import flow
from binderclip.cache import Cache
from binderclip.cli import person
from binderclip.cli.adopting import adopter
from binderclip.cli.consent import Consent
from binderclip.cli.place import Place
from binderclip.cli.progress import Reporter
from binderclip.cloneable import repository
from binderclip.errors import ResolveError
from binderclip.flow import Candidate, Opened
from binderclip.folders import state_folder
from binderclip.platforms import this_platform
from binderclip.sources import Guard, OpenGuard
from binderclip.targets.local import LocalTarget
from binderclip.trust import TrustStore

if TYPE_CHECKING:
    from binderclip.copying import Copies

# What runs on such servers of this machine may run as its person.
_AS_OURSELVES = frozenset({"server", "gateway"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notebook that was read, where it may run, and what goes there with it: ``copies`` is what
    its metadata brings, ``patterns`` what the person named beside it.
    """

    opened: Opened
    candidates: Sequence[Candidate]
    consent: Consent
    copies: Copies | None
    patterns: tuple[str, ...]
    guard: Guard

    async def put_into(self, home: Path, reporter: Reporter) -> None:
        """Put what the metadata brings into a session's home on this machine."""
        if self.copies is None:
            return
        from binderclip import copying

        for line in await copying.place(
            self.copies, copying.LocalHome(home), observe=reporter.launch
        ):
            reporter.warn(line)

    async def files(self, candidate: Candidate, remark: Callable[[str], None]) -> Sequence[Path]:
        """What is sent beside the notebook. To a place that the notebook alone names, nothing but
        what the person named: what lies here is theirs. ``remark`` is told what was left out.
        """
        if self.opened.source.path is None:
            if self.patterns:
                raise click.UsageError("--with needs a notebook that is a file: beside it they lie")
            return ()
        from binderclip import companions

        left_out: list[str] = []
        if self.patterns:
            named = await asyncio.to_thread(
                companions.globbed, self.opened.folder, self.patterns, remark=left_out.append
            )
        elif candidate.named:
            named = await asyncio.to_thread(
                companions.named_files,
                self.opened.notebook,
                self.opened.folder,
                remark=left_out.append,
            )
        else:
            named = ()
        for line in left_out:
            remark(line)
        own = self.opened.source.path.absolute()
        return [file for file in named if file.absolute() != own]


async def wanted(place: Place, reporter: Reporter, *, cells: bool = True) -> Wanted:
    """Read the notebook, whose ``cells`` are to run, and make the targets. Raises SourceError,
    NotebookError, SpecError, and for the repositories of ``content`` and ``config`` ResolveError,
    Unreachable, Refused, TooLarge.
    """
    if place.ref and not place.build:
        raise click.UsageError("--ref is that of --build, which is missing")
    on = place.on or _default()
    typed = person.interruptible() if place.notebook == "-" else nullcontext()
    with typed:
        opened = await flow.open_address(
            place.notebook,
            guard=OpenGuard(),
            observe=reporter.say,
            latest=place.latest,
            build=repository(place.build, ref=place.ref) if place.build else None,
            adopt=adopter(place.adopt, reporter, place.notebook),
            cells=cells,
        )
    if opened.note:
        # What it gets instead is said behind the colon, and holds here alone.
        note = opened.note if on == "local" else opened.note.partition(": it gets")[0]
        reporter.warn(note)
    _warn_of_edits(opened, reporter, here=on == "local")
    cache = Cache()
    # What only the person's credentials open is fetched for a place elsewhere if they say so.
    anonymous = on != "local" and not place.trust
    copies = await _copies(opened, cache, place, reporter, anonymous=anonymous)
    consent = Consent(opened, TrustStore(state_folder()), trusted=place.trust, copies=copies)
    local = LocalTarget(
        cache,
        consent,
        own_home=opened.distant or copies is not None,
        offline=place.offline,
        python=place.python,
    )
    if on == "local":
        _only_elsewhere(place)
        candidates: Sequence[Candidate] = [Candidate(local, "here", "")]
    elif place.offline:
        raise click.UsageError("--offline is for this machine; --on names another place")
    else:
        candidates = await _elsewhere(on, place, opened, local, reporter)
        await _ask(consent, candidates)
    return Wanted(opened, candidates, consent, copies, place.files, OpenGuard())


def _warn_of_edits(opened: Opened, reporter: Reporter, *, here: bool) -> None:
    """What was frozen stands in for the files that it was made from, whatever they say by now."""
    frozen = opened.environment.frozen
    if opened.binder is None or frozen is None or not frozen.files:
        return
    if here and frozen.platform not in {None, this_platform()}:  # it is set aside
        return
    from binderclip.freeze.outdated import outdated

    for line in outdated(opened.binder):
        reporter.warn(
            f"{line}: the frozen one is used; `binderclip freeze` pins anew, --latest goes by what "
            "you wrote"
        )


def _default() -> str:
    from binderclip import config

    return config.load().on or "local"


async def _ask(consent: Consent, candidates: Sequence[Candidate]) -> None:
    """What runs on a server of this machine can do what its person can; so it is on a hub of this
    machine that nobody but the notebook names. And what the notebook fetches for a place that it
    names itself may come from where only the person gets.
    """
    from urllib.parse import urlsplit

    from binderclip.guard import this_machine

    for candidate in candidates:
        ours = [url for url in candidate.urls if await this_machine(urlsplit(url).hostname or "")]
        if ours and (candidate.target.name in _AS_OURSELVES or not candidate.named):
            consent.for_server(candidate.place)
        elif candidate.urls and not candidate.named:
            consent.for_copies(candidate.place)


def _only_elsewhere(place: Place) -> None:
    given = {"--server": place.server, "--option": place.options, "--with": place.files}
    for name, value in given.items():
        if value:
            raise click.UsageError(f"{name} is for places elsewhere; say which with --on")


async def _copies(
    opened: Opened, cache: Cache, place: Place, reporter: Reporter, *, anonymous: bool
) -> Copies | None:
    binder = opened.binder
    if binder is None or (binder.content is None and binder.config is None):
        return None
    from binderclip import copying

    try:
        found = await copying.prepare(
            binder,
            cache=cache,
            latest=place.latest,
            offline=place.offline,
            anonymous=anonymous,
            observe=reporter.launch,
        )
    except ResolveError as error:
        if anonymous:
            error.hint = (
                "for a place elsewhere it is fetched as anybody gets it; --trust fetches it with "
                "your credentials"
            )
        raise
    if found.files:
        return found
    for line in found.remarks:  # otherwise they are told once it is placed
        reporter.warn(line)
    return None


async def _elsewhere(
    on: str, place: Place, opened: Opened, local: LocalTarget, reporter: Reporter
) -> Sequence[Candidate]:
    from binderclip import config
    from binderclip.cli.where import Finder, Wish, named_by
    from binderclip.parameters import parse
    from binderclip.tokens import FoundTokens

    settings = config.load()
    finder = Finder(
        Wish(on, place.server, parse(place.options)),
        config=settings,
        tokens=FoundTokens(settings, named=named_by(on, settings), remark=reporter.say),
        guard=OpenGuard(),
        reporter=reporter,
    )
    return await finder.find(opened, local)
