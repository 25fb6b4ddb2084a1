"""The body of ``binderclip open``: an environment, a page over it, a browser, the end."""

from __future__ import annotations

import asyncio
import shutil
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from binderclip import flow
from binderclip.cache import Cache
from binderclip.cli.manner import Manner, free
from binderclip.cli.place import Place
from binderclip.cli.progress import Reporter
from binderclip.cli.wanted import wanted
from binderclip.errors import SessionError
from binderclip.flow import Opened, labs
from binderclip.lab import Lab
from binderclip.session import Runtime


async def open_notebook(place: Place, manner: Manner, *, verbose: bool) -> None:
    """Open, launch, show, wait, end. Raises the tree of errors."""
    reporter = Reporter(verbose=verbose)
    found = await wanted(place, reporter)
    if found.opened.notebook.text:
        raise click.UsageError(
            "JupyterLab opens a text notebook as text; make an .ipynb of it with jupytext first"
        )
    async with flow.launched_on_first(
        found.candidates, found.opened.environment, reporter.launch, leave=manner.detach
    ) as (candidate, session):
        if session.runtime is None:
            from binderclip.cli.opening_elsewhere import show

            await show(found, candidate, session, manner, reporter)
            return
        if manner.detach or manner.ui not in {None, "lab"}:
            raise click.UsageError("--detach and other pages than lab are for places elsewhere")
        await found.put_into(session.runtime.home, reporter)
        file = settled(found.opened, session.runtime, Path.cwd())
        if found.opened.source.path is None:
            reporter.say(f"saved as {file}")
        async with lab_over(session.runtime, file, place, reporter) as lab:
            await _present(lab, reporter, browser=manner.browser)


@asynccontextmanager
async def lab_over(
    runtime: Runtime, file: Path, place: Place, reporter: Reporter
) -> AsyncIterator[Lab]:
    """JupyterLab over ``file``; see ``flow.labs``."""
    async with labs.lab_over(
        runtime,
        file,
        cache=Cache(),
        offline=place.offline,
        observe=reporter.launch,
        remark=reporter.say,
    ) as lab:
        yield lab


async def _present(lab: Lab, reporter: Reporter, *, browser: bool) -> None:
    shown = browser and await asyncio.to_thread(webbrowser.open, lab.opener_file.as_uri())
    if shown:
        reporter.say(f"JupyterLab is at {lab.address}", mark="→", hue="green")
    else:
        # The one place where the token is shown: without it nobody could get in.
        click.echo(lab.url)
    reporter.say("Ctrl-C ends it, with all its kernels")
    try:
        await lab.ended()
        reporter.say("JupyterLab was shut down")
    except asyncio.CancelledError:
        reporter.say("ending JupyterLab and its kernels …")


def settled(opened: Opened, runtime: Runtime, folder: Path) -> Path:
    """The notebook as a file to work on: its own, or for one from elsewhere a new one in
    ``folder``, beside a copy of its repository's files where it has such. Nothing is overwritten.
    """
    if opened.source.path is not None:
        return opened.source.path.absolute()
    if opened.distant and runtime.checkout is not None:
        folder = free(folder / Path(opened.source.name).stem)
        try:
            shutil.copytree(runtime.home, folder, symlinks=True)
        except shutil.Error as error:
            raise SessionError(
                f"{folder}: not all of the repository's files could be copied there",
                hint="remove it, and see that there is room",
            ) from error
    target = folder / opened.source.name
    if not (target.is_file() and target.read_bytes() == opened.notebook.data):
        target = free(target)
        with target.open("xb") as stream:
            stream.write(opened.notebook.data)
    return target.absolute()
