"""Every error that binderclip raises on purpose.

BinderclipError
├── NotebookError            the file is not a notebook, or cannot be read or written
│   └── NotebookChanged      it changed on disk since it was read; nothing was written
├── SpecError                `metadata.binder` does not say what the specification allows
│   └── LossError            a dialect cannot say all of it
├── SourceError              an address does not lead to a notebook
│   ├── AddressForbidden     the guard does not let us go there
│   └── TooLarge             more bytes than the limit
├── ResolveError             a ref, tag or version was not found where it should be
│   └── FreezeFailed         parts of an environment could not be pinned; nothing was written
├── ConfigError              the person's own configuration cannot be used
├── LaunchError              an environment did not come up
│   ├── Refused              this target cannot take it, said before anything ran
│   ├── NotTrusted           nobody has said yes to running it
│   ├── BuildFailed
│   ├── TimedOut
│   ├── Unreachable
│   └── RateLimited
├── SessionError             a running session went away or answered nonsense
├── CacheError               the cache's folder cannot be used
└── ExecutionError           the notebook did not run to its end
    ├── BadParameter         a parameter has no proper name or value; nothing ran
    ├── CellFailed
    ├── CellTimedOut
    ├── KernelDied
    └── Interrupted

Each class carries a stable ``code`` (for machines), an ``exit_code`` (for shells) and an
``http_status`` (for the web service). A message says what was found and what was expected;
``hint`` says what to do next. Neither ever holds a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class BinderclipError(Exception):
    """The root. ``str(error)`` is the message; ``error.hint`` is the next step, or None."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotebookError(BinderclipError):
    code = "notebook"
    exit_code = 10
    http_status = 422


class NotebookChanged(NotebookError):
    code = "notebook-changed"
    exit_code = 11
    http_status = 409


def _with_hint(text: str, hint: str | None) -> str:
    """On one line; in parentheses, unless such ones stand there already."""
    if not hint:
        return text
    if text.endswith(")"):
        return f"{text}; {hint.replace('Did you', 'did you', 1)}"
    return f"{text} ({hint})"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a metadata value.

    ``path`` is dotted from the notebook's metadata, as in ``binder.build.hash``; list items
    are ``binder.host[1]``. ``found`` and ``expected`` are short phrases; ``hint`` is a near
    miss ("did you mean 'ref'?") or the next step.
    """

    path: str
    found: str
    expected: str
    hint: str | None = None

    def __str__(self) -> str:
        return _with_hint(f"{self.path}: found {self.found}, expected {self.expected}", self.hint)


class SpecError(BinderclipError):
    """``problems`` is never empty; the message is all of them, a line each."""

    code = "spec"
    exit_code = 12
    http_status = 422

    def __init__(self, problems: tuple[Problem, ...], *, hint: str | None = None) -> None:
        super().__init__("\n".join(map(str, problems)), hint=hint)
        self.problems = problems


class LossError(SpecError):
    """Writing in the asked dialect would lose what ``problems`` name."""

    code = "spec-loss"
    exit_code = 13
    http_status = 409


class SourceError(BinderclipError):
    code = "source"
    exit_code = 14
    http_status = 502


class AddressForbidden(SourceError):
    code = "address-forbidden"
    exit_code = 15
    http_status = 403


class TooLarge(SourceError):
    code = "too-large"
    exit_code = 16
    http_status = 413


class ResolveError(BinderclipError):
    code = "resolve"
    exit_code = 17
    http_status = 502


@dataclass(frozen=True, slots=True)
class Failure:
    """What became of one part: ``path`` as in Problem."""

    path: str
    error: BinderclipError

    def __str__(self) -> str:
        return _with_hint(f"{self.path}: {self.error.message}", self.error.hint)


class FreezeFailed(ResolveError):
    """``failures`` is never empty; the message is all of them, a line each."""

    code = "freeze"
    exit_code = 19
    http_status = 502

    def __init__(self, failures: tuple[Failure, ...], *, hint: str | None = None) -> None:
        super().__init__("\n".join(map(str, failures)), hint=hint)
        self.failures = failures


class ConfigError(BinderclipError):
    code = "config"
    exit_code = 18
    http_status = 500


class LaunchError(BinderclipError):
    code = "launch"
    exit_code = 20
    http_status = 502


class Refused(LaunchError):
    code = "refused"
    exit_code = 21
    http_status = 422


class NotTrusted(LaunchError):
    code = "not-trusted"
    exit_code = 22
    http_status = 403


class BuildFailed(LaunchError):
    code = "build-failed"
    exit_code = 23
    http_status = 502


class TimedOut(LaunchError):
    code = "timed-out"
    exit_code = 24
    http_status = 504


class Unreachable(LaunchError):
    code = "unreachable"
    exit_code = 25
    http_status = 502


class RateLimited(LaunchError):
    """``retry_after_s`` is how long the other side asks us to wait, in seconds, or None."""

    code = "rate-limited"
    exit_code = 26
    http_status = 429

    def __init__(
        self, message: str, *, hint: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class SessionError(BinderclipError):
    code = "session"
    exit_code = 30
    http_status = 502


class CacheError(BinderclipError):
    code = "cache"
    exit_code = 31
    http_status = 500


class ExecutionError(BinderclipError):
    code = "execution"
    exit_code = 40
    http_status = 500


class BadParameter(ExecutionError):
    code = "bad-parameter"
    exit_code = 44
    http_status = 422


class CellFailed(ExecutionError):
    """A cell raised. ``cell`` counts cells of all types from 1; ``traceback`` is plain text, and
    ``coloured`` the same with the kernel's colours (no other escape sequences), for terminals.
    """

    code = "cell-failed"
    exit_code = 41

    def __init__(
        self,
        message: str,
        *,
        cell: int,
        traceback: str,
        coloured: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.cell = cell
        self.traceback = traceback
        self.coloured = traceback if coloured is None else coloured


class CellTimedOut(ExecutionError):
    code = "cell-timed-out"
    exit_code = 42
    http_status = 504


class KernelDied(ExecutionError):
    code = "kernel-died"
    exit_code = 43


class Interrupted(ExecutionError):
    code = "interrupted"
    exit_code = 130
