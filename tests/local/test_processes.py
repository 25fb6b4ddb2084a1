"""Processes are started in groups of their own, found again, and ended whole."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from binderclip import processes
from binderclip.errors import SessionError
from binderclip.session import Runtime

linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="a mark is read from /proc, which Linux has"
)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    run = tmp_path / "run"
    run.mkdir()
    yield Runtime(prefix=Path(sys.prefix), home=tmp_path, run=run, environ=dict(os.environ))
    processes.stop_all(run, 0)


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text()).endswith("\n"):
            return text
        time.sleep(0.01)
    raise AssertionError(f"{path.name} was not written")


def sh(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def test_a_process_leads_a_group_of_its_own(runtime: Runtime, tmp_path: Path) -> None:
    process = processes.start(runtime, ["sleep", "60"], tmp_path)
    assert os.getpgid(process.pid) == process.pid
    assert os.getsid(process.pid) == process.pid
    processes.stop_all(runtime.run, 5)
    assert process.wait() == -signal.SIGTERM
    assert not list(runtime.run.iterdir())


def test_the_wrapper_gets_the_command(runtime: Runtime, tmp_path: Path) -> None:
    wrapper = tmp_path / "start"
    wrapper.write_text('#!/bin/sh\nexport GREETING=hello\nexec "$@"\n')
    wrapper.chmod(0o755)
    wrapped = Runtime(
        prefix=runtime.prefix,
        home=runtime.home,
        run=runtime.run,
        environ=runtime.environ,
        wrapper=wrapper,
    )
    with processes.start(
        wrapped, sh("cat; echo $GREETING"), tmp_path, stdout=subprocess.PIPE
    ) as process:
        assert process.communicate()[0] == b"hello\n"


def test_a_command_that_is_not_there_is_a_session_error(runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="no-such-command: could not be started"):
        processes.start(runtime, ["no-such-command"], tmp_path)


def test_children_and_grandchildren_end_too(
    runtime: Runtime, tmp_path: Path, alive: Callable[[int], bool]
) -> None:
    script = f"sleep 60 & (sleep 60 & echo $! > {tmp_path}/pid; wait) & wait"
    with processes.start(runtime, sh(script), tmp_path):
        pid = int(wait_for(tmp_path / "pid"))
        processes.stop_all(runtime.run, 5)
        assert not alive(pid)


@linux
def test_a_daemon_that_left_everything_is_found_by_its_mark(
    runtime: Runtime, tmp_path: Path, alive: Callable[[int], bool]
) -> None:
    script = f"setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 60' </dev/null >/dev/null 2>&1 &"
    with processes.start(runtime, sh(script), tmp_path) as process:
        process.wait()
    pid = int(wait_for(tmp_path / "pid"))
    assert psutil.Process(pid).ppid() != process.pid
    processes.stop_all(runtime.run, 5)
    assert not alive(pid)


def test_what_ignores_being_asked_is_killed(runtime: Runtime, tmp_path: Path) -> None:
    script = f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 1; done"
    with processes.start(runtime, sh(script), tmp_path) as process:
        wait_for(tmp_path / "pid")
        processes.stop_all(runtime.run, 0.1)
        assert process.wait() == -signal.SIGKILL


def test_a_reused_pid_is_left_alone(runtime: Runtime) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        (runtime.run / f"process-{stranger.pid}").write_text("12345")
        processes.stop_all(runtime.run, 0)
        assert stranger.poll() is None
        stranger.kill()


def test_stopping_twice_and_stopping_nothing_is_fine(tmp_path: Path) -> None:
    processes.stop_all(tmp_path / "gone", 1)


def collect(argv: list[str], tmp_path: Path) -> list[str]:
    async def go() -> list[str]:
        stream = processes.lines(argv, cwd=tmp_path, environ=dict(os.environ), run=tmp_path)
        async with aclosing(stream) as lines:
            return [line async for line in lines]

    return asyncio.run(go())


def test_lines_come_from_both_streams_without_controls_and_secrets(tmp_path: Path) -> None:
    script = r"printf 'a\r\nb\033[31mred\033[0m\n'; echo https://u:p@h/x >&2; printf 'end\007'"
    assert collect(sh(script), tmp_path) == ["a", "bred", "https://***@h/x", "end"]


def test_a_failure_has_its_status_and_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(processes.CommandFailed) as caught:
        collect(sh("echo one; echo two; exit 3"), tmp_path)
    assert (caught.value.code, caught.value.tail) == (3, ("one", "two"))
    with pytest.raises(processes.CommandFailed) as caught:
        collect(["no-such-command"], tmp_path)
    assert caught.value.code == 127


def test_a_daemon_that_keeps_the_pipe_open_does_not_hold_us_up(tmp_path: Path) -> None:
    assert collect(sh("echo done; sleep 20 & exit 0"), tmp_path) == ["done"]
    processes.stop_all(tmp_path, 0)


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    found = collect([sys.executable, "-c", "print('x' * 300_000, end='')"], tmp_path)
    assert sum(map(len, found)) == 300_000
    assert len(found) > 1


def test_closing_early_kills_the_group(tmp_path: Path, alive: Callable[[int], bool]) -> None:
    async def go() -> int:
        argv = sh("sleep 60 & echo $!; wait")
        stream = processes.lines(argv, cwd=tmp_path, environ=dict(os.environ), run=tmp_path)
        async with aclosing(stream) as lines:
            return int(await anext(lines))

    pid = asyncio.run(go())
    deadline = time.monotonic() + 20
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(pid)


def test_output_keeps_the_streams_apart(tmp_path: Path) -> None:
    async def go() -> processes.Finished:
        return await processes.output(
            sh("echo out; echo err >&2; exit 4"), cwd=tmp_path, environ={}, run=tmp_path
        )

    assert asyncio.run(go()) == processes.Finished(4, b"out\n", "err\n")
