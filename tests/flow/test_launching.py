"""Launching on the first target that takes an environment, and stopping whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from binderclip.environment import Environment
from binderclip.errors import (
    BinderclipError,
    BuildFailed,
    LaunchError,
    NotTrusted,
    RateLimited,
    Refused,
    SessionError,
    TimedOut,
    Unreachable,
)
from binderclip.events import Event, Progress, Ready
from binderclip.flow import Candidate, launched, launched_on_first
from binderclip.session import Session
from binderclip.targets import TargetName


@dataclass
class Place:
    """A target that does as it is told."""

    name: TargetName = "server"
    reason: str | None = None
    fails: BinderclipError | None = None
    stopping: BinderclipError | None = None
    silent: bool = False
    stopped: list[str] = field(default_factory=list)
    pause_s: float = 0

    def refusal(self, env: Environment) -> str | None:
        return self.reason if env.bare else None

    async def launch(self, env: Environment) -> AsyncGenerator[Event, None]:
        yield Progress("launching", f"{env.key[:4]} on {self.name}")
        if self.fails:
            raise self.fails
        if not self.silent:
            yield Ready(Session(target=self.name, id="a", url="http://x/"))

    async def stop(self, session: Session) -> None:
        await asyncio.sleep(self.pause_s)
        if self.stopping:
            raise self.stopping
        self.stopped.append(session.id)


def first(*places: Place, leave: bool = False) -> tuple[str, list[str]]:
    """The name of what was taken, and what was told."""
    told: list[Event] = []
    candidates = [Candidate(place, f"place {n}", "why") for n, place in enumerate(places, 1)]

    async def go() -> str:
        async with launched_on_first(candidates, Environment(), told.append, leave=leave) as (
            candidate,
            _,
        ):
            return candidate.place

    taken = asyncio.run(go())
    return taken, [event.message for event in told if isinstance(event, Progress)]


def test_the_first_that_takes_it() -> None:
    one, two = Place(reason="it builds nothing"), Place()
    taken, told = first(one, two, Place())
    assert taken == "place 2"
    assert told[:2] == ["not place 1: it builds nothing", "place 2: why"]
    assert two.stopped == ["a"]


@pytest.mark.parametrize(
    "error",
    [Unreachable("gone"), TimedOut("slow"), RateLimited("wait", retry_after_s=3), Refused("no")],
)
def test_one_that_does_not_come_up_is_passed_over(error: BinderclipError) -> None:
    taken, told = first(Place(fails=error), Place())
    assert taken == "place 2"
    assert f"not place 1: {error.message}" in told
    with pytest.raises(type(error)):
        first(Place(fails=error))
    with pytest.raises(type(error)):
        first(Place(fails=error), Place(fails=error))


@pytest.mark.parametrize("error", [BuildFailed("b"), NotTrusted("n"), LaunchError("x")])
def test_other_failures_are_final(error: BinderclipError) -> None:
    after = Place()
    with pytest.raises(type(error)):
        first(Place(fails=error), after)
    assert not after.stopped


def test_all_refuse() -> None:
    with pytest.raises(Refused) as caught:
        first(Place(reason="no files"), Place(reason="no images"))
    assert caught.value.message == "place 1: no files\nplace 2: no images"


def test_a_launch_without_a_session_is_an_error() -> None:
    with pytest.raises(LaunchError, match="without a session"):
        first(Place(silent=True))


def test_it_is_left_when_that_is_wanted_and_all_goes_well() -> None:
    place = Place()
    first(place, leave=True)
    assert not place.stopped


def broken(place: Place, *, leave: bool) -> None:
    async def go() -> None:
        async with launched_on_first(
            [Candidate(place, "there", "why")], Environment(), lambda _: None, leave=leave
        ):
            raise SessionError("it broke")

    asyncio.run(go())


@pytest.mark.parametrize("leave", [False, True])
def test_it_is_stopped_when_something_goes_wrong(leave: bool) -> None:  # noqa: FBT001 - a parameter
    place = Place()
    with pytest.raises(SessionError, match="it broke"):
        broken(place, leave=leave)
    assert place.stopped == ["a"]


def test_what_went_wrong_first_counts_more() -> None:
    with pytest.raises(SessionError, match="it broke"):
        broken(Place(stopping=SessionError("not stopped")), leave=False)
    with pytest.raises(SessionError, match="not stopped"):
        first(Place(stopping=SessionError("not stopped")))


def test_stopping_is_not_cut_short() -> None:
    """A Ctrl-C while it is being stopped waits for that, and is raised then."""
    place = Place(pause_s=0.2)

    async def body() -> None:
        async with launched(place, Environment(), lambda _: None):
            pass

    async def go() -> None:
        task = asyncio.create_task(body())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert place.stopped == ["a"]
