"""What the local target keeps beyond the contract of all (tests/targets)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from binderclip import processes
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.errors import NotTrusted
from binderclip.events import Ready
from binderclip.targets.local import LocalTarget, Plan


@pytest.mark.slow
def test_stop_ends_what_ignores_being_asked(
    local: LocalTarget, alive: Callable[[int], bool]
) -> None:
    async def go() -> None:
        async with aclosing(local.launch(Environment())) as stream:
            last = [event async for event in stream][-1]
        assert isinstance(last, Ready)
        runtime = last.session.runtime
        assert runtime is not None
        command = ["sh", "-c", "trap '' TERM; sleep 600 & wait"]
        with processes.start(runtime, command, Path("/")) as process:
            await local.stop(last.session)
            assert not alive(process.pid)
        assert not runtime.run.exists()

    asyncio.run(go())


def test_saying_no_stops_it_before_anything(fresh_cache: Cache) -> None:
    def no(plan: Plan) -> None:
        raise NotTrusted(f"no to {plan.key}")

    async def go() -> None:
        async with aclosing(LocalTarget(fresh_cache, no).launch(Environment())) as stream:
            with pytest.raises(NotTrusted):
                [event async for event in stream]

    asyncio.run(go())
    assert not fresh_cache.environments()
