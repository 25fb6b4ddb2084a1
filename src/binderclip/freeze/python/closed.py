"""uv, and the git that it starts, where strangers say what is asked for: through a gate, with
nobody's settings and logins.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from binderclip import processes
from binderclip.errors import Refused, TooLarge
from binderclip.freeze.python import shield
from binderclip.gates.guarded import Bounds, GuardedGate, kept_to
from binderclip.gates.proof import prove
from binderclip.gates.room import Room
from binderclip.guard import Guard
from binderclip.requirementfiles import Requirement

_BOUNDS = Bounds()
_MAX_SAID_BYTES = 32 * 2**20
# A message is to be read as it stands, and what was refused once will be again.
_AROUND = {"COLUMNS": "10000", "UV_HTTP_RETRIES": "1", "UV_PYTHON_DOWNLOADS": "never"}


def check(what: str, requirements: Iterable[Requirement]) -> None:
    """Raises Refused for what somebody's keys would be needed for."""
    for one in requirements:
        if urlsplit(one.url or "").scheme == "git+ssh":
            raise Refused(
                f"{what}: {one.shown} is to be fetched over ssh, which is not done here: nobody's "
                "keys are used",
                hint="name it as git+https://…, or freeze it with the command line",
            )


def settings(folder: Path) -> tuple[str, ...]:
    """Arguments that make uv read no settings but the indexes of this server's variables
    (``UV_DEFAULT_INDEX`` and its like, of a mirror), without their logins. The guard says whether
    they may be asked.
    """
    stated = [{**one, "url": _open(one["url"])} for one in shield.stated_indexes()]
    found = [one for one in stated if one["url"].startswith(("https://", "http://"))]
    return (
        *shield.written({"index": list(shield.one_default(found))}, folder),
        *("--keyring-provider", "disabled", "--cache-dir", str(folder / "cache")),
    )


def _open(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


async def output(
    argv: Sequence[str], cwd: Path, folder: Path, guard: Guard, what: str
) -> processes.Finished:
    """How ``argv`` of uv ended, run in ``cwd`` with ``folder`` for all it keeps. Raises
    AddressForbidden, TooLarge, TimedOut, Refused and CommandFailed.
    """
    room = Room.made(folder)
    await _prove(room, argv[0])
    gate = GuardedGate(guard, "socks", _BOUNDS.fetched_bytes)
    async with gate:
        work = processes.output(
            room.limited(argv, _BOUNDS.memory_bytes),
            cwd=cwd,
            environ=room.environ(gate.proxy, _AROUND),
            run=folder / "run",
            max_bytes=_MAX_SAID_BYTES,
        )
        done = await kept_to(gate, work, what, folder=folder, bounds=_BOUNDS)
    if done.code < 0 or len(done.stdout) == _MAX_SAID_BYTES:
        raise TooLarge(f"{what}: takes more memory than it may, or leads to too many packages")
    return done


async def _prove(room: Room, uv: str) -> None:
    async def ask(words: Sequence[str], proxy: str, url: str) -> None:
        around = room.environ(proxy, {**_AROUND, "UV_HTTP_RETRIES": "0"})
        run = room.folder / "run"
        await processes.output([*words, url], cwd=room.folder, environ=around, run=run)

    source = room.folder / "nothing.in"
    source.write_text("nothing\n", "utf-8")
    words = [uv, "pip", "compile", "--no-config", "--no-cache", str(source), "--default-index"]
    await prove(uv, "socks", partial(ask, words), schemes=("http", "https"))
    if git := shutil.which("git"):
        words = [str(room.folder / "bin" / "git"), "ls-remote", "--"]
        await prove(git, "socks", partial(ask, words), schemes=("http",))
