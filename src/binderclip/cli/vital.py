"""The body of ``binderclip check --online``: look, mend where that is asked for, tell."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import click

from binderclip.cache import Cache
from binderclip.cli import alike, checking
from binderclip.cli.batch import Refusal, rewrite
from binderclip.cli.checking import Verdict
from binderclip.cli.failure import as_json as error_as_json
from binderclip.cli.outcomes import tell_refusal
from binderclip.cli.paint import count, flat, print_json, print_rows, tally
from binderclip.cli.progress import Reporter
from binderclip.cli.signs import as_json, print_signs, signs_of
from binderclip.edit import Edited, Wish, edited
from binderclip.errors import BinderclipError, Unreachable
from binderclip.freeze.freezer import Freezer
from binderclip.freeze.options import Options
from binderclip.freeze.sources import NetworkSources
from binderclip.guard import OpenGuard
from binderclip.liveness import NEWS, PROBLEMS, Sign, worst
from binderclip.liveness.mending import Remedy, remedy
from binderclip.notebook import Missing
from binderclip.spec.model import JSON, Binder


@dataclass(frozen=True, slots=True)
class Look:
    """The options, as they were given."""

    fix: bool
    strict: bool
    at_once: int
    quiet: bool
    as_json: bool


@dataclass
class _Found:
    """Of one notebook: what was found, what is to be done, and what came of that."""

    verdict: Verdict
    signs: tuple[Sign, ...] = ()
    remedy: Remedy | None = None
    mended: Edited | None = None
    failed: BinderclipError | None = None

    @property
    def binder(self) -> Binder | None:
        return self.verdict.binder

    @property
    def state(self) -> str:
        return worst(self.signs) if self.binder else self.verdict.status

    def problem(self, *, strict: bool) -> int:
        """The exit code for it alone."""
        if self.verdict.error or self.failed:
            return 1
        left = self.remedy.hopeless if self.mended and self.remedy else self.signs
        states = {sign.state for sign in left}
        if "gone" in states or (strict and states & NEWS):
            return 1
        silent = any(sign.state == "silent" for sign in self.signs)
        return Unreachable.exit_code if silent else 0


def look_and_tell(verdicts: Sequence[Verdict], look: Look) -> int:
    """Ask, mend, print; the exit code."""
    reporter = Reporter(quiet=look.quiet or look.as_json)
    found = [_Found(verdict) for verdict in verdicts]
    try:
        edits = asyncio.run(_ask(found, look, reporter))
    finally:
        reporter.clear()
    if look.fix:
        _write(found, edits)
    codes = {one.problem(strict=look.strict) for one in found}
    code = 1 if 1 in codes else max(codes, default=0)
    if look.as_json:
        print_json({"ok": not code, "notebooks": [_as_json(one) for one in found]})
    else:
        _print(found, look)
    return code


async def _ask(
    found: Sequence[_Found], look: Look, reporter: Reporter
) -> Mapping[str, Edited | BinderclipError]:
    async with NetworkSources(Cache(), OpenGuard()) as sources:
        binders = {one.verdict.path: one.binder for one in found if one.binder}
        signs = await signs_of(binders, sources, at_once=look.at_once, reporter=reporter)
        for one in found:
            one.signs = signs.get(one.verdict.path, ())
            if one.binder and worst(one.signs) == "gone":
                one.remedy = remedy(one.binder, one.signs)
        if not look.fix:
            return {}
        return await _edits(found, sources, look, reporter)


async def _edits(
    found: Sequence[_Found], sources: NetworkSources, look: Look, reporter: Reporter
) -> Mapping[str, Edited | BinderclipError]:
    """What becomes of each value that can be mended, by the value: those that say the same are
    mended alike.
    """
    todo = {
        alike.key(one.verdict.value): (one.verdict.value, one.remedy)
        for one in found
        if one.remedy and not one.remedy.empty
    }

    async with AsyncExitStack() as stack:
        # One for each set of parts: what several notebooks name is asked once.
        freezers: dict[frozenset[str], Freezer] = {}
        for again in {cure.again for _, cure in todo.values() if cure.again}:
            options = Options(again, upgrade=True)
            freezers[again] = await stack.enter_async_context(
                Freezer(sources, options, at_once=look.at_once, observe=reporter.flash)
            )

        async def mended(value: JSON | Missing, cure: Remedy) -> Edited | BinderclipError:
            try:
                return await _mended(value, cure, freezers.get(cure.again))
            except BinderclipError as error:
                return error

        outcomes = await asyncio.gather(*(mended(*one) for one in todo.values()))
    return dict(zip(todo, outcomes, strict=True))


async def _mended(value: JSON | Missing, cure: Remedy, freezer: Freezer | None) -> Edited:
    notes: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    if cure.without_image:
        without = edited(value, Wish(remove=("image",)))
        value, changes = without.value, without.changes
        notes = ("image: dropped, for it is gone and what is to be built remains", *without.notes)
    if freezer is not None:
        again = await freezer.freeze(value)
        value, notes = again.value, (*notes, *again.notes)
        changes = tuple(dict.fromkeys((*changes, *again.changes)))
    return Edited(value, changes, notes)


def _write(found: Sequence[_Found], edits: Mapping[str, Edited | BinderclipError]) -> None:
    mended = {one.verdict.path: one for one in found if alike.key(one.verdict.value) in edits}

    def change(value: JSON | Missing) -> Edited:
        return alike.outcome(edits, value, "looked at")

    results = rewrite(list(mended), change, dry_run=False, observe=lambda _number, _what: None)
    for result in results:
        one = mended[str(result.path)]
        if isinstance(result, Refusal):
            one.failed = result.error
        elif result.changed:
            one.mended = result.edited


def _as_json(one: _Found) -> dict[str, object]:
    error = one.verdict.error or one.failed
    return {
        "path": one.verdict.path,
        "status": one.verdict.status,
        "warnings": one.verdict.warnings,
        "state": one.state if one.binder else None,
        "signs": [as_json(sign) for sign in one.signs],
        "fixed": one.mended.notes if one.mended else None,
        **(error_as_json(error) if error else {}),
    }


def _print(found: Sequence[_Found], look: Look) -> None:
    checking.print_problems([one.verdict for one in found], quiet=look.quiet)
    looked = {one.verdict.path: one.signs for one in found if one.binder}
    if len(looked) == 1 and not look.quiet:
        click.echo(click.style(flat(next(iter(looked))), bold=True))
    problems = PROBLEMS | NEWS if look.strict else PROBLEMS
    print_signs(looked, quiet=look.quiet, problems=problems)
    for one in found:
        if one.failed:
            tell_refusal(one.verdict.path, one.failed)
        elif one.mended:
            name = click.style(flat(one.verdict.path), bold=True)
            click.echo(f"{click.style('✓', fg='green')} {name}: mended")
            for note in one.mended.notes:
                print_rows("    ", [note], indent=4)
    if look.quiet:
        return
    click.echo(_summary(found, look))


def _summary(found: Sequence[_Found], look: Look) -> str:
    gone = sum(worst(one.signs) == "gone" and not one.mended for one in found)
    mended = sum(one.mended is not None for one in found)
    silent = sum(worst(one.signs) == "silent" for one in found)
    wrong = sum(one.verdict.error is not None for one in found)
    words = {
        "wrong": wrong,
        "with something gone": gone,
        "mended": mended,
        "not wholly answered for": silent,
    }
    if look.strict:
        words["not frozen, or moved on"] = sum(worst(one.signs) in NEWS for one in found)
    advice = "; --fix may mend that" if gone and not look.fix else ""
    return f"{count(len(found), 'notebook')}: {tally(words) or 'all is there'}{advice}"
