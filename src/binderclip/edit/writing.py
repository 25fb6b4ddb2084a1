"""A changed Binder in the place of the value that it was read from."""

from __future__ import annotations

from dataclasses import fields

from binderclip import spec
from binderclip.edit.model import Edited
from binderclip.errors import Problem, SpecError
from binderclip.notebook import MISSING, Missing
from binderclip.spec import Reading
from binderclip.spec.model import JSON, Binder, Dialect

NOT_AUTO = "auto is gone: a save hook no longer rewrites what you set"


def readable(value: JSON | Missing) -> Reading | None:
    """What ``value`` says; None where there is nothing. Raises SpecError for what is wrong, and
    for a newer version, which is not ours to rewrite.
    """
    if value is MISSING:
        return None
    reading = spec.read(value)
    refuse_newer(reading)
    return reading


def refuse_newer(reading: Reading) -> None:
    if reading.newer:
        raise SpecError(
            (Problem("binder.version", "a newer version", "1, the newest that is known here"),),
            hint="it is left as it is; `pip install --upgrade binderclip` may know it",
        )


def finished(
    value: JSON | Missing,
    raw: JSON | None,
    reading: Reading | None,
    new: Binder,
    *,
    notes: tuple[str, ...] = (),
    dialect: Dialect | None = None,
) -> Edited:
    """``new`` written in the place of ``value``, of which ``reading`` and ``raw`` are."""
    old = reading.binder if reading and reading.binder else Binder()
    if new == Binder():
        if value is MISSING:
            return Edited(MISSING)
        gone = "nothing is left to say, so `binder` is gone"
        return Edited(MISSING, ("binder",), (*notes, gone))
    result, more = _written(old, new, raw, reading, dialect)
    if result == value:
        return Edited(value)
    if problems := spec.problems(result):
        raise SpecError(problems)
    changes = _changes(old, new)
    if isinstance(value, dict) and isinstance(raw, dict):
        changes = (*changes, *(key for key in value if key not in {*raw, *changes}))
    return Edited(result, changes or ("binder",), (*notes, *more))


def _changes(old: Binder, new: Binder) -> tuple[str, ...]:
    known = [f.name for f in fields(Binder) if f.name != "extra"]
    changed = [name for name in known if getattr(old, name) != getattr(new, name)]
    return (*changed, *(key for key in old.extra if key not in new.extra))


def _written(
    old: Binder, new: Binder, raw: JSON | None, reading: Reading | None, dialect: Dialect | None
) -> tuple[JSON, tuple[str, ...]]:
    """``new`` in the asked dialect, or in the notebook's own where that can say it; and a note
    where it is another than before.
    """
    own = reading.dialect if reading else "v1"
    opens = reading.opens if reading else {}
    try:
        value = spec.write(new, dialect or own, opens=opens if (dialect or own) == "url" else {})
    except SpecError:
        if dialect or own == "v1":
            raise
        dialect, value = "v1", spec.write(new)
    if reading and (dialect or own) != own:
        note = f"the form was {own}, it is {dialect} now"
        lost = ", ".join(f"{key}={word}" for key, word in opens.items())
        return value, (f"{note}, which does not say what to open ({lost})" if lost else note,)
    if isinstance(raw, dict) and isinstance(value, dict):
        value = _merged(raw, value, _changes(old, new))
    return value, ()


def _merged(raw: dict[str, JSON], value: dict[str, JSON], changes: tuple[str, ...]) -> JSON:
    """``value`` in the order of ``raw``, and what did not change exactly as it was there."""
    version = value.get("version")
    if version is None or raw.get("version") != version:
        return value
    if version == 0 and "host" in changes:  # it is written into an object of its own
        raw = {key: part for key, part in raw.items() if key not in {"host", "binder"}}
    elif version == 0:
        value = {key: part for key, part in value.items() if key != "binder"}
    kept = {
        key: value[key] if key in changes else part
        for key, part in raw.items()
        if key not in changes or key in value
    }
    return kept | {key: part for key, part in value.items() if key not in raw}
