"""A gate that a guard keeps: any server may be asked that the guard lets us ask."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from binderclip.errors import AddressForbidden, SourceError, TimedOut, TooLarge
from binderclip.gates.base import Gate, Shut, Speech
from binderclip.guard import Endpoint, Guard

T = TypeVar("T")
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a program that works for strangers may cost: ``fetched_bytes`` over the network,
    ``kept_bytes`` and ``kept_files`` on the disk at any time, ``seconds`` from end to end,
    ``memory_bytes`` for each process.
    """

    fetched_bytes: int = 512 * 2**20
    kept_bytes: int = 2 * 2**30
    kept_files: int = 100_000
    seconds: float = 600.0
    memory_bytes: int = 2 * 2**30


class GuardedGate(Gate):
    """``refusal`` is the first thing that ``guard`` said no to; ``over`` is set then, and when it
    is full.
    """

    def __init__(self, guard: Guard, speech: Speech, max_bytes: int) -> None:
        super().__init__(speech, max_bytes)
        self.refusal: AddressForbidden | None = None
        self.over = asyncio.Event()
        self._guard = guard

    async def places(self, asked: Endpoint) -> Sequence[Endpoint]:
        try:
            return await self._guard.endpoints(*asked)
        except AddressForbidden as error:
            self.refusal = self.refusal or error
            self.over.set()
            raise Shut from error
        except SourceError as error:
            raise OSError(error.message) from error

    def filled(self) -> None:
        self.over.set()


async def kept_to(
    gate: GuardedGate, work: Awaitable[T], doing: str, *, folder: Path, bounds: Bounds
) -> T:
    """What ``work`` gives, which uses ``gate`` and writes below ``folder``. It is cancelled as soon
    as it asked for what it may not have, or passes ``bounds``; ``doing`` names it in errors.

    Raises AddressForbidden, TooLarge, TimedOut, and what ``work`` raises.
    """
    working = asyncio.ensure_future(work)
    ends = [asyncio.create_task(gate.over.wait()), asyncio.create_task(_crowded(folder, bounds))]
    try:
        done, _ = await asyncio.wait(
            {working, *ends}, timeout=bounds.seconds, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        finished = working.done()
        for task in (working, *ends):
            task.cancel()
        await asyncio.gather(working, *ends, return_exceptions=True)
    # However it ended: what came of it may be so because of that.
    if gate.refusal is not None:
        _forbid(gate.refusal, doing)
    if gate.full:
        raise TooLarge(f"{doing}: fetches more than {bounds.fetched_bytes >> 20} MiB")
    if ends[1] in done:
        raise TooLarge(
            f"{doing}: unpacks to more than {bounds.kept_bytes >> 20} MiB, or too many files"
        )
    if not finished:
        raise TimedOut(f"{doing}: took longer than {bounds.seconds:g} seconds, and was ended")
    return working.result()


def _forbid(refusal: AddressForbidden, doing: str) -> NoReturn:
    raise AddressForbidden(
        f"{doing}: {refusal.message}",
        hint="what is asked here has to be open to everybody, or in a network that whoever runs "
        "this server allows",
    ) from refusal


async def _crowded(folder: Path, bounds: Bounds) -> None:
    """Returns when more lies there than may."""
    while not await asyncio.to_thread(_holds_more, folder, bounds):  # noqa: ASYNC110 - a folder tells nobody
        await asyncio.sleep(_LOOK_S)


def _holds_more(folder: Path, bounds: Bounds) -> bool:
    size, files = 0, 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # gone meanwhile
                size += os.lstat(os.path.join(place, name)).st_blocks * 512  # noqa: PTH118 - many
        files += len(names) + 1
        if size > bounds.kept_bytes or files > bounds.kept_files:
            return True
    return False
