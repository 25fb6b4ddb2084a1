"""Several notebooks in one `run`: those that share an environment share a session elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from binderclip import execute, flow
from binderclip.cli import output as outputs
from binderclip.cli.failure import as_json as error_as_json
from binderclip.cli.outcomes import exit_code, tell_refusal
from binderclip.cli.paint import count, flat, print_json
from binderclip.cli.place import Place
from binderclip.cli.progress import Reporter
from binderclip.cli.running import Result, Run, answer
from binderclip.cli.wanted import wanted
from binderclip.errors import BinderclipError
from binderclip.flow import Candidate
from binderclip.session import Session


@dataclass
class _Job:
    """A notebook on its way: ``run`` once it was read, then ``done`` or ``error``."""

    address: str
    run: Run | None = None
    done: dict[str, object] | None = None
    error: BinderclipError | None = None


@dataclass
class _Group:
    """Jobs that one session is for. ``seating`` lets one after the other take its place there."""

    jobs: list[_Job] = field(default_factory=list)
    seating: asyncio.Lock = field(default_factory=asyncio.Lock)


async def run_all(
    places: Sequence[Place],
    options: execute.RunOptions,
    result: Result,
    *,
    at_once: int,
    reporter: Reporter,
    as_json: bool,
) -> int:
    """Run every notebook; one that fails does not stop the others. The exit code: 0, the error's
    own where they share one, else 1.
    """
    if result.stated is not None and not result.stated.is_dir():
        raise click.UsageError(f"{result.stated} is no folder; several notebooks need one")
    jobs = [await _read(place, options, result, reporter) for place in places]
    _apart(jobs)
    turns = asyncio.Semaphore(at_once)
    groups = _grouped([job for job in jobs if job.run is not None])
    sessions = asyncio.Semaphore(at_once)

    async def in_turn(group: _Group) -> None:
        async with sessions:
            await _run_group(group, turns, reporter)

    await all_of([in_turn(group) for group in groups])
    errors = [job.error for job in jobs if job.error is not None]
    if as_json:
        body = [
            {"notebook": job.address, **(job.done or error_as_json(job.error or _never()))}
            for job in jobs
        ]
        print_json({"notebooks": body, "done": len(jobs) - len(errors), "failed": len(errors)})
    else:
        _tell(jobs, reporter)
    return exit_code(errors)


async def _read(
    place: Place, options: execute.RunOptions, result: Result, reporter: Reporter
) -> _Job:
    job = _Job(place.notebook)
    own = reporter.labelled(Path(place.notebook).name)
    try:
        found = await wanted(place, own)
        file = outputs.choose(found.opened, stated=result.stated, in_place=result.in_place)
    except BinderclipError as error:
        job.error = error
    else:
        job.run = Run(found, file, options, result, own)
    return job


def _apart(jobs: Sequence[_Job]) -> None:
    """No result may be written over another."""
    files: dict[Path, str] = {}
    for job in jobs:
        if job.run is None:
            continue
        path = job.run.file.absolute()
        if path in files:
            raise click.UsageError(
                f"{files[path]} and {job.address} would both be written to {path}"
            )
        files[path] = job.address


def _grouped(jobs: Sequence[_Job]) -> list[_Group]:
    """On this machine each notebook has a session of its own: there they cost nothing, and each is
    asked about. Elsewhere one is shared by those that would find the same there.
    """
    groups: dict[object, _Group] = {}
    for number, job in enumerate(jobs):
        if job.run is None:
            continue
        found = job.run.found
        opened = found.opened
        key: object = (
            opened.environment.key,
            tuple(candidate.place for candidate in found.candidates),
            found.copies.digest if found.copies else "",
            None if opened.source.path is None else opened.folder.resolve(),
        )
        if any(candidate.target.name == "local" for candidate in found.candidates):
            key = number
        groups.setdefault(key, _Group()).jobs.append(job)
    return list(groups.values())


async def _run_group(group: _Group, turns: asyncio.Semaphore, reporter: Reporter) -> None:
    first = group.jobs[0].run
    if first is None:
        return
    label = first.reporter if len(group.jobs) == 1 else reporter
    try:
        async with flow.launched_on_first(
            first.found.candidates, first.found.opened.environment, label.launch
        ) as (candidate, session):
            await all_of([_run_one(job, group, candidate, session, turns) for job in group.jobs])
    except BinderclipError as error:
        undone = [job for job in group.jobs if job.done is None and job.error is None]
        for job in undone:
            job.error = error
        if not undone:  # all ran, and then it could not be stopped
            label.say(error.message, mark="!", hue="yellow")


async def _run_one(
    job: _Job, group: _Group, candidate: Candidate, session: Session, turns: asyncio.Semaphore
) -> None:
    if job.run is None:
        return
    run = replace(job.run, seating=group.seating)
    async with turns:
        try:
            done = await run.on(candidate, session)
        except BinderclipError as error:
            job.error = error
        else:
            job.done = answer(done, run.found, session)


async def all_of(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """All of it; where one is cancelled or fails, the others end first."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell(jobs: Sequence[_Job], reporter: Reporter) -> None:
    for job in jobs:
        if job.error is not None:
            tell_refusal(job.address, job.error)
        elif job.done is not None:
            reporter.say(f"{flat(job.address)} → {job.done['output']}", mark="✓", hue="green")
    failed = sum(job.error is not None for job in jobs)
    done = count(len(jobs) - failed, "notebook")
    reporter.say(f"{done} done, {failed} failed  ({reporter.elapsed()} in all)", mark="→")


def _never() -> BinderclipError:
    return BinderclipError("it did not run")
