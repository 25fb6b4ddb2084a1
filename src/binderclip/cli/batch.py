"""Changing many notebooks: everything is worked out first, then what can be written is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from binderclip import notebook as notebooks
from binderclip.cli.notebooks import Missed, named
from binderclip.edit import Edited
from binderclip.errors import BinderclipError, NotebookChanged, NotebookError
from binderclip.notebook import Missing, Notebook, NotebookFile
from binderclip.spec.model import JSON

Change: TypeAlias = Callable[["JSON | Missing"], Edited]
FileChange: TypeAlias = Callable[[NotebookFile], Edited]

KEPT_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """A notebook whose metadata was ``before``, and what became of it."""

    path: Path
    before: JSON | Missing
    edited: Edited
    changed: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """A notebook that was left as it is. ``path`` is as it may be shown."""

    path: str
    error: BinderclipError


@dataclass(frozen=True, slots=True)
class _Plan:
    outcome: Outcome
    work: tuple[NotebookFile, Notebook] | None = None


def by_value(change: Change) -> FileChange:
    """A change that looks at ``metadata.binder`` alone."""
    return lambda file: change(file.notebook.get())


def rewrite(
    arguments: Sequence[str],
    change: Change,
    *,
    dry_run: bool,
    observe: Callable[[int, str], None],
    kept_bytes: int = KEPT_BYTES,
) -> list[Outcome | Refusal]:
    """As ``rewrite_files``, for a change that looks at ``metadata.binder`` alone."""
    return rewrite_files(
        arguments, by_value(change), dry_run=dry_run, observe=observe, kept_bytes=kept_bytes
    )


def rewrite_files(
    arguments: Sequence[str],
    change: FileChange,
    *,
    dry_run: bool,
    observe: Callable[[int, str], None],
    kept_bytes: int = KEPT_BYTES,
) -> list[Outcome | Refusal]:
    """Apply ``change`` to ``metadata.binder`` of every notebook that ``arguments`` name.

    Nothing is written before all have been read and checked; one that is refused does not hold
    up the others. ``observe`` gets a count and what it counts, as things go on. Notebooks beyond
    ``kept_bytes`` are read once more when they are written, to spare the memory.
    """
    plans: list[_Plan | Refusal] = []
    held = 0
    for number, found in enumerate(named(arguments), 1):
        observe(number, "checked")
        plan = _plan(found, change)
        if isinstance(plan, _Plan) and plan.work:
            held += 2 * len(plan.work[1].data)
            if dry_run or held > kept_bytes:
                plan = _Plan(plan.outcome)
        plans.append(plan)
    if dry_run:
        return [plan.outcome if isinstance(plan, _Plan) else plan for plan in plans]
    return _write(plans, observe)


def _plan(found: Path | Missed, change: FileChange) -> _Plan | Refusal:
    if isinstance(found, Missed):
        return Refusal(found.path, found.error)
    try:
        file = notebooks.read(found)
        before = file.notebook.get()
        edited = change(file)
        after = file.notebook.replaced(edited.value)
    except BinderclipError as error:
        return Refusal(str(found), error)
    if after.data == file.notebook.data:
        return _Plan(Outcome(found, before, edited, changed=False))
    return _Plan(Outcome(found, before, edited, changed=True), (file, after))


def _write(
    plans: Sequence[_Plan | Refusal], observe: Callable[[int, str], None]
) -> list[Outcome | Refusal]:
    results = [plan.outcome if isinstance(plan, _Plan) else plan for plan in plans]
    begun: list[int] = []

    def pairs() -> Iterator[tuple[NotebookFile, Notebook]]:
        for index, plan in enumerate(plans):
            if isinstance(plan, Refusal) or not plan.outcome.changed:
                continue
            try:
                pair = plan.work or _again(plan.outcome)
            except BinderclipError as error:
                results[index] = Refusal(str(plan.outcome.path), error)
                continue
            begun.append(index)
            observe(len(begun), "written")
            yield pair

    saved = notebooks.save_all(pairs())
    for index, failure in zip(begun, saved, strict=True):
        if isinstance(failure, NotebookError):
            results[index] = Refusal(str(results[index].path), failure)
    return results


def _again(outcome: Outcome) -> tuple[NotebookFile, Notebook]:
    file = notebooks.read(outcome.path)
    if file.notebook.get() != outcome.before:
        raise NotebookChanged(
            f"{outcome.path}: its metadata changed since it was checked; nothing was written",
            hint="run the command again",
        )
    return file, file.notebook.replaced(outcome.edited.value)
