"""Our own writer of Git's objects, held against dulwich and git."""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from dulwich.object_format import SHA1
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree
from dulwich.pack import PackData
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.envrepo.conftest import git

from binderclip.envrepo import File, commit_of, pack_file

WHO = b"binderclip <environments@binderclip.invalid>"
MESSAGE = b"A notebook's environment, to be built as it is\n"

# Letters that sort before and after a slash and a dot, and one of more than a byte.
NAMES = st.text(st.sampled_from("ab.-0/Aé~"), min_size=1, max_size=4).filter(
    lambda name: "/" not in name and name not in {".", ".."}
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


def without_clashes(paths: Sequence[str]) -> list[str]:
    """Those that can lie beside each other."""
    kept: list[str] = []
    for path in paths:
        if not any(
            path == one or path.startswith(f"{one}/") or one.startswith(f"{path}/") for one in kept
        ):
            kept.append(path)
    return kept


TREES = st.builds(
    lambda paths, contents, modes: [
        File(path, contents[number % len(contents)], modes[number % len(modes)])
        for number, path in enumerate(without_clashes(paths))
    ],
    st.lists(PATHS, max_size=12),
    st.lists(st.binary(max_size=40), min_size=1, max_size=4),
    st.lists(st.booleans(), min_size=1, max_size=5),
)


def of_dulwich(files: Sequence[File]) -> tuple[str, set[str]]:
    """The commit, and the names of all objects."""
    made: list[ShaFile] = []

    def tree_of(inside: Sequence[tuple[str, File]]) -> ObjectID:
        tree = Tree()
        folders: dict[str, list[tuple[str, File]]] = {}
        for path, file in inside:
            name, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(name, []).append((rest, file))
            else:
                blob = Blob.from_string(file.content)
                made.append(blob)
                tree.add(name.encode(), 0o100755 if file.executable else 0o100644, blob.id)
        for name, below in folders.items():
            tree.add(name.encode(), 0o040000, tree_of(below))
        made.append(tree)
        return tree.id

    commit = Commit()
    commit.tree = tree_of([(file.path, file) for file in files])
    commit.author = commit.committer = WHO
    commit.author_time = commit.commit_time = 946684800
    commit.author_timezone = commit.commit_timezone = 0
    commit.message = MESSAGE
    made.append(commit)
    return commit.id.decode(), {one.id.decode() for one in made}


def of_git(files: Sequence[File], folder: Path) -> str:
    git(folder, "init", "-q", ".")
    rows = [
        f"{file.mode} {git(folder, 'hash-object', '-w', '--stdin', data=file.content)}\t{file.path}"
        for file in files
    ]
    git(folder, "update-index", "--add", "--index-info", data="\n".join([*rows, ""]).encode())
    tree = git(folder, "write-tree")
    name, email = "binderclip", "environments@binderclip.invalid"
    who = {
        f"GIT_{one}_{part}": text
        for one in ("AUTHOR", "COMMITTER")
        for part, text in (("NAME", name), ("EMAIL", email), ("DATE", "946684800 +0000"))
    }
    done = subprocess.run(
        ["git", "-C", folder, "commit-tree", tree],
        input=MESSAGE,
        env={**os.environ, **who},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


@given(files=TREES)
@example(files=[])
@example(files=[File("a.b", b"1"), File("a/b", b"2"), File("a-b", b"3"), File("a0", b"")])
def test_the_same_names_as_dulwich(files: list[File]) -> None:
    commit, objects = commit_of(files)
    assert (commit, {one.id for one in objects}) == of_dulwich(files)
    assert objects[0].id == commit
    assert len({one.id for one in objects}) == len(objects)
    assert commit_of(files[::-1])[0] == commit


@settings(max_examples=12)
@given(files=TREES.filter(bool))
def test_the_same_name_as_git_which_takes_the_pack(files: list[File]) -> None:
    commit, objects = commit_of(files)
    pack = pack_file(objects)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        assert of_git(files, folder) == commit
        bare = folder / "bare"
        bare.mkdir()
        git(bare, "init", "-q", "--bare", ".")
        git(bare, "unpack-objects", "-q", "--strict", data=pack)
        assert git(bare, "fsck", "--strict", "--no-progress", commit) == ""
        listed = git(bare, "ls-tree", "-r", "-z", commit)
        rows = [row.partition("\t") for row in listed.split("\0")[:-1]]
        found = sorted(f"{facts.split()[0]} {path}" for facts, _, path in rows)
        assert found == sorted(f"{file.mode} {file.path}" for file in files)


@given(files=TREES)
@example(files=[File("large", bytes(range(256)) * 5000)])
def test_dulwich_reads_the_pack(files: list[File]) -> None:
    commit, objects = commit_of(files)
    raw = pack_file(objects)
    with PackData("a.pack", file=io.BytesIO(raw), size=len(raw), object_format=SHA1) as data:
        data.check()
        names = {entry.sha().hex() for entry in data.iter_unpacked(include_comp=False)}
    assert names == {one.id for one in objects}
    assert commit in names


@pytest.mark.parametrize(
    "paths", [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b"), ("a/b", "a/b")]
)
def test_two_files_in_one_place(paths: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=paths[1]):
        commit_of([File(path, b"") for path in paths])
