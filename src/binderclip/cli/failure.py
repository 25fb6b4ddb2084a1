"""How an error looks: one screen on standard error, or one JSON object on standard output."""

from __future__ import annotations

import traceback

import click
import msgspec

from binderclip.cli.paint import clean
from binderclip.cli.state import State
from binderclip.errors import BinderclipError, SpecError

LINES = 20
"""A message is cut to this many lines, so that it stays on one screen."""


def report(error: Exception, state: State) -> int:
    """Tell ``error`` and return the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.Abort):
        click.echo("Aborted.", err=True)
        return 130
    if state.debug:
        traceback.print_exception(error)
    if state.json:
        click.echo(msgspec.json.encode(as_json(error)))
        return _exit_code(error)
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    click.echo(f"{click.style('error:', fg='red', bold=True)} {_cut(_message(error))}", err=True)
    if hint := _hint(error):
        click.echo(f"{click.style('hint:', fg='cyan', bold=True)} {_cut(hint)}", err=True)
    return _exit_code(error)


def as_json(error: Exception) -> dict[str, object]:
    """The one shape of an error: ``{"error": {"code", "message", "hint"}}``."""
    body: dict[str, object] = {
        "code": error.code if isinstance(error, BinderclipError) else _foreign_code(error),
        "message": _message(error),
        "hint": _hint(error),
    }
    if isinstance(error, SpecError):
        body["problems"] = [
            {"path": p.path, "found": p.found, "expected": p.expected, "hint": p.hint}
            for p in error.problems
        ]
    return {"error": body}


def _foreign_code(error: Exception) -> str:
    return "usage" if isinstance(error, click.ClickException) else "internal"


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
