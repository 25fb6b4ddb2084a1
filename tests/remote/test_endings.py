"""Kernels and servers that end in the middle of a run, and people who end one."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.execute.conftest import Ran, notebook
from tests.remote.conftest import QUICK, Running, RunThere, run_there, serving
from tests.remote.cutting import Cutter

from binderclip import execute
from binderclip.errors import Interrupted, KernelDied, SessionError

SLEEP = "print('begun', flush=True)\nimport time\ntime.sleep(60)"
STUBBORN = (
    "print('begun', flush=True)\nimport time\nwhile True:\n"
    "    try: time.sleep(60)\n    except KeyboardInterrupt: pass"
)


def once_saved(text: bytes, work: Callable[[], object]) -> Callable[..., None]:
    """An observer that does ``work`` in a thread once ``text`` was saved."""
    done = threading.Event()

    def observe(event: execute.RunEvent) -> None:
        if done.is_set() or not isinstance(event, execute.Saved):
            return
        if text in event.path.read_bytes():
            done.set()
            threading.Thread(target=work).start()

    return observe


def there(jupyter: Running) -> set[str]:
    """The kernels that run; those of other tests may be about to end."""
    return {kernel["id"] for kernel in jupyter.get("api/kernels")}


def wait_gone(jupyter: Running, before: set[str]) -> None:
    """Until no kernel is there that was not there ``before``."""
    deadline = time.monotonic() + 30
    while there(jupyter) - before:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_kernel_that_exits_is_told_from_a_cell_that_fails(run: RunThere) -> None:
    ran = run(
        notebook(
            "x = 1",
            "print('last words', flush=True)\nimport os, time; time.sleep(0.3); os._exit(3)",
            "print('never')",
        )
    )
    assert isinstance(ran.error, KernelDied)
    assert "the kernel died in cell 2 (code cell 2" in str(ran.error)
    assert "the server started it anew" in str(ran.error)
    assert str(ran.output) in (ran.error.hint or "")
    assert [ran.said(1), ran.said(2)] == ["last words\n", ""]


@pytest.mark.slow
def test_a_kernel_that_dies_during_a_break_is_noticed(run: RunThere, cutter: Cutter) -> None:
    def outage() -> None:
        cutter.refuse()
        cutter.cut(everything=True)
        threading.Timer(5.0, lambda: cutter.refuse(refuse=False)).start()

    source = "print('begun', flush=True)\nimport os, time; time.sleep(1); os._exit(3)"
    ran = run(notebook(source), through=cutter, observe=once_saved(b'"begun', outage))
    assert isinstance(ran.error, KernelDied)
    assert ran.said(0) == "begun\n"


@pytest.mark.slow
def test_a_kernel_that_somebody_else_deletes_is_dead(run: RunThere, jupyter: Running) -> None:
    def delete() -> None:
        mine = [one for one in jupyter.get("api/sessions") if "deleted" in one["path"]]
        jupyter.ask("DELETE", f"api/sessions/{mine[0]['id']}")

    ran = run(notebook(SLEEP), observe=once_saved(b'"begun', delete), path="deleted/nb.ipynb")
    assert isinstance(ran.error, KernelDied)
    assert "somebody or something else ended it" in str(ran.error)
    assert ran.said(0) == "begun\n"


@pytest.mark.slow
def test_a_kernel_that_cannot_start_is_said_to_be(run: RunThere, jupyter: Running) -> None:
    jupyter.add_kernel("broken", "/does/not/exist", language="broken")
    ran = run(notebook("1"), kernel="broken")
    assert isinstance(ran.error, SessionError)
    assert "the start of the kernel 'broken'" in str(ran.error)


@pytest.mark.slow
def test_a_kernel_that_ends_at_once_is_dead(run: RunThere, jupyter: Running) -> None:
    jupyter.add_kernel("short", "false", language="short")
    ran = run(notebook("1"), kernel="short", timing=replace(QUICK, boot_s=4.0))
    assert isinstance(ran.error, KernelDied | SessionError)
    assert not ran.output.exists()


@pytest.mark.slow
def test_a_server_that_is_killed_under_a_run_keeps_what_was_done(
    tools: Path, tmp_path: Path
) -> None:
    with serving(tools, tmp_path / "server") as running:
        ran = asyncio.run(
            run_there(
                running,
                tmp_path / "out.ipynb",
                notebook("print('done')", SLEEP),
                observe=once_saved(b'"begun', running.process.kill),
                timing=replace(QUICK, patience_s=1.0),
            )
        )
    ran.load()
    assert isinstance(ran.error, SessionError)
    assert "there is no connection to it" in str(ran.error)
    assert running.token not in f"{ran.error!r}{ran.error.hint}"
    assert [ran.said(0), ran.said(1)] == ["done\n", "begun\n"]


def cancelled(jupyter: Running, output: Path, source: str, *after_s: float) -> Any:
    """Run ``source`` and cancel it once it has begun, and again ``after_s`` later. What it
    raised, and how many seconds after the last time.
    """

    async def work() -> tuple[BaseException | None, float]:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()
        observe = once_saved(b'"begun', lambda: loop.call_soon_threadsafe(begun.set))
        task = asyncio.create_task(
            run_there(jupyter, output, notebook("x = 1", source, "print('never')"), observe=observe)
        )
        await begun.wait()
        task.cancel()
        for pause_s in after_s:
            await asyncio.sleep(pause_s)
            task.cancel()
        last = time.monotonic()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        error = result.error if isinstance(result, Ran) else result
        return error, time.monotonic() - last

    return asyncio.run(work())


@pytest.mark.slow
def test_cancelling_interrupts_saves_and_ends_the_kernel(jupyter: Running, tmp_path: Path) -> None:
    before = there(jupyter)
    source = f"{SLEEP[:-15]}\ntry:\n    time.sleep(60)\nfinally:\n    print('cleaned up')"
    error, _ = cancelled(jupyter, tmp_path / "out.ipynb", source)
    assert isinstance(error, Interrupted)
    assert str(error) == "interrupted in cell 2 (code cell 2, [2])"
    ran = Ran(tmp_path / "out.ipynb", [])
    ran.load()
    assert "cleaned up" in ran.said(1)
    assert ran.cells[1]["outputs"][-1]["ename"] == "KeyboardInterrupt"
    assert ran.cells[2]["outputs"] == []
    assert not there(jupyter) - before


@pytest.mark.slow
def test_cancelling_twice_does_not_wait(jupyter: Running, tmp_path: Path) -> None:
    before = there(jupyter)
    error, _ = cancelled(jupyter, tmp_path / "out.ipynb", STUBBORN, 0.7)
    assert isinstance(error, asyncio.CancelledError)
    ran = Ran(tmp_path / "out.ipynb", [])
    ran.load()
    assert "begun" in ran.said(1)
    wait_gone(jupyter, before)


@pytest.mark.slow
def test_a_cell_that_does_not_listen_is_killed_in_the_end(jupyter: Running, tmp_path: Path) -> None:
    before = there(jupyter)
    error, _ = cancelled(jupyter, tmp_path / "out.ipynb", STUBBORN)
    assert isinstance(error, Interrupted)
    assert not there(jupyter) - before


@pytest.mark.parametrize("pause_s", [0.0, 0.01, 0.05, 0.2, 0.4, 0.5, 0.6])
@pytest.mark.slow
def test_cancelling_at_any_other_time_leaves_nothing(
    jupyter: Running, tmp_path: Path, pause_s: float
) -> None:
    before = there(jupyter)

    async def work() -> Any:
        task = asyncio.create_task(run_there(jupyter, tmp_path / "out.ipynb", notebook("1")))
        await asyncio.sleep(pause_s)
        task.cancel()
        return (await asyncio.gather(task, return_exceptions=True))[0]

    result = asyncio.run(work())
    if isinstance(result, Ran):
        assert result.error is None or isinstance(result.error, Interrupted)
    else:  # before anything was begun, or when all was done
        assert isinstance(result, asyncio.CancelledError)
    wait_gone(jupyter, before)
