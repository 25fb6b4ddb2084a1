"""A notebook that names no environment, and another tool's metadata that does: is it to be used?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from binderclip.cli import person
from binderclip.cli.paint import flat
from binderclip.cli.progress import Reporter

if TYPE_CHECKING:
    from binderclip.importing import Imported


def adopter(
    choice: bool | None,  # noqa: FBT001 - what the option says: yes, no, or nothing
    reporter: Reporter,
    notebook: str,
) -> Callable[[Sequence[Imported]], Imported | None]:
    """What decides for `run`, `open` and `env`: the option, else the person, else yes. A no, and
    what could not be taken over, is told.
    """

    def decide(found: Sequence[Imported]) -> Imported | None:
        best, others = found[0], found[1:]
        if choice is False or (choice is None and not _agreed(best, reporter)):
            reporter.say(f"what {best.tool} says of the environment ({best.where}) is not used")
            return None
        for other in others:
            reporter.say(f"{other.tool} says something too ({other.where}); it is not used")
        for remark in best.remarks:
            reporter.warn(f"{best.tool}: {remark}")
        if notebook != "-" and "://" not in notebook:
            reporter.say(f"to keep it in the notebook: `binderclip import {flat(notebook)}`")
        return best

    return decide


def _agreed(best: Imported, reporter: Reporter) -> bool:
    """Without a terminal nobody is asked: it is told what is used, and --no-import is there."""
    if reporter.silent or not (person.listening() and sys.stderr.isatty()):
        return True
    reporter.clear()
    question = (
        f"The notebook names no environment; {best.tool} does ({flat(best.where)}).\n"
        "Use that? [Y]es, [n]o: "
    )
    click.echo(question, nl=False, err=True)
    with person.interruptible():
        line = sys.stdin.readline()
    if not line.endswith("\n"):
        click.echo(err=True)
    return line.strip().lower() in {"", "y", "yes"}
