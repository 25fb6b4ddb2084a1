"""Every comparison in one run: ``python benchmarks/compare.py``.

Installs binderclip and its peers into temporary environments of their own, times them in turn on
this machine, and prints ratios. Absolute figures say more about the machine than about anybody's
code.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import freezing
import startup
import warm_run
from places import ROOT, prepare
from timing import Row


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each table [9]")
    parser.add_argument(
        "--only", choices=("startup", "warm-run", "stamp", "freeze"), help="one comparison"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    wished = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    figures: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory(prefix="binderclip-bench-") as folder:
        places = prepare(Path(folder))
        if wished.only in {None, "startup"}:
            figures |= startup.measure(places, rounds=wished.rounds)
        if wished.only in {None, "warm-run"}:
            figures |= warm_run.measure(places, rounds=wished.rounds)
        if wished.only in {None, "stamp"}:
            stamp = [places.ours / "python", ROOT / "benchmarks" / "stamp.py"]
            sys.stdout.flush()
            subprocess.run(stamp, check=True, env=places.env)
        if wished.only in {None, "freeze"}:
            figures |= freezing.measure(places, rounds=min(wished.rounds, 5))
    if wished.json:
        rows = {title: {row.name: row.seconds for row in table} for title, table in figures.items()}
        wished.json.write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()
