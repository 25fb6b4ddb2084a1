"""What every target keeps. A new one joins by a file in ``cases/``: see ``conftest.py``."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from tests.targets.case import Case, Noted

from binderclip.environment import Environment
from binderclip.errors import BinderclipError, LaunchError, Refused
from binderclip.events import Log, Progress, Ready
from binderclip.targets import Target


async def _events(target: Target, env: Environment) -> list[Any]:
    async with aclosing(target.launch(env)) as stream:
        return [event async for event in stream]


def test_exactly_one_ready_and_it_is_last(case: Case) -> None:
    async def go() -> None:
        ledger = Noted()
        target = case.make(ledger)
        events = await _events(target, case.good)
        assert all(isinstance(event, Progress | Log) for event in events[:-1])
        assert isinstance(events[-1], Ready)
        session = events[-1].session
        assert session.target == target.name
        assert (session.url is None) is (session.runtime is not None)
        assert await case.up(session)
        await target.stop(session)
        assert await case.up(session) is not session.owned
        await target.stop(session)

    asyncio.run(go())


def test_the_ledger_has_what_is_to_be_stopped(case: Case) -> None:
    async def go() -> None:
        ledger = Noted()
        target = case.make(ledger)
        session = (await _events(target, case.good))[-1].session
        assert set(ledger.sessions) == ({session.id} if case.noted else set())
        await target.stop(session)
        assert not ledger.sessions

    asyncio.run(go())


def test_sessions_are_apart(case: Case) -> None:
    async def go() -> None:
        target = case.make(Noted())
        first, second = [(await _events(target, case.good))[-1].session for _ in range(2)]
        assert first.id != second.id
        if case.apart:
            await target.stop(first)
            assert await case.up(second)
        await target.stop(second)
        await target.stop(first)

    asyncio.run(go())


def test_another_target_can_stop_it(case: Case) -> None:
    """As another process does, which knows the session from its record alone."""
    if not case.elsewhere:
        pytest.skip("sessions of this target end with the process that launched them")

    async def go() -> None:
        session = (await _events(case.make(Noted()), case.good))[-1].session
        await case.make(Noted()).stop(session)
        assert await case.up(session) is not session.owned

    asyncio.run(go())


def test_a_refusal_is_said_in_words_and_raised(case: Case) -> None:
    target = case.make(Noted())
    assert target.refusal(case.good) is None
    for env in case.refused:
        reason = target.refusal(env)
        assert reason is not None
        assert len(reason.split()) > 5
        with pytest.raises(Refused) as caught:
            asyncio.run(_events(target, env))
        assert caught.value.message == reason


def test_a_failing_launch_is_of_the_tree_of_errors(case: Case) -> None:
    ledger = Noted()
    target, env = case.failing(ledger)
    with pytest.raises(LaunchError) as caught:
        asyncio.run(_events(target, env))
    assert caught.value.hint
    assert not ledger.sessions
    assert not case.left()


@pytest.mark.parametrize("after", [1, 2, 4, 8])
def test_closing_early_cleans_up(case: Case, after: int) -> None:
    ledger = Noted()

    async def go() -> None:
        target = case.make_fresh(ledger)
        async with aclosing(target.launch(case.good)) as stream:
            count = 0
            async for event in stream:
                count += 1
                if isinstance(event, Ready):
                    # Handed over before so many events: from here on it is the caller's to stop.
                    await target.stop(event.session)
                if count == after:
                    break

    asyncio.run(go())
    assert not ledger.sessions
    assert not case.left()


@pytest.mark.parametrize("delay_s", [0, 0.05, 0.3])
def test_cancelling_cleans_up(case: Case, delay_s: float) -> None:
    ledger = Noted()

    async def go() -> None:
        target = case.make_fresh(ledger)
        task = asyncio.create_task(_events(target, case.good))
        await asyncio.sleep(delay_s)
        task.cancel()
        try:
            events = await task
        except asyncio.CancelledError:
            return
        await target.stop(events[-1].session)  # it was faster than we were

    asyncio.run(go())
    assert not ledger.sessions
    assert not case.left()


def test_nothing_foreign_is_raised_and_no_secret_shown(case: Case) -> None:
    async def go() -> None:
        ledger = Noted()
        target = case.make(ledger)
        shown = [repr(target)]
        events = await _events(target, case.good)
        shown += map(repr, events)
        await target.stop(events[-1].session)
        failing, broken = case.failing(ledger)
        for tried, env in [(failing, broken), *((target, env) for env in case.refused)]:
            with pytest.raises(BinderclipError) as caught:
                await _events(tried, env)
            error = caught.value
            assert error.code
            shown += [error.message, error.hint or "", repr(error)]
        shown += ledger.places
        for secret in case.secrets:
            assert not [text for text in shown if secret in text]

    asyncio.run(go())
