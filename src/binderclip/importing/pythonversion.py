"""``requires-python`` → the one version that ``runtime.txt`` can say."""

from __future__ import annotations

from binderclip import pythons
from binderclip.importing.model import Remarks, told
from binderclip.importing.requirements import plain

_OLDEST, _USUAL, _NEWEST = 7, 10, 14
"""Minor versions: the oldest that repo2docker builds, its usual one, and the newest there is."""


def runtime(requires: object, ran: str | None, remarks: Remarks) -> str | None:
    """The text of ``runtime.txt`` for a specifier, which may allow many: the version that last
    ran the notebook (``ran``), else the oldest that it allows from 3.10 on, which is as a rule
    the author's own; else the newest before.
    """
    if requires is None:
        return None
    spec = plain(requires)
    if spec is None:
        remarks.left_out("requires-python", requires, "it is no specifier like '>=3.11'")
        return None
    later = [f"3.{minor}" for minor in range(_USUAL, _NEWEST + 1)]
    before = [f"3.{minor}" for minor in range(_USUAL - 1, _OLDEST - 1, -1)]
    try:
        allowed = [one for one in (*([ran] if ran else ()), *later, *before) if _allows(spec, one)]
    except ValueError:
        remarks.left_out("requires-python", spec, "it is no specifier like '>=3.11'")
        return None
    if not allowed:
        remarks.left_out("requires-python", spec, f"it allows no Python from 3.7 to 3.{_NEWEST}")
        return None
    if not spec.startswith("==") or spec.count(","):
        remarks.say(f"requires-python {told(spec)} is said as one version: Python {allowed[0]}")
    return f"python-{allowed[0]}\n"


def _allows(spec: str, minor: str) -> bool:
    return pythons.allows(spec, minor)
