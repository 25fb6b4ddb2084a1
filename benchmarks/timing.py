"""Commands timed side by side: one round runs each once, in turn, so that a slow spell hits all."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One thing that was timed: seconds, one figure a round."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def command(
    argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]
) -> Callable[[], float]:
    """A function that runs ``argv`` to its end and returns its wall time in seconds."""

    def once() -> float:
        began = time.perf_counter()
        done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, check=False)
        seconds = time.perf_counter() - began
        if done.returncode:
            words = " ".join(map(str, argv))
            raise SystemExit(
                f"{words}: exit code {done.returncode}\n{done.stderr.decode()[-2000:]}"
            )
        return seconds

    return once


def side_by_side(jobs: Mapping[str, Callable[[], float]], *, rounds: int) -> list[Row]:
    """Each job once for warmth, then ``rounds`` times in turn."""
    for job in jobs.values():
        job()
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            found[name].append(job())
    return [Row(name, tuple(seconds)) for name, seconds in found.items()]


def ratio(ours: Row, theirs: Row) -> float:
    """The median of the rounds' ratios: what both met in one round is compared."""
    return statistics.median(a / b for a, b in zip(ours.seconds, theirs.seconds, strict=True))


def table(title: str, rows: Sequence[Row], *, ours: str) -> None:
    """Print medians in milliseconds, their spread, and the ratio of ``ours`` to each."""
    mine = next(row for row in rows if row.name == ours)
    print(f"\n{title}")
    print(f"  {'':44} {'median':>9} {'least':>8} {'most':>8}   {'ours / it':>9}")
    for row in rows:
        figures = (
            f"{row.median * 1e3:7.1f}ms {min(row.seconds) * 1e3:7.1f} {max(row.seconds) * 1e3:8.1f}"
        )
        print(f"  {row.name:44} {figures}   {ratio(mine, row):9.2f}")
