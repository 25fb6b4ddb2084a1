"""Ctrl-C, and being killed, in a process of its own: what is saved, and that nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.execute.conftest import notebook

from binderclip import processes

DRIVER = Path(__file__).with_name("driver.py")
BUSY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])
print('begun', child.pid, flush=True)
try:
    time.sleep(300)
finally:
    print('cleaned up', flush=True)
"""
STUBBORN = """
import subprocess, sys, time, signal
child = subprocess.Popen(['sh', '-c', 'trap "" INT TERM; while true; do sleep 1; done'])
print('begun', child.pid, flush=True)
while True:
    try:
        time.sleep(300)
    except KeyboardInterrupt:
        pass
"""
EXEC = '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n'
NO_EXEC = '#!/bin/sh\nexport WRAPPED=yes\n"$@"\n'

Start = Callable[..., "Driven"]


class Driven:
    """The driver at work."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process, self.folder = process, folder
        self.output = folder / "out.ipynb"

    def said(self, cell: int = 0) -> str:
        content = json.loads(self.output.read_bytes())
        return "".join("".join(o.get("text", [])) for o in content["cells"][cell]["outputs"])

    def wait_saved(self, text: str) -> None:
        until(lambda: self.output.exists() and text in self.output.read_text("utf-8"))

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str]:
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out.splitlines()[-1]

    def left(self) -> set[int]:
        return processes._belonging(self.folder / "run")


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


@pytest.fixture
def start(prefix: Path, tmp_path: Path) -> Iterator[Start]:
    begun: list[subprocess.Popen[str]] = []

    def begin(*cells: str, wrapper: str | None = None) -> Driven:
        path = tmp_path / "nb.ipynb"
        path.write_bytes(notebook(*cells))
        words: list[str | Path] = [sys.executable, DRIVER, prefix, tmp_path, path]
        if wrapper is not None:
            script = tmp_path / "start"
            script.write_text(wrapper)
            script.chmod(0o755)
            words.append(script)
        process = subprocess.Popen(
            [os.fspath(word) for word in words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        begun.append(process)
        return Driven(process, tmp_path)

    yield begin
    for process in begun:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    processes.stop_all(tmp_path / "run", 0.0)


@pytest.mark.parametrize("wrapper", [None, EXEC, NO_EXEC], ids=["plain", "exec", "no exec"])
def test_ctrl_c_interrupts_saves_and_leaves_nothing(start: Start, wrapper: str | None) -> None:
    driven = start("x = 1", BUSY, "print('never')", wrapper=wrapper)
    driven.wait_saved("begun")
    driven.interrupt()
    code, last = driven.end()
    assert (code, last) == (130, "error interrupted interrupted in cell 2 (code cell 2, [2])")
    assert "cleaned up" in driven.said(1)
    content = json.loads(driven.output.read_bytes())
    assert content["cells"][1]["outputs"][-1]["ename"] == "KeyboardInterrupt"
    assert content["cells"][2]["outputs"] == []
    assert not driven.left()


def test_a_second_ctrl_c_kills(start: Start) -> None:
    driven = start(STUBBORN)
    driven.wait_saved("begun")
    driven.interrupt()
    time.sleep(0.5)
    driven.interrupt()
    code, last = driven.end()
    assert (code, last) == (130, "killed")
    assert "begun" in driven.said()
    assert not driven.left()


@pytest.mark.slow
def test_a_cell_that_does_not_listen_is_killed_in_the_end(start: Start) -> None:
    driven = start(STUBBORN)
    driven.wait_saved("begun")
    driven.interrupt()
    code, last = driven.end()
    assert code == 130
    assert last.startswith("error interrupted")
    assert not driven.left()


@pytest.mark.parametrize("event", ["", "KernelReady", "CellStarted", "CellFinished"])
def test_ctrl_c_at_any_other_time_leaves_nothing(start: Start, event: str) -> None:
    driven = start("1", "import time; time.sleep(60)")
    assert driven.process.stdout is not None
    until(lambda: (driven.folder / "run").is_dir() and any((driven.folder / "run").iterdir()))
    while event and driven.process.stdout.readline().strip() != event:
        pass
    driven.interrupt()
    code, last = driven.end()
    assert code == 130
    assert last.startswith("error interrupted")
    assert not driven.left()


@pytest.mark.parametrize("wrapper", [None, EXEC, NO_EXEC], ids=["plain", "exec", "no exec"])
def test_when_we_are_killed_the_kernel_and_its_children_go(
    start: Start, wrapper: str | None
) -> None:
    driven = start("x = 1", BUSY, wrapper=wrapper)
    driven.wait_saved("begun")
    driven.process.kill()
    driven.process.wait()
    until(lambda: not driven.left())
    assert "begun" in driven.said(1)


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(16))
def test_being_killed_at_any_moment_leaves_a_whole_file(start: Start, moment: int) -> None:
    source = "for n in range(400):\n    print('x' * 5000, flush=True)"
    driven = start(source, source, source)
    until(lambda: driven.output.exists() or driven.process.poll() is not None)
    time.sleep(0.03 * moment)
    driven.process.kill()
    driven.process.wait()
    assert len(json.loads(driven.output.read_bytes())["cells"]) == 3
    until(lambda: not driven.left())
