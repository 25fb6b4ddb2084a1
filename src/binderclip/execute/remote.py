"""A run with a kernel of a Jupyter Server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from binderclip.errors import Interrupted
from binderclip.execute.events import CellFinished, CellStarted, Notice, RunEvent
from binderclip.execute.options import RunOptions, RunResult, check
from binderclip.execute.saver import ResultFile
from binderclip.kernels.remote import RemoteKernel, Timing, choose
from binderclip.notebook import Notebook
from binderclip.servers import Server

_SLOW = ("binderclip.execute.runner", "binderclip.kernels.remote.channels")


async def run(
    notebook: Notebook,
    server: Server,
    *,
    path: str,
    output: Path | None,
    options: RunOptions,
    observe: Callable[[RunEvent], None],
    replaces: bytes | None,
    timing: Timing | None,
) -> RunResult:
    """As ``binderclip.execute.run_remote`` says."""
    here = _Here(observe)
    try:
        choice = await choose(
            server, wanted=options.kernel, notebook_metadata=notebook.kernel_metadata
        )
        check(options, choice)
        file = None if output is None else ResultFile.expect(output, replaces)
    except asyncio.CancelledError as cancelled:
        raise _too_early() from cancelled
    kernel = RemoteKernel(server, choice, path=path, timing=timing or Timing(), tell=here.tell)
    try:
        # While the server starts the kernel: a third of a second.
        await asyncio.to_thread(_import_slow)
        from binderclip.execute.runner import Runner  # noqa: PLC0415 - see above
        from binderclip.kernels.remote.channels import RemoteChannels  # noqa: PLC0415 - see above

        channels = RemoteChannels(kernel)
        runner = Runner(kernel, channels, file, options=options, observe=here.observe)
    except BaseException as error:
        kernel.kill()
        await kernel.end(0.0)
        if isinstance(error, asyncio.CancelledError):
            raise _too_early() from error
        raise
    return await runner.run(notebook)


class _Here:
    """Passes events on, and knows which cell is being executed."""

    def __init__(self, observe: Callable[[RunEvent], None]) -> None:
        self._observe, self._cell = observe, 0

    def observe(self, event: RunEvent) -> None:
        if isinstance(event, CellStarted):
            self._cell = event.cell
        elif isinstance(event, CellFinished):
            self._cell = 0
        self._observe(event)

    def tell(self, message: str) -> None:
        """What the kernel's side has to say."""
        self._observe(Notice(f"cell {self._cell}: {message}" if self._cell else message))


def _import_slow() -> None:
    for name in _SLOW:
        import_module(name)


def _too_early() -> Interrupted:
    return Interrupted("interrupted before the first cell")
