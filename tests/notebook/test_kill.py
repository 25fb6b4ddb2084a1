"""Killed at any moment, the notebook is the old one or the new one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from binderclip.notebook import parse, read

LOOP = """
import sys
from pathlib import Path
from binderclip.notebook import read, save, save_all
paths = [Path(name) for name in sys.argv[1:]]
turn = 0
while True:
    turn += 1
    value = {"turn": turn, "filling": ["x" * 100] * (turn % 50)}
    files = [read(path) for path in paths]
    save(files[0], files[0].notebook.replaced(value))
    save_all([(file, file.notebook.replaced(value)) for file in files[1:]])
    print(turn, flush=True)
"""


@pytest.mark.slow
def test_killed_at_many_moments(tmp_path: Path, plain: bytes) -> None:
    """Slow: every one of the 60 processes starts a Python."""
    paths = [tmp_path / f"{n}.ipynb" for n in range(4)]
    padded = plain.replace(b"# Hi", b"# Hi" + b"i" * 200_000)
    for path in paths:
        path.write_bytes(padded)
    rng = random.Random(0)
    turns = 0
    for _ in range(60):
        command = [sys.executable, "-c", LOOP, *map(str, paths)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()  # it is in its loop
            time.sleep(rng.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        for path in paths:
            notebook = read(path).notebook
            value = notebook.get()
            assert isinstance(value, dict)
            turn = value["turn"]
            assert isinstance(turn, int)
            assert value["filling"] == ["x" * 100] * (turn % 50)
            assert parse(padded).replaced(value).data == notebook.data
            turns = max(turns, turn)
    assert turns > 1
    leftovers = [entry for entry in tmp_path.iterdir() if entry not in paths]
    assert all(entry.name.startswith(".binderclip-") for entry in leftovers)
