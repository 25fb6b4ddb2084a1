"""Sets of whole numbers that are mostly runs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


class Spans:
    """Disjoint spans, both ends included, in order."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """All from ``start`` to ``end``."""
        at = bisect_left(self._ends, start - 1)
        upto = bisect_right(self._starts, end + 1)
        if at < upto:
            start, end = min(start, self._starts[at]), max(end, self._ends[upto - 1])
        self._starts[at:upto], self._ends[at:upto] = [start], [end]

    def __contains__(self, number: int) -> bool:
        at = bisect_left(self._ends, number)
        return at < len(self._ends) and self._starts[at] <= number

    def __len__(self) -> int:
        """How many spans there are."""
        return len(self._starts)

    def pairs(self) -> list[list[int]]:
        return [list(pair) for pair in zip(self._starts, self._ends, strict=True)]

    @property
    def last(self) -> int:
        """The greatest number. Raises IndexError where there is none."""
        return self._ends[-1]
