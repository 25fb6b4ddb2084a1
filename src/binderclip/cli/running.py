"""The body of ``binderclip run``: the pipeline, told and ended properly."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from binderclip import execute, flow
from binderclip.cli import output as outputs
from binderclip.cli.cells import CellReporter
from binderclip.cli.paint import print_json
from binderclip.cli.place import Place
from binderclip.cli.progress import Reporter
from binderclip.cli.wanted import here
from binderclip.errors import CellFailed
from binderclip.flow import Opened


@dataclass(frozen=True, slots=True)
class Result:
    """Where the executed notebook goes, as it was said on the command line."""

    stated: Path | None
    in_place: bool


async def run(
    place: Place,
    options: execute.RunOptions,
    result: Result,
    reporter: Reporter,
    *,
    as_json: bool,
) -> None:
    """Open, launch, execute, stop. Raises the tree of errors."""
    found = await here(place, reporter)
    opened = found.opened
    file = outputs.choose(opened, stated=result.stated, in_place=result.in_place)
    async with flow.launched(found.target, opened.environment, reporter.launch) as session:
        with _said_what_is_missing(opened):
            done = await execute.run(
                opened.notebook,
                session,
                cwd=flow.working_folder(opened, session),
                output=file,
                options=options,
                observe=CellReporter(reporter),
                # In place, nobody else's change since we read it may be lost.
                replaces=opened.notebook.data if result.in_place else None,
            )
    if as_json:
        print_json(_answer(done, key=found.consent.key))
    else:
        reporter.say(f"{done.output}  ({reporter.elapsed()} in all)", mark="→", hue="green")


@contextmanager
def _said_what_is_missing(opened: Opened) -> Iterator[None]:
    """A module that is not there is mended in the environment, not in the cell."""
    try:
        yield
    except CellFailed as error:
        if "ModuleNotFoundError" in error.message:
            name = shlex.quote(opened.source.name)
            error.hint = (
                "the environment lacks it: list what it needs in a requirements.txt and say "
                f"`binderclip set {name} --file requirements.txt`"
            )
        raise


def _answer(result: execute.RunResult, *, key: str) -> dict[str, object]:
    return {
        "output": str(result.output),
        "environment": key,
        "cells_run": result.cells_run,
        "seconds": round(result.seconds, 3),
        "errors": [
            {"cell": error.cell, "name": error.name, "value": error.value}
            for error in result.errors
        ],
    }
