"""Sessions on disk: listed, told apart by whether their owner lives, never trusted blindly."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from binderclip.errors import CacheError
from binderclip.records import Record, Records
from binderclip.session import HubServer, Runtime, Session

SESSION = Session("binderhub", "b-1", "https://hub.example.org/user/a/", "s3cret")
HUB = HubServer(
    "https://hub.example.org/hub/api/",
    "ada",
    "binderclip",
    started="2026-11-23T00:00:00Z",
    made=True,
)

OWNER = """
import sys
from pathlib import Path
from binderclip.records import Records
from binderclip.session import Session
records = Records(Path(sys.argv[1]))
records.note(Session("binderhub", sys.argv[2], "https://h.example.org/", "s3cret"), place="h")
if "keep" in sys.argv:
    records.keep(sys.argv[2])
print("noted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sessions"


@pytest.fixture
def owner(folder: Path) -> Iterator[Callable[..., Popen[str]]]:
    """Starts a process that notes a session and waits."""
    started = []

    def start(name: str, *words: str) -> Popen[str]:
        process = Popen(
            [sys.executable, "-c", OWNER, str(folder), name, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "noted\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def only(folder: Path) -> Record:
    (record,) = Records(folder).all()
    return record


def test_what_is_noted_is_found(folder: Path) -> None:
    Records(folder).note(SESSION, place="hub.example.org")
    record = only(folder)
    assert record.session == SESSION
    assert (record.place, record.pid) == ("hub.example.org", os.getpid())
    assert record.since.endswith("+00:00")
    assert (record.alive, record.kept, record.left) == (True, False, False)
    assert "s3cret" not in repr(record)


def test_it_is_private(folder: Path) -> None:
    Records(folder).note(SESSION, place="h")
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_hubs_token_is_not_kept(folder: Path) -> None:
    session = Session("jupyterhub", "j", "https://h.example.org/user/a/", "s3cret", hub=HUB)
    Records(folder).note(session, place="h")
    assert only(folder).session == Session("jupyterhub", "j", session.url, None, hub=HUB)
    assert all(b"s3cret" not in file.read_bytes() for file in folder.iterdir())


@pytest.mark.parametrize(
    "session",
    [
        Session("local", "l", runtime=Runtime(Path("/p"), Path("/h"), Path("/r"), {})),
        Session("server", "s", "http://h.example.org/", owned=False),
    ],
)
def test_what_nobody_has_to_stop_is_not_noted(session: Session, folder: Path) -> None:
    records = Records(folder)
    records.note(session, place="h")
    records.keep(session.id)
    records.drop(session.id)
    assert records.look() == ((), ())


def test_noted_again_it_is_replaced(folder: Path) -> None:
    records = Records(folder)
    before = Session("jupyterhub", "j", hub=HUB)
    records.note(before, place="h")
    since = only(folder).since
    records.note(Session("jupyterhub", "j", "https://h.example.org/", hub=HUB), place="h2")
    record = only(folder)
    assert (record.session.url, record.place) == ("https://h.example.org/", "h2")
    assert record.since == since
    assert record.alive


def test_dropped_it_is_gone(folder: Path) -> None:
    records = Records(folder)
    records.note(SESSION, place="h")
    records.note(Session("binderhub", "../../b-2", "https://h.example.org/"), place="h")
    records.drop(SESSION.id)
    records.drop(SESSION.id)
    assert only(folder).session.id == "../../b-2"
    Records(folder).drop("../../b-2")
    assert list(folder.iterdir()) == []


def test_kept_on_purpose(folder: Path) -> None:
    Records(folder).note(SESSION, place="h")
    Records(folder).keep(SESSION.id)
    record = only(folder)
    assert record.kept
    assert not record.left
    assert record.session == SESSION


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_owner_that_was_killed(
    number: signal.Signals, folder: Path, owner: Callable[..., Popen[str]]
) -> None:
    process = owner("one")
    record = only(folder)
    assert record.alive
    assert record.pid == process.pid
    process.send_signal(number)
    process.wait()
    record = only(folder)
    assert record.left
    assert record.session.token == "s3cret"


def test_an_owner_that_went_on_purpose(folder: Path, owner: Callable[..., Popen[str]]) -> None:
    process = owner("one", "keep")
    process.communicate("")
    record = only(folder)
    assert (record.alive, record.kept, record.left) == (False, True, False)


def test_looking_takes_nothing_from_the_owner(
    folder: Path, owner: Callable[..., Popen[str]]
) -> None:
    owner("one")
    owner("two")
    records = Records(folder)
    for _ in range(3):
        assert [(r.session.id, r.alive) for r in records.all()] == [("one", True), ("two", True)]


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def _changed(**values: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_text("{"),
        lambda path: path.write_bytes(b"\xff" * 100),
        lambda path: path.write_text("[" * 100_000),
        lambda path: path.chmod(0o644),
        lambda path: path.rename(path.with_name(f"{'0' * 32}.json")),
        _fifo,
        _link,
        _changed(url="file:///etc/passwd"),
        _changed(url="https://u:s3cret@h.example.org/"),
        _changed(hub={"api": "x", "user": "y", "name": ""}),
        _changed(pid=0),
        _changed(pid=2**80),
        _changed(since="yesterday"),
        _changed(since="2026-01-01T00:00:00"),
    ],
)
def test_a_damaged_record_is_told_and_hides_none(
    harm: Callable[[Path], None], folder: Path
) -> None:
    records = Records(folder)
    records.note(SESSION, place="h")
    (path,) = folder.iterdir()
    records.note(Session("binderhub", "sound", "https://h.example.org/"), place="h")
    harm(path)
    (sound,), (damaged,) = records.look()
    assert sound.session.id == "sound"
    assert damaged.why
    assert "s3cret" not in damaged.why
    assert [record.session.id for record in records.all()] == ["sound"]


def test_what_a_newer_binderclip_wrote_is_read(folder: Path) -> None:
    Records(folder).note(SESSION, place="h")
    (path,) = folder.iterdir()
    _changed(more=1)(path)
    assert only(folder).session == SESSION


def test_a_folder_open_to_others_is_refused(folder: Path) -> None:
    records = Records(folder)
    records.note(SESSION, place="h")
    folder.chmod(0o777)
    for use in (records.all, lambda: records.note(SESSION, place="h"), lambda: records.keep("x")):
        with pytest.raises(CacheError, match="expected a folder of your own") as caught:
            use()
        assert "chmod" in str(caught.value.hint)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CacheError, match="cannot be used") as caught:
        Records(tmp_path / "file" / "sessions").note(SESSION, place="h")
    assert "BINDERCLIP_STATE" in str(caught.value.hint)


def test_without_a_folder_there_is_nothing(folder: Path) -> None:
    assert Records(folder).look() == ((), ())
    Records(folder).drop("x")
    Records(folder).keep("x")
    assert not folder.exists()


def test_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINDERCLIP_STATE", str(tmp_path / "state"))
    assert Records().folder == tmp_path / "state" / "sessions"
