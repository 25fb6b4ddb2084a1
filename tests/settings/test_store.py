"""Keeping tokens: in the keyring where there is one, else in a private file."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import keyring.errors
import pytest

from binderclip.addresses.link import parse
from binderclip.errors import ConfigError
from binderclip.tokens import Kept, Ring, TokenStore
from binderclip.tokens.ring import RingFailed

if TYPE_CHECKING:
    from tests.settings.conftest import MemoryRing

HUB = "https://hub.example.org/"


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path)


def test_in_the_keyring(store: TokenStore, memory_ring: MemoryRing) -> None:
    kept = store.add(HUB, "s3cret")
    assert kept == Kept(HUB, "keyring", "Test Keyring")
    assert memory_ring.entries == {("binderclip", HUB): "s3cret"}
    assert "s3cret" not in store.file.read_text()
    assert store.all() == (Kept(HUB, "keyring", "keyring"),)
    assert store.in_keyring(parse(f"{HUB}user/ada/")) == "s3cret"
    assert store.in_file(parse(HUB)) is None
    assert store.remove(HUB) == (Kept(HUB, "keyring", "keyring"),)
    assert memory_ring.entries == {}
    assert store.all() == store.remove(HUB) == ()


def test_what_somebody_put_into_the_keyring(store: TokenStore, memory_ring: MemoryRing) -> None:
    memory_ring.entries["binderclip", HUB] = "s3cret"
    assert store.in_keyring(parse(f"{HUB}a/b/")) == "s3cret"
    assert [kept.place for kept in store.remove(HUB)] == ["keyring"]


def test_the_longest_address_wins_in_the_keyring(
    store: TokenStore, memory_ring: MemoryRing
) -> None:
    for address, token in ((HUB, "short"), (f"{HUB}a/b/", "long")):
        store.add(address, token)
    assert store.in_keyring(parse(f"{HUB}a/b/c")) == "long"
    assert store.in_keyring(parse(f"{HUB}a/bc")) == "short"
    assert store.in_keyring(parse("http://hub.example.org/")) is None
    memory_ring.asked.clear()
    assert store.in_keyring(parse(HUB + "x/" * 500)) == "short"
    assert len(memory_ring.asked) == 9


@pytest.mark.parametrize(
    "fault", [keyring.errors.NoKeyringError("none"), keyring.errors.KeyringLocked("s3cret")]
)
def test_the_file_where_the_keyring_does_not_take_it(
    fault: Exception, store: TokenStore, memory_ring: MemoryRing
) -> None:
    memory_ring.fault = fault
    kept = store.add(HUB, "s3cret")
    assert (kept.place, kept.where) == ("file", str(store.file))
    locked = "the keyring failed (KeyringLocked)"
    assert kept.remark == (locked if "Locked" in type(fault).__name__ else None)
    assert store.in_file(parse(f"{HUB}user/ada")) == "s3cret"
    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600


def test_a_keyring_that_keeps_nothing(store: TokenStore, memory_ring: MemoryRing) -> None:
    memory_ring.silent = True
    assert store.add(HUB, "s3cret").place == "file"
    assert store.in_file(parse(HUB)) == "s3cret"


def test_a_token_moves(store: TokenStore, memory_ring: MemoryRing) -> None:
    memory_ring.fault = keyring.errors.KeyringLocked()
    store.add(HUB, "old")
    memory_ring.fault = None
    store.add(HUB, "new")
    assert store.all() == (Kept(HUB, "keyring", "keyring"),)
    assert store.in_file(parse(HUB)) is None


def test_a_locked_keyring_is_no_removal(store: TokenStore, memory_ring: MemoryRing) -> None:
    store.add(HUB, "s3cret")
    memory_ring.fault = keyring.errors.KeyringLocked()
    with pytest.raises(ConfigError, match="cannot be taken out of the keyring"):
        store.remove(HUB)
    assert len(store.all()) == 1


def test_a_keyring_that_is_stuck_is_asked_once(memory_ring: MemoryRing) -> None:
    memory_ring.stuck = threading.Event()
    ring = Ring(timeout_s=0.05)
    try:
        with pytest.raises(RingFailed, match="did not answer"):
            ring.get(HUB)
        assert ring.get(HUB) is None
        assert len(memory_ring.asked) == 1
    finally:
        memory_ring.stuck.set()


STUCK = """
import time
from keyring.backend import KeyringBackend

class Stuck(KeyringBackend):
    priority = 1
    def get_password(self, service, username):
        time.sleep(600)
    set_password = delete_password = get_password
"""


def test_a_keyring_that_is_stuck_does_not_hold_up_the_end(tmp_path: Path) -> None:
    (tmp_path / "stuck_backend.py").write_text(STUCK)
    code = (
        "from binderclip.tokens.ring import Ring, RingFailed\n"
        "try:\n    Ring(timeout_s=0.2).get('https://h.example.org/')\n"
        "except RingFailed as failed:\n    print(failed)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "PYTHON_KEYRING_BACKEND": "stuck_backend.Stuck",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "did not answer" in done.stdout
    assert done.stderr == ""


def test_without_the_package(tmp_path: Path) -> None:
    """An interpreter that lacks ``keyring``, as after an install without the extra."""
    code = (
        "import sys\n"
        "sys.modules['keyring'] = None  # as the import system knows what is not there\n"
        "from pathlib import Path\n"
        "from binderclip.tokens import TokenStore\n"
        "print(TokenStore(Path(sys.argv[1])).add('https://h.example.org/', 't').place)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True
    )
    assert done.stdout == "file\n"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_a_file_open_to_others_is_refused(mode: int, store: TokenStore) -> None:
    store.add(HUB, "s3cret")
    store.file.chmod(mode)
    for use in (store.all, lambda: store.in_file(parse(HUB)), lambda: store.add(HUB, "x")):
        with pytest.raises(ConfigError, match="open to others") as caught:
            use()
        assert f"chmod 600 {store.file}" in str(caught.value.hint)


def test_a_link_is_refused(store: TokenStore, tmp_path: Path) -> None:
    store.add(HUB, "s3cret")
    store.file.rename(tmp_path / "elsewhere")
    store.file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="a link"):
        store.all()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"tokens": {"https://hub.example.org/": 1}}',
        '{"more": 1}',
        # Would be the beginning of every address.
        '{"tokens": {"https://": "s3cret"}}',
        '{"tokens": {"": "s3cret"}}',
        '{"tokens": {"https://hub.example.org": "s3cret"}}',
        '{"keyring": ["https://u:s3cret@h/"]}',
    ],
)
def test_a_damaged_file_is_told(content: str, store: TokenStore) -> None:
    store.file.write_text(content)
    store.file.chmod(0o600)
    with pytest.raises(ConfigError, match="cannot be read as a list of tokens") as caught:
        store.in_file(parse(HUB))
    assert "s3cret" not in str(caught.value)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = TokenStore(tmp_path / "file" / "x")
    assert store.all() == ()
    with pytest.raises(ConfigError, match="cannot be written into") as caught:
        store.add(HUB, "x")
    assert "BINDERCLIP_CONFIG" in str(caught.value.hint)


def test_the_file_as_it_is(store: TokenStore) -> None:
    store.add(HUB, "b")
    store.add("http://localhost:8000/", "a")
    assert json.loads(store.file.read_text()) == {
        "tokens": {HUB: "b", "http://localhost:8000/": "a"},
        "keyring": [],
    }
    assert [kept.address for kept in store.all()] == ["http://localhost:8000/", HUB]


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom binderclip.tokens import TokenStore\n"
        "store = TokenStore(Path(sys.argv[1]))\n"
        "for number in range(20):\n"
        "    store.add(f'https://h{number}.example.org/{sys.argv[2]}/', 't')"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path, str(number)]) for number in range(3)
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert len(TokenStore(tmp_path).all()) == 60
