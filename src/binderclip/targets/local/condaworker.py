"""Conda packages put into a prefix, by a process of its own.

py-rattler works in threads that nothing can stop; a process can be killed, with all that it is
writing, when a build is given up. ``Order`` and ``Outcome`` pass as JSON files between the two.

What every environment has (``Order.seeds``: pip and a kernel) is solved together with what the
file asks for. Where the channels lack it, or it does not go with the rest, the file's own packages
are solved alone: the caller brings the seeds from PyPI then.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from binderclip import processes
from binderclip.cache import Cache
from binderclip.errors import (
    BinderclipError,
    BuildFailed,
    CacheError,
    ConfigError,
    Refused,
    ResolveError,
    Unreachable,
)

if TYPE_CHECKING:
    from binderclip.conda import CondaFile, Solution

_RAISED = {
    error.code: error
    for error in (BuildFailed, CacheError, ConfigError, Refused, ResolveError, Unreachable)
}


class Order(msgspec.Struct, frozen=True):
    """``text`` is that of the file called ``where``; ``added`` and ``seeds`` are match specs;
    ``cache`` is the root of binderclip's own.
    """

    text: str
    where: str
    added: tuple[str, ...]
    seeds: tuple[str, ...]
    prefix: str
    cache: str
    platform: str
    offline: bool


class Outcome(msgspec.Struct, frozen=True):
    """With ``code`` it failed, by that error."""

    code: str | None = None
    message: str = ""
    hint: str | None = None


async def work(order: Order, *, folder: Path, run: Path) -> AsyncGenerator[str, None]:
    """Have ``order`` done; ``folder`` is a private one. Gives lines for people. Closing the
    generator kills the process. Raises BuildFailed, CacheError, ConfigError, Refused,
    ResolveError, Unreachable.
    """
    # ``inherited`` would take too much: the person's variables for conda say where channels are,
    # and those for Python where binderclip is.
    environ = {
        name: text for name, text in os.environ.items() if not name.startswith("BINDERCLIP_")
    }
    asked, answered = folder / "conda-order.json", folder / "conda-outcome.json"
    asked.write_bytes(msgspec.json.encode(order))
    # -P: what lies in the current folder is no module of ours.
    argv = [sys.executable, "-P", "-m", __name__, str(asked), str(answered)]
    try:
        async with aclosing(processes.lines(argv, cwd=folder, environ=environ, run=run)) as lines:
            async for line in lines:
                yield line
    except processes.CommandFailed as error:
        outcome = _read(answered)
        if outcome is None or outcome.code is None:
            raise BuildFailed(
                f"{order.where}: installing conda packages ended with exit status {error.code}",
                hint="\n".join(error.tail) or None,
            ) from error
        raise _RAISED.get(outcome.code, BuildFailed)(outcome.message, hint=outcome.hint) from error


def _read(path: Path) -> Outcome | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Outcome)
    except (OSError, msgspec.MsgspecError):
        return None


def main(asked: str, answered: str) -> int:
    """The process itself: does the order in the file ``asked``; returns its exit status."""
    order = msgspec.json.decode(Path(asked).read_bytes(), type=Order)
    try:
        asyncio.run(_do(order))
        outcome = Outcome()
    except BinderclipError as error:
        outcome = Outcome(code=error.code, message=error.message, hint=error.hint)
    Path(answered).write_bytes(msgspec.json.encode(outcome))
    return 1 if outcome.code else 0


async def _do(order: Order) -> None:
    from binderclip import conda  # noqa: PLC0415 - whoever waits for this process needs none of it

    file, cache = conda.read(order.text, order.where), Cache(Path(order.cache))
    with cache.using_conda():
        await _make(order, file, cache.conda)


async def _make(order: Order, file: CondaFile, cache: Path) -> None:
    from binderclip import conda  # noqa: PLC0415 - as above

    solution = await _solution(order, file, cache)
    _tell(f"installing {len(solution.pinned)} conda packages")
    # The person said yes to the packages, and their scripts are part of them.
    await conda.install(
        solution,
        Path(order.prefix),
        cache=cache,
        offline=order.offline,
        link_scripts=True,
        observe=_tell,
    )


async def _solution(order: Order, file: CondaFile, cache: Path) -> Solution:
    from binderclip import conda  # noqa: PLC0415 - as above

    async def solved(*extra: str) -> Solution:
        return await conda.solve(
            file,
            platform=order.platform,
            cache=cache,
            offline=order.offline,
            extra_specs=extra,
            observe=_tell,
        )

    try:
        return await solved(*order.added, *order.seeds)
    except ResolveError:
        # Either these do not fit, or the file itself cannot be had: the second solve tells.
        solution = await solved(*order.added)
        _tell(f"{', '.join(order.seeds)}: not from these channels, then from PyPI")
        return solution


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    status = main(*sys.argv[1:])
    # At once: threads of py-rattler may outlive the interpreter, and crash then.
    os._exit(status)
