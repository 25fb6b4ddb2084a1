"""Freezing many notebooks, or telling what of them is not frozen."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import click

from binderclip import notebook as notebooks
from binderclip.cache import Cache
from binderclip.cli import alike
from binderclip.cli.failure import as_json as error_as_json
from binderclip.cli.notebooks import Missed, named
from binderclip.cli.outcomes import exit_code, rewrite_and_tell, tell_refusal
from binderclip.cli.paint import count, flat, print_json, tally
from binderclip.cli.progress import Reporter
from binderclip.edit import Edited
from binderclip.errors import BinderclipError
from binderclip.freeze.freezer import Freezer, unpinned
from binderclip.freeze.options import Options, Part
from binderclip.freeze.sources import NetworkSources
from binderclip.guard import OpenGuard
from binderclip.notebook import MISSING, Missing
from binderclip.platforms import this_platform
from binderclip.spec.model import JSON

T = TypeVar("T")
Status: TypeAlias = Literal["frozen", "loose", "nothing", "refused"]

_HUBS = "linux-64"


@dataclass(frozen=True, slots=True)
class Work:
    """What was asked for. ``arguments`` name notebooks and folders."""

    arguments: Sequence[str]
    options: Options
    at_once: int
    allow_builds: bool
    quiet: bool
    as_json: bool


@dataclass(frozen=True, slots=True)
class _Verdict:
    path: str
    status: Status
    parts: tuple[Part, ...] = ()
    remarks: tuple[Part, ...] = ()
    error: BinderclipError | None = None


def freeze_and_tell(work: Work, *, dry_run: bool) -> None:
    """Freeze all, print what became of each, and leave with the exit code."""
    reporter = Reporter(quiet=work.quiet or work.as_json)
    values = [value for _, value in _values(work.arguments) if not isinstance(value, Exception)]
    frozen = _each(work, values, Freezer.freeze, reporter)
    _tell_platform(work, frozen.values(), reporter)

    def change(value: JSON | Missing) -> Edited:
        return alike.outcome(frozen, value, "frozen")

    rewrite_and_tell(
        work.arguments, change, dry_run=dry_run, as_json=work.as_json, quiet=work.quiet
    )


def check_and_tell(work: Work) -> None:
    """Tell what ``freeze`` would change, and leave with 1 where there is something."""
    reporter = Reporter(quiet=work.quiet or work.as_json)
    read = _values(work.arguments)
    values = [value for _, value in read if not isinstance(value, Exception)]
    found = _each(work, values, Freezer.loose, reporter)
    verdicts = [_verdict(path, value, found, work.options) for path, value in read]
    if work.as_json:
        good = all(verdict.status in {"frozen", "nothing"} for verdict in verdicts)
        print_json({"frozen": good, "notebooks": [_as_json(verdict) for verdict in verdicts]})
    else:
        _print(verdicts, quiet=work.quiet)
    errors = [verdict.error for verdict in verdicts if verdict.error]
    loose = any(verdict.status == "loose" for verdict in verdicts)
    click.get_current_context().exit(1 if loose else exit_code(errors))


def _values(
    arguments: Sequence[str],
) -> list[tuple[str, JSON | Missing | BinderclipError]]:
    """What every notebook says, by its path as it may be shown."""
    found: list[tuple[str, JSON | Missing | BinderclipError]] = []
    for one in named(arguments):
        if isinstance(one, Missed):
            found.append((one.path, one.error))
            continue
        try:
            found.append((str(one), notebooks.read(one).notebook.get()))
        except BinderclipError as error:
            found.append((str(one), error))
    return found


def _each(
    work: Work,
    values: Sequence[JSON | Missing],
    ask: Callable[[Freezer, JSON | Missing], Awaitable[T]],
    reporter: Reporter,
) -> Mapping[str, T | BinderclipError]:
    distinct = {alike.key(value): value for value in values}

    async def outcome(freezer: Freezer, value: JSON | Missing) -> T | BinderclipError:
        try:
            return await ask(freezer, value)
        except BinderclipError as error:
            return error

    async def everything() -> list[T | BinderclipError]:
        async with (
            NetworkSources(Cache(), OpenGuard(), allow_builds=work.allow_builds) as sources,
            Freezer(sources, work.options, at_once=work.at_once, observe=reporter.flash) as freezer,
        ):
            return await asyncio.gather(*(outcome(freezer, one) for one in distinct.values()))

    try:
        return dict(zip(distinct, asyncio.run(everything()), strict=True))
    finally:
        reporter.clear()


def _tell_platform(
    work: Work, outcomes: Iterable[Edited | BinderclipError], reporter: Reporter
) -> None:
    here = this_platform()
    if work.options.platform or here == _HUBS:
        return
    for one in outcomes:
        value = one.value if isinstance(one, Edited) and "frozen" in one.changes else None
        frozen = value.get("frozen") if isinstance(value, dict) else None
        if isinstance(frozen, dict) and frozen.get("platform") == here:
            reporter.warn(f"files are pinned for {here}; most hubs are {_HUBS}: --platform {_HUBS}")
            return


def _verdict(
    path: str,
    value: JSON | Missing | BinderclipError,
    found: Mapping[str, tuple[Part, ...] | BinderclipError],
    options: Options,
) -> _Verdict:
    if isinstance(value, BinderclipError):
        return _Verdict(path, "refused", error=value)
    try:
        parts = alike.outcome(found, value, "looked at")
    except BinderclipError as error:
        return _Verdict(path, "refused", error=error)
    if value is MISSING or value is False:
        return _Verdict(path, "nothing")
    remarks = tuple(one for one in unpinned(value, options) if one not in parts)
    return _Verdict(path, "loose" if parts else "frozen", parts, remarks)


def _as_json(verdict: _Verdict) -> dict[str, object]:
    body: dict[str, object] = {"path": verdict.path, "status": verdict.status}
    if verdict.error:
        return body | error_as_json(verdict.error)
    return body | {
        "parts": [{"part": part.name, "what": part.what} for part in verdict.parts],
        "remarks": [str(part) for part in verdict.remarks],
    }


def _print(verdicts: Sequence[_Verdict], *, quiet: bool) -> None:
    for verdict in verdicts:
        if verdict.error:
            tell_refusal(verdict.path, verdict.error)
        for part in verdict.parts:
            click.echo(f"{click.style(flat(verdict.path), bold=True)}: {flat(str(part))}")
        for part in () if quiet else verdict.remarks:
            name = click.style(flat(verdict.path), bold=True)
            click.echo(f"{name}: {click.style('note:', dim=True)} {flat(str(part))}")
    if quiet:
        return
    counts = Counter(verdict.status for verdict in verdicts)
    words: dict[Status, str] = {
        "frozen": "frozen",
        "loose": "not frozen",
        "nothing": "without an environment",
        "refused": "refused",
    }
    told = tally({word: counts[status] for status, word in words.items()})
    click.echo(f"{count(len(verdicts), 'notebook')}: {told or 'none there'}")
