"""Files into a home of this machine: nothing is overwritten, and nothing leaves it."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.copying import Copies, LocalHome, Outcome, place
from binderclip.errors import CacheError, SessionError

if TYPE_CHECKING:
    from tests.copying.conftest import Copying
    from tests.local.conftest import Origin

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_files_are_placed_as_they_are(copying: Copying, origin: Origin, home: Path) -> None:
    data = bytes(range(256)) * 40
    (origin.work / "x.bin").write_bytes(data)
    (origin.work / "run.sh").write_text("#!/bin/sh\n")
    (origin.work / "run.sh").chmod(0o755)
    origin.commit({"sub/deep/a.txt": "1\r\n", "empty": ""})
    copies = copying.all()
    assert copying.place(copies, LocalHome(home)) == ()
    assert (home / "x.bin").read_bytes() == data
    assert (home / "sub" / "deep" / "a.txt").read_bytes() == b"1\r\n"
    assert (home / "empty").read_bytes() == b""
    assert os.access(home / "run.sh", os.X_OK)
    assert not os.access(home / "empty", os.X_OK)
    assert copying.told[-1] == "copying 4 files, 10.3 kB, into the session's home"
    before = contents(home / "sub")
    assert copying.place(copies, LocalHome(home)) == (), "what is there already is fine"
    assert contents(home / "sub") == before


def test_nothing_to_copy_touches_nothing(copying: Copying, tmp_path: Path) -> None:
    assert copying.place(Copies(), LocalHome(tmp_path / "nowhere")) == ()
    assert copying.place(Copies(remarks=("x",)), LocalHome(tmp_path / "nowhere")) == ("x",)
    assert copying.told == []


def test_what_is_there_is_never_overwritten(
    copying: Copying, origin: Origin, home: Path, tmp_path: Path
) -> None:
    names = ["same", "other", "shorter", "link", "dangling", "folder", "pipe"]
    origin.commit(dict.fromkeys(names, "new"))
    secret = tmp_path / "secret"
    secret.write_text("new")
    (home / "same").write_text("new")
    (home / "other").write_text("old")
    (home / "shorter").write_text("ne")
    (home / "link").symlink_to(secret)
    (home / "dangling").symlink_to(tmp_path / "made")
    (home / "folder").mkdir()
    os.mkfifo(home / "pipe")
    remarks = copying.place(copying.all(), LocalHome(home))
    kept = "dangling, $HOME/folder, $HOME/link, $HOME/other, $HOME/pipe, $HOME/shorter"
    assert remarks == (
        f"content: left alone what was there already, with other content: $HOME/{kept}",
    )
    assert (home / "other").read_text() == "old"
    assert (home / "link").is_symlink()
    assert not (tmp_path / "made").exists()


def test_no_link_in_a_home_leads_out_of_it(
    copying: Copying, origin: Origin, home: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (home / "out").symlink_to(outside)
    (home / "in").mkdir()
    (home / "in" / "deeper").symlink_to("../../outside")
    (home / "file").write_text("")
    origin.commit({"out/a": "1", "in/deeper/x/b": "1", "in/c": "1", "file/d": "1"})
    (remark,) = copying.place(copying.all(), LocalHome(home))
    assert remark == (
        "content: not placed, since a folder above it is a file or a link: "
        "$HOME/file/d, $HOME/in/deeper/x/b, $HOME/out/a"
    )
    assert (home / "in" / "c").read_text() == "1"
    assert list(outside.iterdir()) == []


def test_remarks_of_both_steps_come_together(copying: Copying, origin: Origin, home: Path) -> None:
    origin.commit({"x.bin": POINTER, "a": "1"})
    (home / "a").write_text("2")
    fetch = copying.fetch(copy={"*": "$HOME", "*.csv": "$HOME"})
    pointer = "kept in Git LFS, so that a pointer was placed instead of the content"
    assert copying.place(copying.prepare(content=fetch), LocalHome(home)) == (
        f"content: copy's '*.csv' names nothing in {copying.url}/origin.git",
        "content: left alone what was there already, with other content: $HOME/a",
        f"content: {pointer}: $HOME/x.bin",
    )


def test_many_names_are_cut(copying: Copying, origin: Origin, home: Path) -> None:
    names = [f"f{n:02}" for n in range(15)]
    origin.commit(dict.fromkeys(names, "new"))
    for name in names:
        (home / name).write_text("old")
    (remark,) = copying.place(copying.all(), LocalHome(home))
    assert remark.endswith("$HOME/f09 and 5 more")


def test_a_home_that_is_gone_is_an_error(copying: Copying, origin: Origin, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    with pytest.raises(SessionError, match="could not be written"):
        copying.place(copying.all(), LocalHome(tmp_path / "gone"))


def test_a_repository_that_is_pruned_in_between_is_told(
    copying: Copying, origin: Origin, home: Path
) -> None:
    origin.commit({"a": "1"})
    copies = copying.all()
    shutil.rmtree(copying.cache.root / "repositories")
    with pytest.raises(CacheError, match="no longer among what was fetched") as caught:
        copying.place(copies, LocalHome(home))
    assert "run it again" in (caught.value.hint or "")


PARTS = st.one_of(st.sampled_from(["..", ".", "", "a", "out", "/"]), st.text("a/.\0", max_size=3))


@given(parts=st.lists(PARTS, max_size=4))
def test_no_path_leads_out(parts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        outside, home = Path(folder, "outside"), Path(folder, "home")
        outside.mkdir()
        home.mkdir()
        (home / "out").symlink_to(outside)
        with suppress(SessionError):
            asyncio.run(LocalHome(home).put("/".join(parts), b"x", executable=False))
        assert {path.name for path in Path(folder).iterdir()} == {"home", "outside"}
        assert not list(outside.iterdir())


class Slow:
    """A home that never gets done, or fails at the third file."""

    at_once = 4

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        self.begun: list[str] = []
        self.ended = 0
        self.full = asyncio.Event()

    async def put(self, path: str, data: bytes, *, executable: bool) -> Outcome:
        del data, executable
        self.begun.append(path)
        if len(self.begun) == self.at_once:
            self.full.set()
        try:
            if self.fails and len(self.begun) > 2:
                raise SessionError("it is full")
            await asyncio.Event().wait()
        finally:
            self.ended += 1
        return "placed"


def test_what_is_cancelled_ends(copying: Copying, origin: Origin) -> None:
    origin.commit({f"f{n}": "" for n in range(10)})
    copies = copying.all()

    async def go() -> None:
        home = Slow(fails=False)
        placing = asyncio.create_task(place(copies, home, observe=copying.observe))
        await home.full.wait()
        assert len(home.begun) == 4, "no more than at_once"
        placing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await placing
        assert home.ended == 4

    asyncio.run(go())


def test_what_fails_ends_the_others(copying: Copying, origin: Origin) -> None:
    origin.commit({f"f{n}": "" for n in range(10)})
    home = Slow(fails=True)
    with pytest.raises(SessionError, match="it is full"):
        copying.place(copying.all(), home)
    assert home.ended == len(home.begun) <= home.at_once
