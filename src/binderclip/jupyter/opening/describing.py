"""What the page says of a notebook's environment, and of what is not done with it here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from binderclip.environment import Environment
from binderclip.errors import BinderclipError, Refused, SpecError
from binderclip.fetch import Fetched
from binderclip.filling import Facts, Match, match
from binderclip.links import Asked, Link, Nowhere, Place, links
from binderclip.links.located import of_source
from binderclip.notebook import MISSING, Notebook
from binderclip.spec import Binder, Fetch, Reading, read
from binderclip.spec.model import JSON, NOTHING
from binderclip.spec.named import image_name, repository_name
from binderclip.spec.places import MYBINDER

_LISTED = 10
_LONGEST = 500
# Not of the environment: what is wrong there alone hides nothing of it.
_BESIDE = ("config", "content")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the notebook wants: short, whatever its metadata holds. ``words`` name its environment,
    each with what it is ("image"); none where it names none. ``unread`` is why that is not known,
    and ``faults`` what is wrong. ``match`` compares it with this server's. ``files``: it brings
    files of its own to build it from. ``idle`` is what it says and what is not done here.
    ``launch`` starts its environment elsewhere; ``named``: on a hub that the notebook names.
    """

    words: tuple[tuple[str, str], ...] = ()
    unread: str | None = None
    faults: tuple[str, ...] = ()
    linked: bool = False
    match: Match | None = None
    files: bool = False
    idle: tuple[str, ...] = ()
    launch: Link | None = None
    named: bool = False
    content: Fetch | None = None
    remarks: tuple[str, ...] = ()


def wanted(notebook: Notebook, fetched: Fetched, facts: Facts) -> Wanted:
    """Never raises for what the metadata says: what cannot be read is told."""
    try:
        reading, linked, beside = _reading(notebook, fetched)
    except BinderclipError as error:
        faults = _short(error.message.splitlines())
        return Wanted(unread="its metadata cannot be read", faults=faults)
    if reading is None or reading.binder is None:
        return Wanted(remarks=beside)
    binder = reading.binder
    environment = Environment.of(binder)
    warnings = _short(map(str, reading.warnings))
    newer = reading.newer and environment.bare
    found = None if environment.bare else match(environment, facts)
    elsewhere = found is not None and found.verdict != "same"
    return Wanted(
        tuple(_words(environment)),
        "its metadata is of a version that is not known here" if newer else None,
        warnings if newer else (),
        linked,
        found,
        bool(binder.files or (binder.frozen and binder.frozen.files)),
        tuple(_idle(binder)),
        _launch(binder, fetched) if elsewhere else None,
        bool(binder.host),
        replace(binder.content, extra=NOTHING) if binder.content else None,
        (*beside, *(() if newer else warnings)),
    )


def _reading(notebook: Notebook, fetched: Fetched) -> tuple[Reading | None, bool, tuple[str, ...]]:
    """What the notebook says, or else the launch link that led to it; whether it is that; and what
    of it was set aside.
    """
    value = notebook.get()
    if value is not MISSING:
        reading, beside = _read(value)
        return reading, False, beside
    launch = fetched.source.launch
    return (read(launch), True, ()) if launch else (None, False, ())


def _read(value: JSON) -> tuple[Reading, tuple[str, ...]]:
    """Without ``config`` and ``content`` where these alone are wrong. Raises SpecError."""
    try:
        return read(value), ()
    except SpecError as error:
        wrong = {_key(problem.path) for problem in error.problems}
        if not isinstance(value, dict) or not wrong <= set(_BESIDE):
            raise
        faults = _short(map(str, error.problems))
    rest = {key: held for key, held in value.items() if key not in wrong}
    names = " and ".join(sorted(wrong))
    return read(rest), (f"its {names} cannot be read and is left out:", *faults)


def _key(path: str) -> str:
    """The first key below ``binder`` in a problem's path."""
    return path.removeprefix("binder.").partition(".")[0]


def _words(environment: Environment) -> Iterator[tuple[str, str]]:
    if environment.image:
        yield "image", image_name(environment.image)
    if environment.build:
        yield ("or else from" if environment.image else "from"), repository_name(environment.build)
    if environment.files:
        yield "files of its own", _named(environment.files)
    frozen = environment.frozen
    if frozen and frozen.files:
        when = f" on {frozen.at[:10]}" if frozen.at else ""
        where = f" for {frozen.platform}" if frozen.platform else ""
        yield f"pinned{when}{where}", _named(frozen.files)


def _named(files: Iterable[str]) -> str:
    return ", ".join(_short(files))


def _short(lines: Iterable[str]) -> tuple[str, ...]:
    """The first of them, and how many more there are."""
    rest = iter(lines)
    first = [
        line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
        for line in islice(rest, _LISTED)
    ]
    more = sum(1 for _ in rest)
    return (*first, f"and {more} more") if more else tuple(first)


def _idle(binder: Binder) -> Iterator[str]:
    if binder.config:
        yield f"its configuration, from {repository_name(binder.config)}"


def _launch(binder: Binder, fetched: Fetched) -> Link | None:
    """The best link to a BinderHub that has, or makes, the environment."""
    source = fetched.source
    asked = Asked(
        binder=binder,
        place=_place(binder, fetched),
        name=source.name,
        hosts=binder.host or (MYBINDER,),
    )
    try:
        found = links(asked).links
    except Refused:
        return None
    return next((link for link in found if link.kind.startswith("binder")), None)


def _place(binder: Binder, fetched: Fetched) -> Place | Nowhere:
    source = fetched.source
    refs = [binder.build.ref] if binder.build and binder.build.ref else []
    return of_source(source, refs=refs)
