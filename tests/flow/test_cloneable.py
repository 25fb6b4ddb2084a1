"""Repositories as people type them on their own command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from binderclip.cloneable import repository
from binderclip.errors import SpecError
from binderclip.repositories import git


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("git@github.com:o/r.git", "ssh://git@github.com/o/r.git"),
        ("ssh://git@example.org:2222/o/r", "ssh://git@example.org:2222/o/r"),
        ("https://github.com/o/r", "https://github.com/o/r"),
        ("o/r", "https://github.com/o/r"),
    ],
)
def test_addresses(text: str, url: str) -> None:
    assert repository(text).url == url


def test_a_ref_is_taken_and_a_whole_commit_is_the_hash() -> None:
    assert repository("git@github.com:o/r", ref="dev/x").ref == "dev/x"
    assert repository("git@github.com:o/r", ref="a" * 40).hash == "a" * 40


def test_folders_and_file_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "my repository"
    subprocess.run(["git", "init", "-q", folder], check=True)
    url = f"file://{tmp_path}/my%20repository"
    assert repository(str(folder)).url == url
    assert repository(f"file://{tmp_path}/my%20repository").url == url
    assert repository(f"file:{folder}").url == url
    monkeypatch.chdir(tmp_path)
    assert repository("./my repository").url == url


@pytest.mark.parametrize("name", ["my repository", "a%41b", "d\u00e9p\u00f4t"])
def test_git_reaches_a_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    subprocess.run(["git", "init", "-q", tmp_path / name], check=True)
    url = git.checked(repository(str(tmp_path / name)).url)
    subprocess.run(["git", "ls-remote", "--", url], check=True)


def test_a_folder_without_a_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no Git repository"):
        repository(str(tmp_path))


@pytest.mark.parametrize(
    "text",
    ["ssh://u:secret@h/p", "ssh://-oProxyCommand=touch/x", "ext::sh -c id", "--upload-pack=x"],
)
def test_what_git_must_not_be_given(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        repository(text)
    assert "secret" not in str(caught.value)
