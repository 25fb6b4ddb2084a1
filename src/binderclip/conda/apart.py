"""Questions to channels, asked by a process of its own: see ``killable``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from binderclip.conda import asking, exactly, reading, solving
from binderclip.conda.model import Pinned, Solution
from binderclip.killable import Worker, serve, tell


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
    """``packages`` and ``of_python`` of a solution; ``gone`` of a check."""

    packages: tuple[Package, ...] = ()
    of_python: tuple[str, ...] = ()
    gone: str | None = None


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
    doing = f"{order.where}: asking its channels"
    with TemporaryDirectory(prefix="binderclip-conda-") as private:
        run = Path(private) / "run"
        run.mkdir()
        worker = Worker(__name__, Path(private), run)
        async with aclosing(worker.work(order, doing)) as lines:
            async for line in lines:
                observe(line)
        return worker.result(Outcome, doing)


async def _do(order: Order) -> Outcome:
    file, cache = reading.read(order.text, order.where), Path(order.cache)
    if order.check:
        return Outcome(gone=await asking.gone(file, platform=order.platform, cache=cache))
    previous = order.previous and reading.read(order.previous, order.where)
    solution = await solving.solve(
        file,
        platform=order.platform,
        cache=cache,
        preferred=exactly.pins(previous) if previous else (),
        extra_specs=order.extra,
        here=False,
        observe=tell,
    )
    packages = tuple(
        Package(one.name, one.version, one.build, one.subdir, one.channel, one.sha256, one.md5)
        for one in solution.pinned
    )
    return Outcome(packages=packages, of_python=tuple(solution.of_python))


if __name__ == "__main__":
    serve(Order, _do)
