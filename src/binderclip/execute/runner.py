"""One run over a kernel that is booting, and its end in every case."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from binderclip import notebook as notebooks
from binderclip import parameters
from binderclip.errors import ExecutionError, Interrupted, NotebookError, SessionError
from binderclip.execute.cells import Cells
from binderclip.execute.document import Document, read
from binderclip.execute.events import KernelReady, Notice, RunEvent, Saved
from binderclip.execute.kernel import Channels, Kernel
from binderclip.execute.options import RunOptions, RunResult
from binderclip.execute.saver import ResultFile, Saver
from binderclip.notebook import Notebook

# For code that runs when the process ends (atexit handlers, say).
_END_GRACE_S = 10.0
_HURRY_S = 2.0


class Runner:
    """Owns ``kernel``, whose end it sees to."""

    def __init__(
        self,
        kernel: Kernel,
        channels: Channels,
        file: ResultFile | None,
        *,
        options: RunOptions,
        observe: Callable[[RunEvent], None],
    ) -> None:
        self._kernel, self._channels, self._file = kernel, channels, file
        self._options, self._observe = options, observe
        self._cells: Cells | None = None
        self._saver: Saver | None = None
        self._hurry = False

    async def run(self, notebook: Notebook) -> RunResult:
        """As ``binderclip.execute.run`` says."""
        failure: BaseException | None = None
        try:
            cells = await self._begin(notebook)
            await cells.run()
        except asyncio.CancelledError:
            failure = await self._interrupted()
        except BaseException as error:  # noqa: BLE001 - raised below, once all is cleared away
            failure = error
        try:
            await self._end()
        except asyncio.CancelledError as cancelled:
            self._end_now()
            failure = cancelled
        except NotebookError as unsaved:
            raise unsaved from failure
        if failure is not None:
            raise self._with_hint(failure)
        return RunResult(
            seconds=time.monotonic() - self._kernel.started,
            cells_run=cells.done,
            output=self._file.path if self._file else None,
            notebook=cells.render(),
            errors=tuple(cells.errors),
        )

    async def _begin(self, notebook: Notebook) -> Cells:
        ready = asyncio.create_task(self._channels.ready())
        try:
            await asyncio.sleep(0)  # the first request goes out
            document = self._read(notebook)
            info = await ready
        finally:
            ready.cancel()
        seconds = time.monotonic() - self._kernel.started
        self._observe(KernelReady(self._kernel.choice.name, seconds))
        if info.get("language_info"):
            document.nb.metadata["language_info"] = info["language_info"]
        self._cells = Cells(
            document,
            self._kernel,
            self._channels,
            options=self._options,
            observe=self._observe,
            changed=self._changed,
        )
        if self._file is not None:
            self._saver = Saver(
                self._file, self._cells.render, saved=self._saved, notice=self._notice
            )
        return self._cells

    def _read(self, notebook: Notebook) -> Document:
        document = read(notebooks.to_ipynb(notebook), notebook.name, self._notice)
        if not self._options.parameters:
            return document
        for line in parameters.inject(document.nb, self._options.parameters):
            self._notice(line)
        return Document(document.nb)

    async def _interrupted(self) -> BaseException:
        """Stop the cell after a first Ctrl-C. A second one kills."""
        if self._cells is None:
            self._kernel.kill()
            return Interrupted("interrupted before the first cell")
        failure = Interrupted(f"interrupted in {self._cells.place}")
        try:
            await self._cells.stop()
        except asyncio.CancelledError as again:
            self._kernel.kill()
            self._hurry = True
            return again
        return failure

    async def _end(self) -> None:
        """End the kernel and save, at the same time. Raises NotebookError when saving fails."""
        saving = asyncio.create_task(self._saver.close()) if self._saver else None
        free = self._cells is not None and self._cells.resting
        try:
            if free and self._kernel.alive:
                self._channels.ask_to_end()
            grace_s = _END_GRACE_S if free else 0.0
            if not await self._ended(grace_s) and free:
                self._notice(f"the kernel did not end within {grace_s:.0f} s and was killed")
            if saving is not None:
                await saving
        finally:
            await self._channels.close()

    async def _ended(self, grace_s: float) -> bool:
        """As ``Kernel.end``. A server may need a while for it: it knows, and goes on alone."""
        if not self._hurry:
            return await self._kernel.end(grace_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(_HURRY_S):
                await self._kernel.end(grace_s)
        return False

    def _end_now(self) -> None:
        """The same at once."""
        if self._saver is not None:
            self._saver.abandon()
        if self._file is not None and self._cells is not None:
            self._file.write(self._cells.render())

    def _with_hint(self, failure: BaseException) -> BaseException:
        if isinstance(failure, ExecutionError | SessionError) and self._saver and self._file:
            kept = f"the outputs until then are in {self._file.path}"
            failure.hint = f"{kept}; {failure.hint}" if failure.hint else kept
        return failure

    def _changed(self) -> None:
        if self._saver is not None:
            self._saver.changed()

    def _saved(self, path: Path) -> None:
        self._observe(Saved(path))

    def _notice(self, message: str) -> None:
        self._observe(Notice(message))
