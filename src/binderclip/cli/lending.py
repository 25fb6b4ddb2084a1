"""The body of ``binderclip env``: a session that other tools use."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import click

from binderclip import flow
from binderclip.cli.paint import print_json
from binderclip.cli.place import Place
from binderclip.cli.progress import Reporter
from binderclip.cli.wanted import Wanted, wanted
from binderclip.errors import Refused
from binderclip.records import Records
from binderclip.session import Session

_GRACE_S = 10.0


async def lend(
    place: Place,
    words: Sequence[str],
    reporter: Reporter,
    ended: Callable[[int], None],
    *,
    as_json: bool,
) -> None:
    """Launch, then run ``words`` and stop, telling ``ended`` the exit code; or print how to reach
    it and leave it. Raises the tree of errors.
    """
    if words and as_json:
        raise click.UsageError("--json is for a session without a command")
    if words and shutil.which(words[0]) is None:
        raise click.UsageError(f"{words[0]}: there is no such command")
    found = await wanted(place, reporter, cells=False)
    if not words and all(c.target.name == "local" for c in found.candidates):
        raise click.UsageError(
            "a session on this machine ends with this command: name a command after --, or "
            "another place with --on"
        )
    async with (
        flow.launched_on_first(
            found.candidates, found.opened.environment, reporter.launch, leave=not words
        ) as (_, session),
        _reachable(session, found, place, reporter) as (url, token),
    ):
        if words:
            ended(await _run(words, url, token))
            return
        Records().keep(session.id)
        if as_json:
            print_json({"id": session.id, "on": session.target, "url": url, "token": token})
        else:
            click.echo(f"export JUPYTER_BASE_URL={shlex.quote(url)}")
            click.echo(f"export JUPYTER_TOKEN={shlex.quote(token)}")
            reporter.say(f"`binderclip sessions stop {session.id}` ends it")


@asynccontextmanager
async def _reachable(
    session: Session, found: Wanted, place: Place, reporter: Reporter
) -> AsyncIterator[tuple[str, str]]:
    """The address and token of the session's server. What the metadata brings is put there where
    the home is the session's own.
    """
    if session.runtime is None:
        if session.throwaway and found.copies is not None:
            from binderclip import copying
            from binderclip.flow.seats import served
            from binderclip.servers.contents import Contents

            async with served(session, found.guard) as server:
                home = copying.ServerHome(Contents(server))
                for line in await copying.place(found.copies, home, observe=reporter.launch):
                    reporter.warn(line)
        yield session.url or "", session.token or ""
        return
    from binderclip.cli.opening import lab_over

    if found.opened.source.path is None:
        raise Refused(
            "a notebook from elsewhere has no folder here to serve",
            hint="download it first, or name another place with --on",
        )
    file = found.opened.source.path.absolute()
    async with lab_over(session.runtime, file, place, reporter) as lab:
        yield lab.base, lab.token


async def _run(words: Sequence[str], url: str, token: str) -> int:
    """The command's exit code, as a shell has it. Cancelling ends the command."""
    environ = {**os.environ, "JUPYTER_BASE_URL": url, "JUPYTER_TOKEN": token}
    try:
        process = await asyncio.create_subprocess_exec(*words, env=environ)
    except OSError as error:
        raise click.UsageError(f"{words[0]}: cannot be started ({error.strerror})") from error
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                await process.wait()
        with suppress(ProcessLookupError):
            process.kill()
        raise
    return code if code >= 0 else 128 - code
