"""What `run`, `open` and `env` all ask for: in what, where, under which conditions."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from types import FrameType
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

# Most of what is to be stopped is by then.
_SOON_S = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What was said on the command line, as it was said."""

    notebook: str
    on: str | None
    server: str
    options: tuple[str, ...]
    files: tuple[str, ...]
    build: str | None
    ref: str | None
    trust: bool
    latest: bool
    adopt: bool | None
    offline: bool
    python: str | None


_OPTIONS = (
    click.option(
        "--on",
        metavar="PLACE",
        help="Where: local, auto, binderhub, jupyterhub, server, gateway, a name of your "
        "configuration, or the address of a hub, server or gateway [default: local].",
    ),
    click.option(
        "--server",
        default="",
        metavar="NAME",
        help="The named server of a JupyterHub, or the place of a gateway.",
    ),
    click.option(
        "--option",
        "options",
        multiple=True,
        metavar="NAME=VALUE",
        help="An option of a JupyterHub's start page, such as profile=small; may be repeated.",
    ),
    click.option(
        "--with",
        "files",
        multiple=True,
        metavar="GLOB",
        help="Send these files beside the notebook along, and not those that its code names; may "
        "be repeated.",
    ),
    click.option(
        "--build",
        metavar="REPOSITORY",
        help="Use this repository's environment, not the notebook's own: an address (https, ssh, "
        "file:), OWNER/NAME on GitHub, or a folder.",
    ),
    click.option("--ref", metavar="REF", help="The branch, tag or commit of --build."),
    click.option(
        "--trust", is_flag=True, help="Run what came from an address without asking, this once."
    ),
    click.option(
        "--latest", is_flag=True, help="Go by refs and loose files; set aside what was frozen."
    ),
    click.option(
        "--import/--no-import",
        "adopt",
        default=None,
        help="Where a notebook names no environment and another tool's metadata does (juv, MyST, "
        "conda-env, …): use that [default: asks on a terminal, else uses it and says so].",
    ),
    click.option("--offline", is_flag=True, help="Use the caches alone."),
    click.option("--python", metavar="VERSION", help="Python for environments that name none."),
    click.option("-v", "--verbose", is_flag=True, help="Show every line that the builders print."),
)
NOTEBOOK = click.argument("notebook", type=click.Path(readable=False))


def place_options(command: F) -> F:
    """The options that make a Place of a notebook, and ``--verbose``."""
    return reduce(lambda inner, option: option(inner), reversed(_OPTIONS), command)


def finish(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` to its end; SIGTERM and SIGHUP end it as Ctrl-C does, tidily."""
    try:
        asyncio.run(_ending(work))
    except asyncio.CancelledError:
        _tell_what_runs()
        raise KeyboardInterrupt from None
    except KeyboardInterrupt:
        _tell_what_runs()
        raise


async def _ending(work: Coroutine[Any, Any, None]) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    # What a second Ctrl-C broke off is no news.
    loop.set_exception_handler(_report)

    def end(_number: int, _frame: object) -> None:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.raise_signal(signal.SIGINT)
        elif task is not None:  # a job in the background of a script is deaf to Ctrl-C alone
            loop.call_soon_threadsafe(task.cancel)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets it
            signal.signal(number, end)
    before = signal.getsignal(signal.SIGINT)
    if callable(before):

        def interrupt(number: int, frame: FrameType | None) -> None:
            signal.signal(signal.SIGINT, before)
            loop.call_soon_threadsafe(loop.call_later, _SOON_S, _say_stopping)
            before(number, frame)

        signal.signal(signal.SIGINT, interrupt)
    await work


def _say_stopping() -> None:
    click.echo("· stopping what was begun; Ctrl-C again leaves it as it is", err=True)


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if "shutdown" not in str(context.get("message")):
        loop.default_exception_handler(context)


def _tell_what_runs() -> None:
    """What could not be stopped in time is on the list of sessions."""
    import sys

    if "binderclip.records" not in sys.modules:
        return
    from binderclip.errors import CacheError
    from binderclip.records import Records

    with suppress(CacheError):
        for record in Records().all():
            if record.pid == os.getpid() and not record.kept:
                click.echo(
                    f"! still running on {record.place}: `binderclip sessions stop "
                    f"{record.session.id}` ends it",
                    err=True,
                )
