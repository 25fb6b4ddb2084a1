"""Jobs: what takes longer than a request, one table of them for a server.

The work itself goes on in a thread with an event loop of its own, so that nothing it does holds
up the server. Everything else here belongs to the server's loop.
"""

from __future__ import annotations

import asyncio
import atexit
import secrets
import threading
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from concurrent.futures import thread as _registered_before  # noqa: F401 - see _at_exit
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias

from binderclip.errors import BinderclipError, FreezeFailed, RateLimited, TimedOut
from binderclip.events import Progress
from binderclip.steps import Steps

State: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]
Outcome: TypeAlias = dict[str, object]
Work: TypeAlias = Callable[[Callable[[str], None]], Awaitable[Outcome]]
"""Called with what takes lines for people."""

# Putting jobs away takes threads, and Python ends those of executors before it calls what
# ``atexit`` knows. This is how executors themselves are told: who came last is called first.
_at_exit = getattr(threading, "_register_atexit", atexit.register)

KEPT_STEPS = 400
KEPT_LINE = 500


@dataclass(frozen=True, slots=True)
class Limits:
    """``at_once`` are worked on at a time, ``kept`` known, finished ones for ``age_s`` seconds;
    none is worked on for longer than ``longest_s``.
    """

    at_once: int = 2
    kept: int = 16
    age_s: float = 3600
    longest_s: float = 1800


@dataclass(eq=False)
class Job:
    """One piece of work; of its ``steps`` only the last are kept. It is ``owner``'s, and nobody
    else's.
    """

    id: str
    made_s: float
    owner: str = ""
    state: State = "waiting"
    steps: Steps[Progress] = field(default_factory=lambda: Steps(KEPT_STEPS))
    result: Outcome | None = None
    error: Exception | None = None
    ended_s: float | None = None

    @property
    def ended(self) -> bool:
        return self.ended_s is not None

    def tell(self, line: str) -> None:
        self.steps.tell(Progress("resolving", line[:KEPT_LINE]))

    def begin(self) -> None:
        if self.state == "waiting":
            self.state = "running"
            self.steps.wake()

    def end(
        self, state: State, *, result: Outcome | None = None, error: Exception | None = None
    ) -> None:
        """The first end counts."""
        if self.ended_s is None:
            self.state, self.result, self.error = state, result, error and _bare(error)
            self.ended_s = time.monotonic()
            self.steps.close()

    def follow(self, start: int = 0) -> AsyncIterator[tuple[int, Progress]]:
        """The steps from number ``start`` on, as they come, until the job has ended."""
        return self.steps.follow(start)

    async def wait(self) -> None:
        """Until something of it changes."""
        await self.steps.wait()


class Jobs:
    """The table, and the thread that works."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._jobs: dict[str, Job] = {}
        self._work: dict[str, Future[None]] = {}
        self._bench: Bench | None = None

    def get(self, name: str, owner: str = "") -> Job | None:
        self._forget_old()
        job = self._jobs.get(name)
        return job if job is not None and job.owner == owner else None

    def start(self, work: Work, owner: str = "") -> Job:
        """Raises RateLimited where there are too many already."""
        self._forget_old()
        if len(self._jobs) >= self.limits.kept and not self._forget_one():
            raise RateLimited(
                f"{len(self._jobs)} jobs are under way, expected fewer than {self.limits.kept}",
                hint="wait for one, or cancel one",
                retry_after_s=10,
            )
        bench = self._bench or Bench(self.limits.at_once)
        job = Job(secrets.token_urlsafe(16), time.monotonic(), owner)
        self._work[job.id] = bench.take(_Order(job, work, self.limits.longest_s))
        # Both are kept only when it is known that there is somebody who works.
        self._bench, self._jobs[job.id] = bench, job
        return job

    def drop(self, name: str) -> bool:
        """Cancel and forget it. False where there is none."""
        job = self._jobs.pop(name, None)
        if job is None:
            return False
        if work := self._work.pop(name, None):
            work.cancel()
        job.end("cancelled")
        return True

    def _forget_old(self) -> None:
        now = time.monotonic()
        for job in list(self._jobs.values()):
            if job.ended_s is not None and now - job.ended_s > self.limits.age_s:
                self.drop(job.id)

    def _forget_one(self) -> bool:
        ended = [job for job in self._jobs.values() if job.ended_s is not None]
        return bool(ended) and self.drop(min(ended, key=lambda job: job.ended_s or 0).id)


@dataclass(frozen=True, slots=True)
class _Order:
    job: Job
    work: Work
    longest_s: float


class Bench:
    """The thread, and its loop. What waits for its turn, and what is being put away after it was
    cancelled, counts as being worked on.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._server = asyncio.get_running_loop()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Semaphore | None = None
        self._over = asyncio.Event()
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="binderclip-jobs", daemon=True
        )
        self._thread.start()
        ready.wait()
        _at_exit(self.close)

    def take(self, order: _Order) -> Future[None]:
        if self._loop is None:
            raise RuntimeError("the thread for jobs did not start")
        return asyncio.run_coroutine_threadsafe(self._done(order), self._loop)

    def close(self) -> None:
        """Cancel all, and wait until their processes and folders are gone."""
        if self._loop is not None:
            with suppress(RuntimeError):  # closed already
                self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(ready))
        finally:
            ready.set()  # also where no loop could be made: the server waits for it

    async def _serve(self, ready: threading.Event) -> None:
        self._turn, self._loop = asyncio.Semaphore(self._at_once), asyncio.get_running_loop()
        ready.set()
        await self._over.wait()  # then asyncio.run cancels what is left, and waits for it

    async def _done(self, order: _Order) -> None:
        assert self._turn is not None  # noqa: S101 - for the type checker
        job, longest = order.job, asyncio.timeout(None)
        try:
            async with self._turn:
                self._tell(job.begin)
                async with asyncio.timeout(order.longest_s) as longest:
                    result = await order.work(partial(self._tell, job.tell))
        except asyncio.CancelledError:
            self._tell(partial(job.end, "cancelled"))
            raise
        except Exception as error:  # noqa: BLE001 - the job's outcome, which somebody looks at
            self._tell(
                partial(job.end, "failed", error=_late(order) if longest.expired() else error)
            )
        else:
            self._tell(partial(job.end, "done", result=result))

    def _tell(self, what: Callable[..., None], *words: Any) -> None:
        with suppress(RuntimeError):  # the server's loop is closed: nobody listens
            self._server.call_soon_threadsafe(what, *words)


def _bare(error: Exception) -> Exception:
    """Without the frames that it came through, which hold on to all that was worked with. Of a
    fault of ours they are kept as text, for the log.
    """
    if error.__traceback__ is not None and not isinstance(error, BinderclipError):
        error.add_note("".join(traceback.format_exception(error)))
    failures = error.failures if isinstance(error, FreezeFailed) else ()
    for one in (error, *(failure.error for failure in failures)):
        one.__traceback__ = one.__cause__ = one.__context__ = None
    return error


def _late(order: _Order) -> TimedOut:
    return TimedOut(
        f"it took longer than {order.longest_s / 60:.0f} minutes, and was ended",
        hint="freeze fewer parts at a time, with `only`",
    )
