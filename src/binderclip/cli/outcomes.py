"""How the outcomes of many notebooks are told, and the exit code that they make."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import click

from binderclip.cli.batch import Change, FileChange, Outcome, Refusal, by_value, rewrite_files
from binderclip.cli.failure import as_json as error_as_json
from binderclip.cli.failure import problem_lines
from binderclip.cli.paint import count, flat, folded, print_json, print_rows, tally
from binderclip.edit import Edited
from binderclip.errors import BinderclipError
from binderclip.notebook import MISSING, Missing
from binderclip.spec.model import JSON

Result: TypeAlias = Outcome | Refusal


class Counting:
    """A count on standard error, shown on terminals once things take over a second."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._next = time.monotonic() + 1
        self._shown = False

    def __call__(self, number: int, what: str) -> None:
        if self._live and time.monotonic() >= self._next:
            self._next = time.monotonic() + 0.1
            self._shown = True
            click.echo(f"\r\x1b[2K{count(number, 'notebook')} {what}", nl=False, err=True)

    def clear(self) -> None:
        if self._shown:
            click.echo("\r\x1b[2K", nl=False, err=True)


def exit_code(errors: Sequence[BinderclipError]) -> int:
    """0 without errors, their own code where they share one, else 1."""
    codes = {error.exit_code for error in errors}
    return codes.pop() if len(codes) == 1 else min(len(codes), 1)


def rewrite_and_tell(
    arguments: Sequence[str], change: Change, *, dry_run: bool, as_json: bool, quiet: bool
) -> None:
    """Apply ``change`` to every notebook that ``arguments`` name, print what became of each and
    leave with the exit code: all that `set`, `strip` and `upgrade` do once they know what to do.
    """
    rewrite_files_and_tell(
        arguments, by_value(change), dry_run=dry_run, as_json=as_json, quiet=quiet
    )


def rewrite_files_and_tell(
    arguments: Sequence[str], change: FileChange, *, dry_run: bool, as_json: bool, quiet: bool
) -> None:
    """As ``rewrite_and_tell``, for a change that looks at the whole notebook."""
    counting = Counting()
    results = rewrite_files(arguments, change, dry_run=dry_run, observe=counting)
    counting.clear()
    _tell(results, dry_run=dry_run, as_json=as_json, quiet=quiet)


def _tell(results: Sequence[Result], *, dry_run: bool, as_json: bool, quiet: bool) -> None:
    if as_json:
        counts = _counts(results)
        body = [_as_json(result) for result in results]
        print_json({"dry_run": dry_run, "notebooks": body, **counts})
    else:
        for result in results:
            if isinstance(result, Refusal):
                tell_refusal(result.path, result.error)
            elif not quiet:
                _tell_one(result, dry_run=dry_run)
        if not quiet and len(results) != 1:
            click.echo(_summary(results, dry_run=dry_run))
    errors = [result.error for result in results if isinstance(result, Refusal)]
    click.get_current_context().exit(exit_code(errors))


def _tell_one(outcome: Outcome, *, dry_run: bool) -> None:
    path = click.style(flat(str(outcome.path)), bold=True)
    if outcome.changed:
        verb = "would change" if dry_run else "changed"
        mark = click.style("✓", fg="green")
        click.echo(f"{mark} {path}: {verb} {_changes(outcome.edited)}")
    else:
        click.echo(f"{click.style('·', dim=True)} {path}: unchanged")
    for note in outcome.edited.notes:
        print_rows("    ", [note], indent=4)
    if dry_run and outcome.changed:
        for row in _diff(outcome.before, outcome.edited.value):
            click.echo(f"    {_painted(row)}")


def tell_refusal(path: str, error: BinderclipError) -> None:
    """A notebook that was left alone, and why, on standard error."""
    mark, name = click.style("✗", fg="red"), flat(path)
    first, *rest = problem_lines(path, error)
    head, *more = folded(f"{name}: {first}", 4)
    bold = click.style(name, bold=True)
    shown = f"{bold}{head.removeprefix(name)}" if head.startswith(name) else head
    click.echo(f"{mark} {shown}", err=True)
    for row in more:
        click.echo(f"    {row}", err=True)
    for line in rest:
        print_rows("    ", [line], indent=4, err=True)
    if error.hint:
        hint = click.style("hint:", fg="cyan")
        print_rows(f"    {hint} ", [error.hint], indent=4 + len("hint: "), err=True)


def _changes(edited: Edited) -> str:
    if edited.value is MISSING:
        return "(`binder` is gone)"
    if edited.value is False:
        return "(opted out)"
    return flat(", ".join(edited.changes))


def _counts(results: Sequence[Result]) -> dict[str, int]:
    counts = Counter(_status(result) for result in results)
    return {status: counts[status] for status in ("changed", "unchanged", "refused")}


def _status(result: Result) -> str:
    if isinstance(result, Refusal):
        return "refused"
    return "changed" if result.changed else "unchanged"


def _summary(results: Sequence[Result], *, dry_run: bool) -> str:
    if not results:
        return "no notebooks there"
    counts = _counts(results)
    if dry_run:
        counts = {"would change": counts.pop("changed")} | counts
    return f"{count(len(results), 'notebook')}: {tally(counts)}"


def _as_json(result: Result) -> dict[str, object]:
    body: dict[str, object] = {"path": str(result.path), "status": _status(result)}
    if isinstance(result, Refusal):
        return body | error_as_json(result.error)
    value = result.edited.value
    return body | {
        "changes": result.edited.changes,
        "notes": result.edited.notes,
        "binder": None if value is MISSING else value,
    }


def _diff(before: JSON | Missing, after: JSON | Missing) -> list[str]:
    from difflib import unified_diff

    if before is not MISSING and after is not MISSING:
        after = _in_order_of(before, after)
    return list(unified_diff(_lines(before), _lines(after), "before", "after", lineterm="", n=2))


def _in_order_of(before: JSON, after: JSON) -> JSON:
    """That something stands elsewhere is no difference: in the notebook it stays where it is."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return after
    keys = [*(key for key in before if key in after), *(key for key in after if key not in before)]
    return {key: _in_order_of(before.get(key), after[key]) for key in keys}


def _lines(value: JSON | Missing) -> list[str]:
    import msgspec

    if value is MISSING:
        return []
    text = msgspec.json.format(msgspec.json.encode({"binder": value}), indent=2)
    return text.decode().splitlines()


def _painted(row: str) -> str:
    hue = {"+": "green", "-": "red", "@": "cyan"}.get(row[:1])
    return click.style(flat(row), fg=hue) if hue else flat(row)
