"""Reading ``metadata.binder`` in any of its forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from binderclip.errors import Problem, SpecError
from binderclip.spec.faults import Faults
from binderclip.spec.model import JSON, NO_TEXTS, Binder, Dialect
from binderclip.spec.v1 import binder as binder_of_v1

NEWER = "read as far as version 1 goes, and never rewritten; a newer binderclip may know it"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a value of ``metadata.binder`` says.

    ``binder`` is None for the opt-out, ``false``. ``newer`` is True for a version after 1:
    ``binder`` holds what could be understood, and nobody may write it back. ``warnings`` tell of
    unknown keys and of what was set aside. ``opens`` are the parameters of a launch link, by
    name, unquoted (``labpath``, ``filepath``, ``urlpath``): what to open, not what to build.
    """

    binder: Binder | None
    dialect: Dialect
    newer: bool = False
    warnings: tuple[Problem, ...] = ()
    opens: Mapping[str, str] = field(default_factory=lambda: NO_TEXTS)


def read(value: JSON) -> Reading:
    """What ``value``, as found under ``metadata.binder``, says.

    Raises SpecError with every problem.
    """
    faults = Faults()
    reading = _read(value, faults)
    if faults.problems:
        raise SpecError(tuple(faults.problems))
    return reading


def problems(value: JSON) -> tuple[Problem, ...]:
    """All that is wrong with ``value``; empty where ``read`` would read it."""
    faults = Faults()
    _read(value, faults)
    return tuple(faults.problems)


def detect(value: JSON) -> Dialect:
    """The dialect that ``value`` is, or was meant to be, written in."""
    if isinstance(value, str):
        return "url"
    if not isinstance(value, dict):
        return "v1"
    if "version" in value:
        version = value["version"]
        return "v0" if version == 0 and not isinstance(version, bool) else "v1"
    if "environment_url" in value:
        return "environment-url"
    legacy = ("binder_repo", "binder_ref", "binder_url")
    return "components" if any(key in value for key in legacy) else "v1"


def _read(value: JSON, faults: Faults) -> Reading:
    dialect = detect(value)
    if isinstance(value, str):
        from binderclip.spec.launch_link import read_link  # noqa: PLC0415 - loads urllib

        binder, opens = read_link(value, faults)
        return Reading(binder, dialect, warnings=tuple(faults.warnings), opens=opens)
    if value is False:
        return Reading(None, dialect)
    if not isinstance(value, dict):
        faults.wrong("binder", value, "binder")
        return Reading(None, dialect)
    if dialect == "v1":
        return _read_v1(value, faults)
    from binderclip.spec.dialects import READERS  # noqa: PLC0415 - few notebooks are that old

    binder = READERS[dialect](value, faults)
    return Reading(binder, dialect, warnings=tuple(faults.warnings))


def _read_v1(value: Mapping[str, JSON], faults: Faults) -> Reading:
    newer = _is_newer(value, faults)
    binder = binder_of_v1(value, faults)
    warnings = tuple(faults.warnings)
    if newer:
        warnings = (
            Problem("binder.version", "a version after 1", "1", NEWER),
            *(replace(problem, hint="left out of the reading") for problem in faults.problems),
            *warnings,
        )
        faults.problems.clear()
    return Reading(binder, "v1", newer, warnings)


def _is_newer(value: Mapping[str, JSON], faults: Faults) -> bool:
    """Whether the version is after 1; tells ``faults`` when it is no version at all."""
    if "version" not in value:
        faults.missing("binder", value, "version", "version")
        return False
    version = value["version"]
    if isinstance(version, bool) or not isinstance(version, int | float):
        faults.wrong("binder.version", version, "version")
        return False
    # JSON has one kind of number: 1.0 is 1.
    if isinstance(version, float) and not version.is_integer():
        faults.wrong("binder.version", version, "version")
        return False
    if version < 1:
        faults.wrong("binder.version", version, "version")
    return version > 1
