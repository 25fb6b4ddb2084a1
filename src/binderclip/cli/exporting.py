"""From what was asked of ``export`` to the file; and what is told of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import click

from binderclip import exporting
from binderclip import notebook as notebooks
from binderclip.cli import newfile
from binderclip.cli.paint import clean, flat, print_json
from binderclip.cli.progress import Reporter
from binderclip.cli.reading import Seen, read
from binderclip.errors import LaunchError, NotebookChanged, ResolveError
from binderclip.exporting import Exported, Format, Wanted
from binderclip.exporting.export import nothing

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options as they were typed."""

    format: Format
    output: str | None
    in_place: bool
    force: bool
    frozen: bool
    base: str | None
    accept_loss: bool

    @property
    def path(self) -> Path | None:
        return Path(self.output) if self.output and self.output != "-" else None


def run(address: str, wishes: Wishes, *, as_json: bool) -> None:
    """All that ``export`` does. Raises click.UsageError and every BinderclipError of its parts."""
    if wishes.path:
        newfile.check(wishes.path, force=wishes.force)
    seen = read(address)
    own = _own_path(seen) if wishes.in_place else None
    with ExitStack() as open_:
        wanted, notes = _prepared(_wanted(seen, wishes), seen, wishes, open_)
        done = exporting.export(wanted, wishes.format, accept_loss=wishes.accept_loss)
    done = replace(done, notes=(*done.notes, *notes))
    path, changed = wishes.path or own, True
    if own:
        file = notebooks.read(own)
        if file.notebook.data != seen.notebook.data:
            raise NotebookChanged(f"{own}: it was changed meanwhile", hint="run it again")
        changed = notebooks.save(file, notebooks.parse(done.data, str(own)))
    elif path:
        newfile.write(path, done.data, force=wishes.force)
    if as_json:
        _print_answer(seen, done, path)
    else:
        _tell(done, path, changed=changed)


def _wanted(seen: Seen, wishes: Wishes) -> Wanted:
    if seen.reading is None or seen.reading.binder is None:
        raise nothing(opted_out=seen.value is False)
    if wishes.base:
        from binderclip import references

        references.image(wishes.base)
    script = wishes.path is not None and wishes.path.suffix == ".py"
    return Wanted(
        binder=seen.reading.binder,
        name=Path(seen.address).name if seen.source is None else seen.source.name,
        frozen=wishes.frozen,
        notebook=seen.notebook,
        cells=script and wishes.format == "pep723",
        base=wishes.base,
    )


def _prepared(
    wanted: Wanted, seen: Seen, wishes: Wishes, open_: ExitStack
) -> tuple[Wanted, tuple[str, ...]]:
    """With what has to be asked elsewhere first; and notes. ``open_`` keeps what is read from."""
    if wishes.format == "link":
        from binderclip.cli.linking import Words, asked

        words = Words(
            hosts=(), hubs=(), ui=None, kinds=(), repo=None, ref=None, path=None,
            latest=not wishes.frozen,
        )  # fmt: skip
        return replace(wanted, asked=asked(seen, words)), ()
    if wishes.format == "dockerfile":
        from binderclip.cache import Cache
        from binderclip.exporting import building

        if building.wants_repository(wanted):
            # What a stranger's notebook names is not asked with the person's credentials.
            anonymous = seen.kind not in {"path", "stdin"}
            commit, tree = _patiently(
                lambda tell: building.fetched(wanted, Cache(), tell, anonymous=anonymous)
            )
            files = open_.enter_context(tree)
            return replace(wanted, repository=exporting.Repository(commit, files)), ()
    if wishes.format == "juv":
        from binderclip.exporting import uvlock

        if uvlock.wants_lock(wanted):
            try:
                lock = _patiently(lambda tell: uvlock.locked(wanted, tell))
                return replace(wanted, lock=lock), ()
            except (ResolveError, LaunchError) as error:
                if not wishes.accept_loss:
                    raise
                return wanted, (error.message,)
    return wanted, ()


def _patiently(work: Callable[[Callable[[str], None]], Coroutine[None, None, T]]) -> T:
    """What ``work`` returns; once it takes over a second, standard error says what goes on."""

    async def watched() -> T:
        told: list[str] = []
        reporter = Reporter()
        task = asyncio.ensure_future(work(told.append))
        try:
            done, _ = await asyncio.wait({task}, timeout=1)
            if not done and told:
                reporter.say(told[-1])
            return await task
        finally:
            task.cancel()

    return asyncio.run(watched())


def _own_path(seen: Seen) -> Path:
    path = Path(seen.address) if seen.source is None else seen.source.path
    if path is None:
        raise click.UsageError("--in-place needs a file; this notebook came from elsewhere")
    if seen.notebook.text:
        raise click.UsageError("juv keeps no text notebooks; name an .ipynb with --output")
    return path


def _tell(done: Exported, path: Path | None, *, changed: bool) -> None:
    """The text alone on standard output, unless it went to a file."""
    if path is None:
        # A terminal obeys what may stand in a stranger's file; a pipe wants it as it is.
        click.echo(clean(done.text) if sys.stdout.isatty() else done.data, nl=False)
    else:
        mark = click.style("✓", fg="green") if changed else click.style("·", dim=True)
        said = f"written for {done.format}" if changed else "unchanged"
        click.echo(f"{mark} {click.style(flat(str(path)), bold=True)}: {said}")
    sign = click.style("!", fg="yellow")
    for problem in done.losses:
        click.echo(f"{sign} left out: {flat(str(problem))}", err=True)
    for note in done.notes:
        click.echo(f"{sign} {flat(note)}", err=True)


def _print_answer(seen: Seen, done: Exported, path: Path | None) -> None:
    """For machines; see docs/command-line.md."""
    print_json(
        {
            "address": seen.address,
            "format": done.format,
            "path": str(path) if path else None,
            "text": None if path else done.text,
            "losses": [
                {"path": p.path, "found": p.found, "expected": p.expected, "hint": p.hint}
                for p in done.losses
            ],
            "notes": done.notes,
        }
    )
