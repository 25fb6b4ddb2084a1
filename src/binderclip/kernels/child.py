"""A process that leads a group: watched to its end, and gone with all that it started."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from binderclip import processes
from binderclip.kernels.leash import Leash
from binderclip.session import Runtime

# What outlives the process gets this long between being asked to end and being killed.
_REST_GRACE_S = 1.0
# A process that was killed goes at once, unless a device holds it.
_KILLED_S = 5.0
_MAX_LOG_BYTES = 4096
_LOG_LINES = 8
_RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Death:
    """How a process ended: its exit status, or the negative number of the signal that killed it;
    the most memory that it held at once; and the last lines that it logged, fit to be shown.
    """

    code: int
    peak_bytes: int
    log: str

    def __str__(self) -> str:
        number = -self.code if self.code < 0 else self.code - 128  # a shell's way to say so
        try:
            name = signal.Signals(number).name
        except ValueError:
            how = f"it ended with exit status {self.code}"
        else:
            how = f"it was killed by signal {number} ({name})"
            if number == signal.SIGKILL:
                how += ", probably because memory ran out"
        return f"{how}; it had used up to {self.peak_bytes / 2**20:.0f} MiB of memory"


class Child:
    """A process of a Runtime, and its group. It ends when we do, even by ``kill -9``."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.death: Death | None = None
        self._process, self._log = process, log
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[Death] = self._loop.create_future()
        self._reaper = threading.Thread(target=self._reap, daemon=True, name="reaper")
        self._reaper.start()
        self._leash = Leash(process.pid)

    @classmethod
    def start(cls, runtime: Runtime, argv: Sequence[str], cwd: Path, log: Path) -> Child:
        """Start it inside a running event loop; ``log`` gets what it prints. ``end`` it always.

        Raises SessionError when it cannot be started, OSError where ``log`` cannot be made.
        """
        with log.open("wb") as stream:
            process = processes.start(runtime, argv, cwd, stdout=stream, stderr=stream)
        return cls(process, log)

    @property
    def pid(self) -> int:
        """Of the process, or of the wrapper that it runs under; the group has it too."""
        return self._process.pid

    def signal(self, number: signal.Signals | int) -> bool:
        """Send it to the whole group. False when nobody is left there."""
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS: of a group of ended processes
            return False
        return True

    async def wait(self) -> Death:
        """Until the process has ended."""
        return await asyncio.shield(self._ended)

    async def end(self, grace_s: float) -> bool:
        """Wait up to ``grace_s`` for a process that was asked to end, then kill it; return when
        its group is gone too. True if it ended by itself. Cancelling kills at once.
        """
        by_itself = False
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self.wait()
                by_itself = True
            if by_itself and self.signal(signal.SIGTERM):
                await self._group_gone(_REST_GRACE_S)
        finally:
            self.end_now()
        return by_itself

    def end_now(self) -> None:
        """Kill it with its group, without asking."""
        self.signal(signal.SIGKILL)
        self._reaper.join(_KILLED_S)
        self._leash.release()
        self._log.unlink(missing_ok=True)

    async def _group_gone(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        # Nothing tells when a group is empty.
        while self.signal(0) and time.monotonic() < deadline:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)

    def _reap(self) -> None:
        """In a thread of its own: the only wait that tells of the memory, and without polling."""
        _, status, usage = os.wait4(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self._process.returncode = code
        self.death = death = Death(code, usage.ru_maxrss * _RSS_UNIT_BYTES, self._tail())
        with suppress(RuntimeError):  # the loop was closed before the process ended
            self._loop.call_soon_threadsafe(self._tell, death)

    def _tell(self, death: Death) -> None:
        if not self._ended.done():
            self._ended.set_result(death)

    def _tail(self) -> str:
        try:
            with self._log.open("rb") as stream:
                stream.seek(max(0, os.fstat(stream.fileno()).st_size - _MAX_LOG_BYTES))
                text = stream.read().decode("utf-8", "replace")
        except OSError:
            return ""
        lines = (processes.printable(line).rstrip() for line in text.splitlines())
        return "\n".join([line for line in lines if line][-_LOG_LINES:])
