"""What the save hook adds to a save: ``python benchmarks/save_hook.py`` after dev/test.

Saves the same notebooks through Jupyter Server's own managers of contents, with the hook and
without it, in turn, into temporary folders. The hook alone is timed on a manager that does nothing
else: in a notebook that it fills in, in one that it filled in before, in one that another server
filled in, and in one with an entry of its author's. Where this Python has no Jupyter Server, that
of .tools/jupyter is used.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stamp import ROOT, generated
from timing import Row, ratio, side_by_side

from binderclip.filling import Facts, fill
from binderclip.jupyter.saving import install
from binderclip.spec.model import Reference

SIZES = {"10 kB": (10_000, 31), "1 MB": (1_000_000, 11), "50 MB": (50_000_000, 3)}
MANAGERS = {"async": "AsyncLargeFileManager", "sync": "LargeFileManager"}
FACTS = Facts(
    policy="managed",  # which looks at the most
    host=("https://mybinder.org",),
    image=Reference("https://quay.io", "jupyter/base-notebook", "2026-11-01"),
    build=Reference("https://github.com", "owner/environment", "main", "0123456789" * 4),
)
OTHER = {"version": 1, "image": {"host": "https://ghcr.io", "path": "p/other"}}
ENTRIES: dict[str, Any] = {
    "fills it in": None,
    "has filled it in": fill({}, FACTS)["binder"],
    "takes it over": {**OTHER, "auto": True},
    "leaves it alone": OTHER,
}
CALLS = 500


class Nothing:
    """A manager whose saves take no time."""

    def save(self, model: Any, path: str = "") -> None:
        """Not at all."""


def notebook(size_bytes: int) -> dict[str, Any]:
    """Of about that size, as the contents API hands it to a manager."""
    content: dict[str, Any] = json.loads(generated(1, size_bytes)[0])
    for number, cell in enumerate(content["cells"]):
        cell["id"] = f"cell-{number}"  # made at random they are not always different
    return content


def hook_alone(content: dict[str, Any], entry: Any) -> float:
    """Seconds that the hook takes, the median of many calls: a save with it less one without."""
    plain, hooked = Nothing(), Nothing()
    install(hooked, FACTS, logging.getLogger())
    model = {"type": "notebook", "content": content}
    taken: list[float] = []
    for _ in range(CALLS):
        content["metadata"].pop("binder", None)
        if entry is not None:
            content["metadata"]["binder"] = entry
        began = time.perf_counter()
        plain.save(model, "a.ipynb")
        between = time.perf_counter()
        hooked.save(model, "a.ipynb")
        taken.append(time.perf_counter() - between - (between - began))
    return statistics.median(taken)


def saver(
    name: str, folder: Path, content: dict[str, Any], runner: asyncio.Runner, *, hook: bool
) -> Callable[[], float]:
    """A function that saves ``content`` once and returns the seconds."""
    from jupyter_server.services.contents import (  # type: ignore[import-not-found, unused-ignore]
        largefilemanager,
    )

    folder.mkdir()
    manager = getattr(largefilemanager, name)(root_dir=str(folder), log=logging.getLogger())
    if hook:
        install(manager, FACTS, logging.getLogger())
    later = asyncio.iscoroutinefunction(manager.save)

    def once() -> float:
        content["metadata"].pop("binder", None)
        model = {"type": "notebook", "format": "json", "content": content}
        began = time.perf_counter()
        if later:
            runner.run(manager.save(model, "a.ipynb"))
        else:
            manager.save(model, "a.ipynb")
        return time.perf_counter() - began

    return once


def measure(folder: Path, *, fewer: int) -> dict[str, list[Row]]:
    """Print both tables; all figures by their titles."""
    contents = {size: notebook(size_bytes) for size, (size_bytes, _) in SIZES.items()}
    print(f"\nThe hook alone, in microseconds (the median of {CALLS} calls)")
    print(f"  {'notebook':12}" + "".join(f"{name:>18}" for name in ENTRIES))
    for size, content in contents.items():
        figures = [hook_alone(content, entry) * 1e6 for entry in ENTRIES.values()]
        print(f"  {size:12}" + "".join(f"{figure:18.1f}" for figure in figures))
    print("\nA save with the hook beside the same save without it; noise: without it twice")
    print(
        f"  {'manager':9}{'notebook':10}{'without':>12}{'with':>12}{'with / without':>17}", end=""
    )
    print(f"{'noise':>8}")
    found = {}
    with asyncio.Runner() as runner:
        for kind, name in MANAGERS.items():
            for size, content in contents.items():
                jobs = {
                    word: saver(name, folder / f"{kind} {size} {word}", content, runner, hook=hook)
                    for word, hook in (("without", False), ("with", True), ("again", False))
                }
                rounds = max(3, SIZES[size][1] // fewer)
                rows = found[f"{kind} {size}"] = side_by_side(jobs, rounds=rounds)
                without, hooked, again = rows
                print(
                    f"  {kind:9}{size:10}{without.median * 1e3:10.1f}ms{hooked.median * 1e3:10.1f}"
                    f"ms{ratio(hooked, without):17.3f}{ratio(again, without):8.3f}"
                )
    return found


def main() -> None:
    """Parse the arguments; measure here, or in the Python that can."""
    if importlib.util.find_spec("jupyter_server") is None:
        tools = Path(os.environ.get("BINDERCLIP_TOOLS") or ROOT / ".tools")
        python = tools / "jupyter" / "bin" / "python"
        if not python.exists():
            raise SystemExit(f"no Jupyter Server in this Python and no {python}: run dev/test")
        raise SystemExit(subprocess.run([python, *sys.argv], check=False).returncode)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fewer", type=int, default=1, help="so many times fewer rounds [1]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    wished = parser.parse_args()
    logging.getLogger().setLevel(logging.CRITICAL)  # each save says that it is not trusted
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    with tempfile.TemporaryDirectory(prefix="binderclip-bench-") as folder:
        os.environ["JUPYTER_DATA_DIR"] = folder
        figures = measure(Path(folder), fewer=wished.fewer)
    if wished.json:
        rows = {title: {row.name: row.seconds for row in table} for title, table in figures.items()}
        wished.json.write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()
