"""What is to be put where, once an environment is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from binderclip.cache import Cache
from binderclip.copying import Copies
from binderclip.environment import Environment
from binderclip.events import Event, Log, Progress, Ready
from binderclip.gateway.launches.launch import Step
from binderclip.gateway.launches.model import Order
from binderclip.gateway.settings.model import Settings
from binderclip.guard import Guard
from binderclip.targets import Target


@dataclass(frozen=True, slots=True)
class Seating:
    """``environment`` is launched on ``target``; then ``copies`` and the order's notebook are put
    there, and ``urlpath`` or else the notebook is the page to land on. ``guard`` is for the place.
    """

    order: Order = field(repr=False)
    target: Target
    environment: Environment
    copies: Copies | None
    urlpath: str | None
    settings: Settings
    cache: Cache
    guard: Guard
    tell: Callable[[Step], None]

    def say(self, line: str) -> None:
        self.tell(Progress("launching", line))

    def observe(self, event: Event) -> None:
        """All but the last, which is no step; where this machine keeps things is its own matter."""
        if isinstance(event, Log):
            self.tell(Log(event.line.replace(str(self.cache.root), "…")))
        elif not isinstance(event, Ready):
            self.tell(event)
