"""The packs on disk: bounded, whole, and there after a restart."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.gateway.rig_envs import packed

from binderclip.envrepo import Packed, pack_file
from binderclip.errors import CacheError, TooLarge
from binderclip.gateway.envs.store import EnvStore


def made(name: str) -> Packed:
    """All of one size, and of different content."""
    return packed({"requirements.txt": f"{name}\n"})


ONE, TWO, THREE = (made(name) for name in ("one", "two", "thr"))
SIZE = max(len(pack_file(one.objects)) for one in (ONE, TWO, THREE))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_is_added_is_there(tmp_path: Path) -> None:
    store = EnvStore(tmp_path / "deep" / "envs")
    assert store.get(ONE.key) is None
    assert store.add(ONE) == ONE.key
    found = store.get(ONE.key)
    assert found is not None
    assert found.commit == ONE.commit
    assert found.path.read_bytes() == pack_file(ONE.objects)
    assert found.size_bytes == found.path.stat().st_size
    assert found.path.stat().st_mode & 0o777 == 0o600
    assert found.path.parent.stat().st_mode & 0o777 == 0o700
    again = found.path.stat().st_ino
    assert store.add(ONE) == ONE.key
    assert found.path.stat().st_ino == again


def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    EnvStore(tmp_path).add(ONE)
    found = EnvStore(tmp_path).get(ONE.key)
    assert found is not None
    assert found.commit == ONE.commit


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    store = EnvStore(tmp_path, 2 * SIZE)
    store.add(ONE)
    store.add(TWO)
    assert store.get(ONE.key)
    store.add(THREE)
    assert store.get(TWO.key) is None
    assert store.get(ONE.key)
    assert store.get(THREE.key)
    assert len(names(tmp_path)) == 2


def test_that_holds_over_a_restart(tmp_path: Path) -> None:
    store = EnvStore(tmp_path)
    for one in (ONE, TWO, THREE):
        store.add(one)
    stamps = {ONE.key: 3, TWO.key: 1, THREE.key: 2}
    for path in tmp_path.iterdir():
        os.utime(path, (stamps[path.name[:64]],) * 2)
    smaller = EnvStore(tmp_path, 2 * SIZE)
    assert smaller.get(TWO.key) is None
    assert smaller.get(THREE.key)  # and so ONE is the next to go
    smaller.add(TWO)
    assert smaller.get(ONE.key) is None


def test_one_that_is_too_large(tmp_path: Path) -> None:
    store = EnvStore(tmp_path, SIZE - 20)
    with pytest.raises(TooLarge, match=r"an environment of .* expected at most"):
        store.add(ONE)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("damage", ["cut", "longer", "changed", "gone", "empty", "a link"])
def test_what_was_damaged_is_not_there(tmp_path: Path, damage: str) -> None:
    EnvStore(tmp_path / "envs").add(ONE)
    (path,) = (tmp_path / "envs").iterdir()
    data = path.read_bytes()
    path.unlink()
    if damage == "a link":
        (tmp_path / "other").write_bytes(data)
        path.symlink_to(tmp_path / "other")
    elif damage != "gone":
        kept = {"cut": data[:-30], "longer": data + b"x", "empty": b""}
        path.write_bytes(kept.get(damage, data[:20] + b"\0" + data[21:]))
    store = EnvStore(tmp_path / "envs")
    assert store.get(ONE.key) is None
    assert names(tmp_path / "envs") == set()
    store.add(ONE)
    assert store.get(ONE.key)


def test_what_goes_away_under_it(tmp_path: Path) -> None:
    store = EnvStore(tmp_path)
    store.add(ONE)
    for path in tmp_path.iterdir():
        path.unlink()
    assert store.get(ONE.key) is None
    store.add(ONE)
    assert store.get(ONE.key)


def test_what_a_crash_leaves_goes_and_what_is_others_stays(tmp_path: Path) -> None:
    (tmp_path / ".0123456789abcdef.tmp").write_bytes(b"half")
    others = {
        "README",
        f"{ONE.key}.pack",
        f"{ONE.key}-x.pack",
        f"{ONE.key.upper()}-{'0' * 40}.pack",
    }
    for name in others:
        (tmp_path / name).write_bytes(b"x")
    store = EnvStore(tmp_path, 1)
    assert names(tmp_path) == others
    assert store.get(ONE.key) is None


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CacheError, match="environments cannot be kept there"):
        EnvStore(tmp_path / "file")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(CacheError, match="others may write"):
        EnvStore(tmp_path / "open")


def test_a_folder_that_went_away(tmp_path: Path) -> None:
    store = EnvStore(tmp_path / "envs")
    (tmp_path / "envs").rmdir()
    with pytest.raises(CacheError, match=r"envs: environments cannot be kept there \(No such file"):
        store.add(ONE)


def test_many_threads(tmp_path: Path) -> None:
    all_of_them = [made(f"{number:03}") for number in range(12)]
    store = EnvStore(tmp_path, 5 * SIZE)

    def use(number: int) -> None:
        one = all_of_them[number % 12]
        store.add(one)
        found = store.get(one.key)
        assert found is None or found.commit == one.commit

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(96)))
    held = [one for one in all_of_them if store.get(one.key)]
    assert 0 < len(held) <= 5
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{one.key}-{one.commit}.pack" for one in held
    }
