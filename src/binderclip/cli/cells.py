"""A run's cells as they are executed, with the time that each takes."""

from __future__ import annotations

import shutil

from binderclip import execute
from binderclip.cli.paint import cut, duration
from binderclip.cli.progress import Reporter

WIDTH = 52
"""Columns for the head of a cell's source, where the terminal has them."""

REST = 22
"""Columns for the mark, the number and the time."""


class CellReporter:
    """Tells a run's events through a Reporter."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._heads: dict[int, str] = {}

    def __call__(self, event: execute.RunEvent) -> None:
        match event:
            case execute.CellStarted():
                self._heads[event.cell] = event.source_head
                self._reporter.flash(f"  [{event.cell}/{event.of}] {event.source_head}")
            case execute.CellFinished():
                self._finished(event)
            case execute.Notice():
                self._reporter.warn(event.message)
            case _:
                pass

    def _finished(self, event: execute.CellFinished) -> None:
        head = self._heads.pop(event.cell, "")
        width = max(min(WIDTH, shutil.get_terminal_size().columns - REST), 10)
        place = f"[{event.cell}/{event.of}]"
        self._reporter.say(
            f"{place:>8} {cut(head, width):<{width}} {duration(event.seconds):>9}",
            mark="✗" if event.failed else "✓",
            hue="red" if event.failed else "green",
        )
