"""Too much of everything. Each test names the limit; what stays below it goes through first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from limits import parse
from tests.gateway.rig_visits import Visits, visiting

from binderclip.amounts import lasting
from binderclip.errors import ConfigError, RateLimited
from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings
from binderclip.gateway.visitors.client import WIDER, counted, wider
from binderclip.gateway.visitors.counting import Counter, Windows
from binderclip.gateway.visitors.sent import Busy, Sent

FREE = PlaceSettings("free", "binderhub", "Free", url="https://hub.test/", ask=False)


def after(settings: Settings, story: Callable[[Visits], Awaitable[Any]], **options: Any) -> Any:
    async def go() -> Any:
        async with visiting(settings, **options) as client:
            return await story(client)

    return asyncio.run(go())


def test_launches_of_one_client_are_counted_whatever_cookie_they_bring(settings: Settings) -> None:
    """``Counter.take`` by the address: throwing cookies away gives nothing."""
    few = replace(settings, places={"free": FREE}, default="free", limits=Limits(launches="3/hour"))

    async def story(client: Visits) -> list[int]:
        found = []
        for _ in range(4):
            client.cookies.clear()
            found.append((await client.get("build/https://example.org/x.ipynb")).status_code)
        return found

    assert after(few, story) == [200, 200, 200, 429]


def test_a_limit_says_when_there_is_room_again() -> None:
    now = [0.0]
    counter = Counter(Limits(launches="2/10 minutes"), clock=lambda: now[0])
    counter.take("launches", "a")
    now[0] = 60
    counter.take("launches", "a")
    now[0] = 100
    with pytest.raises(
        RateLimited, match="more than 2 launches of yours within 10 minutes"
    ) as told:
        counter.take("launches", "a")
    assert told.value.retry_after_s == 500
    assert told.value.hint == "try again in 8 minutes"
    counter.take("launches", "b")
    counter.take("looks", "a")
    now[0] = 601
    counter.take("launches", "a")
    with pytest.raises(RateLimited) as told:
        counter.take("launches", "a")
    assert told.value.retry_after_s == 59


def test_launches_of_one_environment_are_counted_for_everybody() -> None:
    counter = Counter(Limits(environment="2/hour"))
    counter.take("environment", "key")
    counter.take("environment", "key")
    with pytest.raises(RateLimited, match="by everybody"):
        counter.take("environment", "key")


@example([("a", 4.389267843022871), *[("a", 0.0)] * 3])  # not a second more than the window
@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 40)), max_size=60))
def test_within_no_window_is_there_more_than_the_limit(steps: list[tuple[str, float]]) -> None:
    now, done = [0.0], dict[str, list[float]](a=[], b=[])
    counter = Counter(Limits(looks="3/minute"), clock=lambda: now[0])
    for key, pause in steps:
        now[0] += pause
        within = [then for then in done[key] if then > now[0] - 60]
        if len(within) < 3:
            counter.take("looks", key)
            done[key].append(now[0])
            continue
        with pytest.raises(RateLimited) as told:
            counter.take("looks", key)
        assert told.value.retry_after_s is not None
        assert 1 <= told.value.retry_after_s <= 60


def test_clients_without_end_fill_no_memory() -> None:
    """The library's own storage keeps a list for each, and starts threads."""
    windows = Windows(lambda: 0.0, most=10)
    for number in range(1000):
        assert windows.acquire_entry(f"key {number}", 1, 60)
    assert windows.reset() == 10
    assert not windows.get("key 999")


def test_open_streams_are_counted_for_each_and_for_all() -> None:
    counter = Counter(Limits(streams=3, streams_each=2))
    with counter.stream("a"):
        with counter.stream("a"), pytest.raises(RateLimited, match="2 event streams of yours"):
            counter.stream("a").__enter__()
        with counter.stream("b"), counter.stream("c"):
            assert counter.streams == 3
            with pytest.raises(RateLimited, match="as many event streams as fit"):
                counter.stream("d").__enter__()
    with pytest.raises(KeyError), counter.stream("a"):
        raise KeyError
    assert counter.streams == 0


@pytest.mark.parametrize("text", ["", "many", "20", "20/fortnight", "-1/hour", "1/hour; x"])
def test_what_is_no_limit_is_said_at_the_start(text: str) -> None:
    with pytest.raises(ConfigError, match="expected a number and a period"):
        Counter(Limits(looks=text))


def test_nothing_at_all_may_be_a_limit() -> None:
    with pytest.raises(RateLimited) as told:
        Counter(Limits(looks="0/hour")).take("looks", "a")
    assert told.value.retry_after_s is None


def test_words_for_waits() -> None:
    assert [lasting(s) for s in (1, 90, 300, 86400)] == [
        "1 seconds",
        "90 seconds",
        "5 minutes",
        "24 hours",
    ]
    assert parse("5/10 minutes").get_expiry() == 600


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "here"),
        ("unix", "unix"),
        ("x" * 1000, "x" * 64),
    ],
)
def test_whom_limits_count(host: str, client: str) -> None:
    """Of IPv6, where everybody has more addresses than they can use up, the network."""
    assert counted(host) == client


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("203.0.113.7", None),
        ("user x/64", None),
        ("here", None),
    ],
)
def test_the_network_around_a_client(client: str, network: str | None) -> None:
    assert wider(client) == network


def test_all_of_one_network_of_ipv6_have_a_bound_too() -> None:
    """One who rents a /48 is 65,536 clients; what is refused is counted for none of them."""
    now = [0.0]
    counter = Counter(Limits(launches="2/minute", streams_each=1), clock=lambda: now[0])
    for number in range(WIDER):
        for _ in range(2):
            counter.take("launches", f"2001:db8:1:{number:x}::/64")
    with pytest.raises(RateLimited, match="32 launches of yours, and of all in your network"):
        counter.take("launches", "2001:db8:1:ffff::/64")
    counter.take("launches", "2001:db8:2::/64")
    now[0] = 61
    counter.take("launches", "2001:db8:1:ffff::/64")
    with ExitStack() as opened:
        for number in range(WIDER):
            opened.enter_context(counter.stream(f"2001:db8:1:{number:x}::/64"))
        with pytest.raises(RateLimited):
            counter.stream("2001:db8:1:ffff::/64").__enter__()
        opened.enter_context(counter.stream("2001:db8:2::/64"))
    with counter.stream("2001:db8:1:ffff::/64"):
        assert counter.streams == 1


LARGE = str(2 << 20)


def test_large_bodies_are_held_so_many_at_a_time() -> None:
    """validate: 24 of 14 MiB at once."""
    held = Sent(each=2, most=3)
    with held.held("a", LARGE), held.held("a", None):
        for length in (LARGE, None, "9" * 30, "-1", "x"):
            with pytest.raises(RateLimited, match="2 large bodies of yours"):
                held.held("a", length).__enter__()
        with held.held("a", "1000"), held.held("b", LARGE):
            with pytest.raises(Busy) as told:
                held.held("c", LARGE).__enter__()
            assert (told.value.http_status, told.value.retry_after_s) == (503, 10)
    with held.held("a", LARGE), held.held("a", LARGE):
        pass


def test_bodies_are_read_few_at_a_time_and_who_waits_too_long_is_told_so() -> None:
    async def story() -> None:
        turns = Sent(at_once=2, wait_s=0.01)
        async with turns.turn(), turns.turn():
            with pytest.raises(Busy):
                await turns.turn().__aenter__()
        async with turns.turn(), turns.turn():
            pass

    asyncio.run(story())


def test_who_a_client_says_it_is_counts_for_nothing(settings: Settings) -> None:
    """Uvicorn believes the proxies of the settings, and nothing behind it looks at headers."""

    async def story(client: Visits) -> str:
        headers = {"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.1"}
        return str((await client.get("who", headers=headers)).json()["client"])

    assert after(settings, story) == "203.0.113.7"


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x=" + b"y" * 4096 + b"&"


async def slow() -> AsyncIterator[bytes]:
    yield b"x="
    await asyncio.sleep(30)
    yield b"y"


async def short() -> AsyncIterator[bytes]:
    yield b"x=y"


@pytest.mark.parametrize(("body", "status"), [(short, 200), (endless, 413), (slow, 408)])
def test_bodies_that_never_end_and_bodies_that_never_come(
    settings: Settings, body: Callable[[], AsyncIterator[bytes]], status: int
) -> None:
    """``bodies.whole`` counts what came, whatever was announced, and waits no longer than so."""

    async def story(client: Visits) -> httpx.Response:
        return await client.post("form/slow", content=body())

    assert after(settings, story).status_code == status


@pytest.mark.parametrize("told", ["70000", "9" * 30, "-1", "1e9"])
def test_a_body_is_refused_by_what_it_announces_before_it_is_read(
    settings: Settings, told: str
) -> None:
    async def story(client: Visits) -> httpx.Response:
        fields = (await client.get("form", params={"address": "x"})).json()
        kind = "application/x-www-form-urlencoded"
        body = str(httpx.QueryParams({**fields, "address": "x"})).encode()
        headers = {"Content-Type": kind, "Content-Length": told}
        return await client.post("form", content=body, headers=headers)

    assert after(settings, story).status_code == (413 if told.isdigit() else 200)


def test_a_form_of_very_many_fields_is_none(settings: Settings) -> None:
    async def story(client: Visits) -> httpx.Response:
        return await client.post("form", data={f"k{number}": "" for number in range(500)})

    assert after(settings, story).status_code == 422
