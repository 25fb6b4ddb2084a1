"""Processes that binderclip starts: each leads a group of its own and can be found again.

Two things find a process, for another binderclip too, after a ``kill -9`` of the first: a record
in the run folder (pid and start time, so that a reused pid is never taken for it), and a mark in
its environment, which its children inherit even where they leave the group and lose their parent.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from binderclip.errors import SessionError
from binderclip.session import Runtime

MARK = "BINDERCLIP_RUN"
"""The environment variable that names the run folder a process belongs to."""

_STUBBORN_S = 10.0
_TAIL = 15


class CommandFailed(Exception):
    """A command ended with ``code``, or could not be started (127); ``tail``: its last lines."""

    def __init__(self, command: str, code: int, tail: Sequence[str]) -> None:
        super().__init__(f"{command}: exit status {code}")
        self.code = code
        self.tail = tuple(tail)


def start(
    runtime: Runtime,
    argv: Sequence[str],
    cwd: Path,
    *,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in ``runtime``, through its wrapper where it has one; stdin is empty.

    Raises SessionError when it cannot be started.
    """
    words = [*([str(runtime.wrapper)] if runtime.wrapper else ()), *argv]
    try:
        return _spawn(words, cwd, runtime.environ, runtime.run, stdout=stdout, stderr=stderr)
    except OSError as error:
        raise SessionError(f"{words[0]}: could not be started ({error.strerror})") from error


async def lines(
    argv: Sequence[str], *, cwd: Path, environ: Mapping[str, str], run: Path
) -> AsyncGenerator[str, None]:
    """Run a command to its end and give each line that it prints on either stream.

    Raises CommandFailed for a status other than 0. Closing the generator kills the group.
    """
    tail: list[str] = []
    process = _started(argv, cwd, environ, run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        async with contextlib.aclosing(_read(process, process.stdout)) as printed:
            async for line in printed:
                tail = [*tail, line][-_TAIL:]
                yield line
        await _finish(process)
    finally:
        _end(process, run)
    if process.returncode:
        raise CommandFailed(str(argv[0]), process.returncode, tail)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended: its status and what it printed."""

    code: int
    stdout: bytes
    stderr: str


async def output(
    argv: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    run: Path,
    max_bytes: int = -1,
) -> Finished:
    """Run a command to its end, and read ``max_bytes`` at most of what it printed on either stream,
    or all. Raises CommandFailed when it cannot be started; cancelling kills its group.
    """
    from tempfile import TemporaryFile  # noqa: PLC0415 - a warm launch runs no command

    with TemporaryFile() as out, TemporaryFile() as err:
        process = _started(argv, cwd, environ, run, stdout=out, stderr=err)
        try:
            await _finish(process)
        finally:
            _end(process, run)
        out.seek(0)
        err.seek(0)
        said = err.read(max_bytes).decode("utf-8", "replace")
        return Finished(process.returncode, out.read(max_bytes), said)


def stop_all(run: Path, grace_s: float) -> None:
    """End every process that belongs to ``run``: ask, wait up to ``grace_s``, then kill; return
    when all are gone.

    Raises SessionError for what survives a kill for ten seconds.
    """
    began = time.monotonic()
    asked: set[int] = set()
    pause_s = 0.002
    while ours := _belonging(run):
        waited = time.monotonic() - began
        if waited > grace_s + _STUBBORN_S:
            raise SessionError(f"these processes do not end when killed: {sorted(ours)}")
        for pid in ours:
            if waited >= grace_s:
                _signal(pid, signal.SIGKILL)
            elif pid not in asked:
                _signal(pid, signal.SIGTERM)
                asked.add(pid)
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.05)
    for record in run.glob("process-*"):
        record.unlink(missing_ok=True)


# Strings, not compiled here: a warm launch prints nothing of a builder.
_CONTROLS = r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
_USERINFO = r"(?<=://)[^/\s@]+@"


def printable(line: str) -> str:
    """A line without control characters and without the user name or password of a URL."""
    return re.sub(_USERINFO, "***@", re.sub(_CONTROLS, "", line))


def _spawn(
    argv: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    run: Path,
    *,
    stdout: int | IO[bytes] | None,
    stderr: int | IO[bytes] | None,
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [str(word) for word in argv],
        cwd=cwd,
        env={**environ, MARK: str(run)},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )
    found = _look(process.pid)
    (run / f"process-{process.pid}").write_text(found.started if found else "")
    return process


def _started(
    argv: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    run: Path,
    *,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
) -> subprocess.Popen[bytes]:
    try:
        return _spawn(argv, cwd, environ, run, stdout=stdout, stderr=stderr)
    except OSError as error:
        why = f"{error.filename or argv[0]}: {error.strerror}"
        raise CommandFailed(str(argv[0]), 127, [why]) from error


async def _read(
    process: subprocess.Popen[bytes], stream: IO[bytes] | None
) -> AsyncGenerator[str, None]:
    """The lines of a process, until its output closes or, should a child that outlives it keep
    the pipe open, until the process ends and has nothing more to say.
    """
    import asyncio  # noqa: PLC0415 - `cache ls` reads this module and needs no loop

    if stream is None:
        return
    descriptor = stream.fileno()
    os.set_blocking(descriptor, False)
    loop, ready, rest = asyncio.get_running_loop(), asyncio.Event(), b""
    loop.add_reader(descriptor, ready.set)
    try:
        while True:
            # Not `wait_for`: before Python 3.12 it forgets to be cancelled when both come at once.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await ready.wait()
            if not ready.is_set() and process.poll() is not None:
                break
            ready.clear()
            try:
                chunk = os.read(descriptor, 65536)
            except BlockingIOError:
                continue
            if not chunk:
                break
            *whole, rest = re.split(rb"\r\n|\n|\r", rest + chunk)
            if len(rest) > 65536:  # noqa: PLR2004 - a line that never ends is cut like a pipe's
                whole, rest = [*whole, rest], b""
            for line in whole:
                yield printable(line.decode("utf-8", "replace"))
        if rest:
            yield printable(rest.decode("utf-8", "replace"))
    finally:
        loop.remove_reader(descriptor)


async def _finish(process: subprocess.Popen[bytes]) -> None:
    import asyncio  # noqa: PLC0415 - `cache ls` reads this module and needs no loop

    pause_s = 0.001
    while process.poll() is None:
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.05)


def _end(process: subprocess.Popen[bytes], run: Path) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
    (run / f"process-{process.pid}").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    group: int
    session: int
    started: str
    ended: bool


def _belonging(run: Path) -> set[int]:
    """The pids of the living processes that ``run`` records or marks, with their descendants and
    the members of their groups. Never this process.
    """
    table = _table()
    recorded = {
        int(record.name.removeprefix("process-")): record.read_text("ascii", "replace")
        for record in run.glob("process-*[0-9]")
    }
    leaders = {p for p, started in recorded.items() if p in table and table[p].started == started}
    mark = f"{MARK}={run}".encode()
    ours = leaders | {pid for pid in table if mark in _environ(pid)}
    ours.discard(os.getpid())
    while True:
        more = {
            p.pid
            for p in table.values()
            if p.pid not in ours and (p.parent in ours or {p.group, p.session} & leaders)
        } - {os.getpid()}
        if not more:
            return {pid for pid in ours if not table[pid].ended}
        ours |= more


def _table() -> dict[int, _Process]:
    if not sys.platform.startswith("linux"):
        return _table_of_ps()
    found = (_look(int(name)) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - hundreds
    return {process.pid: process for process in found if process is not None}


def _look(pid: int) -> _Process | None:
    if not sys.platform.startswith("linux"):
        return _table_of_ps(pid).get(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:  # noqa: PTH123 - read for every process
            text = stream.read()
    except OSError:
        return None
    # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name, field 2, may hold
    # anything; state is field 3, start time field 22.
    fields = text[text.rindex(b")") + 2 :].split()
    parent, group, session = map(int, fields[1:4])
    ended = fields[0] in {b"Z", b"X"}
    return _Process(pid, parent, group, session, fields[19].decode(), ended)


def _table_of_ps(pid: int | None = None) -> dict[int, _Process]:
    asked = ["-p", str(pid)] if pid is not None else ["-ax"]
    columns = "pid=,ppid=,pgid=,stat=,lstart="
    done = subprocess.run(["ps", *asked, "-o", columns], capture_output=True, check=False)
    table = {}
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        number, parent, group, state, started = line.split(None, 4)
        found = _Process(int(number), int(parent), int(group), 0, started, state.startswith("Z"))
        table[found.pid] = found
    return table


def _environ(pid: int) -> list[bytes]:
    """The environment a process began with; empty where it is not ours to read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:  # noqa: PTH123 - read for every process
            return stream.read().split(b"\0")
    except OSError:
        return []


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
