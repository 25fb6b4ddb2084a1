"""A session in a built environment: its home, its variables, its end."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from binderclip import processes
from binderclip.cache.leases import Lease, give_back
from binderclip.cache.published import Published
from binderclip.session import Runtime, Session
from binderclip.targets.local import surroundings

_GRACE_S = 2.0

P = ParamSpec("P")
T = TypeVar("T")


def opened(
    lease: Lease, folder: Path, found: Published, *, own_home: bool, anonymous: bool = False
) -> Session:
    """The session in ``folder``, where the environment lies. With ``own_home`` its home gets a
    copy of the working copy; an ``anonymous`` one gets few of our variables. Raises OSError.
    """
    repo = folder / "repo"
    if own_home:
        copy_tree(repo, lease.home)
    home = lease.home if own_home else None
    wrapper = repo / found.wrapper if found.wrapper else None
    runtime = Runtime(
        prefix=folder / "prefix",
        home=lease.home,
        run=lease.run,
        environ=surroundings.of_session(
            folder / "prefix", repo, home, found.variables, anonymous=anonymous
        ),
        checkout=repo if found.cloned else None,
        wrapper=folder / found.activation if found.activation else wrapper,
    )
    return Session(target="local", id=lease.id, runtime=runtime)


async def to_its_end(work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Do ``work`` in a thread, and return when that has ended, even if cancelled: what it makes
    could not be removed before.
    """
    working = asyncio.create_task(asyncio.to_thread(work, *args, **named))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        while not working.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({working})
        raise


def ended(lease: Lease) -> None:
    """End the session's processes and remove its folders. Raises SessionError, OSError."""
    processes.stop_all(lease.run, _GRACE_S)
    give_back(lease)


def copy_tree(source: Path, target: Path) -> None:
    """Copy files, folders and links (as links); leave out git's own folders and anything that is
    neither, such as sockets.
    """
    import shutil  # noqa: PLC0415 - a session in the person's own home copies nothing

    shutil.copytree(source, target, symlinks=True, ignore=_left_out, dirs_exist_ok=True)


def _left_out(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name == ".git" or not _copied(Path(folder, name))}


def _copied(path: Path) -> bool:
    mode = os.lstat(path).st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
