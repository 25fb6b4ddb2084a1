"""The cache's bookkeeping, over folders that look like built environments."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from binderclip.cache import Cache, leases, trees
from binderclip.cache.published import Published, machine
from binderclip.errors import CacheError

KEY = "a" * 64
OTHER = "ab" + "c" * 62


def build(
    cache: Cache, key: str = KEY, *, size: int = 10, default_python: str | None = None
) -> Published:
    with cache.lock(key):
        folder = cache.begin(key)
        python = folder / "prefix" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        record = Published(
            token=folder.name,
            python="3.11",
            interpreter=os.path.realpath(sys.executable),
            size_bytes=size,
            made_at=time.time() - 1000,
            summary="requirements.txt",
            cloned=False,
            wrapper=None,
            texts={},
            commands=(),
            scripts=(),
            machine=machine(),
        )
        cache.publish(key, record, default_python=default_python)
    return record


def test_a_folder_is_private_and_marked_as_a_cache(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "deep" / "cache")
    assert cache.root.stat().st_mode & 0o777 == 0o700
    assert (cache.root / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172")


def test_the_variable_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINDERCLIP_CACHE", str(tmp_path / "here"))
    assert Cache().root == tmp_path / "here"


def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(CacheError, match="others may write to"):
        Cache(tmp_path)


def test_a_folder_that_cannot_be_made_is_a_cache_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError) as caught:
        Cache(tmp_path / "file" / "cache")
    assert "BINDERCLIP_CACHE" in (caught.value.hint or "")


def test_only_what_is_published_is_found(fresh_cache: Cache) -> None:
    assert fresh_cache.find(KEY, "3.11") is None
    fresh_cache.begin(KEY)
    assert fresh_cache.find(KEY, "3.11") is None
    assert not fresh_cache.environments()
    record = build(fresh_cache)
    assert fresh_cache.find(KEY, "3.11") == record


def test_an_environment_that_names_no_python_is_kept_for_each_default(fresh_cache: Cache) -> None:
    record = build(fresh_cache, default_python="3.11")
    assert fresh_cache.find(KEY, "3.11") == record
    assert fresh_cache.find(KEY, "3.12") is None
    assert build(fresh_cache, default_python="3.12") == fresh_cache.find(KEY, "3.12")
    assert fresh_cache.find(KEY, "3.11") == record


@pytest.mark.parametrize("fault", ["python", "machine", "layout", "text"])
def test_an_environment_that_does_not_work_any_more_is_not_found(
    fresh_cache: Cache, fault: str
) -> None:
    record = build(fresh_cache)
    ready = fresh_cache.root / "envs" / KEY / "ready.json"
    if fault == "python":
        (fresh_cache.folder(KEY, record.token) / "prefix" / "bin" / "python").unlink()
    elif fault == "text":
        ready.write_text("{")
    else:
        said = msgspec.json.decode(ready.read_bytes())
        said[fault] = "pdp-11" if fault == "machine" else 99
        ready.write_bytes(msgspec.json.encode(said))
    assert fresh_cache.find(KEY, "3.11") is None
    assert build(fresh_cache) == fresh_cache.find(KEY, "3.11")


def test_listing_has_the_most_recently_used_first(fresh_cache: Cache) -> None:
    first, second = build(fresh_cache, size=7), build(fresh_cache, OTHER, size=5)
    lease = fresh_cache.take(KEY, first)
    assert lease is not None
    shown = fresh_cache.environments()
    assert [(e.key, e.size_bytes, e.in_use) for e in shown[:1]] == [(KEY, 7, True)]
    assert shown[0].used_at >= shown[0].made_at
    assert {e.key: e.in_use for e in shown} == {KEY: True, OTHER: False}
    assert second.token != first.token
    leases.give_back(lease)


def test_removing_takes_a_prefix_that_stands_for_one(fresh_cache: Cache) -> None:
    record = build(fresh_cache)
    build(fresh_cache, OTHER)
    with pytest.raises(CacheError, match="stands for 2 environments"):
        fresh_cache.remove("a")
    for prefix in ("f", ""):
        with pytest.raises(CacheError, match="no environment"):
            fresh_cache.remove(prefix)
    assert [e.key for e in fresh_cache.remove("aa")] == [KEY]
    assert not fresh_cache.folder(KEY, record.token).parent.exists()
    assert [e.key for e in fresh_cache.environments()] == [OTHER]


def test_what_is_in_use_is_neither_removed_nor_pruned(fresh_cache: Cache) -> None:
    record = build(fresh_cache)
    lease = fresh_cache.take(KEY, record)
    assert lease is not None
    with pytest.raises(CacheError, match=f"in use by process {os.getpid()}"):
        fresh_cache.remove("a")
    assert fresh_cache.prune(everything=True) == ()
    assert fresh_cache.find(KEY, "3.11") == record
    assert lease.home.is_dir()
    leases.give_back(lease)
    assert [e.key for e in fresh_cache.prune(everything=True)] == [KEY]


def test_what_is_being_built_is_neither_removed_nor_swept(fresh_cache: Cache) -> None:
    build(fresh_cache)
    with fresh_cache.lock(KEY):
        folder = fresh_cache.begin(KEY)
        fresh_cache.sweep()
        fresh_cache.prune(everything=True)
        assert folder.is_dir()
        with pytest.raises(CacheError, match="a build that is under way"):
            fresh_cache.remove("a")


def test_a_session_in_what_was_just_removed_is_not_opened(fresh_cache: Cache) -> None:
    record = build(fresh_cache)
    fresh_cache.remove("a")
    assert fresh_cache.take(KEY, record) is None
    assert not list(fresh_cache.sessions.iterdir())


def test_pruning_by_age_and_by_size(fresh_cache: Cache) -> None:
    for number in range(4):
        build(fresh_cache, f"{number}" * 64, size=10)
        ready = fresh_cache.root / "envs" / (f"{number}" * 64) / "ready.json"
        then = time.time() - 100 * number
        os.utime(ready, (then, then))
    assert [e.key[0] for e in fresh_cache.prune(older_than_s=250)] == ["3"]
    assert [e.key[0] for e in fresh_cache.prune(max_bytes=15)] == ["2", "1"]
    assert [e.key[0] for e in fresh_cache.environments()] == ["0"]
    assert fresh_cache.prune() == ()


def test_pruning_everything_removes_fetched_repositories(fresh_cache: Cache) -> None:
    store = fresh_cache.root / "repositories" / "abc"
    store.mkdir(parents=True)
    fresh_cache.prune(older_than_s=3600)
    assert store.exists()
    fresh_cache.prune(everything=True)
    assert not store.exists()


def test_fetched_repositories_give_way_the_longest_unused_first(fresh_cache: Cache) -> None:
    """A total for them: many small ones, and what nobody else removes."""
    folders = {}
    for number in range(6):
        folder = fresh_cache.root / "repositories" / f"r{number}"
        folder.mkdir(parents=True)
        (folder / "pack").write_bytes(b"x" * (2 << 20 if number == 4 else 10))
        then = time.time() - 100 * (6 - number)
        os.utime(folder, (then, then))
        folders[number] = folder

    def left() -> set[int]:
        return {number for number, folder in folders.items() if folder.exists()}

    assert fresh_cache.shrink_repositories(7 << 20) == 7 << 20
    assert left() == {0, 1, 2, 3, 4, 5}
    # What is small counts for a megabyte.
    assert fresh_cache.shrink_repositories(5 << 20) == 5 << 20
    assert left() == {2, 3, 4, 5}
    # Others' are neither counted nor removed, nor what is being fetched.
    only = {folders[2], folders[3], folders[4]}
    with fresh_cache.lock("r2"):
        assert fresh_cache.shrink_repositories(3 << 20, only.__contains__) == 3 << 20
    assert left() == {2, 4, 5}
    # What was used a moment ago stays, even if that is too much.
    assert fresh_cache.shrink_repositories(0, idle_s=150) == 1 << 20
    assert left() == {5}


def test_the_next_build_of_a_key_removes_what_a_killed_one_left(fresh_cache: Cache) -> None:
    with fresh_cache.lock(KEY):
        left = fresh_cache.begin(KEY)
    (left / "prefix").mkdir()
    record = build(fresh_cache)
    assert not left.exists()
    assert fresh_cache.folder(KEY, record.token).is_dir()


def test_a_dead_owners_session_is_swept_with_its_processes(
    fresh_cache: Cache, alive: Callable[[int], bool]
) -> None:
    record = build(fresh_cache)
    script = f"""
        import os, subprocess
        from pathlib import Path
        from binderclip import processes
        from binderclip.cache import Cache
        from binderclip.session import Runtime
        cache = Cache(Path({str(fresh_cache.root)!r}))
        lease = cache.take({KEY!r}, cache.find({KEY!r}, "3.11"))
        runtime = Runtime(Path(), lease.home, lease.run, dict(os.environ))
        null = subprocess.DEVNULL
        child = processes.start(runtime, ["sleep", "600"], Path("/"), stdout=null, stderr=null)
        print(child.pid, lease.folder, flush=True)
        os.kill(os.getpid(), 9)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
    )
    pid, folder = done.stdout.split()
    assert done.returncode == -9
    assert alive(int(pid))
    assert Path(folder).is_dir()
    assert not fresh_cache.environments()[0].in_use
    lease = fresh_cache.take(KEY, record)
    assert lease is not None
    assert not alive(int(pid))
    assert not Path(folder).exists()
    leases.give_back(lease)
    assert not list(fresh_cache.sessions.iterdir())


def test_a_session_folder_is_private_and_sockets_fit_in_it(tmp_path: Path) -> None:
    for root in (tmp_path / "s", tmp_path / ("long" * 20) / "s"):
        lease = leases.take(root, KEY, "token")
        assert len(os.fsencode(lease.run)) <= 72
        for folder in (lease.folder, lease.home, lease.run):
            assert folder.stat().st_mode & 0o777 == 0o700
        leases.give_back(lease)
        assert not lease.run.exists()
        assert not list(root.iterdir())


def test_removal_is_not_stopped_by_modes_nor_led_astray_by_links(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    folder = tmp_path / "folder"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / "deeper" / "file").write_text("x")
    (folder / "deep" / "link").symlink_to(kept)
    (folder / "deep" / "deeper").chmod(0)
    (folder / "deep").chmod(0o500)
    trees.remove(folder)
    assert not folder.exists()
    assert (kept / "file").exists()
    trees.remove(folder)
