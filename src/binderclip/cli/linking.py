"""From what was asked of ``link`` to the links; and how they are shown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from binderclip.cli.paint import count, flat, print_json, print_rows
from binderclip.cli.reading import Seen
from binderclip.errors import SourceError
from binderclip.links import Asked, Form, Kind, Links, Nowhere, Place, links, written
from binderclip.links.parts import path_there

if TYPE_CHECKING:
    from binderclip.servers.pages import UI


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The options as they were typed. ``repo``, ``ref`` and ``path`` say where the notebook is,
    ``url`` where it can be fetched.
    """

    hosts: tuple[str, ...]
    hubs: tuple[str, ...]
    ui: UI | None
    kinds: tuple[Kind, ...]
    repo: str | None
    ref: str | None
    path: str | None
    latest: bool
    opens: bool = False
    url: str | None = None


def asked(seen: Seen, words: Words) -> Asked:
    """Raises SpecError, ConfigError, SourceError."""
    from binderclip.cli.linkplaces import places

    binder = seen.reading.binder if seen.reading else None
    place = _place(seen, words)
    name = _file_name(seen)
    if isinstance(place, Nowhere) and words.path:
        name = path_there(words.path, "--path")
    there = places(words.hosts, words.hubs, binder.host if binder else ())
    return Asked(
        binder=binder,
        place=place,
        name=name,
        hosts=there.hosts,
        hubs=there.hubs,
        servers=there.servers,
        opening=there.opening,
        ui=words.ui,
        latest=words.latest,
        url=_url(seen, words),
        shared=bool(words.url),
    )


def make(seen: Seen, words: Words) -> tuple[Asked, Links]:
    """Raises Refused too, where no link can be made."""
    question = asked(seen, words)
    kinds = words.kinds
    if words.opens:
        kinds = (*kinds, "hub-open" if words.hubs else "binder-open")
    return question, links(question, kinds)


def _place(seen: Seen, words: Words) -> Place | Nowhere:
    place = _named(seen, words) if words.repo else _found(seen, words.ref)
    if isinstance(place, Nowhere):
        return place
    if words.path:
        place = replace(place, path=path_there(words.path, "--path"))
    if words.ref:
        from binderclip.references import at

        place = replace(place, repository=at(place.repository, words.ref))
    return place


def _named(seen: Seen, words: Words) -> Place:
    """In the repository that was said; at the path in its checkout where it is in one."""
    from binderclip.references import repository

    there = repository(words.repo or "", "repo")
    if words.path:
        return Place(there, path_there(words.path, "--path"))
    found = _found(seen, words.ref)
    return Place(there, found.path if isinstance(found, Place) else _file_name(seen))


def _found(seen: Seen, ref: str | None) -> Place | Nowhere:
    source = seen.source
    path = Path(seen.address) if source is None else source.path
    if path is not None:
        from binderclip.links.checkout import in_checkout

        return in_checkout(path)
    if source is None or source.url is None:
        return Nowhere("came over standard input")
    from binderclip.links.located import of_source

    build = seen.reading.binder.build if seen.reading and seen.reading.binder else None
    known = [word for word in (ref, build and build.ref) if word]
    place = of_source(source, refs=known)
    if isinstance(place, Place) and place.notes:
        from binderclip.links.branches import settled

        return settled(place)
    return place


def _file_name(seen: Seen) -> str:
    return Path(seen.address).name if seen.source is None else seen.source.name


def _url(seen: Seen, words: Words) -> str:
    """Where the notebook can be fetched, unless that is told by the repository it is in."""
    from binderclip.links.webaddress import fetchable

    if words.url:
        try:
            return fetchable(words.url, anonymous=True)
        except SourceError as error:
            raise SourceError(f"--url: {error.message}", hint=error.hint) from error
    moved = words.repo or words.ref or words.path
    source = seen.source
    return fetchable(source.address) if source and source.url and not moved else ""


def show(question: Asked, found: Links, form: Form, *, badge: str | None, first: bool) -> None:
    """A link a line on standard output; on a terminal with what it does, and else what to mind on
    standard error.
    """
    chosen = found.links[:1] if first else found.links
    told: list[str] = []
    talks = sys.stdout.isatty() and form == "text"
    for number, link in enumerate(chosen):
        if talks:
            click.echo("\n" * (number > 0) + click.style(flat(link.what), bold=True))
        click.echo(written(link, form, name=question.name, badge=badge))
        told += [note for note in link.notes if talks or note not in told]
        if talks:
            _mind(told)
            told = []
    _mind(told, err=True)
    if talks and len(chosen) < len(found.links):
        click.echo(f"and {count(len(found.links) - len(chosen), 'more link')}")


def _mind(notes: Sequence[str], *, err: bool = False) -> None:
    for note in notes:
        mark = click.style("!", fg="yellow")
        if err:
            click.echo(f"{mark} {flat(note)}", err=True)
        else:
            print_rows(f"  {mark} ", [note], indent=4)


def print_answer(seen: Seen, question: Asked, found: Links, *, badge: str | None) -> None:
    """For machines; see docs/command-line.md."""
    from binderclip.links.answer import links_as_json

    print_json({"address": seen.address, **links_as_json(question, found, badge=badge)})
