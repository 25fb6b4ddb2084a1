"""Tags of an image that are newer than another.

A tag has numbers and words around them. Newer is what has the same words and as many numbers,
none of them less where words stand between them: ``3.12-slim`` → ``3.13-slim``,
``2026.10.01`` → ``2026.11.01``, ``cuda11.8-ubuntu22.04`` → ``cuda12.4-ubuntu22.04``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Number: TypeAlias = tuple[int, ...]

_RUN = re.compile(r"[0-9]+(?:[._+-][0-9]+)*")
_HEX_WORD = re.compile(r"(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{7,64}")
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{0,6}")
_LONGEST = 128
_WIDE = 4
"""Numbers of that many digits (years, builds) are compared with numbers as long alone."""
_LONG = 7
"""A number as long as that is a date or the name of something: a commit, say."""


@dataclass(frozen=True, slots=True)
class _Version:
    """``shape`` is the text between the numbers, ``widths`` how many digits each has."""

    shape: tuple[str, ...]
    numbers: tuple[Number, ...]
    widths: tuple[int, ...]
    padded: tuple[bool, ...]


def newer(tag: str, tags: Iterable[str]) -> tuple[str, ...]:
    """Those of ``tags`` that are newer than ``tag``, the newest last; none for tags that are no
    versions, as ``latest``, ``main`` or a commit.
    """
    here = _version(tag)
    if here is None:
        return ()
    found = {}
    for other in tags:
        there = _version(other) if other != tag else None
        if there is not None and _after(there, here):
            found[other] = there.numbers
    return tuple(sorted(found, key=lambda other: (found[other], other)))


def _after(there: _Version, here: _Version) -> bool:
    if there.shape != here.shape or there.numbers == here.numbers:
        return False
    if not all(map(_comparable, there.widths, here.widths, there.padded, here.padded)):
        return False
    return all(a >= b for a, b in zip(there.numbers, here.numbers, strict=True))


def _comparable(a: int, b: int, a_padded: bool, b_padded: bool) -> bool:  # noqa: FBT001 - of map()
    return a == b or not (a_padded or b_padded or max(a, b) >= _WIDE)


def _version(tag: str) -> _Version | None:
    if len(tag) > _LONGEST or any(_HEX_WORD.fullmatch(w) for w in re.split(r"[._+-]", tag)):
        return None
    runs = _RUN.findall(tag)
    digits = [part for run in runs for part in re.findall("[0-9]+", run)]
    if not digits or any(len(part) >= _LONG and not _DATE.fullmatch(part) for part in digits):
        return None
    shape = re.split("[0-9]+", tag)
    numbers = tuple(tuple(map(int, re.findall("[0-9]+", run))) for run in runs)
    return _Version(
        tuple(shape),
        numbers,
        tuple(map(len, digits)),
        tuple(len(part) > 1 and part.startswith("0") for part in digits),
    )
