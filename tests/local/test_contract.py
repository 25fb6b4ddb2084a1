"""What every target keeps: add one to ``CASES`` and it is held to all of this."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from binderclip import processes
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.errors import BinderclipError, LaunchError, NotTrusted, Refused
from binderclip.events import Log, Progress, Ready
from binderclip.session import Session
from binderclip.spec.model import Reference
from binderclip.targets import Target
from binderclip.targets.local import Approve, LocalTarget, Plan


@dataclass(frozen=True)
class Case:
    """A target to hold to the contract: ``make`` builds one over a cache, ``good`` comes up
    there, ``refused`` cannot, ``failing`` breaks while it is built, and ``probe`` says whether a
    session is up.
    """

    make: Callable[[Cache, Approve], Target]
    good: Environment
    refused: tuple[Environment, ...]
    failing: Environment
    probe: Callable[[Session], bool]


def files(**named: str) -> Environment:
    return Environment(files=MappingProxyType({k.replace("_", "."): v for k, v in named.items()}))


IMAGE = Reference("https://quay.io", "o/image", ref="latest")

CASES = {
    "local": Case(
        make=LocalTarget,
        good=Environment(),
        refused=(
            Environment(image=IMAGE),
            files(Dockerfile="FROM x"),
            files(apt_txt="gcc"),
            files(environment_yml="dependencies: []"),
        ),
        failing=files(requirements_txt="binderclip-no-such-package @ file:///nowhere/x.whl\n"),
        probe=lambda session: session.runtime is not None and session.runtime.home.is_dir(),
    ),
}


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def yes(plan: Plan) -> None:
    assert plan.key


async def _events(target: Target, env: Environment) -> list[Any]:
    async with aclosing(target.launch(env)) as stream:
        return [event async for event in stream]


def test_exactly_one_ready_and_it_is_last(case: Case, cache: Cache) -> None:
    async def go() -> None:
        target = case.make(cache, yes)
        events = await _events(target, case.good)
        assert all(isinstance(event, Progress | Log) for event in events[:-1])
        assert isinstance(events[-1], Ready)
        session = events[-1].session
        assert session.target == target.name
        assert case.probe(session)
        await target.stop(session)
        assert not case.probe(session)
        await target.stop(session)

    asyncio.run(go())


def test_sessions_are_apart(case: Case, cache: Cache) -> None:
    async def go() -> None:
        target = case.make(cache, yes)
        first, second = [(await _events(target, case.good))[-1].session for _ in range(2)]
        assert first.id != second.id
        await target.stop(first)
        assert case.probe(second)
        await target.stop(second)

    asyncio.run(go())


def test_stop_really_stops(case: Case, cache: Cache, alive: Callable[[int], bool]) -> None:
    async def go() -> None:
        target = case.make(cache, yes)
        session = (await _events(target, case.good))[-1].session
        if session.runtime is None:
            await target.stop(session)
            return
        with processes.start(
            session.runtime, ["sh", "-c", "trap '' TERM; sleep 600 & wait"], Path("/")
        ) as process:
            await target.stop(session)
            assert not alive(process.pid)
        assert not session.runtime.run.exists()

    asyncio.run(go())


def test_a_refusal_is_said_in_words_and_raised(case: Case, cache: Cache) -> None:
    target = case.make(cache, yes)
    assert target.refusal(case.good) is None
    for env in case.refused:
        reason = target.refusal(env)
        assert reason is not None
        assert len(reason.split()) > 5
        with pytest.raises(Refused) as caught:
            asyncio.run(_events(target, env))
        assert caught.value.message == reason


def test_a_failing_build_is_of_the_tree_of_errors(case: Case, fresh_cache: Cache) -> None:
    target = case.make(fresh_cache, yes)
    with pytest.raises(LaunchError) as caught:
        asyncio.run(_events(target, case.failing))
    assert caught.value.hint


def test_saying_no_stops_it_before_anything(case: Case, fresh_cache: Cache) -> None:
    def no(plan: Plan) -> None:
        raise NotTrusted(f"no to {plan.key}")

    with pytest.raises(NotTrusted):
        asyncio.run(_events(case.make(fresh_cache, no), case.good))
    assert not fresh_cache.environments()


@pytest.mark.parametrize("after", [1, 2, 4, 8])
def test_closing_early_cleans_up(case: Case, fresh_cache: Cache, after: int) -> None:
    async def go() -> None:
        target = case.make(fresh_cache, yes)
        async with aclosing(target.launch(case.good)) as stream:
            count = 0
            async for event in stream:
                count += 1
                assert not isinstance(event, Ready)
                if count == after:
                    break

    asyncio.run(go())
    assert nothing_is_left(fresh_cache)


@pytest.mark.parametrize("delay_s", [0, 0.05, 0.3])
def test_cancelling_cleans_up(case: Case, fresh_cache: Cache, delay_s: float) -> None:
    async def go() -> None:
        task = asyncio.create_task(_events(case.make(fresh_cache, yes), case.good))
        await asyncio.sleep(delay_s)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert nothing_is_left(fresh_cache)


def test_errors_of_all_kinds_have_codes(case: Case, fresh_cache: Cache) -> None:
    """A reminder for new targets: nothing foreign comes out of a launch."""
    for env in (*case.refused, case.failing):
        with pytest.raises(BinderclipError) as caught:
            asyncio.run(_events(case.make(fresh_cache, yes), env))
        assert caught.value.code


def nothing_is_left(cache: Cache) -> bool:
    """No environment, no folder of one, no session, no process."""
    left = [p for part in ("envs", "sessions") for p in (cache.root / part).glob("*")]
    running = processes._table()
    root = os.fsencode(cache.root)
    marked = [p for p in running if any(root in one for one in processes._environ(p))]
    return not cache.environments() and not left and not marked
