"""What was fetched, between the page that describes it and the click that saves it: in memory,
bounded in number, size and age.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from binderclip.errors import BinderclipError, RateLimited


class Sized(Protocol):
    @property
    def held_bytes(self) -> int: ...


T = TypeVar("T", bound=Sized)
E = TypeVar("E", bound=Exception)
Tell = Callable[[str], None]
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Bounds:
    """``running`` at once and ``kept`` when done, for one person; ``running_client`` at once for
    one client, who may be many people, or one with many names; ``everybody`` is for both of all
    people; ``held_bytes`` for all that is kept. ``age_s`` is counted from when it was done.
    """

    running: int = 3
    running_client: int = 12
    kept: int = 4
    everybody: int = 12
    held_bytes: int = 96 * 2**20
    age_s: float = 15 * 60.0


def bare(failure: E) -> E:
    """``failure`` without the frames it came through, which hold on to whatever was fetched. Of
    one that is a fault of ours they are kept as text, for the log.
    """
    if failure.__traceback__ is not None and not isinstance(failure, BinderclipError):
        failure.add_note("".join(traceback.format_exception(failure)))
    failure.__traceback__ = failure.__cause__ = failure.__context__ = None
    return failure


@dataclass(slots=True, eq=False)
class Job(Generic[T]):
    """One fetch. ``id`` cannot be guessed. ``steps`` are lines for people, the last is going on.
    ``result`` or ``failure`` is there once it is ``done``.
    """

    owner: str
    address: str
    client: str | None = field(default=None, repr=False)
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    steps: list[str] = field(default_factory=list)
    task: asyncio.Task[None] | None = field(default=None, repr=False)
    result: T | None = field(default=None, repr=False)
    failure: Exception | None = None
    done_at_s: float | None = None

    @property
    def done(self) -> bool:
        return self.done_at_s is not None

    def tell(self, line: str) -> None:
        self.steps.append(line)
        del self.steps[:-_STEPS]


class Kept(Generic[T]):
    """All jobs of a server. ``clock`` is in seconds."""

    def __init__(
        self, bounds: Bounds | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bounds = bounds or Bounds()
        self._clock = clock
        self._jobs: dict[str, Job[T]] = {}

    def begin(
        self,
        owner: str,
        address: str,
        work: Callable[[Tell], Coroutine[Any, Any, T]],
        *,
        client: str | None = None,
    ) -> Job[T]:
        """Start ``work`` in the background. Raises RateLimited where enough is going on, for
        ``owner``, and where they ask from a ``client`` for that, too.
        """
        self._prune()
        running = [job for job in self._jobs.values() if not job.done]
        own = sum(job.owner == owner for job in running)
        most = self._bounds.running
        if own < most and client is not None:
            own, most = sum(job.client == client for job in running), self._bounds.running_client
        if own >= most or len(running) >= self._bounds.everybody:
            raise RateLimited(
                f"found {own} notebooks that are being fetched already, expected fewer than "
                f"{most} at a time",
                hint="try again when one of them is there",
                retry_after_s=5,
            )
        job: Job[T] = Job(owner, address, client)
        self._jobs[job.id] = job
        job.task = asyncio.get_running_loop().create_task(self._run(job, work))
        return job

    def find(self, number: str, address: str, owner: str | None) -> Job[T] | None:
        """The job of that id, if it is there, for that address. ``owner`` None: anybody's."""
        self._prune()
        job = self._jobs.get(number)
        if job is None or job.address != address or owner not in {None, job.owner}:
            return None
        return job

    async def settled(self, job: Job[T], patience_s: float) -> bool:
        """Whether it is done, after at most ``patience_s``."""
        if job.task is not None and not job.done:
            await asyncio.wait([job.task], timeout=patience_s)
        return job.done

    async def _run(self, job: Job[T], work: Callable[[Tell], Coroutine[Any, Any, T]]) -> None:
        try:
            job.result = await work(job.tell)
        except Exception as failure:  # noqa: BLE001 - whoever asks for the job gets it raised
            job.failure = bare(failure)
        finally:
            job.done_at_s = self._clock()
            self._prune()

    def _prune(self) -> None:
        """Forget what is too old, and then the oldest of what is too much."""
        now, most = self._clock(), self._bounds
        done = [job for job in self._jobs.values() if job.done_at_s is not None]
        done.sort(key=lambda job: job.done_at_s or 0, reverse=True)
        held, number, own = 0, 0, dict[str, int]()
        for job in done:
            size = job.result.held_bytes if job.result is not None else 0
            old = now - (job.done_at_s or 0) > most.age_s
            much = own.get(job.owner, 0) >= most.kept or number >= most.everybody
            if old or much or held + size > most.held_bytes:
                del self._jobs[job.id]
                continue
            held, number = held + size, number + 1
            own[job.owner] = own.get(job.owner, 0) + 1
