"""Badges: one for everybody, and one that shows whether a notebook's environment is frozen."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from binderclip.addresses.source import Source
from binderclip.badge import Badge
from binderclip.errors import BinderclipError, RateLimited, SpecError
from binderclip.gateway.api.described import kept
from binderclip.gateway.api.resource import unknown_query
from binderclip.gateway.asked import source_of
from binderclip.gateway.context import Gateway, gateway_of, one_in
from binderclip.gateway.launches.model import Look
from binderclip.gateway.visitors.who import visitor
from binderclip.portrait import environment_as_json
from binderclip.rest.faults import BadRequest

PLAIN = Badge()
FROZEN = Badge(message="binder, frozen", colour="green")
LOOSE = Badge(message="binder, not frozen", colour="orange")
WRONG = Badge(message="binder: wrong metadata", colour="red")
PATIENCE_S = 8.0
"""Those who embed pictures wait no longer; the next one who asks sees what was found."""
FRESH_S = 300.0
FAILED_S = 30.0
MOST = 2000
_AT_ONCE = 4
_MEDIA = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class _Known:
    badge: Badge
    until_s: float


class Badges:
    """What was found of late, by address. ``clock`` is in seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def of(self, gateway: Gateway, client: str, source: Source) -> tuple[Badge, bool]:
        """The badge for a notebook, and whether that is all there is to know for now. It is looked
        at once, however many ask; where that fails, nothing is said of it.
        """
        key = hashlib.sha256(source.address.encode("utf-8", "surrogatepass")).hexdigest()
        if (known := self._fresh(key)) is not None:
            return known, True
        task = self._looking.get(key)
        if task is None:
            try:
                gateway.counter.take("badges", client)
            except RateLimited:
                return PLAIN, False
            task = asyncio.create_task(self._look(gateway, client, source, key))
            self._looking[key] = task
            task.add_done_callback(lambda _: self._looking.pop(key, None))
        await asyncio.wait({task}, timeout=PATIENCE_S)
        known = self._fresh(key)
        return known or PLAIN, known is not None

    def _fresh(self, key: str) -> Badge | None:
        known = self._known.get(key)
        return known.badge if known is not None and self._clock() < known.until_s else None

    async def _look(self, gateway: Gateway, client: str, source: Source, key: str) -> None:
        badge, age_s = PLAIN, FAILED_S
        try:
            async with self._turns:
                look = await gateway.looker.look(source, client=client)
                badge, age_s = _shows(look), FRESH_S
        except SpecError:
            badge, age_s = WRONG, FRESH_S
        except BinderclipError:
            pass  # nothing is known of it
        self._known[key] = _Known(badge, self._clock() + age_s)
        self._known.move_to_end(key)
        while len(self._known) > MOST:
            self._known.popitem(last=False)


async def plain(request: Request) -> Response:
    return kept(request, _drawn(PLAIN), _MEDIA, control="public, max-age=86400")


async def of_notebook(request: Request) -> Response:
    unknown_query(request, ("url",))
    address = request.query_params.get("url", "")
    if not address:
        raise BadRequest(
            "the address: found no notebook's address, expected one behind url=",
            hint="percent-encode it: ?url=https%3A%2F%2Fexample.org%2Fx.ipynb",
        )
    source, client = source_of(address), (await visitor(request)).client
    badge, settled = await _badges(request.app).of(gateway_of(request), client, source)
    age = f"public, max-age={FRESH_S:.0f}" if settled else "no-cache"
    return kept(request, _drawn(badge), _MEDIA, control=age)


def _badges(app: Starlette) -> Badges:
    return one_in(app, Badges)


def _shows(look: Look) -> Badge:
    """Nothing is said of an environment that the notebook does not name."""
    binder = look.opened.binder
    if look.lent or binder is None:
        return PLAIN
    said = environment_as_json(binder)
    if said["bare"]:
        return PLAIN
    return FROZEN if said["frozen"] else LOOSE


@cache
def _drawn(badge: Badge) -> bytes:
    return badge.svg.encode()
