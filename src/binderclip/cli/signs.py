"""What is still there, asked for many notebooks at once, and how it is told."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click

from binderclip.cache import Cache
from binderclip.cli.paint import count, flat, print_rows
from binderclip.cli.progress import Reporter
from binderclip.freeze.material import Materials
from binderclip.freeze.sources import NetworkSources
from binderclip.guard import OpenGuard
from binderclip.liveness import STATES, Looking, Sign, State
from binderclip.once import Once
from binderclip.repositories import Repository
from binderclip.repositories.cached import cached
from binderclip.spec.model import Binder
from binderclip.web import Web

_MARKS: Mapping[State, tuple[str, str]] = {
    "well": ("✓", "green"),
    "loose": ("·", "cyan"),
    "newer": ("↑", "cyan"),
    "moved": ("↑", "cyan"),
    "silent": ("?", "yellow"),
    "gone": ("✗", "red"),
}
_NAMED = 3
"""Notebooks named beside what they share."""


@asynccontextmanager
async def looking(sources: NetworkSources, cache: Cache, at_once: int) -> AsyncIterator[Looking]:
    """What asks; everything that it opened is closed at the end."""

    def repository(url: str) -> Repository:
        return cached(url, cache)

    once = Once(at_once)
    with tempfile.TemporaryDirectory(prefix="binderclip-check-") as folder:
        async with Web(OpenGuard()) as web:
            try:
                yield Looking(
                    web=web,
                    registries=sources.registries,
                    repository=repository,
                    locker=sources.locker,
                    materials=Materials(Path(folder), sources, once, lambda _line: None),
                    once=once,
                )
            finally:
                await once.aclose()


async def signs_of(
    binders: Mapping[str, Binder], sources: NetworkSources, *, at_once: int, reporter: Reporter
) -> dict[str, tuple[Sign, ...]]:
    """By the notebook's path. Nothing is raised for what cannot be asked: that is a sign too."""
    import asyncio

    found: dict[str, tuple[Sign, ...]] = {}
    async with looking(sources, Cache(), at_once) as look:

        async def one(path: str, binder: Binder) -> None:
            found[path] = await look.signs(binder)
            reporter.flash(f"{count(len(found), 'notebook')} of {len(binders)} asked for")

        reporter.flash(f"asking about {count(len(binders), 'notebook')}")
        await asyncio.gather(*(one(path, binder) for path, binder in binders.items()))
    reporter.clear()
    return {path: found[path] for path in binders}


def as_json(sign: Sign) -> dict[str, object]:
    return {
        "part": sign.part,
        "what": sign.what,
        "state": sign.state,
        "said": sign.said,
        "now": sign.now,
        "ahead": sign.ahead,
        "newer": sign.newer,
    }


def print_signs(
    found: Mapping[str, Sequence[Sign]], *, quiet: bool, problems: Collection[State]
) -> None:
    """One notebook part by part; of several each thing once, the worst first, with who names it.
    ``quiet``: only what is in a state of ``problems``.
    """
    if len(found) == 1:
        for signs in found.values():
            for sign in signs:
                if not quiet or sign.state in problems:
                    _print(sign, "")
        return
    users: dict[Sign, list[str]] = defaultdict(list)
    for path, signs in found.items():
        for sign in signs:
            users[sign].append(path)
    for sign in sorted(users, key=lambda sign: (-STATES.index(sign.state), sign.part, sign.what)):
        if sign.state in problems or (sign.state != "well" and not quiet):
            _print(sign, _named(users[sign]))
    well = sum(sign.state == "well" for sign in users)
    if well and not quiet:
        click.echo(f"  {click.style('✓', fg='green')} {count(well, 'more place')} there, unchanged")


def _print(sign: Sign, named: str) -> None:
    mark, hue = _MARKS[sign.state]
    head = f"  {click.style(mark, fg=hue)} {sign.state:6} {flat(sign.part)}  "
    width = 2 + 2 + 7 + len(flat(sign.part)) + 2
    print_rows(head, ["" if sign.what == sign.part else sign.what], indent=width)
    lines = [sign.said, named] if named else [sign.said]
    if sign.state != "well" or named:
        print_rows(" " * 11, lines, indent=11)


def _named(paths: Sequence[str]) -> str:
    rest = len(paths) - _NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f"in {', '.join(paths[:_NAMED])}{more}"
