"""What shells say to machines: errors and events as JSON, in one shape each, here and nowhere else.

An error is ``{"error": {"code", "message", "hint"}}``, with more keys by its kind: ``problems``
of metadata, ``failures`` of parts that could not be frozen, ``cell`` and ``traceback``.
"""

from __future__ import annotations

from binderclip.errors import BinderclipError, CellFailed, FreezeFailed, SpecError
from binderclip.events import Log, Progress


def error_as_json(error: BinderclipError) -> dict[str, object]:
    body: dict[str, object] = _said(error)
    if isinstance(error, SpecError):
        body["problems"] = [
            {"path": p.path, "found": p.found, "expected": p.expected, "hint": p.hint}
            for p in error.problems
        ]
    if isinstance(error, FreezeFailed):
        body["failures"] = [{"path": one.path, **_said(one.error)} for one in error.failures]
    if isinstance(error, CellFailed):
        body |= {"cell": error.cell, "traceback": error.traceback}
    return {"error": body}


def plain_error(code: str, message: str, hint: str | None = None) -> dict[str, object]:
    """The same shape for what is no error of ours."""
    return {"error": {"code": code, "message": message, "hint": hint}}


def event_as_json(event: Progress | Log) -> dict[str, object]:
    """``{"phase", "message"}``, or ``{"log"}``: a line that a builder printed."""
    if isinstance(event, Log):
        return {"log": event.line}
    return {"phase": event.phase, "message": event.message}


def _said(error: BinderclipError) -> dict[str, object]:
    return {"code": error.code, "message": error.message, "hint": error.hint}
