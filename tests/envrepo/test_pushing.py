"""Pushes to real repositories: in a folder, and behind git's own http server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
from tests.envrepo.conftest import git

from binderclip.environment import Environment
from binderclip.envrepo import Packed, Pushed, Remote, push
from binderclip.errors import Refused, ResolveError, SpecError, Unreachable
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from tests.local.conftest import Origin, Served

Pack: TypeAlias = Callable[..., Packed]
Serve: TypeAlias = Callable[..., AbstractContextManager["Served"]]

ENV = Environment(files={"requirements.txt": "numpy\n", "postBuild": "#!/bin/sh\n", "a/b": ""})
BRANCH = f"binderclip/{ENV.key[:12]}"


def pushed(found: Packed, to: object, branch: str | None = None) -> Pushed:
    return asyncio.run(push(found, Remote.parse(str(to)), branch))


def branches(bare: Path) -> dict[str, str]:
    said = git(bare, "for-each-ref", "--format=%(refname) %(objectname)")
    return dict(line.split() for line in said.splitlines())


@pytest.fixture
def found(packed: Pack) -> Packed:
    return packed(ENV)


def test_to_a_folder_once(found: Packed, origin: Origin) -> None:
    main = origin.commit({"x.txt": "1"})
    assert pushed(found, origin.path) == Pushed(BRANCH, new=True)
    here = {"refs/heads/main": main, f"refs/heads/{BRANCH}": found.commit}
    assert branches(origin.path) == here
    git(origin.path, "fsck", "--strict", "--no-progress")
    assert git(origin.path, "show", f"{found.commit}:requirements.txt") == "numpy"
    assert pushed(found, origin.path) == Pushed(BRANCH, new=False)
    assert branches(origin.path) == here


def test_to_an_empty_one_and_to_a_working_copy(
    found: Packed, origin: Origin, make_origin: Callable[..., Origin]
) -> None:
    assert pushed(found, origin.path, "envs/a").new
    assert branches(origin.path) == {"refs/heads/envs/a": found.commit}
    other = make_origin("other")
    other.commit({"x.txt": "1"})
    assert pushed(found, f"file://{other.work}").new
    assert other.git("status", "--porcelain") == ""


def test_over_http(found: Packed, origin: Origin, serve: Serve) -> None:
    git(origin.path, "config", "http.receivepack", "true")
    with serve(origin.path.parent) as server:
        url = f"{server.url}/{origin.path.name}"
        assert pushed(found, url).new
        asked = len(server.seen)
        assert not pushed(found, url).new
        assert not [path for path in server.seen[asked:] if "receive-pack" in path]
    assert branches(origin.path) == {f"refs/heads/{BRANCH}": found.commit}


def test_what_is_there_is_never_written_over(found: Packed, origin: Origin) -> None:
    origin.commit({"x.txt": "1"})
    origin.git("tag", "v1")
    origin.publish()
    before = branches(origin.path)
    with pytest.raises(Refused, match="has a branch 'main' with something else") as caught:
        pushed(found, origin.path, "main")
    assert "--branch" in str(caught.value.hint)
    assert branches(origin.path) == before


def test_not_even_in_a_race(found: Packed, origin: Origin, tmp_path: Path) -> None:
    """Another commit comes to lie there after we looked."""
    commit = origin.commit({"x.txt": "1"})
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    real = next(
        Path(part) / "git"
        for part in os.environ["PATH"].split(os.pathsep)
        if (Path(part) / "git").is_file()
    )
    racing = (
        f'#!/bin/sh\ncase "$*" in *push*) {real} --git-dir={origin.path} update-ref '
        f'refs/heads/{BRANCH} {commit};; esac\nexec {real} "$@"\n'
    )
    (bin_ / "git").write_text(racing)
    (bin_ / "git").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
        with pytest.raises(Refused, match="it was made meanwhile"):
            pushed(found, origin.path)
    assert branches(origin.path)[f"refs/heads/{BRANCH}"] == commit


def test_rules_and_hooks_of_the_remote(found: Packed, origin: Origin) -> None:
    hook = origin.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Refused, match=r"does not take the branch .*hook declined"):
        pushed(found, origin.path)
    assert branches(origin.path) == {}


def test_a_branch_in_the_way(found: Packed, origin: Origin) -> None:
    origin.commit({"x.txt": "1"})
    origin.git("branch", "binderclip")
    origin.publish()
    with pytest.raises(Refused, match="does not take the branch"):
        pushed(found, origin.path)


def test_one_that_may_be_read_alone(found: Packed, origin: Origin, serve: Serve) -> None:
    with (
        serve(origin.path.parent) as server,
        pytest.raises(Refused, match="you may not push there") as caught,
    ):
        pushed(found, f"{server.url}/{origin.path.name}")
    assert "git push" in str(caught.value.hint)


def test_one_that_is_private_or_not_there(found: Packed, origin: Origin, serve: Serve) -> None:
    with serve(origin.path.parent) as server:
        for name in ("private.git", "nothing.git"):
            with pytest.raises(ResolveError, match="no such repository, or it is private"):
                pushed(found, f"{server.url}/{name}")


def test_one_that_does_not_answer(found: Packed, origin: Origin, serve: Serve) -> None:
    with serve(origin.path.parent) as server:
        url = f"{server.url}/origin.git"
    with pytest.raises(Unreachable):
        pushed(found, url)


@pytest.mark.parametrize("name", ["HEAD", "refs/heads/x", "-x", "a b", "a..b", "x~1", "a:b", "+x"])
def test_names_of_branches(found: Packed, origin: Origin, name: str) -> None:
    if name == "+x":  # a fine name, and no word to force anything
        assert pushed(found, origin.path, name).new
        return
    with pytest.raises(SpecError, match="the name of a branch"):
        pushed(found, origin.path, name)


@pytest.mark.parametrize(
    ("text", "url", "web"),
    [
        ("o/r", "https://github.com/o/r", "https://github.com/o/r"),
        ("gl:g/s/r", "https://gitlab.com/g/s/r", "https://gitlab.com/g/s/r"),
        ("https://github.com/o/r.git", None, "https://github.com/o/r"),
        ("git@github.com:o/r.git", None, "https://github.com/o/r"),
        ("ssh://git@gitlab.com/g/r.git", None, "https://gitlab.com/g/r"),
        ("https://git.example.org/x/r.git", None, "https://git.example.org/x/r.git"),
        ("git@myhost:r.git", None, None),
    ],
)
def test_how_a_remote_is_named(text: str, url: str | None, web: str | None) -> None:
    remote = Remote.parse(text)
    assert remote.url == (url or text)
    assert (remote.web.url if remote.web else None) == web


def test_a_folder_is_on_no_web(origin: Origin) -> None:
    remote = Remote.parse(str(origin.path))
    assert remote == Remote(f"file://{origin.path}", None)
    assert isinstance(Remote.parse("o/r").web, Reference)


@pytest.mark.parametrize(
    "text", ["origin", "/no/such/folder", "--upload-pack=x", "", "ext::sh -c x", "ftp://x.org/r"]
)
def test_what_is_no_remote(text: str) -> None:
    with pytest.raises((SpecError, Refused), match="expected"):
        Remote.parse(text)


def test_passwords_are_not_shown() -> None:
    with pytest.raises(Refused) as caught:
        Remote.parse("https://ada:sekrit@example.org/r.git")
    assert "sekrit" not in f"{caught.value!r} {caught.value.hint}"
    with pytest.raises(SpecError) as wrong:
        Remote.parse("https://example.org/r.git?private_token=sekrit")
    assert "sekrit" not in str(wrong.value)
