"""All launches of a process: who may start one, which wait, which run, and how they end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Protocol

from binderclip.errors import BinderclipError, LaunchError, RateLimited, SessionError, TimedOut
from binderclip.events import Progress
from binderclip.gateway.launches.launch import Launch, Step
from binderclip.gateway.launches.model import Landing, Order
from binderclip.gateway.launches.turns import Turns
from binderclip.gateway.leaving import CutOff
from binderclip.gateway.settings.model import Limits, PlaceSettings
from binderclip.gateway.visitors.client import WIDER, wider
from binderclip.pages.kept import bare
from binderclip.pages.parts import plain

__all__ = ["Bounds", "Counting", "Landed", "Launch", "Launches", "Worker"]

_LOG = logging.getLogger("binderclip.gateway")
_STOP_S = 60.0


class Counting(Protocol):
    """Raises RateLimited where it was too often."""

    def take(self, kind: Literal["launches", "environment"], key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Landed:
    """A session that is up. ``stop`` ends it. ``life`` is for one that lives in this process: it
    returns when the session is over, or is to be ended, and says why.
    """

    landing: Landing
    stop: Callable[[], Awaitable[None]] = field(repr=False)
    life: Callable[[], Awaitable[str]] | None = field(default=None, repr=False)


class Worker(Protocol):
    """What is done for a launch. Both raise the tree of errors, and clean up where they do."""

    async def look(self, order: Order, tell: Callable[[Step], None]) -> Order:
        """``order`` with what is to be known before it waits for its turn: its ``look``."""
        ...

    async def land(self, order: Order, tell: Callable[[Step], None]) -> Landed: ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """``each`` are under way of one client, and ``WIDER`` times as many of one network of IPv6;
    ``waiting`` wait for one place, for each of those that
    it takes at once; ``known`` in all, of which those that are over for ``age_s``. Those that are
    under way hold ``held_bytes`` of notebooks. Of one that is no longer under way only the last
    ``told`` steps are kept after ``read_s``.
    """

    each: int = 4
    waiting: int = 8
    known: int = 5000
    age_s: float = 3600.0
    held_bytes: int = 384 * 2**20
    told: int = 200
    read_s: float = 300.0


def _nobody(launch: Launch) -> None:
    pass


class Launches:
    """``observe`` is told whenever one changes its state. It belongs to one event loop."""

    def __init__(
        self,
        worker: Worker,
        limits: Limits,
        counter: Counting,
        *,
        observe: Callable[[Launch], None] = _nobody,
        bounds: Bounds | None = None,
    ) -> None:
        self._worker, self._limits, self._counter = worker, limits, counter
        self._observe, self._bounds = observe, bounds or Bounds()
        self._launches: dict[str, Launch] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._landed: dict[str, Landed] = {}
        self._turns: dict[str, Turns] = {}
        self._closing = False

    def start(self, order: Order) -> Launch:
        """Begin in the background. Raises RateLimited."""
        self._forget()
        self._make_room()
        self._check(order)
        if not order.trusted:
            self._counter.take("launches", order.client)
        if (key := _key(order)) is not None:
            self._counter.take("environment", key)
        launch = Launch(order, title=_title(order), digest=_digest(order))
        self._launches[launch.id] = launch
        task = asyncio.get_running_loop().create_task(self._run(launch), name="launch")
        self._tasks[launch.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(launch.id, None))
        self._observe(launch)
        return launch

    def get(self, name: str, owner: str) -> Launch | None:
        """None where there is none, and where it is somebody else's."""
        launch = self._launches.get(name)
        return launch if launch is not None and launch.owner == owner else None

    def of(self, owner: str) -> tuple[Launch, ...]:
        """Oldest first."""
        self._forget()
        return tuple(launch for launch in self._launches.values() if launch.owner == owner)

    def up(self, order: Order) -> Launch | None:
        """The newest of its owner that is ready, and of the same notebook in the same way at the
        same place.
        """
        wanted = _same(order, _digest(order))
        found = (one for one in reversed(self.of(order.owner)) if one.state == "ready")
        return next((one for one in found if _same(one.order, one.digest) == wanted), None)

    @property
    def sessions(self) -> int:
        """Those that are up, as far as this process knows."""
        return sum(launch.state == "ready" for launch in self._launches.values())

    async def stop(self, launch: Launch) -> None:
        """It is over on return; one that is over is fine. Raises SessionError where its session
        could not be stopped, which then still is "ready".
        """
        task = self._tasks.get(launch.id)
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait({task})
        if landed := self._landed.pop(launch.id, None):
            try:
                await _within(landed)
            except (BinderclipError, TimeoutError) as error:
                self._landed[launch.id] = landed
                raise _unstopped(error) from error
        self._end(launch, "stopped", why="it was stopped")

    async def close(self, grace_s: float) -> None:
        """No more launches from now on; those that are under way have ``grace_s`` left. Sessions of
        this process are stopped, those that are elsewhere stay: their hub looks after them.
        """
        self._closing = True
        waits = [asyncio.ensure_future(one.wait()) for one in self._under_way()]
        if waits:
            await asyncio.wait(waits, timeout=grace_s)
            for wait in waits:
                wait.cancel()
        for launch in self._under_way():
            error = CutOff(
                "the service was shut down before this was ready",
                hint="launch it again in some minutes",
            )
            self._end(launch, "failed", error=error)
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_S)

    async def _run(self, launch: Launch) -> None:
        try:
            landed = await self._landing(launch)
            launch.ready(landed.landing)
            self._observe(launch)
            if landed.life is None:
                self._landed[launch.id] = landed
                return
            why = "it was stopped"
            try:
                why = await landed.life()
            finally:
                await _to_its_end(landed)
            self._end(launch, "stopped", why=why)
        except asyncio.CancelledError:
            self._end(launch, "stopped", why="it was stopped")
        except BinderclipError as error:
            self._end(launch, "failed", error=bare(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours, which ends this launch alone
            _LOG.exception("a launch failed by a fault of binderclip's own")
            self._end(launch, "failed", error=_internal(error))

    async def _landing(self, launch: Launch) -> Landed:
        landed: Landed | None = None
        late = asyncio.timeout(self._limits.launch_s)
        try:
            async with late:
                self._move(launch, "running")
                known = _key(launch.order)
                launch.order = await self._worker.look(launch.order, launch.tell)
                launch.title, launch.digest = _title(launch.order), _digest(launch.order)
                if known is None and (key := _key(launch.order)) is not None:
                    self._counter.take("environment", key)
                place = launch.order.place
                turns = self._turns.setdefault(place.name, Turns(place.at_once))
                async with turns.turn(lambda before: self._wait(launch, before)):
                    self._move(launch, "running")
                    self._check_sessions(place, launch)
                    landed = await self._worker.land(launch.order, launch.tell)
        except BaseException as error:
            if landed is not None:  # the deadline passed as it came up
                await _to_its_end(landed)
            if isinstance(error, TimeoutError) and late.expired():
                raise self._late() from error
            raise
        return landed

    def _wait(self, launch: Launch, before: int) -> None:
        self._move(launch, "waiting")
        noun = "launch is" if before == 1 else "launches are"
        told = f"{before} other {noun} waiting before this one" if before else "it is the next one"
        launch.tell(Progress("waiting", f"{launch.order.place.title} is busy: {told}"))

    def _move(self, launch: Launch, state: Literal["waiting", "running"]) -> None:
        if launch.state != state:
            launch.moved(state)
            self._observe(launch)

    def _end(
        self,
        launch: Launch,
        state: Literal["failed", "stopped"],
        *,
        error: BinderclipError | None = None,
        why: str | None = None,
    ) -> None:
        if not launch.over:
            launch.end(state, error=error, why=why)
            self._observe(launch)

    def _under_way(self) -> list[Launch]:
        return [launch for launch in self._launches.values() if launch.under_way]

    def _check(self, order: Order) -> None:
        """Raises RateLimited where there is too much going on."""
        if self._closing:
            raise RateLimited("the service is being shut down", retry_after_s=30)
        running = self._under_way()
        own = sum(launch.order.client == order.client for launch in running)
        if own >= self._bounds.each:
            raise RateLimited(
                f"found {own} launches of yours under way, expected fewer than {self._bounds.each}",
                hint="wait for one of them, or stop one",
                retry_after_s=15,
            )
        self._check_network(order.client, running)
        place = order.place
        there = sum(launch.order.place.name == place.name for launch in running)
        most = place.at_once * (1 + self._bounds.waiting)
        held = sum(_held(launch.order) for launch in running) + _held(order)
        full = len(self._launches) >= self._bounds.known or held > self._bounds.held_bytes
        if there >= most or full:
            raise RateLimited(
                f"{place.title} has more launches waiting than it takes",
                hint="try again in some minutes",
                retry_after_s=60,
            )
        self._check_sessions(place)

    def _check_network(self, client: str, running: list[Launch]) -> None:
        if (network := wider(client)) is None:
            return
        most = self._bounds.each * WIDER
        if sum(wider(launch.order.client) == network for launch in running) >= most:
            raise RateLimited(
                f"found {most} launches of your network under way, expected fewer",
                hint="try again in some minutes",
                retry_after_s=60,
            )

    def _check_sessions(self, place: PlaceSettings, but: Launch | None = None) -> None:
        if not place.here:
            return
        taken = sum(
            launch.order.place.name == place.name and not launch.over
            for launch in self._launches.values()
            if launch is not but
        )
        if taken >= place.sessions:
            raise RateLimited(
                f"{place.title} runs {taken} notebooks, expected fewer than {place.sessions}",
                hint="stop one of them; each ends by itself when nobody uses it",
                retry_after_s=60,
            )

    def _forget(self) -> None:
        """What is over for long, and what is elsewhere and was ended by its hub. Of what builders
        printed, most.
        """
        now, known = time.monotonic(), self._launches
        for launch in list(known.values()):
            if launch.settled_s is not None and now - launch.settled_s > self._bounds.read_s:
                launch.steps.shorten(self._bounds.told)
            if launch.over_s is not None and now - launch.over_s > self._bounds.age_s:
                del known[launch.id]
            elif launch.id in self._landed and _past(launch, now):
                del known[launch.id], self._landed[launch.id]

    def _make_room(self) -> None:
        """For one more, where the table is full: what is over goes first, the oldest of it; then
        what is up elsewhere, whose hub looks after it.
        """
        most = self._bounds.known
        if len(self._launches) < most:
            return
        over = [launch.id for launch in self._launches.values() if launch.over]
        for name in [*over, *self._landed][: len(self._launches) - most + 1]:
            del self._launches[name]
            self._landed.pop(name, None)

    def _late(self) -> TimedOut:
        return TimedOut(
            f"it took longer than {self._limits.launch_s / 60:.0f} minutes, and was ended",
            hint="try again: what was built until then may be there still",
        )


def _past(launch: Launch, now: float) -> bool:
    """Its hub has ended it by now."""
    return now - (launch.settled_s or now) > launch.order.place.longest_s


async def _to_its_end(landed: Landed) -> None:
    """Whatever cancels us meanwhile: half of a session must not be left running. What cannot be
    stopped is for the log.
    """
    task = asyncio.create_task(_within(landed))
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) is not None:
        _LOG.error("a session could not be stopped: %s", error)


async def _within(landed: Landed) -> None:
    async with asyncio.timeout(_STOP_S):
        await landed.stop()


def _unstopped(error: BaseException) -> SessionError:
    if isinstance(error, BinderclipError):
        return SessionError(error.message, hint=error.hint)
    return SessionError(
        f"the session did not stop within {_STOP_S:.0f} s", hint="stop it on the hub's own page"
    )


def _internal(error: Exception) -> LaunchError:
    made = LaunchError(
        f"a fault of the service itself ({type(error).__name__})",
        hint="its log says more; please tell the people who run it",
    )
    made.__cause__ = None
    return made


def _key(order: Order) -> str | None:
    """The environment's, where it is known already."""
    if order.look is not None:
        return order.look.opened.environment.key
    return order.environment.key if order.environment is not None else None


def _digest(order: Order) -> str | None:
    return order.look.digest if order.look is not None else None


def _same(order: Order, digest: str | None) -> tuple[str | None, ...]:
    return digest, order.place.name, order.ref, order.urlpath


def _held(order: Order) -> int:
    return order.look.held_bytes if order.look is not None else 0


def _title(order: Order) -> str:
    if order.look is not None:
        return order.look.excerpt.title or plain(order.look.source.name)
    return plain(order.source.name) if order.source is not None else "an environment"
