"""A one-cell notebook executed where everything is ready, from the command to the saved file.

The floor is nbclient in a process that has imported it already: reading, starting a kernel,
executing, writing. What we print beside it is the whole command, Python's start-up included, and
the same with that start-up taken off.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Callable
from pathlib import Path

from places import Places
from timing import Row, side_by_side, table

FLOOR = """
import json, sys, time
import nbformat
from nbclient import NotebookClient

def once():
    began = time.perf_counter()
    nb = nbformat.read(sys.argv[1], as_version=4)
    NotebookClient(nb, kernel_name="python3").execute()
    nbformat.write(nb, sys.argv[2])
    return time.perf_counter() - began

for line in sys.stdin:
    print(once(), flush=True)
"""


def notebook(folder: Path) -> Path:
    """One cell, an environment for us, a PEP 723 header for juv."""
    header = '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["cowsay==6.1"]\n# ///\n'
    source = f"{header}import cowsay\nprint(6 * 7)"
    content = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": "only",
                "metadata": {},
                "outputs": [],
                "source": source.splitlines(keepends=True),
            }
        ],
        "metadata": {
            "binder": {"version": 1, "files": {"requirements.txt": ["cowsay==6.1\n"]}},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = folder / "one-cell.ipynb"
    path.write_text(json.dumps(content, indent=1), "utf-8")
    return path


def in_process(places: Places, path: Path) -> Callable[[], float]:
    """The floor: nbclient in one process, asked for a run at a time."""
    process = subprocess.Popen(
        [places.peers / "python", "-c", FLOOR, path, places.work / "floor.ipynb"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=places.env,
    )
    asking, answers = process.stdin, process.stdout
    if asking is None or answers is None:
        raise SystemExit("the process of the floor has no pipes")

    def once() -> float:
        asking.write("go\n")
        asking.flush()
        return float(answers.readline())

    return once


def measure(places: Places, *, rounds: int) -> dict[str, list[Row]]:
    """Time the runs; print a table."""
    path = notebook(places.work)
    clip, peers = places.ours / "binderclip", places.peers
    out = places.work / "out.ipynb"
    jobs = {
        "binderclip run": places.command(clip, "run", path, "-o", out, "-q"),
        "jupyter execute": places.command(peers / "jupyter", "execute", path, "--output", out.stem),
        "nbclient in process (the floor)": in_process(places, path),
        "juv exec (a script: no kernel, no outputs)": places.command(peers / "juv", "exec", path),
        "python -c pass": places.command(places.ours / "python", "-c", "pass"),
    }
    title = "Warm run of a one-cell notebook"
    rows = side_by_side(jobs, rounds=rounds)
    ours, floor, python = rows[0], rows[2], rows[4]
    aside = [o - p for o, p in zip(ours.seconds, python.seconds, strict=True)]
    rows.insert(1, Row("binderclip run, Python's start-up aside", tuple(aside)))
    table(title, rows, ours="binderclip run")
    over = statistics.median(a / f for a, f in zip(aside, floor.seconds, strict=True))
    print(f"  Python's start-up aside, binderclip run takes {over:.2f} of the floor.")
    return {title: rows}
