"""What goes on behind one stream of ``/build``, also while its client connects again.

A launch is of who asked for it: when they go before it is ready it is cancelled, after the few
seconds in which browsers connect again by themselves.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from starlette.requests import HTTPConnection

from binderclip.errors import BinderclipError, LaunchError
from binderclip.gateway.builds import events
from binderclip.gateway.context import one_in
from binderclip.steps import Steps

Tell: TypeAlias = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Ending:
    """The last event; ``well`` where it is ``ready``."""

    event: bytes = field(repr=False)
    well: bool = False


Work: TypeAlias = Callable[[Tell], Awaitable[Ending]]
"""Tells events, and returns the last one. Cancelling it undoes what it began."""

_LOG = logging.getLogger("binderclip.gateway")
KEPT_EVENTS = 500
BACK_S = 10.0
"""Browsers connect again after about three seconds."""
KNOWN_S = 120.0
LINGER_S = 60.0


class Build:
    """``id`` is told to the client alone, and cannot be guessed."""

    def __init__(self, work: Work, over: Callable[[Build], None], back_s: float) -> None:
        self.id = secrets.token_urlsafe(24)
        self._ending = _failed(LaunchError("the launch was cancelled", hint="ask for it again"))
        self._back_s = back_s
        self._following = 0
        self._steps: Steps[bytes] = Steps(KEPT_EVENTS)
        self._steps.tell(events.waiting("asking for the launch", self.id))
        self._task = asyncio.get_running_loop().create_task(self._run(work), name="build")
        self._task.add_done_callback(lambda _: over(self))

    def follow(self, start: int = 0) -> AsyncIterator[tuple[int, bytes]]:
        return self._steps.follow(start)

    @property
    def over(self) -> bool:
        return self._steps.ended

    def last(self) -> bytes:
        return self._ending.event

    def linger_s(self) -> float:
        """Clients close the stream on ``ready``; some take its end for a failure."""
        return LINGER_S if self._ending.well else 0.0

    @contextmanager
    def followed(self) -> Iterator[None]:
        """While somebody follows it."""
        self._following += 1
        try:
            yield
        finally:
            self._following -= 1
            if not self._following and not self.over:
                asyncio.get_running_loop().call_later(self._back_s, self._left)

    async def wait(self) -> None:
        """Until it is over, and cleaned up."""
        await asyncio.wait({self._task})

    def _left(self) -> None:
        if not self._following:
            self._task.cancel()

    async def _run(self, work: Work) -> None:
        try:
            self._ending = await work(self._steps.tell)
        except BinderclipError as error:
            self._ending = _failed(error)
        except Exception:  # noqa: BLE001 - a fault of ours: the client is told, the log says more
            _LOG.exception("a launch failed by a fault of binderclip's own")
            self._ending = _failed(
                LaunchError(
                    "a fault of the service itself",
                    hint="its log says more; please tell the people who run it",
                )
            )
        finally:
            self._steps.close()


def _failed(error: BinderclipError) -> Ending:
    return Ending(events.failed(error))


class Builds:
    """Those of a process that somebody may come back to."""

    def __init__(self, back_s: float = BACK_S) -> None:
        self._back_s = back_s
        self._known: dict[str, Build] = {}

    def begin(self, work: Work) -> Build:
        build = Build(work, self._forget_soon, self._back_s)
        self._known[build.id] = build
        return build

    def find(self, name: str) -> Build | None:
        return self._known.get(name)

    def _forget_soon(self, build: Build) -> None:
        asyncio.get_running_loop().call_later(KNOWN_S, self._known.pop, build.id, None)


def builds_of(connection: HTTPConnection) -> Builds:
    return one_in(connection.app, Builds)
