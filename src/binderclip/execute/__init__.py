"""Run a notebook in a session, cell by cell, saving what comes.

The kernel is started first; what is slow to import and to check is done while it boots.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from binderclip import kernels, parameters
from binderclip.errors import BadParameter, SessionError
from binderclip.execute.events import (
    CellFinished,
    CellStarted,
    KernelReady,
    Notice,
    RunEvent,
    Saved,
)
from binderclip.execute.failures import CellError
from binderclip.execute.options import RunOptions, RunResult
from binderclip.execute.saver import ResultFile
from binderclip.notebook import Notebook
from binderclip.session import Session

__all__ = [
    "CellError",
    "CellFinished",
    "CellStarted",
    "KernelReady",
    "Notice",
    "RunEvent",
    "RunOptions",
    "RunResult",
    "Saved",
    "run",
]


async def run(
    notebook: Notebook,
    session: Session,
    *,
    cwd: Path,
    output: Path | None,
    options: RunOptions,
    observe: Callable[[RunEvent], None],
    replaces: bytes | None = None,
) -> RunResult:
    """Execute ``notebook`` with a kernel of the session's runtime, started in ``cwd``.

    ``output`` is replaced whole, after cells and now and then within one, at no more than a tenth
    of the time; whatever happens later, the last state saved stays. Where others change it
    meanwhile it is left to them and a new name beside it is used. ``replaces`` is what the file
    is known to hold; by default what it holds at the start. Cells that are to be executed begin
    without outputs.

    Cancelling interrupts the kernel, saves, ends it with everything that it started, and raises
    Interrupted; cancelling again kills it at once and raises CancelledError.

    Raises BadParameter, Refused, NotebookError and SessionError before anything is executed;
    CellFailed, CellTimedOut, KernelDied; NotebookError when the result cannot be saved.
    """
    runtime = session.runtime
    if runtime is None:
        raise SessionError(f"the session of {session.target} has no runtime on this machine")
    choice = kernels.choose(runtime, wanted=options.kernel, notebook_metadata=notebook.metadata)
    _check(options, choice)
    file = None if output is None else ResultFile.expect(output, replaces)
    kernel = kernels.LocalKernel.start(runtime, choice, cwd)
    try:
        from binderclip.execute.runner import Runner  # noqa: PLC0415 - 0.2 s, while the kernel boots

        runner = Runner(kernel, file, options=options, observe=observe)
    except BaseException:
        kernel.end_now()
        raise
    return await runner.run(notebook)


def _check(options: RunOptions, choice: kernels.KernelChoice) -> None:
    if not options.parameters:
        return
    if choice.language != "python":
        raise BadParameter(
            f"parameters are written into notebooks in Python, and the kernel {choice.name!r} "
            f"takes {choice.language or 'another language'!r}"
        )
    parameters.python_code(options.parameters)
