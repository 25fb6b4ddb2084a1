"""A copy of the notebook for juv: a hidden cell with the script's header, and its ``uv.lock``.

Source of the format: ``_nbutils.py``, ``_pep723.py`` and ``_lock.py`` of juv 0.5.
"""

from __future__ import annotations

from dataclasses import replace

from binderclip.errors import Problem, SpecError
from binderclip.exporting import cells, pep723
from binderclip.exporting.model import Said, Wanted
from binderclip.exporting.packages import gathered
from binderclip.exporting.requirements import platform_note
from binderclip.notebook import MISSING

LOCK = "uv.lock"


def made(wanted: Wanted) -> Said:
    """Raises SpecError where no packages of Python are named, NotebookError for a notebook that
    juv cannot read.
    """
    if wanted.notebook is None:
        raise SpecError((Problem("binder", "no notebook", "one, of which 'juv' makes a copy"),))
    if wanted.lock is not None:
        return _locked(wanted, wanted.lock)
    packages = gathered(wanted, "juv")
    header, losses = pep723.header(packages, "juv")
    notebook = cells.with_header(wanted.notebook, header)
    notes = platform_note(wanted, packages.source)
    if notebook is not wanted.notebook and notebook.get(LOCK) is not MISSING:
        notebook = notebook.replaced(MISSING, LOCK)
        notes = (*notes, f"the {LOCK} that was in it is gone: `juv lock` makes a new one")
    return Said(notebook.data, packages.keys, losses, notes)


def _locked(wanted: Wanted, lock: str) -> Said:
    """With what people wrote in the cell, and what was frozen in the lock."""
    frozen = gathered(wanted, "juv")
    humane = gathered(replace(wanted, frozen=False), "juv")
    header, losses = pep723.header(humane, "juv")
    notebook = cells.with_header(wanted.notebook, header) if wanted.notebook else None
    if notebook is None:
        raise ValueError("no notebook")
    keys = {*frozen.keys, *humane.keys}
    return Said(notebook.replaced(lock, LOCK).data, frozenset(keys), losses)
