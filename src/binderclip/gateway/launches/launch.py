"""One launch, from the moment it was asked for until what it started is over."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from binderclip.errors import BinderclipError
from binderclip.events import Log, Progress
from binderclip.gateway.launches.model import Landing, Order
from binderclip.steps import Steps

State: TypeAlias = Literal["waiting", "running", "ready", "failed", "stopped"]
Step: TypeAlias = Progress | Log

KEPT_STEPS = 2000
KEPT_CHARACTERS = 2000


def _new_steps() -> Steps[Step]:
    return Steps(KEPT_STEPS)


@dataclass(eq=False, slots=True)
class Launch:
    """``id`` cannot be guessed, but is no secret: only its ``owner`` is told of it.

    ``state`` is "waiting" for its turn, "running", then "ready" with a ``landing``, or "failed"
    with an ``error``, or "stopped"; one that was ready is "stopped" when its session is over, and
    ``why`` says why. ``steps`` end when it is no longer under way. From then on ``order`` holds no
    notebook any more: ``title`` is what people call it by, and ``digest`` names the bytes.
    """

    order: Order = field(repr=False)
    id: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    state: State = "waiting"
    steps: Steps[Step] = field(default_factory=_new_steps, repr=False)
    title: str = ""
    digest: str | None = None
    landing: Landing | None = field(default=None, repr=False)
    error: BinderclipError | None = None
    why: str | None = None
    made_s: float = field(default_factory=time.monotonic)
    settled_s: float | None = None
    over_s: float | None = None

    @property
    def owner(self) -> str:
        return self.order.owner

    @property
    def under_way(self) -> bool:
        """It is neither ready nor has it failed or been stopped."""
        return self.settled_s is None

    @property
    def over(self) -> bool:
        """There is nothing that could be stopped."""
        return self.over_s is not None

    def tell(self, step: Step) -> None:
        if isinstance(step, Log):
            self.steps.tell(Log(step.line[:KEPT_CHARACTERS]))
        else:
            self.steps.tell(replace(step, message=step.message[:KEPT_CHARACTERS]))

    def follow(self, start: int = 0) -> AsyncIterator[tuple[int, Step]]:
        """The steps from number ``start`` on, as they come, until it is no longer under way."""
        return self.steps.follow(start)

    async def wait(self) -> None:
        """Until it is no longer under way."""
        while self.under_way:
            await self.steps.wait()

    def moved(self, state: Literal["waiting", "running"]) -> None:
        if self.under_way and state != self.state:
            self.state = state
            self.steps.wake()

    def ready(self, landing: Landing) -> None:
        self.tell(Progress("ready", "it is up"))
        self.state, self.landing = "ready", landing
        self._settle()

    def end(
        self,
        state: Literal["failed", "stopped"],
        *,
        error: BinderclipError | None = None,
        why: str | None = None,
    ) -> None:
        """The first end counts."""
        if self.over_s is None:
            self.state, self.error, self.why = state, error, why
            self.over_s = time.monotonic()
            self._settle()

    def _settle(self) -> None:
        if self.settled_s is None:
            self.settled_s = time.monotonic()
            if self.order.look is not None:
                self.order = replace(self.order, source=self.order.look.source, look=None)
            self.steps.close()


async def settled(launch: Launch, patience_s: float) -> bool:
    """Whether it is no longer under way, after at most ``patience_s``."""
    try:
        async with asyncio.timeout(patience_s):
            await launch.wait()
    except TimeoutError:
        pass
    return not launch.under_way
