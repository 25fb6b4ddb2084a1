"""How fast `metadata.binder` is set in many notebooks, beside nbformat and beside a raw copy.

Run with `python benchmarks/stamp.py`. Every round measures every row once, in an order that
moves on from round to round, each on fresh copies of the same files in the same file system;
ratios are of medians.

All of it is measured twice: in a folder in memory, where the code alone counts (Linux), and on
the disk, where waiting until a file is safe costs more than any code. Nobody knows a notebook's
bytes before reading it, so each row starts from files in the page cache and ends with files. What
each row guarantees differs, and the table says so:

- `raw copy` is shutil.copyfile into new files, and nothing is waited for.
- `raw copy, flushed` waits for the disk after each file: what durable copying would cost.
- `nbformat` is nbformat.read, a change, nbformat.write: both validate; nothing is waited for,
  and a crash can leave a notebook cut off.
- `nbformat, flushed` waits for the disk after each file; a crash can still cut one off.
- `stamp, one by one` is read, set, save: atomic and durable after every file.
- `stamp, batch` is the same with save_all: atomic always, all durable at its end.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat

from binderclip.notebook import Notebook, NotebookFile, parse, read, save, save_all
from binderclip.spec.model import JSON

ROOT = Path(__file__).resolve().parent.parent
# ext4 takes its time to step over the files that were deleted in the last five seconds when it
# makes new ones, and replacing deletes: without a pause each row would pay for the one before.
PAUSE_S = 5.5
STAMP: dict[str, JSON] = {
    "version": 1,
    "build": {"host": "https://github.com", "path": "owner/environment", "ref": "main"},
}


@dataclass(frozen=True, slots=True)
class Row:
    """``seconds`` is the median over the rounds for the whole corpus."""

    where: str
    corpus: str
    files: int
    megabytes: float
    what: str
    durable: str
    seconds: float
    per_raw_copy: float
    per_flushed_copy: float
    nbformat_per_this: float


def raw_copy(files: list[Path], out: Path) -> None:
    for file in files:
        shutil.copyfile(file, out / file.name)


def flush(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)


def flushed_copy(files: list[Path], out: Path) -> None:
    for file in files:
        flush(Path(shutil.copyfile(file, out / file.name)))


def with_nbformat(files: list[Path], _out: Path) -> None:
    reading: Any = nbformat
    for file in files:
        notebook = reading.read(file, as_version=nbformat.NO_CONVERT)
        notebook.metadata["binder"] = STAMP
        reading.write(notebook, file)


def with_nbformat_flushed(files: list[Path], out: Path) -> None:
    for file in files:
        with_nbformat([file], out)
        flush(file)


def one_by_one(files: list[Path], _out: Path) -> None:
    for file in files:
        before = read(file)
        save(before, before.notebook.replaced(STAMP))


def in_batch(files: list[Path], _out: Path) -> None:
    def stamped() -> Iterator[tuple[NotebookFile, Notebook]]:
        for file in files:
            before = read(file)
            yield before, before.notebook.replaced(STAMP)

    failed = [outcome for outcome in save_all(stamped()) if outcome is not True]
    assert not failed, failed


ROWS: dict[str, tuple[Callable[[list[Path], Path], None], str]] = {
    "raw copy": (raw_copy, "no"),
    "raw copy, flushed": (flushed_copy, "each file"),
    "nbformat": (with_nbformat, "no"),
    "nbformat, flushed": (with_nbformat_flushed, "each file"),
    "stamp, one by one": (one_by_one, "each file"),
    "stamp, batch": (in_batch, "at the end"),
}


def usable(paths: list[Path]) -> list[bytes]:
    """The notebooks among them that nbformat reads and writes without complaint."""
    reading: Any = nbformat
    contents = []
    for path in paths:
        try:
            notebook = reading.read(path, as_version=nbformat.NO_CONVERT)
            reading.writes(notebook)
            parse(path.read_bytes(), path.name)
        except Exception as exc:  # noqa: BLE001 - broken notebooks are part of the corpus
            why = str(exc).splitlines()[0][:80]
            print(f"left out: {path.name}: {type(exc).__name__}: {why}", file=sys.stderr)
            continue
        contents.append(path.read_bytes())
    return contents


def generated(count: int, size_bytes: int) -> list[bytes]:
    """Notebooks of about that size, a third of it text in 1 kB cells, the rest four pictures."""
    rng = random.Random(size_bytes)
    nbf: Any = nbformat
    contents = []
    for _ in range(count):
        cells = []
        for number in range(size_bytes // 6000):
            lines = [f"value {rng.random()} of step {number}, {row}\n" for row in range(20)]
            printed = nbf.v4.new_output("stream", text="".join(lines))
            cells.append(nbf.v4.new_markdown_cell("# A step\n\n" + "What it does. " * 40))
            cells.append(nbf.v4.new_code_cell("print(value)\n" * 10, outputs=[printed]))
        for _ in range(4):
            picture = base64.b64encode(rng.randbytes(size_bytes // 8)).decode()
            output = nbf.v4.new_output("display_data", data={"image/png": picture})
            cells.append(nbf.v4.new_code_cell("plot()", outputs=[output]))
        metadata = {"language_info": {"name": "python"}}
        notebook = nbf.v4.new_notebook(cells=cells, metadata=metadata)
        contents.append((nbf.writes(notebook) + "\n").encode())
    return contents


def corpora() -> dict[str, list[bytes]]:
    """Small notebooks: those of the test-suites beside this checkout, else the examples, often."""
    shared = sorted((ROOT.parent / "shared" / "notebooks").rglob("*.ipynb"))
    small = usable(shared) or usable(sorted((ROOT / "examples").glob("*.ipynb"))) * 13
    return {
        f"{len(small)} small": small,
        "100 of 100 kB": generated(100, 100_000),
        "20 of 1 MB": generated(20, 1_000_000),
    }


def measure(
    corpora: dict[str, list[bytes]], rounds: int, folder: Path
) -> dict[tuple[str, str], float]:
    """The median seconds of each row over each corpus."""
    times: dict[tuple[str, str], list[float]] = {}
    names = list(ROWS)
    with tempfile.TemporaryDirectory(dir=folder) as everything:
        for turn in range(rounds):
            copies: dict[tuple[str, str], list[Path]] = {}
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                for corpus, contents in corpora.items():
                    place = Path(tempfile.mkdtemp(dir=everything))
                    copies[corpus, name] = [place / f"{n}.ipynb" for n in range(len(contents))]
                    for file, content in zip(copies[corpus, name], contents, strict=True):
                        file.write_bytes(content)
            os.sync()  # the files' own writing is nobody's cost
            time.sleep(PAUSE_S)
            for (corpus, name), files in copies.items():
                out = Path(tempfile.mkdtemp(dir=everything))
                start = time.perf_counter()
                ROWS[name][0](files, out)
                times.setdefault((corpus, name), []).append(time.perf_counter() - start)
    return {key: statistics.median(taken) for key, taken in times.items()}


def table(corpora: dict[str, list[bytes]], rounds: int, where: str, folder: Path) -> list[Row]:
    taken = measure(corpora, rounds, folder)
    return [
        Row(
            where=where,
            corpus=corpus,
            files=len(contents),
            megabytes=sum(map(len, contents)) / 1e6,
            what=name,
            durable=ROWS[name][1],
            seconds=taken[corpus, name],
            per_raw_copy=taken[corpus, name] / taken[corpus, "raw copy"],
            per_flushed_copy=taken[corpus, name] / taken[corpus, "raw copy, flushed"],
            nbformat_per_this=taken[corpus, "nbformat"] / taken[corpus, name],
        )
        for corpus, contents in corpora.items()
        for name in ROWS
    ]


def show(rows: list[Row]) -> None:
    for where in dict.fromkeys(row.where for row in rows):
        print(f"\nStamping notebooks {where}")
        print(
            f"  {'corpus':14}{'files':>6}{'MB':>7}  {'row':19}{'safe on disk':13}{'ms a file':>10}"
            f"{'x raw copy':>12}{'x flushed':>11}{'nbformat takes':>16}"
        )
        for row in (row for row in rows if row.where == where):
            print(
                f"  {row.corpus:14}{row.files:6}{row.megabytes:7.2f}  {row.what:19}"
                f"{row.durable:13}{row.seconds / row.files * 1e3:10.3f}{row.per_raw_copy:12.2f}"
                f"{row.per_flushed_copy:11.2f}{row.nbformat_per_this:15.1f}x"
            )


def places(stated: Path | None) -> dict[str, Path]:
    """Where to measure, by what to call it."""
    if stated is not None:
        return {f"in {stated}": stated}
    memory, disk = Path("/dev/shm"), Path(tempfile.gettempdir())
    found = {"in memory": memory} if os.access(memory, os.W_OK) else {}
    return {**found, "on the disk": disk}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each row [7]")
    parser.add_argument("--folder", type=Path, help="measure there alone")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # old notebooks make nbformat warn; that is not measured
    found = corpora()
    rows = [
        row
        for where, folder in places(options.folder).items()
        for row in table(found, options.rounds, where, folder)
    ]
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        show(rows)


if __name__ == "__main__":
    main()
