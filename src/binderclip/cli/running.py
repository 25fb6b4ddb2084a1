"""The body of ``binderclip run``: the pipeline, told and ended properly."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from binderclip import execute, flow
from binderclip.cli import output as outputs
from binderclip.cli.cells import CellReporter
from binderclip.cli.paint import print_json
from binderclip.cli.place import Place
from binderclip.cli.progress import Reporter
from binderclip.cli.wanted import Wanted, wanted
from binderclip.errors import CellFailed
from binderclip.flow import Candidate, Opened
from binderclip.session import Runtime, Session


@dataclass(frozen=True, slots=True)
class Result:
    """Where the executed notebook goes, as it was said on the command line; ``fetched`` are the
    patterns of the files to bring back from a server.
    """

    stated: Path | None
    in_place: bool
    fetched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one notebook, its result's ``file`` settled. ``seating`` is shared by those that
    share a session: one after the other takes its place there.
    """

    found: Wanted
    file: Path
    options: execute.RunOptions
    result: Result
    reporter: Reporter
    seating: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def replaces(self) -> bytes | None:
        """In place, nobody else's change since we read it may be lost."""
        return self.found.opened.notebook.data if self.result.in_place else None

    async def on(self, candidate: Candidate, session: Session) -> execute.RunResult:
        """Execute it there. Raises the tree of errors."""
        with _said_what_is_missing(self.found.opened, session):
            if session.runtime is not None:
                return await self._here(session, session.runtime)
            return await self._there(candidate, session)

    async def _here(self, session: Session, runtime: Runtime) -> execute.RunResult:
        opened = self.found.opened
        await self.found.put_into(runtime.home, self.reporter)
        return await execute.run(
            opened.notebook,
            session,
            cwd=flow.working_folder(opened, session),
            output=self.file,
            options=self.options,
            observe=CellReporter(self.reporter),
            replaces=self.replaces,
        )

    async def _there(self, candidate: Candidate, session: Session) -> execute.RunResult:
        from binderclip.flow.seats import collected, seated, served

        opened = self.found.opened
        async with (
            served(session, self.found.guard) as server,
            seated(
                opened,
                server,
                throwaway=session.throwaway,
                files=await self.found.files(candidate, self.reporter.warn),
                copies=self.found.copies,
                observe=self.reporter.launch,
                remark=self.reporter.warn,
                turn=self.seating,
            ) as seat,
        ):
            try:
                return await execute.run_remote(
                    opened.notebook,
                    server,
                    path=seat.path,
                    output=self.file,
                    options=self.options,
                    observe=CellReporter(self.reporter),
                    replaces=self.replaces,
                )
            finally:
                if self.result.fetched:
                    into = self.file.parent
                    for line in await collected(seat, self.result.fetched, into):
                        self.reporter.say(line, mark="→", hue="green")


async def run(
    place: Place,
    options: execute.RunOptions,
    result: Result,
    reporter: Reporter,
    *,
    as_json: bool,
) -> None:
    """Open, launch, execute, stop. Raises the tree of errors."""
    found = await wanted(place, reporter)
    opened = found.opened
    file = outputs.choose(opened, stated=result.stated, in_place=result.in_place)
    one = Run(found, file, options, result, reporter)
    async with flow.launched_on_first(found.candidates, opened.environment, reporter.launch) as (
        candidate,
        session,
    ):
        done = await one.on(candidate, session)
    if as_json:
        print_json(answer(done, found, session))
    else:
        reporter.say(f"{done.output}  ({reporter.elapsed()} in all)", mark="→", hue="green")


@contextmanager
def _said_what_is_missing(opened: Opened, session: Session) -> Iterator[None]:
    """A module that is not there is mended in the environment, not in the cell."""
    try:
        yield
    except CellFailed as error:
        if "ModuleNotFoundError" in error.message and session.target in {"jupyterhub", "server"}:
            error.hint = (
                "what is installed there lacks it; --on local, or a BinderHub, brings up the "
                "environment that the notebook names"
            )
        elif "ModuleNotFoundError" in error.message:
            name = shlex.quote(opened.source.name)
            error.hint = (
                "the environment lacks it: list what it needs in a requirements.txt and say "
                f"`binderclip set {name} --file requirements.txt`"
            )
        raise


def answer(result: execute.RunResult, found: Wanted, session: Session) -> dict[str, object]:
    """What ``--json`` tells of a run."""
    return {
        "output": str(result.output),
        "on": session.target,
        "environment": found.consent.key or found.opened.environment.key,
        "cells_run": result.cells_run,
        "seconds": round(result.seconds, 3),
        "errors": [
            {"cell": error.cell, "name": error.name, "value": error.value}
            for error in result.errors
        ],
    }
