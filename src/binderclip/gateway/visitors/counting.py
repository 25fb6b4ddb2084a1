"""How much of it: rates for one client and one environment, and streams that are open."""

from __future__ import annotations

import math
import time
from collections import Counter as Numbers
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from limits import RateLimitItem, parse
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter

from binderclip.amounts import lasting
from binderclip.errors import ConfigError, RateLimited
from binderclip.gateway.settings.model import Limits, ShareSettings
from binderclip.gateway.visitors.client import WIDER, wider

Kind: TypeAlias = Literal["looks", "badges", "launches", "environment", "share"]

_MAX_KEYS = 100_000
_WORDS: dict[Kind, str] = {
    "looks": "notebooks looked at for you",
    "badges": "badges drawn for you",
    "launches": "launches of yours",
    "environment": "launches of this environment by everybody",
    "share": "notebooks shared by you",
}
_STREAMS_RETRY_S = 30.0


class Windows(Storage, MovingWindowSupport):
    """When things were done, in memory, for one event loop. The library's own ``MemoryStorage``
    starts a thread for each time it tidies up, and keeps a list for every key it ever saw.

    At most ``most`` keys are kept: those longest unused go first.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float], most: int = _MAX_KEYS) -> None:
        super().__init__()
        self._clock = clock
        self._most = most
        self._done: OrderedDict[str, deque[float]] = OrderedDict()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        done = self._within(key, expiry)
        if len(done) + amount > limit:
            return False
        done.extend([self._clock()] * amount)
        self._done[key] = done
        self._done.move_to_end(key)
        while len(self._done) > self._most:
            self._done.popitem(last=False)
        return True

    def get_moving_window(
        self,
        key: str,
        limit: int,  # noqa: ARG002 - the library's signature
        expiry: int,
    ) -> tuple[float, int]:
        done = self._within(key, expiry)
        return (done[0] if done else self._clock()), len(done)

    def _within(self, key: str, expiry: int) -> deque[float]:
        done = self._done.get(key) or deque()
        while done and done[0] <= self._clock() - expiry:
            done.popleft()
        return done

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError("moving windows count no numbers")

    def get(self, key: str) -> int:
        return len(self._done.get(key, ()))

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError("moving windows have no one end")

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        number = len(self._done)
        self._done.clear()
        return number

    def clear(self, key: str) -> None:
        self._done.pop(key, None)


class Counter:
    """Of one process. ``clock`` is in seconds and never goes back. Raises ConfigError for limits
    that are none.
    """

    def __init__(
        self,
        limits: Limits,
        share: ShareSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._items: dict[Kind, RateLimitItem] = {
            "looks": rate(limits.looks),
            "badges": rate(limits.badges),
            "launches": rate(limits.launches),
            "environment": rate(limits.environment),
            "share": rate((share or ShareSettings("")).per_client),
        }
        self._limiter = MovingWindowRateLimiter(Windows(clock))
        self._streams: Numbers[str] = Numbers()
        self._open = 0

    @property
    def streams(self) -> int:
        """How many are open."""
        return self._open

    def take(self, kind: Kind, key: str) -> None:
        """Count one. Raises RateLimited with the seconds until there is room again; what is refused
        is not counted. ``key`` is a client, or an environment's key. Those of one network of IPv6
        have ``WIDER`` times as much together.
        """
        item = self._items[kind]
        bounds = [(item, key, "")]
        if (network := wider(key)) is not None:
            bounds.append((_times(item, WIDER), network, ", and of all in your network"))
        for one, name, whose in bounds:
            if not self._limiter.test(one, kind, name):
                raise self._too_often(one, kind, name, whose)
        for one, name, _ in bounds:
            self._limiter.hit(one, kind, name)

    def _too_often(self, item: RateLimitItem, kind: Kind, key: str, whose: str) -> RateLimited:
        ends = self._limiter.get_window_stats(item, kind, key).reset_time
        wait_s = float(max(1, math.ceil(round(ends - self._clock(), 3)))) if item.amount else None
        number = "one" if item.multiples == 1 else f"{item.multiples}"
        period = f"{item.GRANULARITY.name}{'' if item.multiples == 1 else 's'}"
        return RateLimited(
            f"found more than {item.amount} {_WORDS[kind]}{whose} within {number} {period}",
            hint="try again later" if wait_s is None else f"try again in {lasting(wait_s)}",
            retry_after_s=wait_s,
        )

    @contextmanager
    def stream(self, client: str) -> Iterator[None]:
        """While an event stream is open. Raises RateLimited where enough are."""
        each, most = self._limits.streams_each, self._limits.streams
        network = wider(client)
        own = self._streams[client] >= each
        if self._open >= most or own or (network and self._streams[network] >= each * WIDER):
            found = f"{each} event streams of yours" if own else "as many event streams as fit"
            raise RateLimited(
                f"found {found} that are open already",
                hint="close a page that waits for a launch" if own else "try again in a minute",
                retry_after_s=_STREAMS_RETRY_S,
            )
        self._open += 1
        keys = [client, *([network] if network else [])]
        self._streams.update(keys)
        try:
            yield
        finally:
            self._open -= 1
            for key in keys:
                self._streams[key] -= 1
                if not self._streams[key]:
                    del self._streams[key]


def _times(item: RateLimitItem, number: int) -> RateLimitItem:
    return type(item)(item.amount * number, item.multiples)


def rate(text: str) -> RateLimitItem:
    """Raises ConfigError."""
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(
            f"found the limit {text!r}, expected a number and a period like '20/hour'",
            hint="periods are second, minute, hour and day, or several as in '5/10 minutes'",
        ) from error
