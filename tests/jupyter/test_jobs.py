"""Jobs and freezing, without a server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable

import pytest

from binderclip.errors import (
    Failure,
    FreezeFailed,
    Problem,
    RateLimited,
    SpecError,
    TimedOut,
    TooLarge,
)
from binderclip.freeze.options import Options
from binderclip.guard import PublicGuard
from binderclip.jupyter.routes import freezing
from binderclip.jupyter.routes.jobs import KEPT_LINE, KEPT_STEPS, Job, Jobs, Limits, Outcome
from binderclip.spec.model import JSON

# Freezing


@pytest.mark.parametrize(
    "line",
    [
        "-i http://10.0.0.1/simple",
        "--index-url=HTTPS://10.0.0.1:8443/simple",
        "x @ https://me:secret@10.0.0.1/x.whl",
        "x @ git+ssh://git@10.0.0.1/x",
        "-f http:\\\\10.0.0.1\\x",
        "-f http:10.0.0.1",
        "-f http://10%2e0.0.1",
        "-f http://\uff11\uff10.0.0.1",
        "-f http://167772161/",
        "-f http://[::ffff:10.0.0.1]/",
    ],
)
def test_no_private_address_in_a_file_is_asked(line: str) -> None:
    lines = line if "@" in line else f"{line}\nsix"
    text = f"--no-index\n{lines}\n" if "-f " in line else f"{lines}\n"
    value: JSON = {"version": 1, "files": {"requirements.txt": text}}

    async def check() -> None:
        with pytest.raises(FreezeFailed) as caught:
            await freezing.work(value, Options(python="3.11"), PublicGuard())(lambda _line: None)
        (failure,) = caught.value.failures
        # "resolve": uv takes HTTPS: for the name of a folder.
        assert failure.error.code in {"address-forbidden", "refused", "resolve"}
        if failure.error.code == "address-forbidden":
            assert "allowed_networks" in str(caught.value)

    working(check)


MUCH = """
import asyncio
from binderclip.freeze.options import Options
from binderclip.guard import PublicGuard
from binderclip.jupyter.routes import freezing

files = {"README.md": "a" * 900_000, "runtime.txt": "python-3.11"}
work = freezing.work({"version": 1, "files": files}, Options(), PublicGuard())
print(asyncio.run(work(print))["changed"])
"""


def test_much_text_holds_up_nothing() -> None:
    """40 kB of one letter took twelve seconds once, at which the server stood still."""
    done = subprocess.run(
        [sys.executable, "-c", MUCH], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == "False\n", done.stderr


def test_a_result_may_not_be_of_any_size() -> None:
    value: JSON = {"version": 1, "mine": "a" * (5 << 20)}

    async def check() -> None:
        with pytest.raises(TooLarge, match="4"):
            await freezing.work(value, Options(), PublicGuard())(lambda _line: None)

    working(check)


# Jobs


async def ended(job: Job) -> Job:
    while not job.ended:
        await job.wait()
    return job


def working(jobs: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(jobs(), 60))


async def at_once(observe: Callable[[str], None]) -> Outcome:
    observe("x" * 2 * KEPT_LINE)
    return {"thread": threading.current_thread().name}


async def never(_: Callable[[str], None]) -> Outcome:
    await asyncio.Event().wait()
    return {}


def test_work_is_done_in_a_thread_of_its_own() -> None:
    async def check() -> None:
        job = await ended(Jobs().start(at_once))
        assert job.state == "done"
        assert job.result == {"thread": "binderclip-jobs"}
        assert [len(step.message) for step in job.steps] == [KEPT_LINE]

    working(check)


def test_what_is_raised_is_the_outcome() -> None:
    async def broken(_: Callable[[str], None]) -> Outcome:
        raise SpecError((Problem("a", "b", "c"),))

    async def check() -> None:
        job = await ended(Jobs().start(broken))
        assert (job.state, type(job.error)) == ("failed", SpecError)

    working(check)


def test_what_takes_too_long_is_ended() -> None:
    async def gives_up(_: Callable[[str], None]) -> Outcome:
        raise TimeoutError("its own")

    async def check() -> None:
        job = await ended(Jobs(Limits(longest_s=0.01)).start(never))
        assert (job.state, type(job.error)) == ("failed", TimedOut)
        job = await ended(Jobs().start(gives_up))
        assert type(job.error) is TimeoutError

    working(check)


def test_a_job_is_its_owners() -> None:
    async def check() -> None:
        jobs = Jobs()
        job = await ended(jobs.start(at_once, "ann"))
        assert jobs.get(job.id, "ann") is job
        assert jobs.get(job.id, "bob") is None
        assert jobs.get(job.id) is None

    working(check)


def test_an_error_holds_on_to_nothing() -> None:
    async def broken(_: Callable[[str], None]) -> Outcome:
        try:
            freezing.check({"version": 9})
        except SpecError as error:
            raise FreezeFailed((Failure("binder.files", error),)) from error
        return {}

    async def odd(_: Callable[[str], None]) -> Outcome:
        raise KeyError("odd")

    async def check() -> None:
        error = (await ended(Jobs().start(broken))).error
        assert isinstance(error, FreezeFailed)
        for one in (error, error.failures[0].error):
            assert (one.__traceback__, one.__cause__, one.__context__) == (None, None, None)
        error = (await ended(Jobs().start(odd))).error
        assert error is not None
        assert error.__traceback__ is None
        assert "in odd" in "".join(error.__notes__)

    working(check)


def test_cancelled_ones_end_once() -> None:
    cleaned = threading.Event()

    async def slow(_: Callable[[str], None]) -> Outcome:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()
        return {}

    async def check() -> None:
        jobs = Jobs()
        job = jobs.start(slow)
        while job.state == "waiting":
            await job.wait()
        assert jobs.drop(job.id)
        assert not jobs.drop(job.id)
        assert jobs.get(job.id) is None
        assert (await ended(job)).state == "cancelled"
        await asyncio.to_thread(cleaned.wait)
        assert job.state == "cancelled"

    working(check)


def test_finished_ones_make_room_and_grow_old() -> None:
    async def check() -> None:
        jobs = Jobs(Limits(kept=2))
        first = await ended(jobs.start(at_once))
        second = jobs.start(never)
        third = jobs.start(at_once)
        assert jobs.get(first.id) is None
        await ended(third)
        fourth = jobs.start(never)
        with pytest.raises(RateLimited):
            jobs.start(at_once)
        assert jobs.get(second.id)
        for one in (second, fourth):
            jobs.drop(one.id)
        forgetful = Jobs(Limits(age_s=-1))
        job = await ended(forgetful.start(at_once))
        assert forgetful.get(job.id) is None

    working(check)


def test_of_very_many_steps_the_last_are_kept() -> None:
    async def check() -> None:
        job = Job("x", 0.0)
        for number in range(KEPT_STEPS + 10):
            job.tell(str(number))
        assert len(job.steps) == KEPT_STEPS
        job.end("done", result={})
        seen = [(number, step.message) async for number, step in job.follow()]
        assert seen == [(n, str(n)) for n in range(10, KEPT_STEPS + 10)]
        assert [number async for number, _ in job.follow(KEPT_STEPS + 8)] == [
            KEPT_STEPS + 8,
            KEPT_STEPS + 9,
        ]
        job.tell("too late")
        assert job.steps[-1].message != "too late"

    working(check)


def test_followers_see_everything_as_it_comes() -> None:
    async def check() -> None:
        job = Job("x", 0.0)

        async def follow() -> list[str]:
            return [step.message async for _, step in job.follow()]

        followers = [asyncio.create_task(follow()) for _ in range(3)]
        for number in range(5):
            job.tell(str(number))
            await asyncio.sleep(0)
        job.end("done", result={})
        assert await asyncio.gather(*followers) == [["0", "1", "2", "3", "4"]] * 3

    working(check)


CROWDED = """
import asyncio, os, resource
from binderclip.jupyter.routes.jobs import Jobs

async def work(observe):
    return {}

async def main():
    jobs, most = Jobs(), resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(0) + 1, most[1]))
    try:
        jobs.start(work)
    except RuntimeError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_NOFILE, most)
    job = jobs.start(work)
    while not job.ended:
        await job.wait()
    print(job.state)

asyncio.run(main())
"""


def test_a_thread_that_cannot_begin_holds_up_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CROWDED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == ["the thread for jobs did not start", "done"]


def test_what_is_under_way_is_put_away_at_the_end_of_the_process() -> None:
    """Also what takes threads for that, which executors do not give any more by then."""
    script = """
import asyncio
from binderclip.jupyter.routes.jobs import Jobs

async def work(tell):
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.to_thread(print, "put away", flush=True)

async def main():
    await asyncio.to_thread(int)  # a thread of an executor, as servers have them
    job = Jobs().start(work)
    while job.state != "running":
        await job.wait()

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("put away\n", "")
