"""Connection files: private, over sockets where that is possible, and gone afterwards."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from binderclip.kernels import connection


@pytest.fixture
def short() -> Iterator[Path]:
    """Sockets have paths of a hundred characters at most, which tests' own folders exceed."""
    with TemporaryDirectory(prefix="bc-") as folder:
        yield Path(folder)


def test_sockets_lie_in_the_private_folder(short: Path) -> None:
    run = short
    path, info = connection.describe(run, unix=True)
    assert (info["transport"], Path(str(info["ip"])).parent) == ("ipc", run)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_bytes()) == info
    (run / f"{Path(str(info['ip'])).name}-1").touch()
    connection.remove(path, info)
    assert list(run.iterdir()) == []


def test_a_long_path_gets_a_private_folder_elsewhere(tmp_path: Path) -> None:
    run = tmp_path / ("deep" * 30)
    run.mkdir()
    path, info = connection.describe(run, unix=True)
    folder = Path(str(info["ip"])).parent
    assert info["transport"] == "ipc"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    connection.remove(path, info)
    assert not folder.exists()
    assert list(run.iterdir()) == []


def test_kernels_without_sockets_get_ports_and_a_key(tmp_path: Path) -> None:
    path, info = connection.describe(tmp_path, unix=False)
    _, other = connection.describe(tmp_path, unix=False)
    ports = {info[f"{channel}_port"] for channel in connection.CHANNELS}
    assert (info["transport"], info["ip"], len(ports)) == ("tcp", "127.0.0.1", 5)
    assert len(str(info["key"])) == 64
    assert info["key"] != other["key"]
    connection.remove(path, info)
    assert not path.exists()
