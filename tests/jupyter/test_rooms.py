"""Saves out of rooms of jupyter-collaboration: they are filled in too, and the room does not fight
what the file says more than it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.jupyter.rig import Served, notebook, served
from tests.jupyter.rooms import Room, joined

pytestmark = pytest.mark.slow

IMAGE = {"host": "https://quay.io", "path": "o/name", "ref": "1"}
ENTRY = {"version": 1, "image": IMAGE, "auto": True}
# Rooms look for changes of the file, save and end soon, so that tests need not wait.
QUICK = """
c.YDocExtension.document_save_delay = 0.1
c.YDocExtension.file_poll_interval = 0.05
c.YDocExtension.document_cleanup_delay = 0.3
"""
FACTS = 'c.Binderclip.image = "quay.io/o/name:1"\n'
OFF = 'c.ServerApp.jpserver_extensions = {"binderclip": False}\n'


@pytest.fixture(scope="module")
def filling(jupyter_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    config = QUICK + FACTS
    with served(jupyter_python, tmp_path_factory.mktemp("on") / "root", config=config) as one:
        yield one
        assert one.warnings == []
        assert "Traceback" not in one.log


@pytest.fixture(scope="module")
def plain(jupyter_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server without the extension."""
    config = QUICK + OFF
    with served(jupyter_python, tmp_path_factory.mktemp("off") / "root", config=config) as one:
        yield one


def lay(server: Served, path: str, *sources: str, **metadata: Any) -> bytes:
    """A notebook that nobody saved through the server."""
    data = json.dumps(notebook(*sources, **metadata)).encode()
    (server.root / path).write_bytes(data)
    return data


def sources(content: dict[str, Any]) -> list[str]:
    return ["".join(cell["source"]) for cell in content["cells"]]


def in_log(server: Served, words: str, *, since: int) -> None:
    ends = time.monotonic() + 60
    while words not in server.log[since:]:
        assert time.monotonic() < ends, server.log[since:]
        time.sleep(0.02)


def evicted(server: Served, room: Room, path: str) -> None:
    """The last one leaves, and the room is taken out of memory."""
    since = len(server.log)
    room.leave()
    in_log(server, f"Deleting file {path}", since=since)


def rests(server: Served) -> None:
    """It says nothing while rooms look at their files a few times."""
    ends = time.monotonic() + 60
    log = ""
    while server.log != log:
        assert time.monotonic() < ends, log
        log = server.log
        time.sleep(0.5)


def test_a_save_is_filled_in_and_the_room_rests(filling: Served, jupyter_python: Path) -> None:
    lay(filling, "rests.ipynb", "x = 1")
    with joined(jupyter_python, filling.url, filling.token, "rests.ipynb") as room:
        for number in range(5):
            room.edit(0, f"x = {number}")
            room.save()
            assert filling.on_disk("rests.ipynb")["metadata"]["binder"] == ENTRY
        rests(filling)
        data = (filling.root / "rests.ipynb").read_bytes()
        assert "Out-of-band" not in filling.log
        assert sources(room.content()) == sources(json.loads(data)) == ["x = 4"]
        assert "binder" not in room.content()["metadata"]


def test_opening_writes_nothing(filling: Served, jupyter_python: Path) -> None:
    data = lay(filling, "opened.ipynb", "x = 1")
    with joined(jupyter_python, filling.url, filling.token, "opened.ipynb") as room:
        assert sources(room.content()) == ["x = 1"]
        evicted(filling, room, "opened.ipynb")
    assert (filling.root / "opened.ipynb").read_bytes() == data


def test_rooms_save_by_themselves(filling: Served, jupyter_python: Path) -> None:
    lay(filling, "itself.ipynb", "x = 1")
    with joined(jupyter_python, filling.url, filling.token, "itself.ipynb") as room:
        since = len(filling.log)
        room.edit(0, "x = 2")
        in_log(filling, "Saving file: itself.ipynb", since=since)
        evicted(filling, room, "itself.ipynb")
    found = filling.on_disk("itself.ipynb")
    assert found["metadata"]["binder"] == ENTRY
    assert sources(found) == ["x = 2"]


def test_two_lose_nothing(filling: Served, jupyter_python: Path) -> None:
    lay(filling, "two.ipynb", "a = 0", "b = 0")
    where = (jupyter_python, filling.url, filling.token, "two.ipynb")
    with joined(*where) as one, joined(*where) as other:
        for number in range(1, 4):
            one.edit(0, f"a = {number}")
            one.save()
            other.edit(1, f"b = {number}")
            other.save()
        assert sources(one.content()) == sources(other.content()) == ["a = 3", "b = 3"]
    found = filling.on_disk("two.ipynb")
    assert sources(found) == ["a = 3", "b = 3"]
    assert found["metadata"]["binder"] == ENTRY


def test_who_comes_back_loses_nothing_and_finds_the_entry(
    filling: Served, jupyter_python: Path
) -> None:
    lay(filling, "back.ipynb", "x = 1")
    where = (jupyter_python, filling.url, filling.token, "back.ipynb")
    with joined(*where) as room:
        room.edit(0, "x = 2")
        room.append("y = 1")
        room.save()
        assert "binder" not in room.content()["metadata"]
        evicted(filling, room, "back.ipynb")
        room.join()
        assert sources(room.content()) == ["x = 2", "y = 1"]
        assert room.content()["metadata"]["binder"] == ENTRY
        room.edit(1, "y = 2")
        room.save()
        with joined(*where) as other:
            assert sources(other.content()) == ["x = 2", "y = 2"]
    found = filling.on_disk("back.ipynb")
    assert sources(found) == ["x = 2", "y = 2"]
    assert found["metadata"]["binder"] == ENTRY


def test_an_entry_that_is_deleted_comes_back_until_one_opts_out(
    filling: Served, jupyter_python: Path
) -> None:
    filling.save("deleted.ipynb", notebook("x = 1"))
    with joined(jupyter_python, filling.url, filling.token, "deleted.ipynb") as room:
        assert room.content()["metadata"]["binder"] == ENTRY
        room.drop_metadata("binder")
        room.save()
        assert filling.on_disk("deleted.ipynb")["metadata"]["binder"] == ENTRY
        room.set_metadata("binder", value=False)
        room.save()
        assert filling.on_disk("deleted.ipynb")["metadata"]["binder"] is False


@pytest.mark.parametrize(
    "entry",
    [
        False,
        "https://mybinder.org/v2/gh/o/r/HEAD",
        {"version": 1, "image": {"host": "https://ghcr.io", "path": "p/own"}},
        {"version": 7, "new": [1, {"deep": 0.5}]},
    ],
)
def test_what_a_person_wrote_is_as_without_us(
    filling: Served, plain: Served, jupyter_python: Path, entry: Any
) -> None:
    for server in (filling, plain):
        lay(server, "own.ipynb", "x = 1", binder=entry, title="t")
        with joined(jupyter_python, server.url, server.token, "own.ipynb") as room:
            room.edit(0, "x = 2")
            room.save()
            evicted(server, room, "own.ipynb")
    data = (filling.root / "own.ipynb").read_bytes()
    assert data == (plain.root / "own.ipynb").read_bytes()
    assert json.loads(data)["metadata"]["binder"] == entry


def test_what_somebody_writes_in_the_room_is_as_without_us(
    filling: Served, plain: Served, jupyter_python: Path
) -> None:
    for server in (filling, plain):
        lay(server, "written.ipynb", "x = 1")
        with joined(jupyter_python, server.url, server.token, "written.ipynb") as room:
            room.set_metadata("binder", value=False)
            room.save()
    data = (filling.root / "written.ipynb").read_bytes()
    assert data == (plain.root / "written.ipynb").read_bytes()
