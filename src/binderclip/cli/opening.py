"""The body of ``binderclip open``: an environment, JupyterLab over it, a browser, the end."""

from __future__ import annotations

import asyncio
import shutil
import webbrowser
from contextlib import AsyncExitStack
from pathlib import Path
from types import MappingProxyType

import click

from binderclip import flow
from binderclip.cache import Cache
from binderclip.cli.place import Place
from binderclip.cli.progress import Reporter
from binderclip.cli.wanted import here
from binderclip.environment import Environment
from binderclip.errors import SessionError
from binderclip.flow import Opened
from binderclip.lab import Lab, has_lab, serve_lab
from binderclip.session import Runtime
from binderclip.targets.local import LocalTarget, Plan

LAB = Environment(files=MappingProxyType({"requirements.txt": "jupyterlab\n"}))
"""Where JupyterLab comes from when the notebook's own environment has none; shared by all."""


async def open_lab(place: Place, *, browser: bool, verbose: bool) -> None:
    """Open, launch, serve, wait, end. Raises the tree of errors."""
    reporter = Reporter(verbose=verbose)
    found = await here(place, reporter)
    if found.opened.notebook.text:
        raise click.UsageError(
            "JupyterLab opens a text notebook as text; make an .ipynb of it with jupytext first"
        )
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            flow.launched(found.target, found.opened.environment, reporter.launch)
        )
        runtime = session.runtime
        if runtime is None:
            raise click.UsageError("this target opens no JupyterLab here")
        prefix = None
        if not has_lab(runtime.prefix):
            reporter.say("the environment has no JupyterLab: another one serves it")
            target = LocalTarget(Cache(), _ours, offline=place.offline)
            tools = await stack.enter_async_context(flow.launched(target, LAB, reporter.launch))
            prefix = tools.runtime.prefix if tools.runtime else None
        file = settled(found.opened, runtime, Path.cwd())
        if found.opened.source.path is None:
            reporter.say(f"saved as {file}")
        lab = await stack.enter_async_context(serve_lab(runtime, file, lab_prefix=prefix))
        await _present(lab, reporter, browser=browser)


def _ours(plan: Plan) -> None:
    """JupyterLab is what was asked for: there is nobody else to ask."""


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
        folder = _free(folder / Path(opened.source.name).stem)
        try:
            shutil.copytree(runtime.home, folder, symlinks=True)
        except shutil.Error as error:
            raise SessionError(
                f"{folder}: not all of the repository's files could be copied there",
                hint="remove it, and see that there is room",
            ) from error
    target = folder / opened.source.name
    if not (target.is_file() and target.read_bytes() == opened.notebook.data):
        target = _free(target)
        with target.open("xb") as stream:
            stream.write(opened.notebook.data)
    return target.absolute()


def _free(path: Path) -> Path:
    """``path``, or the first of ``path-1``, ``path-2``, … that is not there."""
    number, found = 0, path
    while found.exists() or found.is_symlink():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found
