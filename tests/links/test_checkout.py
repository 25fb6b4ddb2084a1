"""From files in real git checkouts to the repositories that others reach."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from binderclip.links import Nowhere, Place
from binderclip.links.checkout import in_checkout

if TYPE_CHECKING:
    from tests.links.conftest import Checkout

    Make: TypeAlias = Callable[..., Checkout]


def place_of(path: Path) -> Place:
    found = in_checkout(path)
    assert isinstance(found, Place), found
    return found


def test_a_pushed_notebook(checkout: Make) -> None:
    made = checkout("git@github.com:o/r.git", branch="feature/x")
    path = made.commit("sub dir/a #1 é.ipynb")
    made.pushed()
    place = place_of(path)
    assert place.repository.url == "https://github.com/o/r"
    assert (place.repository.ref, place.repository.hash) == ("feature/x", None)
    assert (place.path, place.notes) == ("sub dir/a #1 é.ipynb", ())


def test_user_and_password_are_stripped(checkout: Make) -> None:
    made = checkout("https://ada:sekrit@gitlab.com/g/p.git")
    place = place_of(made.commit("a.ipynb"))
    assert place.repository.url == "https://gitlab.com/g/p"
    assert "sekrit" not in repr(place)


def test_doubts_are_told(checkout: Make) -> None:
    made = checkout()
    made.commit("b.ipynb")
    path = made.folder / "a.ipynb"
    path.write_text("{}")
    assert "not committed" in place_of(path).notes[0]
    made.commit("a.ipynb")
    assert "does not have the notebook" in place_of(path).notes[0]
    made.pushed()
    assert place_of(path).notes == ()
    made.commit("a.ipynb", '{"cells": []}')
    assert "another version" in place_of(path).notes[0]


def test_the_upstream_goes_before_the_local_name(checkout: Make) -> None:
    made = checkout(branch="mine")
    path = made.commit("a.ipynb")
    made.git("remote", "add", "fork", "https://codeberg.org/me/r")
    made.git("update-ref", "refs/remotes/fork/theirs/x", "HEAD")
    made.git("config", "branch.mine.remote", "fork")
    made.git("config", "branch.mine.merge", "refs/heads/theirs/x")
    place = place_of(path)
    assert place.repository.url == "https://codeberg.org/me/r"
    assert (place.repository.ref, place.notes) == ("theirs/x", ())


def test_a_detached_head_is_a_commit(checkout: Make) -> None:
    made = checkout()
    path = made.commit("a.ipynb")
    made.git("checkout", "-q", "--detach")
    place = place_of(path)
    assert place.repository.hash == made.git("rev-parse", "HEAD")
    assert "no branch is checked out" in place.notes[0]


def test_without_commits(checkout: Make) -> None:
    made = checkout()
    path = made.folder / "a.ipynb"
    path.write_text("{}")
    place = place_of(path)
    assert place.repository.ref == "main"
    assert "not committed" in place.notes[0]


@pytest.mark.parametrize(
    ("remote", "why"),
    [
        (None, "without a remote"),
        ("/srv/git/r.git", "whose origin is not on the web"),
        ("work:o/r", "whose origin is not on the web"),
    ],
)
def test_a_checkout_that_leads_nowhere(checkout: Make, remote: str | None, why: str) -> None:
    path = checkout(remote).commit("a.ipynb")
    found = in_checkout(path)
    assert isinstance(found, Nowhere)
    assert why in found.why


def test_no_checkout_and_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    path = tmp_path / "a.ipynb"
    path.write_text("{}")
    assert in_checkout(path) == Nowhere("is on this machine, and in no git checkout")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = in_checkout(path)
    assert isinstance(found, Nowhere)
    assert "git was not found" in found.why


def test_another_repository_of_the_surroundings_is_not_asked(
    checkout: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when binderclip is called from a hook."""
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    path = checkout().commit("a.ipynb")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert place_of(path).repository.url == "https://github.com/o/r"


def test_nothing_of_the_repository_runs_and_nothing_changes(checkout: Make, tmp_path: Path) -> None:
    made = checkout()
    path = made.commit("a.ipynb")
    made.pushed()
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    evil.chmod(0o700)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "filter.x.clean",
        "filter.x.smudge",
        "diff.external",
    ):
        made.git("config", key, str(evil))
    (made.folder / ".git" / "info").mkdir(exist_ok=True)
    (made.folder / ".git" / "info" / "attributes").write_text("* filter=x\n")
    path.write_text('{"changed": 1}')
    inside = made.folder / ".git"
    before = {p: p.stat().st_mtime_ns for p in inside.rglob("*")}
    assert place_of(path).path == "a.ipynb"
    assert not (tmp_path / "ran").exists()
    assert {p: p.stat().st_mtime_ns for p in inside.rglob("*")} == before


def test_a_work_tree_and_a_link_to_a_folder(checkout: Make, tmp_path: Path) -> None:
    made = checkout()
    made.commit("sub/a.ipynb")
    made.git("worktree", "add", "-q", "-b", "second", str(tmp_path / "second"))
    place = place_of(tmp_path / "second" / "sub" / "a.ipynb")
    assert (place.repository.ref, place.path) == ("second", "sub/a.ipynb")
    (tmp_path / "link").symlink_to(made.folder / "sub")
    assert place_of(tmp_path / "link" / "a.ipynb").path == "sub/a.ipynb"


def test_bytes_in_names_that_are_no_text(checkout: Make) -> None:
    made = checkout()
    name = os.fsdecode(b"a\xff.ipynb")
    place = place_of(made.commit(name))
    assert place.path == name
