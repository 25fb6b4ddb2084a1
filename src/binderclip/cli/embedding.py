"""What `embed` does to a notebook's metadata, and tells of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from binderclip import spec
from binderclip.cli.batch import Change
from binderclip.edit import Edited, Wish, edited
from binderclip.embedding import Chosen
from binderclip.notebook import MISSING, Missing
from binderclip.rees import EXECUTABLE, Embedded, report
from binderclip.spec.model import JSON, Binder, joined


def change(found: Chosen, *, replace: bool, force: bool) -> Change:
    """Carries ``found``; with ``replace`` nothing else."""

    def apply(value: JSON | Missing) -> Edited:
        gone: tuple[str, ...] = ()
        if replace:
            before = _binder(value).files
            gone = tuple(f"file:{name}" for name in before if name not in found.files)
        done = edited(value, Wish(files=found.files, remove=gone, force=force))
        if done.value == value:
            return done
        return dataclasses.replace(done, notes=(*_told(found, done.value), *done.notes))

    return apply


def _binder(value: JSON | Missing) -> Binder:
    reading = None if value is MISSING else spec.read(value)
    return reading.binder or Binder() if reading else Binder()


def _told(found: Chosen, value: JSON | Missing) -> Iterator[str]:
    names = [f"{name} (executable)" if name in EXECUTABLE else name for name in sorted(found.files)]
    yield f"carries {', '.join(names)}"
    for reason in found.left_out:
        yield f"left out: {reason}"
    binder = _binder(value)
    if binder.build is None:
        known = report(Embedded({name: joined(text) for name, text in binder.files.items()}))
        if known.fails:
            yield f"the build would fail: {known.fails}"
