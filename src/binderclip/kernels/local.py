"""A kernel on this machine."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from binderclip.errors import ExecutionError, KernelDied
from binderclip.kernels import connection
from binderclip.kernels.child import Child, Death
from binderclip.kernels.choice import KernelChoice
from binderclip.kernels.command import command
from binderclip.session import Runtime


class LocalKernel:
    """A kernel of a Runtime. ``info`` is what its connection file says, ``started`` is of the
    monotonic clock.
    """

    def __init__(
        self,
        choice: KernelChoice,
        child: Child,
        *,
        connection_file: Path,
        info: dict[str, str | int],
        wrapped: bool,
    ) -> None:
        self.choice, self.info = choice, info
        self.started = time.monotonic()
        self._child, self._connection_file, self._wrapped = child, connection_file, wrapped

    @classmethod
    def start(cls, runtime: Runtime, choice: KernelChoice, cwd: Path) -> LocalKernel:
        """Start it inside a running event loop and return at once, while it boots. ``end`` it
        always. Raises SessionError, ExecutionError.
        """
        environ = {**runtime.environ, **choice.env, "JPY_PARENT_PID": str(os.getpid())}
        try:
            # ipykernel speaks over unix sockets for sure; of others not all do.
            path, info = connection.describe(runtime.run, unix=choice.ipython)
            child = Child.start(
                replace(runtime, environ=environ),
                command(choice, path),
                cwd,
                path.with_suffix(".log"),
            )
        except OSError as error:
            raise ExecutionError(
                f"{runtime.run}: cannot hold a kernel's files ({error.strerror})"
            ) from error
        wrapped = runtime.wrapper is not None
        return cls(choice, child, connection_file=path, info=info, wrapped=wrapped)

    @property
    def death(self) -> Death | None:
        """How it ended, if it did."""
        return self._child.death

    @property
    def alive(self) -> bool:
        return self._child.death is None

    @property
    def interrupted_by_message(self) -> bool:
        """Whether to ask over the control channel instead of sending a signal.

        A signal to the group would also hit a wrapper, which need not survive it.
        """
        return self.choice.interrupt_mode == "message" or (self._wrapped and self.choice.ipython)

    def interrupt(self) -> None:
        """SIGINT to the kernel and what it started."""
        self._child.signal(signal.SIGINT)

    def kill(self) -> None:
        """End the kernel and its group at once, without a word to either."""
        self._child.signal(signal.SIGKILL)

    async def wait(self) -> Death:
        """Until the kernel has ended."""
        return await self._child.wait()

    def failure(self, place: str) -> KernelDied:
        """The error for a cell at ``place`` whose kernel has ended."""
        return KernelDied(f"the kernel died in {place}: {self.death}")

    async def end(self, grace_s: float) -> bool:
        """As ``Child.end``; the kernel's files are gone too."""
        try:
            return await self._child.end(grace_s)
        finally:
            connection.remove(self._connection_file, self.info)

    def end_now(self) -> None:
        """Kill it with its group, without asking, and clear its files away."""
        self._child.end_now()
        connection.remove(self._connection_file, self.info)
