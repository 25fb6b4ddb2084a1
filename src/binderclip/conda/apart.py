"""Questions to channels, asked by a process of its own: see ``killable``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from binderclip.conda import asking, closed, exactly, reading, solving
from binderclip.conda.index import NOARCH
from binderclip.conda.model import Pinned, Solution
from binderclip.conda.rattle import available, subdir
from binderclip.guard import Guard
from binderclip.killable import Worker, serve, tell


class Order(msgspec.Struct, frozen=True):
    """``text`` is that of the file called ``where``. ``previous``: what it was frozen to before,
    whose packages are preferred; ``extra``: more match specs. ``check``: is what ``text`` states
    still there, instead of solving it. ``public``: as ``solving.solve`` has it. ``proof``: ask this
    address and nothing else.
    """

    text: str
    where: str
    platform: str
    cache: str
    previous: str | None = None
    extra: tuple[str, ...] = ()
    check: bool = False
    public: bool = False
    proof: str | None = None


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


async def solve(
    order: Order, guard: Guard | None = None, *, observe: Callable[[str], None]
) -> Solution:
    """As ``solving.solve`` for any machine of the platform; without records, and without the
    addresses of the packages.

    With a ``guard`` py-rattler gets through to where that allows, without anybody's settings and
    logins, and nothing is kept. Raises AddressForbidden, TooLarge and TimedOut then, too.
    """
    outcome = await _done(order, guard, observe)
    pinned = tuple(
        Pinned(
            one.name, one.version, one.build, one.subdir, one.channel, "", "", one.sha256, one.md5
        )
        for one in outcome.packages
    )
    return Solution(order.platform, (), pinned, frozenset(outcome.of_python))


async def gone(order: Order, guard: Guard | None = None) -> str | None:
    """As ``asking.gone``; ``guard`` as ``solve`` has it."""
    return (await _done(order, guard, lambda _: None)).gone


async def _done(order: Order, guard: Guard | None, observe: Callable[[str], None]) -> Outcome:
    with TemporaryDirectory(prefix="binderclip-conda-") as private:
        folder = Path(private)
        (folder / "run").mkdir()
        if guard is None:
            return await _worked(order, Worker(__name__, folder, folder / "run"), observe)
        order = msgspec.structs.replace(order, cache=str(folder / "cache"), public=True)

        async def work(worker: Worker, proof: str | None = None) -> Outcome:
            return await _worked(msgspec.structs.replace(order, proof=proof), worker, observe)

        return await closed.worked(__name__, work, folder, guard, order.where)


async def _worked(order: Order, worker: Worker, observe: Callable[[str], None]) -> Outcome:
    doing = f"{order.where}: asking its channels"
    async with aclosing(worker.work(order, doing)) as lines:
        async for line in lines:
            observe(line)
    return worker.result(Outcome, doing)


async def _do(order: Order) -> Outcome:
    if order.proof is not None:
        return await _ask(order.proof)
    file, cache = reading.read(order.text, order.where), Path(order.cache)
    if order.check:
        found = asking.gone(file, platform=order.platform, cache=cache, public=order.public)
        return Outcome(gone=await found)
    previous = order.previous and reading.read(order.previous, order.where)
    solution = await solving.solve(
        file,
        platform=order.platform,
        cache=cache,
        preferred=exactly.pins(previous) if previous else (),
        extra_specs=order.extra,
        here=False,
        public=order.public,
        observe=tell,
    )
    packages = tuple(
        Package(one.name, one.version, one.build, one.subdir, one.channel, one.sha256, one.md5)
        for one in solution.pinned
    )
    return Outcome(packages=packages, of_python=tuple(solution.of_python))


async def _ask(url: str) -> Outcome:
    """Nobody answers there: who comes to ask is what counts."""
    available()
    from rattler import Gateway  # noqa: PLC0415 - an extra
    from rattler.exceptions import GatewayError  # noqa: PLC0415 - an extra
    from rattler.networking import Client  # noqa: PLC0415 - an extra

    with TemporaryDirectory() as folder, suppress(GatewayError):
        gateway = Gateway(cache_dir=Path(folder), client=Client())
        await gateway.query([url], [subdir(NOARCH)], ["python"])
    return Outcome()


if __name__ == "__main__":
    serve(Order, _do)
