"""What ``guess`` finds, how it is shown, and how it gets into the notebook."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from binderclip import notebook as notebooks
from binderclip.cli import person
from binderclip.cli.paint import colour, count, flat, print_json, print_rows
from binderclip.cli.reading import Seen, read
from binderclip.edit import Wish, edited
from binderclip.errors import Problem, Refused, SpecError
from binderclip.guessing import Guess, Guessed, Installed, guess
from binderclip.guessing import installed as pythons
from binderclip.guessing.names import MISSING
from binderclip.notebook import NotebookFile
from binderclip.spec.model import Binder

FILE = "requirements.txt"
_WIDTH = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options as they were typed."""

    pin: bool
    python: str | None
    write: bool
    yes: bool
    unsure: bool
    force: bool
    json: bool


def run(address: str, wishes: Wishes) -> None:
    """All that ``guess`` does. Raises click.UsageError and every BinderclipError of its parts."""
    seen = read(address)
    path = Path(seen.address) if seen.source is None else seen.source.path
    if wishes.write and path is None:
        raise click.UsageError("--write needs a file; this notebook came from elsewhere")
    installed = _installed(seen, path, wishes)
    found = guess(
        seen.notebook, folder=path.absolute().parent if path else None, installed=installed
    )
    notes = (*found.notes, *_notes(found, seen, installed, wishes))
    if not wishes.json:
        _show(found, notes, installed, wishes)
    written = path is not None and wishes.write and _write(path, found, wishes)
    if wishes.json:
        _print_answer(seen, found, wishes, notes, installed, written=written)


def _installed(seen: Seen, path: Path | None, wishes: Wishes) -> Installed | None:
    """Only a person's own word has an interpreter run; what lies about is read."""
    python = pythons.stated(wishes.python) if wishes.python else None
    if python is None and path is not None:
        python = pythons.beside(path.absolute().parent)
    if python is None:
        spec = seen.notebook.get("kernelspec")
        name = spec.get("name") if isinstance(spec, dict) else None
        python = pythons.of_kernel(name) if isinstance(name, str) else None
    if python is None and wishes.pin:
        raise Refused(
            "found no Python of this notebook, whose versions --pin could name",
            hint="say with --python which environment it runs in",
        )
    return Installed(python) if python else None


def _notes(found: Guess, seen: Seen, installed: Installed | None, wishes: Wishes) -> list[str]:
    notes = []
    if installed and wishes.pin:
        missing = [one.distribution for one in found.distributions if not one.version]
        if missing:
            names = ", ".join(missing)
            notes.append(f"not installed in {installed.python.shown}, so not pinned: {names}")
    binder = seen.reading.binder if seen.reading else None
    if wishes.write and (winner := _winner(binder or Binder())):
        notes.append(f"the notebook carries {winner}, beside which {FILE} is ignored")
    return notes


def _winner(binder: Binder) -> str | None:
    from binderclip.rees import Embedded, choose

    choice = choose(Embedded({name: "" for name in (*binder.files, FILE) if name != "runtime.txt"}))
    return None if choice.trigger in {None, FILE} else choice.trigger


def _show(
    found: Guess, notes: tuple[str, ...], installed: Installed | None, wishes: Wishes
) -> None:
    for one in found.distributions:
        mark = click.style("✓", fg="green") if one.sure else click.style("?", fg="yellow")
        line = flat(one.line(pin=wishes.pin)).ljust(_WIDTH)
        print_rows(f"{mark} {click.style(line, bold=True)} ", [_why(one)], indent=_WIDTH + 3)
    for module in found.unknown:
        some = found.candidates.get(module, ())
        more = f"; of that name are {', '.join(some)}" if some else ""
        if module in found.local:
            more = ": a file that was beside the notebook?"
        mark = click.style("✗", fg="red")
        print_rows(f"{mark} {flat(module).ljust(_WIDTH)} ", [f"unknown{more}"], indent=_WIDTH + 3)
    if not found.distributions and not found.unknown:
        click.echo("no imports that need a package")
    told = [f"looked at what is installed in {installed.python.shown}"] if installed else []
    for note in (*told, *notes):
        click.echo(f"{click.style('!', fg='yellow')} {flat(note)}", err=True, color=colour())


def _why(one: Guessed) -> str:
    others = f" (or {', '.join(one.others)})" if one.others else ""
    return f"{one.why}{others}"


def _write(path: Path, found: Guess, wishes: Wishes) -> bool:
    """True where it was written. Raises SpecError, Refused, NotebookError, click.UsageError."""
    file = notebooks.read(path)
    _check(file, found, wishes)
    unsure = wishes.unsure
    if not wishes.yes:
        answer = _asked(path, found, wishes)
        if answer is None:
            click.echo("nothing was written", err=True)
            return False
        unsure = answer
    chosen = [one for one in found.distributions if one.sure or unsure]
    lines = tuple(f"{one.line(pin=wishes.pin)}\n" for one in chosen)
    change = edited(file.notebook.get(), Wish(files={FILE: lines}, force=wishes.force))
    changed = notebooks.save(file, file.notebook.replaced(change.value))
    if not wishes.json:
        mark = click.style("✓", fg="green")
        shown = click.style(flat(str(path)), bold=True)
        said = f"{FILE} with {count(len(lines), 'package')}" if changed else "unchanged"
        click.echo(f"{mark} {shown}: {said}")
        for note in (*_left_out(found, unsure=unsure), *change.notes):
            print_rows("    ", [note], indent=4)
    return changed


def _left_out(found: Guess, *, unsure: bool) -> Iterator[str]:
    rest = [] if unsure else [one.distribution for one in found.distributions if not one.sure]
    if rest:
        yield f"left out, since they are not sure: {', '.join(rest)} (--unsure writes them too)"
    if found.unknown:
        yield f"left out, since nothing is known of them: {', '.join(found.unknown)}"


def _check(file: NotebookFile, found: Guess, wishes: Wishes) -> None:
    """Whether there is something that may be written. Raises SpecError, Refused."""
    if not found.distributions:
        raise Refused("found no packages to write", hint="name them with `binderclip set --file`")
    if not found.complete and wishes.unsure:
        raise Refused(
            "the table of names is not installed, and a package that is merely called like a "
            "module may be somebody else's",
            hint=f"{MISSING} brings the table",
        )
    asks = not wishes.yes and found.complete
    if not (wishes.unsure or asks or any(one.sure for one in found.distributions)):
        hint = "once you have looked, --unsure writes them"
        raise Refused(
            "found no packages that are sure, and others are not written unasked",
            hint=hint if found.complete else f"{MISSING} knows more names",
        )
    value = file.notebook.get()
    there = value.get("files") if isinstance(value, dict) else None
    if isinstance(there, dict) and FILE in there and not wishes.force:
        problem = Problem(
            f"binder.files['{FILE}']", f"a {FILE} already", "none: a guess replaces none"
        )
        raise SpecError((problem,), hint="--force writes over it")


def _asked(path: Path, found: Guess, wishes: Wishes) -> bool | None:
    """None for no; else whether what is not sure is to be written too."""
    if not (person.listening() and sys.stderr.isatty()):
        raise click.UsageError(
            "--write asks first, and there is no terminal for that: look, then add --yes"
        )
    every = len(found.distributions)
    sure = every if wishes.unsure else sum(one.sure for one in found.distributions)
    choices = ["[y]es"] if sure else []
    more = sure < every and found.complete
    if more:
        choices.append(f"[a]ll {every}, with what is marked ?")
    question = (
        f"Write {FILE} with {count(sure, 'package') if sure else count(every, 'package')} into "
        f"{flat(str(path))}? {', '.join(choices)}, [N]o: "
    )
    click.echo(question, nl=False, err=True)
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        click.echo(err=True)
    answer = line.strip().lower()
    if more and answer in {"a", "all"}:
        return True
    return wishes.unsure if sure and answer in {"y", "yes"} else None


def _print_answer(
    seen: Seen,
    found: Guess,
    wishes: Wishes,
    notes: tuple[str, ...],
    installed: Installed | None,
    *,
    written: bool,
) -> None:
    """For machines; see docs/command-line.md."""
    print_json(
        {
            "address": seen.address,
            "python": installed.python.shown if installed else None,
            "distributions": [
                {
                    "distribution": one.distribution,
                    "line": one.line(pin=wishes.pin),
                    "module": one.module or None,
                    "why": one.why,
                    "version": one.version,
                    "sure": one.sure,
                    "optional": one.optional,
                    "others": one.others,
                }
                for one in found.distributions
            ],
            "unknown": [
                {
                    "module": module,
                    "candidates": found.candidates.get(module, ()),
                    "local": module in found.local,
                }
                for module in found.unknown
            ],
            "notes": notes,
            "written": written,
        }
    )
