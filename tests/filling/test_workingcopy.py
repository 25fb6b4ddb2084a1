"""What real git checkouts say."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from binderclip.filling import Facts, Stated
from binderclip.filling.gather import gather
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from tests.links.conftest import Checkout

    Make: TypeAlias = Callable[..., Checkout]

GIT = Stated(git=True)


@pytest.fixture(autouse=True)
def _no_checkout_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


def said(folder: Path, stated: Stated = GIT, **environ: str) -> Facts:
    return gather(stated, environ, folder=folder, shipped=())


def remark_of(folder: Path) -> str:
    facts = said(folder)
    assert facts.build is None
    (remark,) = facts.remarks
    assert remark.startswith("git working copy: ")
    assert "no build is filled in" in remark
    assert remark.isprintable()
    return remark


@pytest.fixture
def pushed(checkout: Make) -> Checkout:
    made = checkout("git@github.com:o/r.git", branch="feature/x")
    made.commit("sub/environment.yml")
    made.pushed()
    return made


def head(made: Checkout) -> str:
    return made.git("rev-parse", "HEAD")


def test_branch_and_commit(pushed: Checkout) -> None:
    for folder in (pushed.folder, pushed.folder / "sub"):
        facts = said(folder)
        assert facts.build == Reference("https://github.com", "o/r", "feature/x", head(pushed))
        assert facts.sources == {"build": "git working copy"}
        assert facts.remarks == ()


def test_only_where_it_is_asked_for(pushed: Checkout) -> None:
    assert said(pushed.folder, Stated()) == Facts()
    assert said(pushed.folder, Stated(), BINDERCLIP_FILL_GIT="1").build
    assert gather(GIT, {}, shipped=()) == Facts()


def test_where_somebody_else_names_a_build(pushed: Checkout) -> None:
    facts = said(pushed.folder, GIT, BINDERCLIP_FILL_BUILD="a/b")
    assert facts.build == Reference("https://github.com", "a/b")
    facts = said(pushed.folder, GIT, BINDERCLIP_FILL_BUILD="nonsense")
    assert facts.build is None
    assert len(facts.remarks) == 1


def test_new_files_do_not_matter(pushed: Checkout) -> None:
    (pushed.folder / "new.ipynb").write_text("{}")
    assert said(pushed.folder).remarks == ()


def test_a_change_is_not_pinned(pushed: Checkout) -> None:
    (pushed.folder / "sub/environment.yml").write_text("name: other\n")
    for step in ("changed", "staged"):
        facts = said(pushed.folder)
        assert facts.build == Reference("https://github.com", "o/r", "feature/x"), step
        (remark,) = facts.remarks
        assert "changes that are not committed" in remark
        pushed.git("add", "-A")


def test_a_commit_that_nobody_else_has(pushed: Checkout) -> None:
    pushed.commit("more.txt")
    facts = said(pushed.folder)
    assert facts.build == Reference("https://github.com", "o/r", "feature/x")
    assert "origin does not have its commit" in facts.remarks[0]


def test_a_branch_that_nobody_else_has(pushed: Checkout) -> None:
    pushed.git("checkout", "-q", "-b", "mine")
    facts = said(pushed.folder)
    assert facts.build == Reference("https://github.com", "o/r", None, head(pushed))
    assert facts.remarks == ()
    pushed.commit("more.txt")
    assert "origin does not have its commit" in remark_of(pushed.folder)


def test_the_upstream_goes_before_the_local_name(checkout: Make) -> None:
    made = checkout(branch="mine")
    made.commit("a.txt")
    made.git("remote", "add", "fork", "https://codeberg.org/me/r")
    made.git("update-ref", "refs/remotes/fork/theirs/x", "HEAD")
    made.git("config", "branch.mine.remote", "fork")
    made.git("config", "branch.mine.merge", "refs/heads/theirs/x")
    expected = Reference("https://codeberg.org", "me/r", "theirs/x", head(made))
    assert said(made.folder).build == expected


def test_a_detached_head(pushed: Checkout) -> None:
    pushed.git("checkout", "-q", "--detach")
    expected = Reference("https://github.com", "o/r", None, head(pushed))
    assert said(pushed.folder).build == expected
    (pushed.folder / "sub/environment.yml").write_text("name: other\n")
    assert "changes that are not committed" in remark_of(pushed.folder)


def test_a_branch_with_the_name_of_a_commit(pushed: Checkout) -> None:
    name = "a" * 40
    pushed.git("update-ref", f"refs/heads/{name}", "HEAD")
    pushed.git("update-ref", f"refs/remotes/origin/{name}", "HEAD")
    pushed.git("symbolic-ref", "HEAD", f"refs/heads/{name}")
    expected = Reference("https://github.com", "o/r", None, head(pushed))
    assert said(pushed.folder).build == expected


@pytest.mark.parametrize(
    "remote",
    [
        "https://ada:sekrit@github.com/o/r.git",
        "https://sekrit@github.com/o/r.git",
        "ssh://sekrit@github.com/o/r.git",
    ],
)
def test_credentials_are_not_kept(checkout: Make, remote: str) -> None:
    made = checkout(remote)
    made.commit("a.txt")
    made.pushed()
    facts = said(made.folder)
    assert facts.build == Reference("https://github.com", "o/r", "main", head(made))
    assert "sekrit" not in repr(facts)


def test_a_token_in_the_address_of_the_remote(checkout: Make) -> None:
    made = checkout("https://git.example.org/o/r?private_token=sekrit")
    made.commit("a.txt")
    made.pushed()
    assert "sekrit" not in remark_of(made.folder)


@pytest.mark.parametrize(
    "remote", [None, "/srv/git/r.git", "work:o/r", "file:///srv/r", "\x1b[31m"]
)
def test_a_checkout_that_leads_nowhere(checkout: Make, remote: str | None) -> None:
    made = checkout(remote)
    made.commit("a.txt")
    made.pushed()
    assert "no remote repository on the web" in remark_of(made.folder)


def test_folders_that_tell_nothing(
    checkout: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "in no git checkout" in remark_of(tmp_path)
    made = checkout()
    assert "no commit yet" in remark_of(made.folder)
    assert "not found" in remark_of(tmp_path / "missing")
    (tmp_path / "file").touch()
    assert "could not be asked" in remark_of(tmp_path / "file")
    assert "could not be asked" in remark_of(Path("nul\0l"))
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "bare")], check=True)
    assert "in no git checkout" in remark_of(tmp_path / "bare")
    (made.folder / ".git/config").write_text("[broken\n")
    assert "git says: " in remark_of(made.folder)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git was not found" in remark_of(made.folder)


@pytest.mark.slow
def test_a_git_that_does_not_answer(
    checkout: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = checkout()
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    slow.chmod(0o700)
    monkeypatch.setenv("PATH", str(slow.parent))
    assert "did not answer" in remark_of(made.folder)


def test_another_repository_of_the_surroundings_is_not_asked(
    pushed: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert said(pushed.folder).build


def test_settings_in_variables_are_kept(pushed: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, (key, value) in enumerate(
        [("url.https://codeberg.org/.insteadOf", "git@github.com:"), ("core.hooksPath", "/x")]
    ):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    build = said(pushed.folder).build
    assert build
    assert build.host == "https://codeberg.org"


def test_nothing_of_the_repository_runs_and_nothing_changes(
    pushed: Checkout, tmp_path: Path
) -> None:
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    evil.chmod(0o700)
    for key in (
        *("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external"),
        *("filter.x.clean", "filter.x.smudge", "filter.a=b.c.clean", "filter.p.process"),
    ):
        pushed.git("config", key, str(evil))
    for key in ("filter.x.required", "filter.p.required"):
        pushed.git("config", key, "true")
    names = ["a.txt", "b.txt", "c.txt"]
    hook = pushed.folder / ".git/hooks/post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.symlink_to(evil)
    for name in names:
        (pushed.folder / name).write_text("one\n")
    pushed.git("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "add", ".")
    pushed.git(
        *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
        *("commit", "-q", "-m", "more"),
    )
    pushed.pushed()
    attributes = pushed.folder / ".git/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("a.txt filter=x\nb.txt filter=a=b.c\nc.txt filter=p\n")
    for name in names:  # of the same size, at another time: git has to look inside
        (pushed.folder / name).write_text("one\n")
        os.utime(pushed.folder / name, (0, 0))
    (tmp_path / "ran").unlink(missing_ok=True)
    inside = pushed.folder / ".git"
    before = {path: path.stat().st_mtime_ns for path in inside.rglob("*")}
    facts = said(pushed.folder)
    assert facts.build == Reference("https://github.com", "o/r", "feature/x", head(pushed))
    assert facts.remarks == ()
    assert not (tmp_path / "ran").exists()
    assert {path: path.stat().st_mtime_ns for path in inside.rglob("*")} == before
