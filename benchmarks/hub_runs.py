"""Several notebooks on one JupyterHub: together against one by one.

    .venv/bin/python benchmarks/hub_runs.py        (after dev/test, which brings the hub)

A real JupyterHub runs on loopback. Each notebook computes for half a second in one cell. Together
they share one server; one by one each launch starts its own and stops it, as a loop over a tool
that takes a notebook at a time does. Server starts are counted in the hub's own log.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from timing import Row, command, side_by_side, table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.hubs.rig import Hub, started  # noqa: E402 - tests are no package that is installed

CELL = "import time\nbegan = time.monotonic()\nwhile time.monotonic() < began + 0.5:\n    pass\n7"


def notebook(path: Path) -> Path:
    """One cell that computes, and no environment of its own: the hub's will do."""
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "only",
        "metadata": {},
        "outputs": [],
        "source": CELL.splitlines(keepends=True),
    }
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content), "utf-8")
    return path


def starts(hub: Hub) -> int:
    """How many servers the hub has started."""
    return hub.log.count("seconds to start")


def counted(hub: Hub, job: Callable[[], float], found: list[int]) -> Callable[[], float]:
    """``job``, with the servers that each round of it starts written down."""

    def once() -> float:
        before = starts(hub)
        seconds = job()
        found.append(starts(hub) - before)
        return seconds

    return once


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebooks", type=int, default=6, help="how many [6]")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the table [3]")
    wished = parser.parse_args()
    tools = Path(os.environ.get("BINDERCLIP_TOOLS") or ROOT / ".tools").absolute()
    with tempfile.TemporaryDirectory(prefix="binderclip-bench-") as folder:
        work = Path(folder)
        (work / "hub").mkdir()
        with started(tools, work / "hub") as hub:
            measure(hub, work, wished.notebooks, wished.rounds)


def measure(hub: Hub, work: Path, number: int, rounds: int) -> None:
    """Time both ways; print a table and the server starts."""
    user = hub.user()
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env |= {
        "BINDERCLIP_TOKEN": hub.token(user),
        "BINDERCLIP_STATE": str(work / "state"),
        "BINDERCLIP_CACHE": str(work / "cache"),
        "BINDERCLIP_CONFIG": str(work / "config"),
    }
    paths = [notebook(work / f"n{n}.ipynb") for n in range(number)]
    clip = [sys.executable, "-m", "binderclip", "run", "--on", hub.url, "-q"]
    together = command([*clip, *paths], cwd=work, env=env)
    each = [command([*clip, path], cwd=work, env=env) for path in paths]
    counts: dict[str, list[int]] = {"together": [], "one by one": []}
    rows: list[Row] = side_by_side(
        {
            "together": counted(hub, together, counts["together"]),
            "one by one": counted(hub, lambda: sum(job() for job in each), counts["one by one"]),
        },
        rounds=rounds,
    )
    table(f"{number} notebooks on one JupyterHub", rows, ours="together")
    for name, found in counts.items():
        print(f"  servers started, {name}: {sorted(set(found))} a round")


if __name__ == "__main__":
    main()
