"""Several processes over one cache, and processes killed at many moments."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from binderclip import processes
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.targets.local import LocalTarget, sessions

if TYPE_CHECKING:
    # pytest imports conftest by its path, so that its names are there for types alone.
    from tests.local.conftest import Approvals, Launched, Origin

Launch = Callable[[LocalTarget, Environment], "Launched"]

LAUNCH = """
    import asyncio, sys
    from pathlib import Path
    from binderclip.cache import Cache
    from binderclip.environment import Environment
    from binderclip.spec.model import Reference
    from binderclip.targets.local import LocalTarget
    async def main():
        target = LocalTarget(Cache(Path({root!r})), lambda plan: None)
        async for event in target.launch({env}):
            print(type(event).__name__, getattr(event, "message", ""), flush=True)
        await target.stop(event.session)
    asyncio.run(main())
"""


def begin(root: Path, env: str) -> subprocess.Popen[str]:
    script = textwrap.dedent(LAUNCH).format(root=str(root), env=env)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def of_files(files: Mapping[str, str]) -> str:
    return f"Environment(files={dict(files)!r})"


@pytest.mark.slow
def test_two_processes_build_once_and_the_second_says_that_it_waits(tmp_path: Path) -> None:
    files = {"postBuild": f"echo x >> {tmp_path}/count\n"}
    both = [begin(tmp_path / "cache", of_files(files)) for _ in range(2)]
    told = []
    for process in both:
        with process:
            told.append(process.communicate(timeout=200)[0])
            assert process.returncode == 0
    assert all(text.splitlines()[-1].startswith("Ready") for text in told)
    assert (tmp_path / "count").read_text() == "x\n"
    assert sum("waiting" in text or "another process" in text for text in told) == 1


def left_running(root: Path) -> list[int]:
    """Processes that belong to a run folder under ``root``."""
    mark = f"{processes.MARK}={root}".encode()
    return [
        pid
        for pid, process in processes._table().items()
        if not process.ended and any(one.startswith(mark) for one in processes._environ(pid))
    ]


def check_after_kill(cache: Cache) -> None:
    """Nothing half-made is visible: what is visible works."""
    for shown in cache.environments():
        found = cache.find(shown.key, shown.python)
        assert found is not None
        python = cache.folder(shown.key, found.token) / "prefix" / "bin" / "python"
        subprocess.run([python, "-c", "import ipykernel, six"], check=True)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kill_9_at_any_moment_leaves_nothing_half_made(
    tmp_path: Path, approvals: Approvals, launched: Launch, origin: Origin
) -> None:
    """Moments are spread over a whole build, plus a little; after each, the cache is looked at
    by another process, and at the end a launch must succeed and nothing may be left.
    """
    origin.commit({"requirements.txt": "six\n", "postBuild": "python -c 'import six'; sleep 0.3\n"})
    reference = origin.reference
    env = Environment(build=reference)
    text = f"Environment(build=Reference({reference.host!r}, {reference.path!r}))"
    cache = Cache(tmp_path / "cache")
    began = time.monotonic()
    with begin(tmp_path / "measure", text) as process:
        assert process.communicate(timeout=200)[0].splitlines()[-1].startswith("Ready")
    whole_s = time.monotonic() - began
    moments = random.Random(7)
    for step in range(12):
        with begin(cache.root, text) as process:
            time.sleep(whole_s * (step + moments.random()) / 11)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        check_after_kill(cache)
        if step % 3:
            cache.prune(everything=True)
    cache.sweep()
    assert not left_running(cache.root)
    tokens = [path for path in cache.root.glob("envs/*/*") if path.is_dir()]
    assert len(tokens) == len(cache.environments())
    found = launched(LocalTarget(cache, approvals), env)
    runtime = found.session.runtime
    assert runtime is not None
    subprocess.run([runtime.python, "-c", "import ipykernel, six"], check=True)


@pytest.mark.slow
def test_what_a_killed_build_left_running_is_ended_by_the_next(
    tmp_path: Path, approvals: Approvals, launched: Launch
) -> None:
    """Its ``postBuild`` goes on writing into the folder that the next build has to remove."""
    once = f"test -e {tmp_path}/done && exit 0; touch {tmp_path}/done; "
    loop = f"while :; do mkdir -p x/$RANDOM; echo $$ > {tmp_path}/pid; sleep 0.01; done\n"
    files = {"postBuild": "#!/bin/bash\n" + once + loop}
    cache = Cache(tmp_path / "cache")
    with begin(cache.root, of_files(files)) as process:
        deadline = time.monotonic() + 120
        while not (tmp_path / "pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert left_running(cache.root)
    launched(LocalTarget(cache, approvals), Environment(files=files))
    assert not left_running(cache.root)
    assert len([path for path in cache.root.glob("envs/*/*") if path.is_dir()]) == 1


@pytest.mark.slow
def test_pruning_against_launching(tmp_path: Path, approvals: Approvals) -> None:
    """A launch ends with an environment that is there, whatever is removed meanwhile."""
    cache = Cache(tmp_path / "cache")
    target = LocalTarget(cache, approvals)

    async def go() -> None:
        for _ in range(4):
            events = [event async for event in target.launch(Environment())]
            session = events[-1].session  # type: ignore[union-attr]
            await asyncio.to_thread(cache.prune, everything=True)
            assert session.runtime is not None
            assert session.runtime.python.exists()
            await target.stop(session)
            pruning = asyncio.create_task(asyncio.to_thread(cache.prune, everything=True))
            events = [event async for event in target.launch(Environment())]
            await pruning
            session = events[-1].session  # type: ignore[union-attr]
            assert session.runtime is not None
            assert session.runtime.python.exists()
            await target.stop(session)

    asyncio.run(go())


def test_a_thread_is_at_its_end_before_its_cancelling_is_told() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait()
        ended.set()

    async def main() -> None:
        task = asyncio.create_task(sessions.to_its_end(work))
        await asyncio.to_thread(begun.wait)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(main())
