"""``token``: kept, listed, removed; never shown, never an argument."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., Any]

COMMAND = Path(sys.executable).parent / "binderclip"
HUB = "https://hub.example.org/"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration's folder, empty."""
    folder = tmp_path / ".config"
    folder.mkdir()
    monkeypatch.setenv("BINDERCLIP_CONFIG", str(folder))
    return folder


def test_added_listed_removed(run: Run, settings: Path) -> None:
    done = run("token", "add", "https://HUB.example.org", typed="s3cret\n")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"✓ {HUB}: kept in {settings}/tokens.json\n"
    assert stat.S_IMODE((settings / "tokens.json").stat().st_mode) == 0o600
    listed = run("token", "list")
    assert HUB in listed.out
    assert "s3cret" not in listed.out
    assert run("token", "list", "--json").answer == {
        "tokens": [{"address": HUB, "place": "file", "where": f"{settings}/tokens.json"}]
    }
    assert run("token", "remove", HUB).out == "1 token removed.\n"
    done = run("token", "remove", HUB, "--json")
    assert (done.code, done.answer) == (1, {"removed": [], "unknown": [HUB]})
    assert run("token", "list").out == "No tokens are kept.\n"


@pytest.mark.usefixtures("settings")
def test_added_for_machines(run: Run) -> None:
    answer = run("token", "add", HUB, "--json", typed="s3cret").answer
    assert (answer["address"], answer["place"], answer["remark"]) == (HUB, "file", None)
    assert "s3cret" not in str(answer)


def test_by_its_name_in_the_configuration(run: Run, settings: Path) -> None:
    config = settings / "config.toml"
    config.write_text(f'[hubs.ours]\nurl = "{HUB}"\ntoken_env = "OURS"\n')
    done = run("token", "add", "ours", typed="s3cret")
    assert done.out.startswith(f"✓ {HUB}: kept")
    assert "hubs.ours.token_env ($OURS) in your configuration goes first" in done.err
    places = [one["place"] for one in run("token", "list", "--json").answer["tokens"]]
    assert places == ["config", "file"]
    done = run("token", "remove", "ours")
    assert done.code == 0
    assert "still names one" in done.err


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("http://hub.example.org", True),
        ("http://192.0.2.1/", True),
        ("http://127.0.0.1:8000/", False),
        ("http://[::1]:8000/", False),
        ("http://localhost:8000/", False),
    ],
)
def test_without_encryption(address: str, warned: bool, run: Run) -> None:  # noqa: FBT001 - parametrised
    done = run("token", "add", address, typed="s3cret")
    assert done.code == 0
    assert ("not encrypted" in done.err) == warned


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("address", "typed", "words"),
    [
        ("hub", "s3cret", "expected an address such as"),
        ("ftp://hub.example.org", "s3cret", "expected an address such as"),
        ("https://ada:s3cret@hub.example.org/x", "", "say https://hub.example.org/x"),
        ("https://hub.example.org/?token=s3cret", "", "say https://hub.example.org/"),
        (HUB, "", "no token was given"),
        (HUB, " \n", "no token was given"),
        (HUB, "s3cret s3cret", "that is no token"),
        (HUB, "s3cret\ns3cret\n", "that is no token"),
        (HUB, "s3crét", "that is no token"),
        (HUB, "s3cret" * 4000, "that is no token"),
    ],
)
def test_what_is_refused(address: str, typed: str, words: str, run: Run) -> None:
    done = run("token", "add", address, typed=typed)
    assert done.code == 2
    assert words in done.err
    assert "s3cr" not in done.err + done.out
    assert run("token", "list").out == "No tokens are kept.\n"


def test_the_token_is_no_argument(run: Run) -> None:
    assert run("token", "add", HUB, "s3cret").code == 2


def test_a_configuration_at_fault(run: Run, settings: Path) -> None:
    (settings / "config.toml").write_text("hostss = []")
    done = run("token", "list")
    assert done.code == 18
    assert "did you mean 'hosts'?" in done.err


def test_a_file_that_others_may_read(run: Run, settings: Path) -> None:
    run("token", "add", HUB, typed="s3cret")
    (settings / "tokens.json").chmod(0o644)
    done = run("token", "list")
    assert done.code == 18
    assert "chmod 600" in done.err


def test_asked_for_on_a_terminal(settings: Path) -> None:
    owner, terminal = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "token", "add", HUB],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    shown = b""
    while b"not shown" not in shown:
        shown += os.read(owner, 1024)
    os.write(owner, b"s3cret\n")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"kept in" in out
    os.set_blocking(owner, False)
    with suppress(OSError):  # Linux says so when the other end is closed
        shown += os.read(owner, 1024)
    os.close(owner)
    assert b"s3cret" not in shown + out
    assert "s3cret" in (settings / "tokens.json").read_text()


BACKENDS = '''
import json, os
from pathlib import Path
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

class Kept(KeyringBackend):
    """Keeps what it is given in a file."""
    priority = 1
    name = "A Keyring"
    def _entries(self):
        path = Path(os.environ["RING"])
        return json.loads(path.read_text()) if path.exists() else {}
    def _write(self, entries):
        Path(os.environ["RING"]).write_text(json.dumps(entries))
    def get_password(self, service, username):
        return self._entries().get(f"{service} {username}")
    def set_password(self, service, username, password):
        self._write({**self._entries(), f"{service} {username}": password})
    def delete_password(self, service, username):
        entries = self._entries()
        del entries[f"{service} {username}"]
        self._write(entries)

class Locked(KeyringBackend):
    priority = 1
    def get_password(self, *words):
        raise KeyringLocked("s3cret")
    set_password = delete_password = get_password
'''


@pytest.fixture
def rings(tmp_path: Path, settings: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes the backends importable; the file that one of them keeps."""
    (settings.parent / "our_backends.py").write_text(BACKENDS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("RING", str(tmp_path / "ring.json"))
    return tmp_path / "ring.json"


def test_a_keyring(
    rings: Path, settings: Path, spawn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "our_backends.Kept")
    done = spawn("token", "add", HUB, typed=b"s3cret\n")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"✓ {HUB}: kept in the keyring (A Keyring)\n"
    assert "s3cret" in rings.read_text()
    assert "s3cret" not in (settings / "tokens.json").read_text()
    assert spawn("token", "list").out == f"{HUB}\n  in  keyring\n"
    assert spawn("token", "remove", HUB).out == "1 token removed.\n"
    assert rings.read_text() == "{}"


@pytest.mark.usefixtures("rings")
def test_a_locked_keyring(settings: Path, spawn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "our_backends.Locked")
    done = spawn("token", "add", HUB, typed=b"s3cret\n")
    assert done.code == 0
    assert done.out.endswith(f"kept in {settings}/tokens.json\n")
    assert done.err == "! the keyring failed (KeyringLocked)\n"
    assert spawn("token", "remove", HUB).out == "1 token removed.\n"
    done = spawn("token", "remove", HUB)
    assert done.code == 18
    assert "unlock the keyring" in done.err
    assert "s3cret" not in done.err
