"""The verdict on each notebook, and how verdicts are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import click

from binderclip import notebook as notebooks
from binderclip import spec
from binderclip.cli.failure import as_json, problem_lines
from binderclip.cli.notebooks import Missed, named
from binderclip.cli.paint import count, flat, tally
from binderclip.errors import BinderclipError, Problem, SpecError
from binderclip.notebook import MISSING, Missing
from binderclip.spec.model import JSON, Binder

Status: TypeAlias = Literal["good", "opted-out", "nothing", "wrong"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``path`` is as it may be shown. ``nothing``: it names no environment. ``error`` is set
    where it is ``wrong``; ``value`` is the metadata where it is not, ``binder`` what that says.
    """

    path: str
    status: Status
    warnings: tuple[str, ...] = ()
    error: BinderclipError | None = None
    value: JSON | Missing = MISSING
    binder: Binder | None = None


def check(
    arguments: Sequence[str], *, require: bool, observe: Callable[[int, str], None]
) -> list[Verdict]:
    verdicts = []
    for number, found in enumerate(named(arguments), 1):
        observe(number, "checked")
        if isinstance(found, Missed):
            verdicts.append(Verdict(found.path, "wrong", error=found.error))
        else:
            verdicts.append(_verdict(found, require=require))
    return verdicts


def _verdict(path: Path, *, require: bool) -> Verdict:
    try:
        value = notebooks.read(path).notebook.get()
        if value is not MISSING:
            reading = spec.read(value)
            status: Status = "good" if reading.binder else "opted-out"
            warnings = (*map(str, reading.warnings), *_edits(reading.binder))
            return Verdict(str(path), status, warnings, value=value, binder=reading.binder)
    except BinderclipError as error:
        return Verdict(str(path), "wrong", error=error)
    if require:
        missing = Problem("binder", "nothing", "an environment, or false to opt out")
        hint = "write one with `binderclip set`"
        return Verdict(str(path), "wrong", error=SpecError((missing,), hint=hint))
    return Verdict(str(path), "nothing")


def _edits(binder: Binder | None) -> Iterator[str]:
    if binder is None or binder.frozen is None or not binder.frozen.files:
        return
    from binderclip.freeze.outdated import outdated

    for line in outdated(binder):
        yield f"{line}: the frozen one is used; `binderclip freeze` pins anew"


def report(verdicts: Sequence[Verdict]) -> dict[str, object]:
    """For machines; see docs/command-line.md."""
    return {
        "ok": not any(verdict.error for verdict in verdicts),
        "notebooks": [
            {
                "path": verdict.path,
                "status": verdict.status,
                "warnings": verdict.warnings,
                **(as_json(verdict.error) if verdict.error else {}),
            }
            for verdict in verdicts
        ],
    }


def print_report(verdicts: Sequence[Verdict], *, quiet: bool) -> None:
    """A line a problem, as compilers do: ``path: problem``."""
    print_problems(verdicts, quiet=quiet)
    if not quiet:
        click.echo(_summary(verdicts))


def print_problems(verdicts: Sequence[Verdict], *, quiet: bool) -> None:
    for verdict in verdicts:
        name = click.style(flat(verdict.path), bold=True)
        if verdict.error:
            for row in problem_lines(verdict.path, verdict.error):
                click.echo(f"{name}: {flat(row)}")
            if verdict.error.hint:
                click.echo(f"    {click.style('hint:', fg='cyan')} {flat(verdict.error.hint)}")
        for warning in () if quiet else verdict.warnings:
            click.echo(f"{name}: {click.style('warning:', fg='yellow')} {flat(warning)}")


def _summary(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "no notebooks there"
    counts = Counter(verdict.status for verdict in verdicts)
    words: dict[Status, str] = {
        "good": "good",
        "nothing": "without an environment",
        "opted-out": "opted out",
        "wrong": "wrong",
    }
    told = tally({word: counts[status] for status, word in words.items()})
    return f"{count(len(verdicts), 'notebook')}: {told}"
