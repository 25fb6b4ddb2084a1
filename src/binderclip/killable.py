"""What cannot be stopped, done by a process of its own, which can be killed.

py-rattler works in threads that nothing can stop, and that crash a Python which ends meanwhile, as
it does at Ctrl-C. A process can be killed, with all that it is writing. What is asked for and what
came of it pass as JSON files between the two.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec

from binderclip import processes
from binderclip.errors import (
    BinderclipError,
    BuildFailed,
    CacheError,
    ConfigError,
    RateLimited,
    Refused,
    ResolveError,
    Unreachable,
)

T = TypeVar("T")

_RAISED = {
    error.code: error
    for error in (
        BuildFailed,
        CacheError,
        ConfigError,
        RateLimited,
        Refused,
        ResolveError,
        Unreachable,
    )
}


class _Answer(msgspec.Struct, frozen=True):
    """With ``code`` it failed, by that error."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    code: str | None = None
    message: str = ""
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """Runs ``module``, which calls ``serve``, once. ``folder`` is a private one; ``run`` is as in
    ``processes.lines``. ``environ``: all its variables, in the place of ours; ``before``: words
    that its command begins with.
    """

    module: str
    folder: Path
    run: Path
    environ: Mapping[str, str] | None = None
    before: tuple[str, ...] = ()

    async def work(self, order: msgspec.Struct, doing: str) -> AsyncGenerator[str, None]:
        """Have ``order`` done, which ``doing`` names in errors; gives lines for people. Closing the
        generator kills the process. Raises BuildFailed, CacheError, ConfigError, RateLimited,
        Refused, ResolveError, Unreachable.
        """
        environ = _around() if self.environ is None else self.environ
        asked = self.folder / "order.json"
        asked.write_bytes(msgspec.json.encode(order))
        # -P: what lies in the current folder is no module of ours.
        program = [sys.executable, "-P", "-m", self.module, str(asked), str(self._answered)]
        argv = [*self.before, *program]
        running = processes.lines(argv, cwd=self.folder, environ=environ, run=self.run)
        try:
            async with aclosing(running) as lines:
                async for line in lines:
                    yield line
        except processes.CommandFailed as error:
            raise self._failed(doing, error) from error

    def result(self, kind: type[T], doing: str) -> T:
        """What came of it, once all lines were given. Raises BuildFailed."""
        answer = self._answer()
        try:
            return msgspec.json.decode(answer.result if answer else b"", type=kind)
        except msgspec.MsgspecError as error:
            raise BuildFailed(f"{doing} ended without an answer") from error

    @property
    def _answered(self) -> Path:
        return self.folder / "answer.json"

    def _answer(self) -> _Answer | None:
        try:
            return msgspec.json.decode(self._answered.read_bytes(), type=_Answer)
        except (OSError, msgspec.MsgspecError):
            return None

    def _failed(self, doing: str, error: processes.CommandFailed) -> BinderclipError:
        answer = self._answer()
        if answer is None or answer.code is None:
            tail = "\n".join(error.tail) or None
            return BuildFailed(f"{doing} ended with exit status {error.code}", hint=tail)
        return _RAISED.get(answer.code, BuildFailed)(answer.message, hint=answer.hint)


def _around() -> dict[str, str]:
    # ``inherited`` would take too much: the person's variables for conda say where channels
    # are, and those for Python where binderclip is. Scripts of packages may run: no tokens.
    return {name: text for name, text in os.environ.items() if not name.startswith("BINDERCLIP_")}


def serve(kind: type[T], do: Callable[[T], Coroutine[Any, Any, object]]) -> NoReturn:
    """The process itself: ``do`` what its arguments name, which is a ``kind``, and end."""
    asked, answered = map(Path, sys.argv[1:])
    order = msgspec.json.decode(asked.read_bytes(), type=kind)
    try:
        answer = _Answer(msgspec.Raw(msgspec.json.encode(asyncio.run(do(order)))))
    except BinderclipError as error:
        answer = _Answer(code=error.code, message=error.message, hint=error.hint)
    answered.write_bytes(msgspec.json.encode(answer))
    # At once: threads of py-rattler may outlive the interpreter, and crash then.
    os._exit(1 if answer.code else 0)


def tell(line: str) -> None:
    """Give a line for people, from within the process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
