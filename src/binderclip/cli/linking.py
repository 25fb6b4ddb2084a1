"""From what was asked of ``link`` to the links; and how they are shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from binderclip.cli.paint import count, flat, print_json, print_rows
from binderclip.cli.reading import Seen
from binderclip.errors import Problem, SpecError
from binderclip.links import Asked, Form, Kind, Link, Links, Nowhere, Place, links, written
from binderclip.spec.faults import Faults
from binderclip.spec.grammar import fits
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from binderclip.servers.pages import UI

PUBLIC = "https://mybinder.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The options as they were typed. ``repo``, ``ref`` and ``path`` say where the notebook is."""

    hosts: tuple[str, ...]
    hubs: tuple[str, ...]
    ui: UI
    kinds: tuple[Kind, ...]
    repo: str | None
    ref: str | None
    path: str | None
    latest: bool


def asked(seen: Seen, words: Words) -> Asked:
    """Raises SpecError, ConfigError, SourceError."""
    binder = seen.reading.binder if seen.reading else None
    place = _place(seen, words)
    name = _file_name(seen)
    if isinstance(place, Nowhere) and words.path:
        name = _path(words.path)
    return Asked(
        binder=binder,
        place=place,
        name=name,
        hosts=_hosts(words.hosts, binder.host if binder else ()),
        hubs=_hubs(words.hubs),
        ui=words.ui,
        latest=words.latest,
    )


def make(seen: Seen, words: Words) -> tuple[Asked, Links]:
    """Raises Refused too, where no link can be made."""
    question = asked(seen, words)
    return question, links(question, words.kinds)


def _place(seen: Seen, words: Words) -> Place | Nowhere:
    place = _named(seen, words) if words.repo else _found(seen, words.ref)
    if isinstance(place, Nowhere):
        return place
    if words.path:
        place = replace(place, path=_path(words.path))
    if words.ref:
        from binderclip.references import at

        place = replace(place, repository=at(place.repository, words.ref))
    return place


def _named(seen: Seen, words: Words) -> Place:
    """In the repository that was said; at the path in its checkout where it is in one."""
    from binderclip.references import repository

    there = repository(words.repo or "", "repo")
    if words.path:
        return Place(there, words.path)
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
    from binderclip.links.located import at_address, at_launch

    if source.launch and (opened := at_launch(source.launch)):
        return opened
    build = seen.reading.binder.build if seen.reading and seen.reading.binder else None
    known = [word for word in (ref, build and build.ref) if word]
    place = at_address(source.address, origin=source.origin, url=source.url, refs=known)
    if isinstance(place, Place) and place.notes:
        from binderclip.links.branches import settled

        return settled(place)
    return place


def _file_name(seen: Seen) -> str:
    return Path(seen.address).name if seen.source is None else seen.source.name


def _path(text: str) -> str:
    """A path in a repository, as typed. Raises SpecError."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name or not text.isprintable():
        problem = Problem("--path", ascii(text), "the notebook's path in its repository")
        raise SpecError((problem,))
    return str(path)


def _hosts(stated: Sequence[str], own: Sequence[str]) -> tuple[str, ...]:
    if stated:
        return tuple(_address("--host", text) for text in stated)
    if own:
        return tuple(own)
    from binderclip import config

    return config.load().hosts or (PUBLIC,)


def _hubs(stated: Sequence[str]) -> tuple[str, ...]:
    """Addresses, or names that the person's configuration gives them."""
    if not stated:
        return ()
    from binderclip import config

    names = config.load().hubs
    return tuple(names[text].url if text in names else _address("--hub", text) for text in stated)


def _address(option: str, text: str) -> str:
    """Raises SpecError."""
    address = text if "://" in text else f"https://{text}"
    if not fits("host", address):
        faults = Faults()
        faults.wrong(option, address, "host")
        raise SpecError(tuple(faults.problems))
    return address


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
    place = question.place if isinstance(question.place, Place) else None
    print_json(
        {
            "address": seen.address,
            "place": place and _described(place),
            "links": [_link(link, question, badge) for link in found.links],
            "refused": [
                {"kind": kind, "message": error.message, "hint": error.hint}
                for kind, error in found.refused
            ],
        }
    )


def _described(place: Place) -> dict[str, object]:
    where: Reference = place.repository
    return {"repository": where.url, "ref": where.ref, "hash": where.hash, "path": place.path}


def _link(link: Link, question: Asked, badge: str | None) -> dict[str, object]:
    forms: Iterator[tuple[str, str]] = (
        (form, written(link, form, name=question.name, badge=badge))
        for form in ("markdown", "html", "rst")
    )
    return {
        "kind": link.kind,
        "url": link.url,
        "host": link.host,
        "what": link.what,
        "notes": link.notes,
        **dict(forms),
    }
