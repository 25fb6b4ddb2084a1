"""Run a notebook in a session, here or on a server, cell by cell, saving what comes.

The kernel is started first; what is slow to import and to check is done while it boots.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from binderclip import kernels
from binderclip.errors import SessionError
from binderclip.execute.events import (
    CellFinished,
    CellStarted,
    KernelReady,
    Notice,
    RunEvent,
    Saved,
)
from binderclip.execute.failures import CellError
from binderclip.execute.options import RunOptions, RunResult, check
from binderclip.execute.saver import ResultFile
from binderclip.notebook import Notebook
from binderclip.session import Session

if TYPE_CHECKING:
    from binderclip.kernels.remote import Timing
    from binderclip.servers import Server

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
    "run_remote",
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
    choice = kernels.choose(
        runtime, wanted=options.kernel, notebook_metadata=notebook.kernel_metadata
    )
    check(options, choice)
    file = None if output is None else ResultFile.expect(output, replaces)
    kernel = kernels.LocalKernel.start(runtime, choice, cwd)
    try:
        # Their imports take 0.2 s, while the kernel boots.
        from binderclip.execute.client import KernelChannels  # noqa: PLC0415 - see above
        from binderclip.execute.runner import Runner  # noqa: PLC0415 - see above

        runner = Runner(kernel, KernelChannels(kernel), file, options=options, observe=observe)
    except BaseException:
        kernel.end_now()
        raise
    return await runner.run(notebook)


async def run_remote(
    notebook: Notebook,
    server: Server,
    *,
    path: str,
    output: Path | None,
    options: RunOptions,
    observe: Callable[[RunEvent], None],
    replaces: bytes | None = None,
    timing: Timing | None = None,
) -> RunResult:
    """Execute ``notebook`` with a kernel of a Jupyter Server, started beside ``path``: where the
    notebook is, or would be, in the server's contents. Everything else is as in ``run``, and
    ``output`` is a file of this machine.

    A connection that drops or freezes is taken up again, and what an ipykernel sent meanwhile is
    not lost; what other kernels may have lost is said in a Notice. ``timing`` is for tests.

    Raises, besides, SessionError for a server that does not answer, or no longer; what was done
    until then is saved.
    """
    from binderclip.execute import remote  # noqa: PLC0415 - imports httpx

    return await remote.run(
        notebook,
        server,
        path=path,
        output=output,
        options=options,
        observe=observe,
        replaces=replaces,
        timing=timing,
    )
