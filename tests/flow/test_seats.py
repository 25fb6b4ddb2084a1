"""A run's place on a real Jupyter Server: what is sent, what is left, what is fetched."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from tests.copying.conftest import Copying, cache, copying
from tests.copying.conftest import web as repositories
from tests.local.conftest import make_origin, origin, serve
from tests.servers.conftest import (
    Exchange,
    Running,
    Told,
    _loopback_is_near,
    folder,
    jupyter,
    on_told,
    told,
)

from binderclip import flow
from binderclip.copying import Copies
from binderclip.errors import SessionError, SourceError
from binderclip.flow.seats import Seat, collected, seated, served
from binderclip.flow.seats.collecting import Limits
from binderclip.guard import OpenGuard
from binderclip.servers.contents import Contents

if TYPE_CHECKING:
    from tests.flow.conftest import MakeNotebook
    from tests.local.conftest import Origin, Served

# pytest finds fixtures among the names of a module.
__all__ = [
    "_loopback_is_near", "cache", "copying", "folder", "jupyter", "make_origin", "on_told",
    "origin", "repositories", "serve", "told",
]  # fmt: skip


@pytest.fixture
def web(tmp_path: Path, serve: Callable[..., AbstractContextManager[Served]]) -> Any:
    """The folder of all origins, over http, as ``copying`` wants it."""
    (tmp_path / "origins").mkdir(exist_ok=True)
    with serve(tmp_path / "origins") as server:
        yield server


@dataclass
class Sitting:
    """Takes seats on the real server, and remembers what was told."""

    server: Running
    notebook: Path
    told: list[str] = field(default_factory=list)

    @property
    def here(self) -> Path:
        return self.notebook.parent

    def there(self, seat: Seat) -> Path:
        return self.server.root / seat.folder

    @asynccontextmanager
    async def seat(
        self,
        *names: str,
        throwaway: bool = False,
        stays: bool = False,
        turn: asyncio.Lock | None = None,
        copies: Copies | None = None,
        notebook: Path | None = None,
    ) -> AsyncIterator[Seat]:
        opened = await flow.open_address(str(notebook or self.notebook), guard=OpenGuard())
        async with (
            served(self.server.session, OpenGuard()) as server,
            seated(
                opened,
                server,
                throwaway=throwaway,
                files=[self.here / name for name in names],
                copies=copies,
                observe=lambda _: None,
                remark=self.told.append,
                stays=stays,
                turn=turn,
            ) as seat,
        ):
            yield seat


@pytest.fixture
def sitting(jupyter: Running, notebook: MakeNotebook) -> Sitting:
    return Sitting(jupyter, notebook("1", name="Nötebook 1.ipynb"))


def tree(root: Path) -> list[str]:
    """All that is below it, links not followed, but for a folder that Jupyter makes by itself."""
    found = (path.relative_to(root).as_posix() for path in root.rglob("*"))
    return sorted(path for path in found if not path.endswith(".ipynb_checkpoints"))


def fill(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_csv", ".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_folder_of_its_own_comes_and_goes(sitting: Sitting) -> None:
    fill(sitting.here, a_csv="1", d__deep__b_csv="22")

    async def go() -> None:
        async with sitting.seat("a.csv", "d/deep/b.csv") as seat:
            there = sitting.there(seat)
            assert seat.folder.startswith("Nötebook 1-")
            assert tree(there) == ["Nötebook 1.ipynb", "a.csv", "d", "d/deep", "d/deep/b.csv"]
            assert (there / "d" / "deep" / "b.csv").read_text() == "22"
            assert (sitting.server.root / seat.path).read_bytes() == seat.sent
        assert not there.exists()

    asyncio.run(go())
    assert sitting.told == ["sending 2 files beside the notebook, 3 B: a.csv, d/deep/b.csv"]


def test_what_the_run_wrote_changed_or_linked_stays(sitting: Sitting, tmp_path: Path) -> None:
    fill(sitting.here, a_csv="1", b_csv="1", d__c_csv="1", e__c_csv="1", f__c_csv="1")
    fill(tmp_path / "elsewhere", c_csv="mine", x_csv="mine")

    async def go() -> Path:
        names = ("a.csv", "b.csv", "d/c.csv", "e/c.csv", "f/c.csv")
        async with sitting.seat(*names) as seat:
            there = sitting.there(seat)
            (there / "out").mkdir()
            (there / "out" / "r.csv").write_text("result")
            (there / "a.csv").write_text("2")
            (there / "link").symlink_to(tmp_path / "elsewhere")
            (there / "d" / "c.csv").unlink()
            (there / "d").rmdir()
            (there / "d").symlink_to(tmp_path / "elsewhere")
            (there / "e" / ".kept").write_text("hidden result")
        return there

    there = asyncio.run(go())
    assert tree(there) == ["a.csv", "d", "e", "e/.kept", "link", "out", "out/r.csv"]
    assert tree(tmp_path / "elsewhere") == ["c.csv", "x.csv"]
    assert (tmp_path / "elsewhere" / "c.csv").read_text() == "mine"
    assert sitting.told[-1].startswith(f"the folder {there.name} on ")
    assert sitting.told[-1].endswith("stays, with what the run wrote")


def test_hidden_results_alone_stay(sitting: Sitting) -> None:
    async def go() -> Path:
        async with sitting.seat() as seat:
            (sitting.there(seat) / ".results").write_text("hidden")
        return sitting.there(seat)

    assert tree(asyncio.run(go())) == [".results"]
    assert "may have left hidden files" in sitting.told[-1]


def test_what_content_brought_goes_too(sitting: Sitting, copying: Copying, origin: Origin) -> None:
    origin.commit({"a.csv": "theirs", "deep/er/x": "1", "mine/y": "1", ".hidden/z": "1"})
    fill(sitting.here, a_csv="mine")
    copies = copying.all()

    async def go() -> Path:
        async with sitting.seat("a.csv", copies=copies) as seat:
            there = sitting.there(seat)
            assert (there / "a.csv").read_text() == "mine"
            assert (there / "deep" / "er" / "x").exists()
        return there

    there = asyncio.run(go())
    assert not there.exists()
    assert any("is replaced by yours" in line for line in sitting.told)


def test_what_was_sent_before_it_failed_goes_too(
    sitting: Sitting, copying: Copying, origin: Origin
) -> None:
    origin.commit({"x/y": "1"})
    fill(sitting.here, **{f"d__f{n}": "1" for n in range(9)})
    before = tree(sitting.server.root)
    copies = copying.all()

    async def go(names: Sequence[str]) -> None:
        async with sitting.seat(*names, copies=copies):
            raise AssertionError("unreachable")

    with pytest.raises(SourceError, match="cannot be read"):
        asyncio.run(go([f"d/f{n}" for n in range(10)]))
    assert tree(sitting.server.root) == before
    os.mkdir(sitting.here / "z")  # noqa: PTH102 - a folder where a file is expected
    fill(sitting.here, x="a file where content has a folder")
    with pytest.raises(SessionError, match="found a folder"):
        asyncio.run(go(["d/f1", "x"]))
    assert tree(sitting.server.root) == before


def test_a_run_that_fails_leaves_nothing_and_one_to_be_seen_stays(sitting: Sitting) -> None:
    async def fails() -> None:
        async with sitting.seat(stays=True):
            raise SessionError("as it may")

    async def well() -> Path:
        async with sitting.seat(stays=True) as seat:
            pass
        return sitting.there(seat)

    before = tree(sitting.server.root)
    with pytest.raises(SessionError, match="as it may"):
        asyncio.run(fails())
    assert tree(sitting.server.root) == before
    assert tree(asyncio.run(well())) == ["Nötebook 1.ipynb"]


def test_edits_and_checkpoints_of_pages_go_with_the_folder(sitting: Sitting) -> None:
    seen: list[Path] = []

    async def go() -> None:
        async with sitting.seat(stays=True) as seat:
            seen.append(sitting.there(seat))
            await seat.contents.upload(seat.path, seat.sent + b"\n", replace=True)
            (seen[0] / ".ipynb_checkpoints").mkdir(exist_ok=True)
            (seen[0] / ".ipynb_checkpoints" / "x").touch()
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(go())
    assert not seen[0].exists()


def test_a_throw_away_server_is_the_runs_own(sitting: Sitting) -> None:
    fill(sitting.here, tw__a_csv="mine")
    fill(sitting.server.root, tw__a_csv="theirs", tw__b_csv="theirs")

    async def go() -> None:
        for number in ("", "-1"):
            async with sitting.seat("tw/a.csv", throwaway=True) as seat:
                assert (seat.folder, seat.path) == ("", f"Nötebook 1{number}.ipynb")
            assert (sitting.server.root / seat.path).exists()

    asyncio.run(go())
    root = sitting.server.root / "tw"
    assert [(root / name).read_text() for name in ("a.csv", "b.csv")] == ["mine", "theirs"]
    assert sum("tw/a.csv: the file of that name" in line for line in sitting.told) == 2
    for path in sitting.server.root.glob("Nötebook*.ipynb"):
        path.unlink()


def test_notebooks_that_share_a_session_leave_each_other_alone(
    sitting: Sitting, notebook: MakeNotebook
) -> None:
    """Neither the notebook of another, nor what it did to a file, is written over."""
    one, two = (notebook(code, name=f"sh-{code}.ipynb") for code in ("1", "2"))
    fill(sitting.here, sh__a_csv="here", sh__b_csv="b")
    root = sitting.server.root

    async def go() -> None:
        turn = asyncio.Lock()
        async with sitting.seat("sh/a.csv", throwaway=True, turn=turn, notebook=one) as first:
            (root / "sh" / "a.csv").write_text("what the first made of it")
            (root / first.path).write_text("as it runs")
            names = ("sh/a.csv", "sh/b.csv", "sh-1.ipynb")
            async with sitting.seat(*names, throwaway=True, turn=turn, notebook=two) as second:
                assert (first.path, second.path) == ("sh-1.ipynb", "sh-2.ipynb")
        async with sitting.seat(*names, throwaway=True, turn=asyncio.Lock(), notebook=two) as third:
            assert third.path == "sh-2-1.ipynb"
            assert (root / "sh" / "a.csv").read_text() == "here"

    asyncio.run(go())
    assert sitting.told[1:3] == [
        "not sent, since another notebook runs there under that name: sh-1.ipynb",
        "sending 1 file beside the notebook, 1 B: sh/b.csv",
    ]
    for path in root.glob("sh-*"):
        path.unlink()


def test_files_of_a_real_run_are_fetched(sitting: Sitting, tmp_path: Path) -> None:
    into = tmp_path / "results" / "here"

    async def go() -> list[list[str]]:
        async with sitting.seat() as seat:
            there = sitting.there(seat)
            fill(there, fig__a_csv="a", fig__deep__b_csv="b", c_csv="c", rest__d_csv="d")
            (there / "fig" / ".x").touch()
            (there / "fig" / "around").symlink_to(there / "fig")
            first = await collected(seat, ["fig/*.csv", "fig/deep", "no*.png", "*.ipynb"], into)
            (there / "fig" / "a.csv").write_text("anew")
            return [first, await collected(seat, ["fig/*.csv", "fig/deep"], into)]

    first, second = asyncio.run(go())
    a, b = into / "fig" / "a.csv", into / "fig" / "deep" / "b.csv"
    missing = [f"{pattern}: no file of the run is named so" for pattern in ("no*.png", "*.ipynb")]
    assert first == [str(a), str(b), *missing]
    assert second == [str(a.with_name("a-1.csv")), f"{b} (as it was)"]
    assert tree(into) == ["fig", "fig/a-1.csv", "fig/a.csv", "fig/deep", "fig/deep/b.csv"]
    assert a.read_text() == "a"


Hostile = Callable[..., list[str]]


@pytest.fixture
def hostile(told: Told, on_told: Callable[..., Any], tmp_path: Path) -> Hostile:
    """Fetch into ``work`` what a server says it has."""
    (tmp_path / "work").mkdir()

    def fetch(
        files: dict[str, bytes],
        *patterns: str,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> list[str]:
        def answer(exchange: Exchange) -> None:
            path = unquote(exchange.path.partition("?")[0].partition("api/contents")[2]).strip("/")
            if (data := files.get(path)) is not None:
                text = base64.b64encode(data).decode()
                exchange.give(
                    {"type": "file", "size": len(data), "format": "base64", "content": text}
                )
                return
            above = f"{path}/" if path else ""
            inner = [name.removeprefix(above) for name in files if name.startswith(above)]
            kinds = {n.partition("/")[0]: "directory" if "/" in n else "file" for n in inner}
            models = [{"name": name, "type": kind} for name, kind in kinds.items()]
            exchange.give({"type": "directory", "content": models})

        async def go(contents: Contents) -> list[str]:
            seat = Seat(contents._server, contents, "", "nb.ipynb", b"")
            return await collected(seat, patterns, tmp_path / "work", limits=limits)

        told.answer = answer
        lines = on_told(go)
        assert isinstance(lines, list)
        return lines

    return fetch


def test_no_repository_is_planted(hostile: Hostile, tmp_path: Path) -> None:
    """One of them would run a program at the next `git status`."""
    ran = tmp_path / "ran"
    config = f'[core]\n\trepositoryformatversion = 0\n\tfsmonitor = "touch {ran}; false"\n'
    parts = {"HEAD": "ref: refs/heads/main\n", "objects/info/x": "", "refs/heads/x": ""}
    bare = {name: text.encode() for name, text in parts.items()}
    tree_too = config + f"\tworktree = {tmp_path / 'work'}\n\tbare = false\n"
    files = {f"fig/.git/{name}": data for name, data in bare.items()}
    files |= {"fig/.git/config": config.encode(), "fig/a.png": b"png"}
    files |= {f"bare/{name}": data for name, data in bare.items()}
    files |= {"bare/config": tree_too.encode(), "other/.GIT/x": b"x", "git~1/config": b"x"}
    lines = hostile(files, "fig", "bare", "fig/.git", "fig/.git/*", "**/.*", "git~1", "*/.GIT/x")
    work = tmp_path / "work"
    assert not [path for path in work.rglob("*") if path.name.lower() in {".git", "head"}]
    assert (work / "fig" / "a.png").read_bytes() == b"png"
    assert not (work / "git~1").exists()
    for inside in ("fig", "bare", "other", "."):
        if (work / inside).is_dir():
            subprocess.run(["git", "status"], cwd=work / inside, capture_output=True, check=False)
    assert not ran.exists()
    said = "\n".join(lines)
    assert "with a '.git' in their paths: " in said
    assert "fig/.git" in said
    assert "named HEAD, as a file of git's own: bare/HEAD" in said


def test_nothing_hidden_comes_unless_it_is_named(hostile: Hostile, tmp_path: Path) -> None:
    files = dict.fromkeys(
        ["d/a", "d/.envrc", "d/.vscode/tasks.json", ".x/a", ".x/.b", ".bashrc"], b"1"
    )
    assert hostile(files, "d", "*", ".x") == [
        str(tmp_path / "work" / ".x" / "a"),
        str(tmp_path / "work" / "d" / "a"),
        "left out, hidden and not named with their dots: .x/.b, d/.envrc, d/.vscode",
    ]
    assert hostile(files, "d/.e*") == [str(tmp_path / "work" / "d" / ".envrc")]


def test_odd_names_are_left_out(hostile: Hostile, tmp_path: Path) -> None:
    files = {"Data/a": b"1", "data/a": b"2", "data/A": b"3", "x\\y": b"1", "ok\u202e": b"1"}
    lines = hostile(files, "*")
    assert lines[0] == str(tmp_path / "work" / "Data" / "a")
    assert sorted(lines[1:]) == [
        "left out, named as others are but for the case of letters: data/A, data/a",
        "left out, with a backslash in their paths: x\\y",
        "left out, with control characters, or bytes that are not UTF-8 in their paths: ok\\u202e",
    ]
    assert tree(tmp_path / "work") == ["Data", "Data/a"]


def test_links_that_lie_here_are_not_written_through(hostile: Hostile, tmp_path: Path) -> None:
    elsewhere, work = tmp_path / "elsewhere", tmp_path / "work"
    fill(elsewhere, same_csv="1", other_csv="mine")
    (work / "data").symlink_to(elsewhere)
    for name in ("same.csv", "other.csv", "new.csv"):
        (work / name).symlink_to(elsewhere / name)
    names = ["data/x", "data/deep/x", "same.csv", "other.csv", "new.csv"]
    lines = hostile(dict.fromkeys(names, b"1"), "*")
    blocked = "left out, since a folder above it is a file or a link here"
    assert lines == [
        f"{work / 'data' / 'deep' / 'x'}: {blocked}",
        f"{work / 'data' / 'x'}: {blocked}",
        *(str(work / f"{name}-1.csv") for name in ("new", "other", "same")),
    ]
    assert tree(elsewhere) == ["other.csv", "same.csv"]
    assert (elsewhere / "other.csv").read_text() == "mine"


def test_limits_are_told(hostile: Hostile, tmp_path: Path) -> None:
    files = {f"{n}.csv": b"x" * 100 for n in range(6)} | {"deep/" * 5 + "x": b""}
    work = tmp_path / "work"
    lines = hostile(files, "*.csv", limits=Limits(total_bytes=250))
    assert lines[:2] == [str(work / "0.csv"), str(work / "1.csv")]
    assert lines[2].startswith("not all was fetched: more than 10,000 files or 250 B; 4 are left")
    lines = hostile(files, "*.csv", limits=Limits(files=3))
    assert lines[3].endswith("3 files or 2.1 GB; 3 are left, from 3.csv on")
    lines = hostile(files, "*.csv", limits=Limits(file_bytes=50))
    assert lines == [f"{n}.csv: left out, larger than 50 B" for n in range(6)]
    lines = hostile(files, "deep", limits=Limits(deepest=3))
    assert lines[0].startswith("not all was looked at: ")
    lines = hostile(files, "*.csv", limits=Limits(looked_at=5))
    assert lines[0].startswith("not all was looked at: more than 5 files")


def test_only_folders_that_may_hold_it_are_asked_for(hostile: Hostile, told: Told) -> None:
    hostile({"a/b/x.csv": b"1", "other/y": b"", "a/c/z": b""}, "a/b/*.csv")
    assert not [one for one in told.asked if "other" in one or "a/c" in one]
