"""What is done for a launch, from the address to the page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from binderclip.addresses.masking import printable
from binderclip.cache import Cache
from binderclip.copying import Copies
from binderclip.environment import Environment
from binderclip.errors import Refused
from binderclip.events import Event, Log, Progress, Ready
from binderclip.flow.bringing import CONTENT, brought
from binderclip.flow.making import TARGETS, Means
from binderclip.gateway.launches import here, there
from binderclip.gateway.launches.choosing import place_for, refusal
from binderclip.gateway.launches.launch import Launch, Step
from binderclip.gateway.launches.looking import Looker
from binderclip.gateway.launches.model import Look, Order
from binderclip.gateway.launches.preparing import Shelf, prepared
from binderclip.gateway.launches.seating import Seating
from binderclip.gateway.launches.table import Counting, Landed, Launches
from binderclip.gateway.launches.urlpath import checked
from binderclip.gateway.launches.wanting import PlaceGuard, token_for, words_for
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.guard import Guard
from binderclip.targets import Target
from binderclip.targets.local import Plan

_LOG = logging.getLogger("binderclip.gateway")

Tell = Callable[[Step], None]


def _nobody(launch: Launch) -> None:
    pass


def launches_of(
    settings: Settings,
    *,
    guard: Guard,
    looker: Looker,
    envs: Shelf,
    counter: Counting,
    cache: Cache | None = None,
    observe: Callable[[Launch], None] = _nobody,
) -> Launches:
    """The launches of a process, done in earnest."""
    worker = Engine(settings, guard, looker, envs, cache or Cache())
    return Launches(worker, settings.limits, counter, observe=observe)


@dataclass(frozen=True, slots=True)
class Engine:
    """See Worker. ``guard`` is for all that strangers name, ``envs`` for environments that have to
    be repositories.
    """

    settings: Settings
    guard: Guard
    looker: Looker
    envs: Shelf
    cache: Cache

    async def look(self, order: Order, tell: Tell) -> Order:
        """Raises as Looker does."""
        checked(order.urlpath)
        if order.look is None and order.source is not None:

            def said(line: str) -> None:
                tell(Progress("fetching", line))

            look = await self.looker.look(order.source, said, ref=order.ref, client=order.client)
            order = replace(order, look=look)
        if order.look is None and order.environment is None:
            raise Refused("found neither a notebook nor an environment to launch")
        return order if order.fixed or order.look is None else self._moved(order, tell)

    async def land(self, order: Order, tell: Tell) -> Landed:
        """Raises the tree of errors."""

        def resolving(line: str) -> None:
            tell(Progress("resolving", line))

        place = order.place
        if (why := refusal(self.settings, place, _environment(order))) is not None:
            raise Refused(why)
        target = self._target(place, order.hub_token, tell)
        copies = await self._copies(order.look, tell)
        env = await prepared(
            _environment(order),
            self.settings,
            place,
            shelf=self.envs,
            cache=self.cache,
            guard=self.guard,
            tell=resolving,
        )
        seating = Seating(
            order,
            target,
            env,
            copies,
            checked(order.urlpath),
            self.settings,
            self.cache,
            PlaceGuard(place, self.guard),
            tell,
        )
        land = here.landed if place.here else there.landed
        return await land(seating)

    def _moved(self, order: Order, tell: Tell) -> Order:
        """To where the notebook wants to run, unless that would go round a question."""
        assert order.look is not None  # noqa: S101 - for the type checker
        place, remarks = place_for(self.settings, order.look)
        for line in remarks:
            tell(Progress("resolving", line))
        if place.ask and not order.place.ask:
            tell(
                Progress(
                    "resolving",
                    f"the notebook names {place.title}, where a person has to agree first: it is "
                    f"launched on {order.place.title}",
                )
            )
            return order
        return replace(order, place=place)

    def _target(self, place: PlaceSettings, hub_token: str | None, tell: Tell) -> Target:
        def approve(plan: Plan) -> None:
            # The click was the consent, and the page said what it was to. This is for the record.
            _LOG.info("launching the environment %s", plan.key)
            tell(Log(f"environment {plan.key}, Python {plan.python}"))
            for command in plan.commands:
                tell(Log(printable(command, 1000)))

        means = Means(
            guard=PlaceGuard(place, self.guard),
            cache=self.cache,
            approve=approve,
            own_home=True,
            anonymous=True,
            bounds=CONTENT,
        )
        return TARGETS[place.kind](words_for(place, token_for(place, hub_token)), means)

    async def _copies(self, look: Look | None, tell: Tell) -> Copies | None:
        binder = look.opened.binder if look else None
        if binder is None or (binder.content is None and binder.config is None):
            return None

        def observe(event: Event) -> None:
            if not isinstance(event, Ready):
                tell(event)

        return await brought(binder, cache=self.cache, guard=self.guard, observe=observe)


def _environment(order: Order) -> Environment:
    if order.look is not None:
        return order.look.opened.environment
    return order.environment or Environment()
