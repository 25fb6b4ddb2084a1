"""What a machine pinned, put in and taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from binderclip.edit.model import Edited
from binderclip.edit.removing import removed
from binderclip.edit.writing import NOT_AUTO, finished, readable
from binderclip.notebook import MISSING, Missing
from binderclip.spec.model import JSON, Binder, Frozen
from binderclip.spec.places import DEFAULT_REFS

_SHORT = 12


def frozen(value: JSON | Missing, hashes: Mapping[str, str], pinned: Frozen | None) -> Edited:
    """With ``hashes`` for the references that are their keys, and ``pinned`` as what a machine
    pinned. Nothing is written where these are what is there already, or over an opt-out.

    Raises SpecError for a value that is wrong, or of a newer version.
    """
    reading = readable(value)
    if reading is None or reading.binder is None:
        return Edited(value)
    old = reading.binder
    parts = {key: replace(getattr(old, key), hash=pin) for key, pin in hashes.items()}
    new = replace(old, **{**parts, "frozen": pinned})
    if new == old:
        return Edited(value)
    if reading.dialect == "v0" and pinned and not pinned.files:
        new = replace(new, frozen=None)  # it has no word for when
    notes = (f"{NOT_AUTO}, and `thaw` does not bring it back",) if old.auto else ()
    return finished(value, _raw(value), reading, replace(new, auto=False), notes=notes)


def thawed(value: JSON | Missing, only: Collection[str] = ()) -> Edited:
    """Without what was pinned: of the parts ``only`` names (references, ``files``, names of files),
    or of all. Opt-outs stay. Raises SpecError for a value that is wrong, or of a newer version.
    """
    reading = readable(value)
    if reading is None or reading.binder is None:
        return Edited(value)
    old = reading.binder
    new = _thawed_in_part(old, only) if only else removed(old, "frozen")
    if new == old:
        return Edited(value)
    notes = () if old.frozen else tuple(_without_ref(old, new))
    notes = (*notes, NOT_AUTO) if old.auto else notes
    return finished(value, _raw(value), reading, replace(new, auto=False), notes=notes)


def _without_ref(old: Binder, new: Binder) -> Iterator[str]:
    """A person's own hashes that went and left no ref: what is meant is another thing now."""
    for key, default in DEFAULT_REFS.items():
        before, after = getattr(old, key), getattr(new, key)
        if before and before.hash and before.ref is None and after.hash is None:
            algorithm, colon, digits = before.hash.rpartition(":")
            short = f"{algorithm}{colon}{digits[:_SHORT]}"
            yield f"{key}: {short} had no ref beside it, so {default} is meant now"


def _raw(value: JSON | Missing) -> JSON | None:
    return None if value is MISSING else value


def _thawed_in_part(binder: Binder, only: Collection[str]) -> Binder:
    for key in DEFAULT_REFS:
        if key in only and getattr(binder, key):
            binder = removed(binder, f"{key}.hash")
    if binder.frozen is None:
        return binder
    files = binder.frozen.files
    kept = {
        name: text
        for name, text in files.items()
        if not {name.rpartition("/")[2], "files"} & set(only)
    }
    if {name.rpartition("/")[2] for name in kept} <= {
        "runtime.txt"
    }:  # it came with what was pinned for that Python
        kept = {}
    hashed = any((one := getattr(binder, key)) and one.hash for key in DEFAULT_REFS)
    if not kept and not hashed:
        return replace(binder, frozen=None)
    platform = binder.frozen.platform if kept else None
    return replace(binder, frozen=replace(binder.frozen, files=kept, platform=platform))
