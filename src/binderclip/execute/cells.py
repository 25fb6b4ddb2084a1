"""Cells executed one after the other: what each tells, how each can fail, how one is stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nbclient.exceptions import CellExecutionError, DeadKernelError

from binderclip.errors import CellTimedOut, ExecutionError
from binderclip.execute import failures
from binderclip.execute.client import CellClient
from binderclip.execute.document import Document
from binderclip.execute.events import CellFinished, CellStarted, RunEvent
from binderclip.execute.kernel import Channels, Kernel
from binderclip.execute.options import RunOptions

SKIP_TAG = "skip-execution"

# For a cell that was interrupted: its own cleaning up, and the traceback.
_INTERRUPT_GRACE_S = 5.0
# A kernel ignores interrupts until it has begun with the cell, and ipykernel loses some until it
# is well under way.
_BEGIN_S = 1.0
_UNDER_WAY_S = 0.25
# For outputs on their way when the kernel dies.
_LAST_WORDS_S = 0.2
_HEAD = 200


class Cells:
    """The cells of ``document``, over a kernel that is ready. ``changed`` is called whenever
    there is something new to save.
    """

    def __init__(
        self,
        document: Document,
        kernel: Kernel,
        channels: Channels,
        *,
        options: RunOptions,
        observe: Callable[[RunEvent], None],
        changed: Callable[[], None],
    ) -> None:
        self.document = document
        self.errors: list[failures.CellError] = []
        self.done = 0
        self._kernel, self._channels = kernel, channels
        self._timeout_s, self._observe, self._changed = options.timeout_s, observe, changed
        self._max_output = options.max_output
        self._client = CellClient(
            document.nb,
            kernel,
            channels,
            changed=self._touched,
            allow_errors=options.allow_errors,
            max_output=options.max_output,
        )
        self._index = -1
        self._task: asyncio.Task[Any] | None = None

    @property
    def resting(self) -> bool:
        """True when no cell is being executed."""
        return self._task is None or self._task.done()

    @property
    def place(self) -> str:
        """The cell that was begun last, in words."""
        return failures.place(self._index, self.document.nb.cells)

    async def run(self) -> None:
        """Execute all. Raises CellFailed, CellTimedOut, KernelDied at the first that fails, and
        SessionError where a kernel of a server is out of reach.
        """
        cells = self.document.nb.cells
        wanted = [index for index, cell in enumerate(cells) if _executable(cell)]
        for index in wanted:
            self.document.clear(index)
        for index in wanted:
            await self._execute(index)
        self._client.set_widgets_metadata()

    def render(self) -> bytes:
        """The notebook with all that has come so far."""
        self._client.settle()
        return self.document.render()

    async def stop(self) -> None:
        """Interrupt the cell that is being executed and wait for what it says to that; kill the
        kernel if it does not listen.
        """
        task = self._task
        if task is None or task.done():
            return
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_BEGIN_S):
                    await self._client.begun.wait()
            if await self._ended(task, _UNDER_WAY_S):
                return
            await self._channels.interrupt()
            if not await self._ended(task, _INTERRUPT_GRACE_S):
                self._kernel.kill()
        finally:
            await _gone(task)
            self._touched(self._index)

    async def _execute(self, index: int) -> None:
        self._index = index
        cells = self.document.nb.cells
        began = time.monotonic()
        self._observe(CellStarted(index + 1, len(cells), _head(cells[index].source)))
        self._client.begin()
        self._task = task = asyncio.create_task(
            self._client.async_execute_cell(
                cells[index], index, execution_count=self._client.code_cells_executed + 1
            )
        )
        failed = True
        try:
            flood = asyncio.create_task(self._client.flooded.wait())
            try:
                ended = await self._ended(task, self._timeout_s, flood)
            finally:
                flood.cancel()
            if self._client.flooded.is_set():
                await self.stop()
                raise ExecutionError(
                    f"{self.place} shows more than is kept: all outputs together may have "
                    f"{self._max_output:,} characters",
                    hint="have the cells write large results into files",
                )
            if not ended:
                await self.stop()
                raise CellTimedOut(
                    f"{self.place} took longer than {self._timeout_s:g} s and was interrupted"
                )
            failure = await self._outcome(task)
            failed = failure is not None or bool(self._client.error)
            if failure is not None:
                raise failure
        finally:
            self.done += 1
            seconds = time.monotonic() - began
            self._observe(CellFinished(index + 1, len(cells), seconds, failed))
        self._touched(index)

    async def _ended(
        self, task: asyncio.Task[Any], timeout_s: float | None, *others: asyncio.Task[Any]
    ) -> bool:
        """Wait for the cell's end, the kernel's, or one of ``others``. False when the time is over
        before.
        """
        died = asyncio.create_task(self._kernel.wait())
        try:
            done, _ = await asyncio.wait(
                {task, died, *others}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            died.cancel()
        return bool(done)

    async def _outcome(self, task: asyncio.Task[Any]) -> BaseException | None:
        """Of a cell that ended, or whose kernel did."""
        if not await _gone(task):
            raised = task.exception()
            if raised is None:
                if self._client.error:
                    self.errors.append(failures.raised(self._client.error, self._index))
                return None
            if isinstance(raised, CellExecutionError):
                failed = failures.cell_failed(self._client.error, self._index, self.place)
                failed.__cause__ = raised
                return failed
            if not isinstance(raised, DeadKernelError):
                raise raised
        await self._kernel.wait()
        return self._kernel.failure(self.place)

    def _touched(self, index: int | None) -> None:
        if index is None:
            self.document.touch_all()
        else:
            self.document.touch(index)
        self._changed()


async def _gone(task: asyncio.Task[Any]) -> bool:
    """Let what is on its way arrive, then give the task up. True if it had not ended by then."""
    await asyncio.wait({task}, timeout=_LAST_WORDS_S)
    given_up = task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return given_up


def _executable(cell: Any) -> bool:
    """As nbclient has it."""
    return bool(
        cell.cell_type == "code"
        and cell.source.strip()
        and SKIP_TAG not in cell.metadata.get("tags", [])
    )


def _head(source: str) -> str:
    lines = (line for line in source.splitlines() if line.strip() and line.strip()[0] != "#")
    return next(lines, source.strip().partition("\n")[0]).strip()[:_HEAD]
