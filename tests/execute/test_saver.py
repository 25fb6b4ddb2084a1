"""The result's file: whole at every moment, and nobody else's work overwritten."""

from __future__ import annotations

import asyncio
import stat
import threading
from pathlib import Path

import pytest

from binderclip.errors import NotebookError
from binderclip.execute.saver import ResultFile, Saver


def test_a_new_file_is_made_and_replaced(tmp_path: Path) -> None:
    file = ResultFile.expect(tmp_path / "a.ipynb", None)
    assert not (tmp_path / "a.ipynb").exists()
    for data in (b"1", b"22", b"3"):
        assert file.write(data) is None
        assert (tmp_path / "a.ipynb").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["a.ipynb"]
    assert stat.S_IMODE((tmp_path / "a.ipynb").stat().st_mode) & 0o600 == 0o600


def test_a_file_that_appears_meanwhile_is_left(tmp_path: Path) -> None:
    file = ResultFile.expect(tmp_path / "a.ipynb", None)
    (tmp_path / "a.ipynb").write_text("theirs")
    told = file.write(b"ours")
    assert told
    assert "somebody else" in told
    assert (tmp_path / "a.ipynb").read_text() == "theirs"
    assert file.path == tmp_path / "a.run.ipynb"
    assert file.write(b"ours, later") is None
    assert file.path.read_bytes() == b"ours, later"


def test_a_name_beside_it_that_is_taken_is_left_too(tmp_path: Path) -> None:
    for name in ("a.ipynb", "a.run.ipynb", "a.run-2.ipynb"):
        (tmp_path / name).write_text(name)
    file = ResultFile.expect(tmp_path / "a.ipynb", b"what it held")
    assert "a.run-3.ipynb" in (file.write(b"ours") or "")
    for name in ("a.ipynb", "a.run.ipynb", "a.run-2.ipynb"):
        assert (tmp_path / name).read_text() == name


def test_a_file_that_was_removed_meanwhile_stays_so(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("old")
    file = ResultFile.expect(tmp_path / "a.ipynb", None)
    (tmp_path / "a.ipynb").unlink()
    assert "removed" in (file.write(b"ours") or "")
    assert file.path == tmp_path / "a.run.ipynb"


@pytest.mark.parametrize("name", ["folder", "no/where.ipynb"])
def test_what_cannot_be_written_is_said_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotebookError):
        ResultFile.expect(tmp_path / name, None)


def test_saves_are_few_and_the_last_is_whole(tmp_path: Path) -> None:
    file = ResultFile.expect(tmp_path / "a.ipynb", None)
    state = [0]
    saved: list[Path] = []

    async def work() -> None:
        saver = Saver(
            file, lambda: str(state[0]).encode(), saved=saved.append, notice=lambda _: None
        )
        for number in range(1, 601):
            state[0] = number
            saver.changed()
            await asyncio.sleep(0.001)
        await saver.close()

    asyncio.run(work())
    assert (tmp_path / "a.ipynb").read_bytes() == b"600"
    assert 2 <= len(saved) < 100


def test_a_failed_save_is_raised_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    file = ResultFile.expect(folder / "a.ipynb", None)

    async def work() -> None:
        saver = Saver(file, lambda: b"x", saved=lambda _: None, notice=lambda _: None)
        folder.rmdir()
        saver.changed()
        await asyncio.sleep(0.4)
        await saver.close()

    with pytest.raises(NotebookError, match="cannot be written"):
        asyncio.run(work())


def test_two_writers_of_one_run_take_turns(tmp_path: Path) -> None:
    file = ResultFile.expect(tmp_path / "a.ipynb", None)
    threads = [
        threading.Thread(target=lambda n=n: [file.write(b"%d" % n) for _ in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.path == tmp_path / "a.ipynb"
    assert [path.name for path in tmp_path.iterdir()] == ["a.ipynb"]
