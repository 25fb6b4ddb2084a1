"""Packages in a folder: linked, checked, their scripts left alone."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.conda.channel import ChannelFolder
from tests.conda.conftest import Steps, written

from binderclip import conda
from binderclip.errors import BuildFailed, Unreachable


def test_files_are_there_and_share_the_caches_bytes(
    ch: ChannelFolder, steps: Steps, tmp_path: Path
) -> None:
    prefix = steps.install(steps.solve(written(ch.http, "tool")), tmp_path / "prefix")
    assert subprocess.check_output([prefix / "bin/tool"], text=True) == "tool\n"
    kept = steps.cache / "packages/part-1.0-0/share/part"
    assert kept.stat().st_ino == (prefix / "share/part").stat().st_ino
    records = sorted(path.name for path in (prefix / "conda-meta").glob("*.json"))
    assert records == ["part-1.0-0.json", "tool-1.0-0.json"]


def test_the_prefix_is_written_into_files_that_ask_for_it(
    ch: ChannelFolder, steps: Steps, tmp_path: Path
) -> None:
    ch.add(
        "relocated",
        "1.0",
        files={"bin/where": b"#!/bin/sh\necho /placeholder/of/the/prefix\n"},
        prefixed={"bin/where": "/placeholder/of/the/prefix"},
        links={"bin/same": "where"},
    )
    prefix = steps.install(steps.solve(written(ch.url, "relocated")), tmp_path / "prefix")
    assert subprocess.check_output([prefix / "bin/same"], text=True) == f"{prefix}\n"


def test_a_package_of_python_files_gets_its_commands(
    ch: ChannelFolder, steps: Steps, tmp_path: Path
) -> None:
    ch.add("python", "3.11.7", subdir="linux-64", noarch=None, files={"bin/python3.11": b""})
    ch.add(
        "greet",
        "1.0",
        depends=["python"],
        noarch="python",
        files={"site-packages/greet.py": b"def main(): print('hello')\n"},
        entry_points=["greet = greet:main"],
    )
    prefix = steps.install(steps.solve(written(ch.url, "greet")), tmp_path / "prefix")
    assert (prefix / "lib/python3.11/site-packages/greet.py").is_file()
    assert (prefix / "bin/greet").read_text("utf-8").startswith(f"#!{prefix}/bin/python3.11")


def test_scripts_run_only_where_that_was_allowed(
    ch: ChannelFolder, steps: Steps, tmp_path: Path
) -> None:
    script = b'#!/bin/sh\necho ran > "$PREFIX/ran"\n'
    ch.add("scripted", "1.0", files={"bin/.scripted-post-link.sh": script})
    solution = steps.solve(written(ch.url, "scripted"))
    without = steps.install(solution, tmp_path / "without")
    assert not (without / "ran").exists()
    assert any("not run: bin/.scripted-post-link.sh" in line for line in steps.said)
    assert (steps.install(solution, tmp_path / "with", link_scripts=True) / "ran").exists()


@pytest.mark.parametrize("over", ["url", "http"])
def test_a_file_that_is_not_what_the_index_says(
    ch: ChannelFolder, steps: Steps, tmp_path: Path, over: str
) -> None:
    solution = steps.solve(written(getattr(ch, over), "tool"))
    archive = ch.folder / "noarch/part-1.0-0.tar.bz2"
    ch.add("part", "1.0", files={"share/part": b"evil"}, indexed=False)
    assert archive.is_file()
    with pytest.raises(BuildFailed, match="part"):
        steps.install(solution, tmp_path / "prefix")
    assert not (tmp_path / "prefix/share/part").exists()


def test_a_file_that_is_gone(ch: ChannelFolder, steps: Steps, tmp_path: Path) -> None:
    solution = steps.solve(written(ch.http, "tool"))
    (ch.folder / "noarch/part-1.0-0.tar.bz2").unlink()
    with pytest.raises((BuildFailed, Unreachable), match="part"):
        steps.install(solution, tmp_path / "prefix")


def test_what_the_cache_keeps_is_told_apart_by_its_hash(
    ch: ChannelFolder, steps: Steps, tmp_path: Path
) -> None:
    """Two files of one name and version, one after the other, through one cache."""
    steps.install(steps.solve(written(ch.url, "part")), tmp_path / "one")
    ch.add("part", "1.0", files={"share/part": b"other"})
    steps.install(steps.solve(written(ch.url, "part")), tmp_path / "two")
    assert (tmp_path / "one/share/part").read_bytes() == b"one"
    assert (tmp_path / "two/share/part").read_bytes() == b"other"


def test_paths_that_leave_the_prefix(ch: ChannelFolder, steps: Steps, tmp_path: Path) -> None:
    ch.add("climber", "1.0", files={"../../climbed": b"out"})
    solution = steps.solve(written(ch.url, "climber"))
    with pytest.raises(BuildFailed):
        steps.install(solution, tmp_path / "a/prefix")
    assert not any("climbed" in name for _, _, names in os.walk(tmp_path) for name in names)


def test_progress_is_told_in_the_loops_own_thread(
    ch: ChannelFolder, steps: Steps, tmp_path: Path
) -> None:
    import threading

    threads: set[int] = set()
    solution = steps.solve(written(ch.url, "tool"))

    async def work() -> None:
        def observe(_: str) -> None:
            threads.add(threading.get_ident())

        await conda.install(solution, tmp_path / "p", cache=steps.cache, observe=observe)

    asyncio.run(work())
    assert threads <= {threading.get_ident()}
    known = json.loads((tmp_path / "p/conda-meta/tool-1.0-0.json").read_text("utf-8"))
    assert known["url"].startswith("file://")
