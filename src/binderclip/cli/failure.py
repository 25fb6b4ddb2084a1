"""How an error looks: one screen on standard error, or one JSON object on standard output."""

from __future__ import annotations

import traceback
from contextlib import suppress

import click

from binderclip.cli.paint import clean, colour, print_json
from binderclip.cli.state import State
from binderclip.errors import BinderclipError, CellFailed, FreezeFailed, SpecError
from binderclip.wire import error_as_json, plain_error

LINES = 20
"""A message is cut to this many lines, so that it stays on one screen."""

TRACEBACK_LINES = 30
"""A cell's traceback is cut to its last lines; all of it is in the saved notebook."""


def report(error: Exception, state: State) -> int:
    """Tell ``error`` and return the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.Abort):
        # click turns Ctrl-C into this, and a question that was answered with no.
        interrupted = isinstance(error.__cause__, KeyboardInterrupt)
        click.echo("Interrupted." if interrupted else "Nothing was done.", err=True)
        return 130 if interrupted else 1
    # Where nothing can be written to, a full disk perhaps, the exit code has to tell it.
    with suppress(OSError):
        _report(error, state)
    return _exit_code(error)


def _report(error: Exception, state: State) -> None:
    if state.debug:
        traceback.print_exception(error)
    if state.json:
        print_json(as_json(error))
        return
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return
    if isinstance(error, CellFailed):
        _show_traceback(error)
    text = _message(error)
    if isinstance(error, SpecError):  # a line a problem, each below the first
        text = text.replace("\n", "\n       ")
    _tell("error:", "red", text)
    if hint := _hint(error):
        _tell("hint:", "cyan", hint)


def _tell(label: str, hue: str, text: str) -> None:
    click.echo(f"{click.style(label, fg=hue, bold=True)} {_cut(text)}", err=True, color=colour())


def _show_traceback(error: CellFailed) -> None:
    """The kernel's own, its end where it is long. ``coloured`` holds colours and nothing else that
    a terminal acts on.
    """
    lines = error.coloured.splitlines()
    if len(lines) > TRACEBACK_LINES:
        lines = [f"… {len(lines) - TRACEBACK_LINES} lines", *lines[-TRACEBACK_LINES:]]
    click.echo("\n".join(lines), err=True, color=colour())


def as_json(error: Exception) -> dict[str, object]:
    """``wire``'s shape, for what click and the system raise too."""
    if isinstance(error, BinderclipError):
        return error_as_json(error)
    return plain_error(_foreign_code(error), _message(error), _hint(error))


def problem_lines(path: str, error: BinderclipError) -> list[str]:
    """What is wrong with the notebook at ``path``, a line each, to stand behind its name."""
    if isinstance(error, SpecError):
        return [str(problem) for problem in error.problems]
    if isinstance(error, FreezeFailed):
        return [row for failure in error.failures for row in str(failure).splitlines()]
    return [error.message.removeprefix(f"{path}: ")]


def _foreign_code(error: Exception) -> str:
    if isinstance(error, click.ClickException):
        return "usage"
    return "system" if isinstance(error, OSError) else "internal"


def _message(error: Exception) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, BinderclipError):
        return error.message
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"an internal fault ({type(error).__name__}); this is a bug in binderclip"


def _hint(error: Exception) -> str | None:
    if isinstance(error, BinderclipError):
        return error.hint
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"`{error.ctx.command_path} --help` has the options and examples"
    if isinstance(error, OSError | click.ClickException):
        return None
    return "run it again as `binderclip --debug …` and report what it prints"


def _exit_code(error: Exception) -> int:
    if isinstance(error, BinderclipError | click.ClickException):
        return error.exit_code
    return 1


def _cut(text: str) -> str:
    lines = clean(text).splitlines()
    if len(lines) <= LINES:
        return "\n".join(lines)
    return "\n".join([*lines[: LINES - 1], f"… and {len(lines) - LINES + 1} more lines"])
