"""What is wrong with the value of ``metadata.binder``, and what it says."""

from __future__ import annotations

from dataclasses import asdict

from binderclip import spec
from binderclip.errors import Problem, SpecError
from binderclip.freeze.outdated import outdated
from binderclip.notebook import MISSING, Missing
from binderclip.portrait import environment_as_json, rows
from binderclip.spec import Reading
from binderclip.spec.model import JSON, Binder

Answer = dict[str, object]


def verdict(value: JSON | Missing) -> tuple[Answer, Binder | None]:
    """The answer for machines, and what it says where it says something. Never raises for what is
    wrong with ``value``.
    """
    reading: Reading | None = None
    problems: tuple[Problem, ...] = ()
    if value is not MISSING:
        try:
            reading = spec.read(value)
        except SpecError as error:
            problems = error.problems
    binder = reading.binder if reading else None
    answer: Answer = {
        "status": _status(value, reading, problems),
        "dialect": None if value is MISSING else spec.detect(value),
        "newer": bool(reading and reading.newer),
        "auto": bool(binder and binder.auto),
        "problems": [asdict(one) for one in problems],
        "warnings": [asdict(one) for one in (reading.warnings if reading else ())],
        "opens": dict(reading.opens) if reading else {},
        **_said(binder),
    }
    return answer, binder


def _status(value: JSON | Missing, reading: Reading | None, problems: tuple[Problem, ...]) -> str:
    if value is MISSING:
        return "nothing"
    if problems or reading is None:
        return "wrong"
    return "good" if reading.binder else "opted-out"


def _said(binder: Binder | None) -> Answer:
    if binder is None:
        return {"binder": None, "environment": None, "remarks": [], "words": []}
    return {
        "binder": spec.write(binder),
        "environment": environment_as_json(binder),
        "remarks": [f"{line}; the frozen one is used" for line in outdated(binder)],
        "words": [{"what": what, "says": says} for what, says in rows(binder)],
    }
