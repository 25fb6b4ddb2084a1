"""Questions to channels, asked by a process of its own.

py-rattler works in threads that nothing can stop, and that crash a Python which ends meanwhile, as
it does at Ctrl-C. A process can be killed. ``Order`` and ``Outcome`` pass as JSON files between the
two.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import msgspec

from binderclip import processes
from binderclip.conda import asking, exactly, reading, solving
from binderclip.conda.model import Pinned, Solution
from binderclip.errors import (
    BinderclipError,
    BuildFailed,
    ConfigError,
    RateLimited,
    Refused,
    ResolveError,
    Unreachable,
)

_RAISED = {
    error.code: error
    for error in (BuildFailed, ConfigError, RateLimited, Refused, ResolveError, Unreachable)
}


class Order(msgspec.Struct, frozen=True):
    """``text`` is that of the file called ``where``. ``previous``: what it was frozen to before,
    whose packages are preferred; ``extra``: more match specs. ``check``: is what ``text`` states
    still there, instead of solving it.
    """

    text: str
    where: str
    platform: str
    cache: str
    previous: str | None = None
    extra: tuple[str, ...] = ()
    check: bool = False


class Package(msgspec.Struct, frozen=True):
    name: str
    version: str
    build: str
    subdir: str
    channel: str
    sha256: str
    md5: str


class Outcome(msgspec.Struct, frozen=True):
    """``packages`` and ``of_python`` of a solution; ``gone`` of a check; ``code`` of an error."""

    packages: tuple[Package, ...] = ()
    of_python: tuple[str, ...] = ()
    gone: str | None = None
    code: str | None = None
    message: str = ""
    hint: str | None = None


async def solve(order: Order, *, observe: Callable[[str], None]) -> Solution:
    """As ``solving.solve`` for any machine of the platform; without records, and without the
    addresses of the packages.
    """
    outcome = await _done(order, observe)
    pinned = tuple(
        Pinned(
            one.name, one.version, one.build, one.subdir, one.channel, "", "", one.sha256, one.md5
        )
        for one in outcome.packages
    )
    return Solution(order.platform, (), pinned, frozenset(outcome.of_python))


async def gone(order: Order) -> str | None:
    """As ``asking.gone``."""
    return (await _done(order, lambda _: None)).gone


async def _done(order: Order, observe: Callable[[str], None]) -> Outcome:
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - importing this module is cheap

    with TemporaryDirectory(prefix="binderclip-conda-") as private:
        folder = Path(private)
        asked, answered, run = folder / "order.json", folder / "outcome.json", folder / "run"
        run.mkdir()
        asked.write_bytes(msgspec.json.encode(order))
        # -P: what lies in the current folder is no module of ours.
        argv = [sys.executable, "-P", "-m", __name__, str(asked), str(answered)]
        running = processes.lines(argv, cwd=folder, environ=os.environ, run=run)
        try:
            async with aclosing(running) as lines:
                async for line in lines:
                    observe(line)
        except processes.CommandFailed as error:
            raise _failed(order, _read(answered), error) from error
        outcome = _read(answered)
    if outcome is None:
        raise BuildFailed(f"{order.where}: asking its channels ended without an answer")
    return outcome


def _failed(
    order: Order, outcome: Outcome | None, error: processes.CommandFailed
) -> BinderclipError:
    if outcome is None or outcome.code is None:
        return BuildFailed(
            f"{order.where}: asking its channels ended with exit status {error.code}",
            hint="\n".join(error.tail) or None,
        )
    return _RAISED.get(outcome.code, BuildFailed)(outcome.message, hint=outcome.hint)


def _read(path: Path) -> Outcome | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Outcome)
    except (OSError, msgspec.MsgspecError):
        return None


def main(asked: str, answered: str) -> int:
    """The process itself: does the order in the file ``asked``; returns its exit status."""
    order = msgspec.json.decode(Path(asked).read_bytes(), type=Order)
    try:
        outcome = asyncio.run(_checked(order) if order.check else _solved(order))
    except BinderclipError as error:
        outcome = Outcome(code=error.code, message=error.message, hint=error.hint)
    Path(answered).write_bytes(msgspec.json.encode(outcome))
    return 1 if outcome.code else 0


async def _solved(order: Order) -> Outcome:
    previous = order.previous and reading.read(order.previous, order.where)
    solution = await solving.solve(
        reading.read(order.text, order.where),
        platform=order.platform,
        cache=Path(order.cache),
        preferred=exactly.pins(previous) if previous else (),
        extra_specs=order.extra,
        here=False,
        observe=_tell,
    )
    return Outcome(packages=_packages(solution.pinned), of_python=tuple(solution.of_python))


async def _checked(order: Order) -> Outcome:
    file = reading.read(order.text, order.where)
    cache = Path(order.cache)
    return Outcome(gone=await asking.gone(file, platform=order.platform, cache=cache))


def _packages(pinned: Sequence[Pinned]) -> tuple[Package, ...]:
    return tuple(
        Package(one.name, one.version, one.build, one.subdir, one.channel, one.sha256, one.md5)
        for one in pinned
    )


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    status = main(*sys.argv[1:])
    os._exit(status)  # at once: see above
