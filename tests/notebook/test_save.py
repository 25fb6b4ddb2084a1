"""Replacing the file: whole, or not at all, and with all that belongs to it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from binderclip.errors import NotebookChanged, NotebookError
from binderclip.notebook import MISSING, read, save, save_all

ROOT = os.geteuid() == 0


@pytest.fixture
def path(tmp_path: Path, plain: bytes) -> Path:
    path = tmp_path / "a.ipynb"
    path.write_bytes(plain)
    return path


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_saved_whole_and_nothing_left_over(path: Path, plain: bytes, binder: Any) -> None:
    file = read(path)
    assert save(file, file.notebook.replaced(binder)) is True
    assert json.loads(path.read_bytes())["metadata"]["binder"] == binder
    file = read(path)
    assert save(file, file.notebook.replaced(MISSING)) is True
    assert path.read_bytes() == plain
    assert names(path.parent) == ["a.ipynb"]


def test_nothing_is_written_where_nothing_changes(path: Path, binder: Any) -> None:
    before = path.stat()
    file = read(path)
    assert save(file, file.notebook) is False
    assert save(file, file.notebook.replaced(binder).replaced(MISSING)) is False
    assert path.stat() == before


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o664, 0o755, 0o640])
def test_the_mode_is_kept_whatever_the_umask(path: Path, mode: int) -> None:
    path.chmod(mode)
    file = read(path)
    save(file, file.notebook.replaced(1))
    assert path.stat().st_mode & 0o7777 == mode


@pytest.mark.skipif(not ROOT, reason="needs root to give files away")
def test_the_owner_is_kept(path: Path) -> None:
    os.chown(path, 1234, 5678)
    file = read(path)
    save(file, file.notebook.replaced(1))
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 5678)


@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes are Linux's here")
def test_extended_attributes_are_kept(path: Path) -> None:
    try:
        os.setxattr(path, "user.origin", b"https://example.org")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    file = read(path)
    save(file, file.notebook.replaced(1))
    assert os.getxattr(path, "user.origin") == b"https://example.org"


def test_a_symbolic_link_stays_and_its_target_is_replaced(path: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    inner = tmp_path / "links" / "inner.ipynb"
    inner.symlink_to("../a.ipynb")
    link = tmp_path / "links" / "outer.ipynb"
    link.symlink_to("inner.ipynb")
    file = read(link)
    save(file, file.notebook.replaced(1))
    assert link.is_symlink()
    assert inner.is_symlink()
    assert not path.is_symlink()
    assert read(path).notebook.get() == 1
    assert names(tmp_path / "links") == ["inner.ipynb", "outer.ipynb"]


def test_of_hard_links_only_the_one_named_changes(path: Path, plain: bytes) -> None:
    other = path.with_name("b.ipynb")
    os.link(path, other)
    file = read(path)
    save(file, file.notebook.replaced(1))
    assert read(path).notebook.get() == 1
    assert other.read_bytes() == plain


def test_a_bare_name_and_odd_names(
    plain: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.ipynb", "-x .ipynb", "é\n☃.ipynb", "x" * 249 + ".ipynb"):
        Path(name).write_bytes(plain)
        file = read(Path(name))
        assert save(file, file.notebook.replaced(1))
        assert read(Path(name)).notebook.get() == 1


def changed_in_place(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b" ")


def changed_without_a_trace(path: Path) -> None:
    """Same size, same inode, same time of modification."""
    before = path.stat()
    changed_in_place(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced_by_another(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes() + b"\n")
    other.replace(path)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (changed_in_place, "changed"),
        (changed_without_a_trace, "changed"),
        (replaced_by_another, "changed"),
        (Path.unlink, "removed"),
    ],
)
def test_what_changed_is_not_overwritten(path: Path, change: Any, word: str) -> None:
    file = read(path)
    change(path)
    now = path.read_bytes() if path.exists() else None
    with pytest.raises(NotebookChanged, match=word) as caught:
        save(file, file.notebook.replaced(1))
    assert caught.value.hint
    assert (path.read_bytes() if path.exists() else None) == now
    assert not [name for name in names(path.parent) if name.endswith(".tmp")]


def test_a_touched_file_with_the_same_content_is_saved(path: Path, plain: bytes) -> None:
    file = read(path)
    os.utime(path, (1, 1))
    path.chmod(0o600)
    assert save(file, file.notebook.replaced(1))
    file = read(path)
    same = path.with_name("same")
    same.write_bytes(path.read_bytes())
    same.replace(path)
    assert save(file, file.notebook.replaced(MISSING))
    assert path.read_bytes() == plain


def test_a_link_that_points_elsewhere_since(path: Path, plain: bytes, tmp_path: Path) -> None:
    link, other = tmp_path / "link.ipynb", tmp_path / "other.ipynb"
    other.write_bytes(plain + b"\n")
    link.symlink_to(path)
    file = read(link)
    link.unlink()
    link.symlink_to(other)
    with pytest.raises(NotebookChanged):
        save(file, file.notebook.replaced(1))
    assert (path.read_bytes(), other.read_bytes()) == (plain, plain + b"\n")


def test_a_locked_file_is_left_alone(path: Path, plain: bytes) -> None:
    file = read(path)
    with path.open("rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(NotebookChanged, match="locked"):
            save(file, file.notebook.replaced(1))
    assert path.read_bytes() == plain
    assert save(file, file.notebook.replaced(1))


def test_writers_at_once_lose_nothing(path: Path) -> None:
    """Each adds its own key, reading anew whenever another was first."""

    def add(key: str) -> None:
        while True:
            file = read(path)
            try:
                save(file, file.notebook.replaced(1, key))
            except NotebookChanged:
                continue
            return

    keys = [f"key{n}" for n in range(12)]
    threads = [threading.Thread(target=add, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(path).notebook.metadata.keys() >= set(keys)


def test_many_at_once(tmp_path: Path, plain: bytes) -> None:
    paths = [tmp_path / f"{n % 3}" / f"{n}.ipynb" for n in range(150)]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(plain)
    files = [read(path) for path in paths]
    paths[7].unlink()
    changed_in_place(paths[100])
    changed = paths[100].read_bytes()
    pairs = ((file, file.notebook.replaced(1)) for file in files[:-1])
    outcomes = save_all([*pairs, (files[-1], files[-1].notebook)])
    assert len(outcomes) == 150
    failed = {n: outcome for n, outcome in enumerate(outcomes) if outcome is not True}
    assert failed.keys() == {7, 100, 149}
    assert isinstance(failed[7], NotebookChanged)
    assert isinstance(failed[100], NotebookChanged)
    assert failed[149] is False
    assert paths[100].read_bytes() == changed
    for n in set(range(149)) - {7, 100}:
        assert read(paths[n]).notebook.get() == 1
    left = [name for n in range(3) for name in names(tmp_path / str(n))]
    assert len(left) == 149
    assert all(name.endswith(".ipynb") for name in left)


UNPRIVILEGED = """
import os, sys
from pathlib import Path
from binderclip.notebook import read, save
from binderclip.errors import NotebookError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    file = read(Path(sys.argv[1]))
    save(file, file.notebook.replaced(1))
except NotebookError as error:
    print(type(error).__name__, error, error.hint)
else:
    print("saved")
"""


def unprivileged(path: Path) -> str:
    """What saving says to somebody who is not root."""
    path.parent.chmod(path.parent.stat().st_mode | 0o055)
    for parent in list(path.parents)[1:4]:
        if not parent.stat().st_mode & 0o005 and parent.stat().st_uid == os.geteuid():
            parent.chmod(0o755)
    command = [sys.executable, "-c", UNPRIVILEGED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Permission denied" in done.stderr:
        pytest.skip("another user cannot reach this checkout or this Python")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_folder_that_may_not_be_written(path: Path, plain: bytes) -> None:
    path.chmod(0o666)
    path.parent.chmod(0o555)
    said = unprivileged(path)
    path.parent.chmod(0o755)
    assert "cannot be written: Permission denied" in said
    assert (path.read_bytes(), names(path.parent)) == (plain, ["a.ipynb"])


def test_a_file_that_may_not_be_written(path: Path, plain: bytes) -> None:
    path.chmod(0o444)
    path.parent.chmod(0o777)
    said = unprivileged(path)
    assert "cannot be written: Permission denied" in said
    assert (path.read_bytes(), names(path.parent)) == (plain, ["a.ipynb"])


def test_a_file_that_may_not_be_read(path: Path) -> None:
    path.chmod(0o000)
    said = unprivileged(path)
    assert "cannot be read: Permission denied check who may read it" in said


@pytest.mark.skipif(not ROOT, reason="needs root to make another's file")
def test_another_owner_is_kept_as_far_as_permitted(path: Path) -> None:
    path.chmod(0o666)
    path.parent.chmod(0o777)
    assert unprivileged(path) == "saved\n"
    assert path.stat().st_uid == 65534
    assert path.stat().st_mode & 0o7777 == 0o666


def test_a_full_disk_leaves_the_original(path: Path, plain: bytes) -> None:
    """A limit on the size of files stands in: it fails in the same call."""
    code = f"""
import resource
from pathlib import Path
from binderclip.notebook import read, save
file = read(Path({str(path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, ({len(plain)}, {resource.RLIM_INFINITY}))
try:
    save(file, file.notebook.replaced("x" * 10_000))
except Exception as error:
    print(type(error).__name__, error, error.hint)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("NotebookError")
    assert os.strerror(errno.EFBIG) in done.stdout
    assert "free some space" in done.stdout
    assert (path.read_bytes(), names(path.parent)) == (plain, ["a.ipynb"])


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "loop.ipynb").symlink_to("loop.ipynb")
    cases = {
        ".": "found a folder, expected a notebook file",
        "pipe.ipynb": "found a device or pipe",
        "gone.ipynb": "found no such file",
        "loop.ipynb": "cannot be read: " + os.strerror(errno.ELOOP),
        "gone\0.ipynb": "cannot be read",
    }
    for name, words in cases.items():
        with pytest.raises(NotebookError, match=words):
            read(tmp_path / name)
