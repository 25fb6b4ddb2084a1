"""The table of launches, over a worker that does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from tests.gateway.rig_launches import AWAY, PLACE, Fake, look_at, notebook, order

from binderclip import sources
from binderclip.environment import Environment
from binderclip.errors import LaunchError, RateLimited, Refused, SessionError, TimedOut
from binderclip.events import Log, Progress
from binderclip.gateway.launches.launch import KEPT_CHARACTERS, KEPT_STEPS, Launch, settled
from binderclip.gateway.launches.model import Landing
from binderclip.gateway.launches.table import Bounds, Launches
from binderclip.gateway.settings.model import Limits
from binderclip.gateway.visitors.client import WIDER
from binderclip.gateway.visitors.counting import Counter

LIMITS = Limits(launches="1000/minute", environment="1000/minute")


class Rig:
    """Launches over a Fake, and the states that were told of."""

    def __init__(self, limits: Limits = LIMITS, bounds: Bounds | None = None) -> None:
        self.fake = Fake()
        self.seen: list[tuple[str, str]] = []
        self.launches = Launches(
            self.fake,
            limits,
            Counter(limits),
            observe=lambda launch: self.seen.append((launch.owner, launch.state)),
            bounds=bounds,
        )


def run(work: Callable[[Rig], Awaitable[None]], rig: Callable[[], Rig] = Rig) -> None:
    async def go() -> None:
        made = rig()
        try:
            async with asyncio.timeout(30):
                await work(made)
        finally:
            await made.launches.close(0)
        assert made.fake.running == 0

    asyncio.run(go())


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)


async def lines(launch: Launch, start: int = 0) -> list[str]:
    return [
        step.message if isinstance(step, Progress) else step.line
        async for _, step in launch.follow(start)
    ]


def test_a_launch_from_its_start_to_the_end_of_its_session() -> None:
    async def work(rig: Rig) -> None:
        launch = rig.launches.start(order())
        assert (launch.state, launch.under_way, launch.title) == ("waiting", True, "A title")
        follower = asyncio.create_task(lines(launch))
        rig.fake.gate.set()
        await launch.wait()
        assert launch.state == "ready"
        assert launch.landing is not None
        assert launch.landing.browsers_url == "https://s.test/lab?token=a-token"
        assert await follower == ["looking", "for ada", "it is up"]
        assert await lines(launch, 2) == ["it is up"]
        assert rig.launches.sessions == 1
        assert not launch.over
        rig.fake.over.set()
        await until(lambda: launch.over)
        assert (launch.state, launch.why) == ("stopped", "nobody used it")
        assert rig.fake.log == ["stopped"]
        assert [state for _, state in rig.seen] == ["waiting", "running", "ready", "stopped"]
        assert rig.launches.sessions == 0

    run(work)


def test_it_is_its_owners_alone() -> None:
    async def work(rig: Rig) -> None:
        launch = rig.launches.start(order())
        assert rig.launches.get(launch.id, "ada") is launch
        assert rig.launches.get(launch.id, "eve") is None
        assert rig.launches.get("no-such", "ada") is None
        assert (rig.launches.of("ada"), rig.launches.of("eve")) == ((launch,), ())
        assert len({rig.launches.start(order(owner=str(n))).id for n in range(10)}) == 10
        assert "ada" not in repr(launch)

    run(work)


def test_no_more_at_once_than_a_place_takes_and_who_waits_is_told_how_many_come_first() -> None:
    async def work(rig: Rig) -> None:
        launches = [rig.launches.start(order(owner=str(n))) for n in range(5)]
        expected = ["running"] * 2 + ["waiting"] * 3
        await until(lambda: [one.state for one in launches] == expected and rig.fake.running == 2)
        await rig.launches.stop(launches[2])
        rig.fake.gate.set()
        for launch in launches:
            await launch.wait()
        assert rig.fake.most == 2
        told = [line for line in await lines(launches[4]) if "busy" in line]
        assert [line.partition(": ")[2] for line in told] == [
            "2 other launches are waiting before this one",
            "1 other launch is waiting before this one",
            "it is the next one",
        ]
        assert [one.state for one in launches] == ["ready", "ready", "stopped", "ready", "ready"]

    run(work)


def test_a_turn_that_is_given_to_one_who_leaves_goes_to_the_next() -> None:
    async def work(rig: Rig) -> None:
        place = replace(PLACE, at_once=1)
        first, second, third = (
            rig.launches.start(order(place, owner=str(number))) for number in range(3)
        )
        await until(lambda: third.state == "waiting" and third.steps.end > 1)
        rig.fake.gate.set()
        await first.wait()  # the turn is passed on to the second in this very moment
        await rig.launches.stop(second)
        await third.wait()
        assert third.state == "ready"

    run(work)


def test_a_place_does_not_wait_for_another() -> None:
    async def work(rig: Rig) -> None:
        place = replace(PLACE, at_once=1)
        here = [rig.launches.start(order(place, owner=str(n))) for n in range(2)]
        away = rig.launches.start(order(AWAY))
        await until(lambda: rig.fake.running == 2)
        assert [one.state for one in (*here, away)] == ["running", "waiting", "running"]

    run(work)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Refused("no", hint="why"), (Refused, "no", "why")),
        (ValueError("a secret"), (LaunchError, "a fault of the service itself (ValueError)", None)),
    ],
)
def test_what_goes_wrong_is_its_error(
    error: Exception, expected: tuple[type, str, str | None]
) -> None:
    async def work(rig: Rig) -> None:
        rig.fake.error = error
        rig.fake.gate.set()
        launch = rig.launches.start(order())
        await launch.wait()
        kind, message, hint = expected
        assert (launch.state, launch.over) == ("failed", True)
        assert launch.error is not None
        assert type(launch.error) is kind
        assert launch.error.message == message
        assert launch.error.hint == hint or hint is None
        assert launch.error.__traceback__ is None
        assert rig.fake.log == ["cleaned up"]

    run(work)


def test_one_that_takes_too_long_is_ended() -> None:
    async def work(rig: Rig) -> None:
        launch = rig.launches.start(order())
        await launch.wait()
        assert isinstance(launch.error, TimedOut)
        assert rig.fake.log == ["cleaned up"]

    run(work, lambda: Rig(replace(LIMITS, launch_s=0.05)))


@pytest.mark.parametrize("steps", range(6))
def test_stopping_cleans_up_whenever_it_comes(steps: int) -> None:
    async def work(rig: Rig) -> None:
        launch = rig.launches.start(order())
        for _ in range(steps):
            await asyncio.sleep(0)
        await rig.launches.stop(launch)
        assert (launch.state, launch.over, launch.error) == ("stopped", True, None)
        assert rig.fake.running == 0
        assert await lines(launch) == await lines(launch)
        await rig.launches.stop(launch)  # again is fine

    run(work)


@pytest.mark.parametrize("lives", [True, False])
def test_stopping_what_is_up_ends_its_session(*, lives: bool) -> None:
    async def work(rig: Rig) -> None:
        rig.fake.lives = lives
        rig.fake.gate.set()
        launch = rig.launches.start(order())
        await launch.wait()
        await rig.launches.stop(launch)
        assert (launch.state, launch.why, rig.fake.log) == (
            "stopped",
            "it was stopped",
            ["stopped"],
        )
        await rig.launches.stop(launch)
        assert rig.fake.log == ["stopped"]

    run(work)


def test_one_that_cannot_be_stopped_can_be_tried_again() -> None:
    async def work(rig: Rig) -> None:
        rig.fake.lives = False
        rig.fake.gate.set()
        launch = rig.launches.start(order(AWAY))
        await launch.wait()
        rig.fake.stop_error = SessionError("it does not answer")
        with pytest.raises(SessionError, match="it does not answer"):
            await rig.launches.stop(launch)
        assert launch.state == "ready"
        rig.fake.stop_error = None
        await rig.launches.stop(launch)
        assert (launch.state, rig.fake.log) == ("stopped", ["stopped"])

    run(work)


def test_closing_finishes_what_is_under_way_and_hands_back_what_is_elsewhere() -> None:
    async def work(rig: Rig) -> None:
        here, away = rig.launches.start(order()), rig.launches.start(order(AWAY, owner="bob"))
        rig.fake.lives = False
        asyncio.get_running_loop().call_later(0.05, rig.fake.gate.set)
        await rig.launches.close(20)
        assert (here.state, away.state) == ("ready", "ready")
        assert rig.fake.log == []
        with pytest.raises(RateLimited) as caught:
            rig.launches.start(order())
        assert caught.value.retry_after_s

    run(work)


def test_closing_stops_sessions_of_this_process() -> None:
    async def work(rig: Rig) -> None:
        rig.fake.gate.set()
        launch = rig.launches.start(order())
        await launch.wait()
        await rig.launches.close(0)
        assert (launch.state, rig.fake.log) == ("stopped", ["stopped"])

    run(work)


def test_closing_tells_those_that_do_not_finish_why() -> None:
    async def work(rig: Rig) -> None:
        launch = rig.launches.start(order())
        follower = asyncio.create_task(lines(launch))
        await asyncio.sleep(0.01)
        await rig.launches.close(0.05)
        assert launch.state == "failed"
        assert launch.error is not None
        assert "shut down" in launch.error.message
        assert await follower
        assert rig.fake.log == ["cleaned up"]

    run(work)


def test_limits_for_a_client_and_an_environment() -> None:
    async def work(rig: Rig) -> None:
        rig.fake.gate.set()
        for number in range(2):
            await rig.launches.start(order(owner=f"o{number}", client="ada")).wait()
        with pytest.raises(RateLimited) as caught:
            rig.launches.start(order(owner="o3", client="ada"))
        assert caught.value.retry_after_s
        await rig.launches.start(order(owner="bob")).wait()
        with pytest.raises(RateLimited, match="environment"):
            rig.launches.start(order(owner="eve"))
        # What is not known yet is counted once it is.
        source = sources.resolve("https://example.org/x.ipynb")
        late = rig.launches.start(order(owner="tim", source=source))
        await late.wait()
        assert isinstance(late.error, RateLimited)

    run(work, lambda: Rig(Limits(launches="2/hour", environment="3/hour")))


def test_one_client_has_so_many_under_way_and_a_place_so_many_waiting() -> None:
    async def work(rig: Rig) -> None:
        for _ in range(2):
            rig.launches.start(order())
        with pytest.raises(RateLimited, match="2 launches of yours under way"):
            rig.launches.start(order())
        place = replace(PLACE, at_once=2)
        for number in range(2):
            rig.launches.start(order(place, owner=f"o{number}"))
        with pytest.raises(RateLimited, match="more launches waiting"):
            rig.launches.start(order(place, owner="bob"))

    run(work, lambda: Rig(bounds=Bounds(each=2, waiting=1)))


def test_notebooks_that_wait_are_held_within_bounds_and_then_let_go() -> None:
    async def work(rig: Rig) -> None:
        launch = rig.launches.start(order())
        with pytest.raises(RateLimited, match="more launches waiting"):
            rig.launches.start(order(owner="bob"))
        rig.fake.gate.set()
        await launch.wait()
        assert launch.order.look is None
        assert launch.order.source is not None
        assert launch.title == "A title"

    run(work, lambda: Rig(bounds=Bounds(held_bytes=int(len(notebook()) * 1.5))))


def test_so_many_sessions_of_this_process() -> None:
    async def work(rig: Rig) -> None:
        rig.fake.gate.set()
        place = replace(PLACE, sessions=1)
        first = rig.launches.start(order(place))
        await first.wait()
        with pytest.raises(RateLimited, match="runs 1 notebooks"):
            rig.launches.start(order(place, owner="bob"))
        rig.launches.start(order(AWAY, owner="bob"))
        await rig.launches.stop(first)
        rig.launches.start(order(place, owner="bob"))

    run(work)


def test_an_environment_alone_and_a_source_alone() -> None:
    async def work(rig: Rig) -> None:
        rig.fake.gate.set()
        alone = rig.launches.start(order(environment=Environment()))
        source = sources.resolve("https://example.org/deep/x.ipynb")
        named = rig.launches.start(order(source=source))
        assert named.title == "x.ipynb"
        for launch in (alone, named):
            await launch.wait()
            assert launch.state == "ready"
        assert (alone.title, named.title) == ("an environment", "A title")

    run(work)


def test_what_is_over_for_long_is_forgotten_and_elsewhere_when_its_hub_has_ended_it() -> None:
    async def work(rig: Rig) -> None:
        rig.fake.gate.set()
        rig.fake.lives = False
        for place in (AWAY, replace(AWAY, longest_s=-1)):
            await rig.launches.start(order(place)).wait()
        (kept,) = rig.launches.of("ada")
        assert kept.state == "ready"
        await rig.launches.stop(kept)
        assert rig.launches.of("ada") == ()

    run(work, lambda: Rig(bounds=Bounds(age_s=-1)))


def test_launches_that_are_over_leave_room_for_others() -> None:
    """table: 5000 that fail at once kept everybody else from launching for an hour."""

    async def work(rig: Rig) -> None:
        rig.fake.error = LaunchError("no")
        rig.fake.gate.set()
        for number in range(6):
            await rig.launches.start(order(owner=str(number))).wait()
        assert [bool(rig.launches.of(str(number))) for number in range(6)] == [False] * 2 + [
            True
        ] * 4
        rig.fake.error = None
        rig.fake.gate.clear()
        for number in range(4):
            rig.launches.start(order(AWAY, owner=f"alive {number}"))
        with pytest.raises(RateLimited, match="more launches waiting"):
            rig.launches.start(order(owner="bob"))

    run(work, lambda: Rig(bounds=Bounds(known=4)))


def test_what_is_up_elsewhere_is_forgotten_last_and_one_at_a_time() -> None:
    """Who fills the table takes nobody's list away."""

    async def work(rig: Rig) -> None:
        rig.fake.gate.set()
        rig.fake.lives = False
        for number in range(3):
            await rig.launches.start(order(AWAY, owner=f"up {number}")).wait()
        rig.fake.error = LaunchError("no")
        for number in range(5):
            await rig.launches.start(order(owner=f"bad {number}")).wait()
        assert rig.launches.sessions == 3
        rig.fake.error = None
        for number in range(3, 5):
            await rig.launches.start(order(AWAY, owner=f"up {number}")).wait()
        kept = [number for number in range(5) if rig.launches.of(f"up {number}")]
        assert kept == [1, 2, 3, 4]

    run(work, lambda: Rig(bounds=Bounds(known=4)))


def test_networks_of_ipv6_have_so_many_under_way_together() -> None:
    """Who rents a /48 has 65,536 clients' networks."""

    async def work(rig: Rig) -> None:
        place = replace(PLACE, sessions=100, at_once=20)
        for number in range(WIDER):
            rig.launches.start(order(place, client=f"2001:db8:1:{number:x}::/64"))
        with pytest.raises(RateLimited, match="16 launches of your network"):
            rig.launches.start(order(place, client="2001:db8:1:ffff::/64"))
        rig.launches.start(order(place, client="2001:db8:2::/64"))

    run(work, lambda: Rig(bounds=Bounds(each=1)))


def test_steps_are_bounded_in_number_and_length() -> None:
    launch = Launch(order())
    for number in range(KEPT_STEPS + 3):
        launch.tell(Log(f"{number} " + "x" * (2 * KEPT_CHARACTERS)))
    assert (len(launch.steps), launch.steps.first) == (KEPT_STEPS, 3)
    last = launch.steps[-1]
    assert isinstance(last, Log)
    assert len(last.line) == KEPT_CHARACTERS


def test_of_what_a_builder_printed_only_the_end_is_kept_for_long() -> None:
    async def work(rig: Rig) -> None:
        launch = rig.launches.start(order())
        for number in range(50):
            launch.tell(Log(str(number)))
        rig.fake.gate.set()
        await launch.wait()
        told = launch.steps.end
        assert rig.launches.of("ada") == (launch,)
        assert [number async for number, _ in launch.follow()] == [told - 2, told - 1]

    run(work, lambda: Rig(bounds=Bounds(told=2, read_s=-1)))


def test_settled_waits_so_long() -> None:
    async def work(rig: Rig) -> None:
        launch = rig.launches.start(order())
        assert not await settled(launch, 0.01)
        rig.fake.gate.set()
        assert await settled(launch, 10)

    run(work)


@pytest.mark.parametrize(
    ("url", "sends", "expected"),
    [
        ("https://s.test/lab", True, "https://s.test/lab?token=a%2Fb"),
        ("https://s.test/lab?x=1", True, "https://s.test/lab?x=1&token=a%2Fb"),
        ("https://s.test/lab#x", True, "https://s.test/lab?token=a%2Fb#x"),
        ("https://s.test/lab", False, "https://s.test/lab"),
    ],
)
def test_where_a_browser_is_sent(url: str, *, sends: bool, expected: str) -> None:
    landing = Landing(url, "https://s.test/", token="a/b", sends_token=sends)
    assert landing.browsers_url == expected
    assert "a/b" not in repr(landing)
    assert "a%2Fb" not in repr(landing)


def test_machines_of_the_operator_are_not_counted() -> None:
    async def work(rig: Rig) -> None:
        for _ in range(3):
            rig.launches.start(order(trusted=True))
        rig.launches.start(order())
        with pytest.raises(RateLimited):
            rig.launches.start(order(owner="eve", client="ada"))
        rig.fake.gate.set()

    limits = Limits(launches="1/hour", environment="1000/minute")
    run(work, lambda: Rig(limits, Bounds(each=10)))
    assert Limits().launches == "60/hour"


def test_the_same_notebook_of_the_same_person_at_the_same_place_is_found() -> None:
    async def work(rig: Rig) -> None:
        first = rig.launches.start(order())
        assert rig.launches.up(order()) is None
        rig.fake.gate.set()
        await first.wait()
        assert first.order.look is None
        assert rig.launches.up(order()) is first
        second = rig.launches.start(order())
        await second.wait()
        assert rig.launches.up(order()) is second
        look = replace(look_at(notebook()), digest="another")
        for other in (order(AWAY), order(owner="eve"), order(urlpath="lab"), order(look=look)):
            assert rig.launches.up(other) is None
        await rig.launches.stop(second)
        assert rig.launches.up(order()) is first

    run(work)
