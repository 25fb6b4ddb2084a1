"""py-rattler where strangers say what is asked for: through a gate, with nobody's settings and
logins.
"""

from __future__ import annotations

import os
import re
import site
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from binderclip.errors import BuildFailed, TooLarge
from binderclip.gates.guarded import Bounds, GuardedGate, kept_to
from binderclip.gates.proof import prove
from binderclip.gates.room import Room
from binderclip.guard import Guard
from binderclip.killable import Worker
from binderclip.processes import CommandFailed

T = TypeVar("T")
_BOUNDS = Bounds()
_TOKEN = re.compile(r"/t/[^/]+(?=/|$)")
# Where binderclip and py-rattler are, however this Python finds them.
_PYTHON = ("PYTHONPATH", "PYTHONHOME")


async def worked(
    module: str,
    work: Callable[[Worker, str | None], Awaitable[T]],
    folder: Path,
    guard: Guard,
    what: str,
) -> T:
    """What ``work`` gives with a Worker of ``module`` that lives in ``folder``. Before, it is given
    one that is to ask for an address and nothing else. Raises AddressForbidden, TooLarge,
    TimedOut, and Refused where py-rattler does not use proxies.
    """
    room = Room.made(folder)

    def worker(proxy: str) -> Worker:
        around = room.environ(proxy, _around())
        before = tuple(room.limited((), _BOUNDS.memory_bytes))
        return Worker(module, folder, folder / "run", environ=around, before=before)

    async def ask(proxy: str, url: str) -> None:
        await work(worker(proxy), url)

    await prove("py-rattler", "http", ask, schemes=("http", "https"))
    gate = GuardedGate(guard, "http", _BOUNDS.fetched_bytes)
    async with gate:
        done = work(worker(gate.proxy), None)
        try:
            return await kept_to(gate, done, what, folder=folder, bounds=_BOUNDS)
        except BuildFailed as error:
            if isinstance(error.__cause__, CommandFailed) and error.__cause__.code < 0:
                raise TooLarge(
                    f"{what}: asking its channels takes more memory than it may"
                ) from error
            raise


def _around() -> dict[str, str]:
    """What py-rattler's process needs besides. An operator's mirror is asked without its token;
    the guard says whether it may be.
    """
    around = {name: os.environ[name] for name in _PYTHON if name in os.environ}
    around["PYTHONUTF8"] = "1"
    if site.ENABLE_USER_SITE:
        around["PYTHONUSERBASE"] = site.getuserbase()
    if alias := os.environ.get("CONDA_CHANNEL_ALIAS"):
        parts = urlsplit(alias)
        host, path = parts.netloc.rpartition("@")[2], _TOKEN.sub("", parts.path)
        around["CONDA_CHANNEL_ALIAS"] = urlunsplit((parts.scheme, host, path, "", ""))
    return around
