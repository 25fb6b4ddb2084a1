"""Spellings of the names that git acts upon, held against git's own eye for them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.envrepo.conftest import git

from binderclip.envrepo import names

# What git-fsck finds: links of such names are an error to it.
OWN = [
    ".gitmodules",
    ".GITMODULES",
    ".GitModules",
    ".gitmodules ",
    ".gitmodules. .",
    ".gitmodules::$INDEX_ALLOCATION",
    "GITMOD~1",
    "gitmod~4",
    "gitmod~2 .",
    "gi7eba~1",
    "GI7EBA~9",
    "gi7eb~10",
    "gi7e~100",
    "g~100000",
    "~1000000",
    ".git\u200cmodules",
    ".g\u200eitmodules",
    "\ufeff.gitmodules",
]
NOT_OWN = [
    "gitmodules",
    ".gitmodule",
    ".gitmodules~",
    "gitmod~5",
    "gi7eba~01",
    "graph~1",
    "a~1",
    "~1",
]
"""As Windows and macOS would not take for it."""

TRAPS = [
    "../x",
    "a/../b",
    "/x",
    "a//b",
    "./a",
    ".git",
    "a/.git/config",
    ".GIT/config",
    ".Git",
    "git~1/config",
    "GIT~1",
    ".git /x",
    ".git./x",
    ".git. . /x",
    ".git::$INDEX_ALLOCATION/x",
    ".g\u200cit/x",
    "\ufeff.git",
    ".gi\u206at",
]
FAULTS = [
    "a\\b",
    ".git\\config",
    "a\nb",
    "a\x1bb",
    "a\u202eb",
    "x" * 300,
    "...",
    "a/ /b",
    "\u200d.\u200d.",
]


def accused(folder: Path, paths: Sequence[str]) -> set[str]:
    """Those that git-fsck calls by name when they are links."""
    git(folder, "init", "-q", "--bare", ".")
    blob = git(folder, "hash-object", "-w", "--stdin", data=b"x")
    trees = {
        git(folder, "mktree", "-z", data=f"120000 blob {blob}\t{path}\0".encode()): path
        for path in paths
    }
    done = subprocess.run(
        ["git", "-C", folder, "fsck", "--strict", "--no-progress"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = re.findall(r"in tree ([0-9a-f]{40}): gitmodulesSymlink", done.stderr + done.stdout)
    return {trees[tree] for tree in said}


def test_git_s_own_files_are_known_in_every_spelling(tmp_path: Path) -> None:
    found = accused(tmp_path, [*OWN, *NOT_OWN])
    assert found == set(OWN)
    assert [name for name in OWN if not names.own(name)] == []
    assert [name for name in NOT_OWN if names.own(name)] == []


@pytest.mark.parametrize("name", [".gitattributes", "a/.GitAttributes", "gitatt~1", "gi7d29~1"])
def test_attributes_too(name: str) -> None:
    assert names.own(name)


@pytest.mark.parametrize("name", [".lfsconfig", "a/.LFSConfig", ".lfsconfig."])
def test_settings_of_lfs_too(name: str) -> None:
    assert names.own(name)


@pytest.mark.parametrize("path", [".gitignore", "gitmodules.txt", "a.gitmodules", "binder/x"])
def test_others_are_not_git_s(path: str) -> None:
    assert not names.own(path)
    assert names.trap(path) is names.fault(path) is None


@pytest.mark.parametrize("path", TRAPS)
def test_traps(path: str) -> None:
    assert names.trap(path)


@pytest.mark.parametrize("path", FAULTS)
def test_faults(path: str) -> None:
    assert names.fault(path)
