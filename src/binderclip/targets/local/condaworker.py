"""Conda packages put into a prefix, by a process of its own: see ``killable``.

What every environment has (``Order.seeds``: pip and a kernel) is solved together with what the
file asks for. Where the channels lack it, or it does not go with the rest, the file's own packages
are solved alone: the caller brings the seeds from PyPI then.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from binderclip.cache import Cache
from binderclip.errors import ResolveError
from binderclip.killable import Worker, serve, tell

if TYPE_CHECKING:
    from binderclip.conda import CondaFile, Solution


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


def work(order: Order, *, folder: Path, run: Path) -> AsyncGenerator[str, None]:
    """As ``Worker.work``."""
    return Worker(__name__, folder, run).work(order, f"{order.where}: installing conda packages")


async def _do(order: Order) -> None:
    from binderclip import conda  # noqa: PLC0415 - whoever waits for this process needs none of it

    file, cache = conda.read(order.text, order.where), Cache(Path(order.cache))
    with cache.using_conda():
        await _make(order, file, cache.conda)


async def _make(order: Order, file: CondaFile, cache: Path) -> None:
    from binderclip import conda  # noqa: PLC0415 - as above

    solution = await _solution(order, file, cache)
    tell(f"installing {len(solution.pinned)} conda packages")
    # The person said yes to the packages, and their scripts are part of them.
    await conda.install(
        solution,
        Path(order.prefix),
        cache=cache,
        offline=order.offline,
        link_scripts=True,
        observe=tell,
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
            observe=tell,
        )

    try:
        return await solved(*order.added, *order.seeds)
    except ResolveError:
        # Either these do not fit, or the file itself cannot be had: the second solve tells.
        solution = await solved(*order.added)
        tell(f"{', '.join(order.seeds)}: not from these channels, then from PyPI")
        return solution


if __name__ == "__main__":
    serve(Order, _do)
