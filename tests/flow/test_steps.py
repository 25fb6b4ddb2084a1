"""Steps: numbered, bounded, followed by many."""

from __future__ import annotations

import asyncio

from binderclip.steps import Steps


def test_followers_see_all_of_it_in_order_and_end_with_it() -> None:
    async def work() -> None:
        steps: Steps[str] = Steps(10)
        steps.tell("a")

        async def follow(start: int) -> list[tuple[int, str]]:
            return [pair async for pair in steps.follow(start)]

        followers = [asyncio.create_task(follow(start)) for start in (0, 1, 5)]
        await asyncio.sleep(0)
        steps.tell("b")
        steps.close()
        steps.tell("too late")
        steps.close()
        assert [await one for one in followers] == [[(0, "a"), (1, "b")], [(1, "b")], []]
        assert (len(steps), steps[-1], list(steps), steps.end) == (2, "b", ["a", "b"], 2)

    asyncio.run(work())


def test_of_too_many_the_last_are_kept_under_their_numbers() -> None:
    async def work() -> None:
        steps: Steps[int] = Steps(3)
        seen: list[tuple[int, int]] = []

        async def slow() -> None:
            async for pair in steps.follow():
                seen.append(pair)
                await asyncio.sleep(0.01)

        steps.tell(0)
        following = asyncio.create_task(slow())
        await asyncio.sleep(0.001)
        for number in range(1, 10):
            steps.tell(number)
        steps.close()
        await following
        assert seen == [(0, 0), (7, 7), (8, 8), (9, 9)]
        assert (steps.first, len(steps), steps.end) == (7, 3, 10)

    asyncio.run(work())


def test_waiting_is_for_any_change() -> None:
    async def work() -> None:
        steps: Steps[str] = Steps(3)
        waiting = [asyncio.create_task(steps.wait()) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(one.done() for one in waiting)
        steps.wake()
        await asyncio.gather(*waiting)

    asyncio.run(work())
