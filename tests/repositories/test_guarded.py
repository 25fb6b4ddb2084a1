"""Honest repositories under a guard, from real git servers over http."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.repositories.hostile import redirect, small_pack

from binderclip.copying import prepare
from binderclip.errors import AddressForbidden, Refused, ResolveError, TooLarge, Unreachable
from binderclip.repositories.bounds import Bounds
from binderclip.repositories.cached import cached, resolved
from binderclip.repositories.guarded import holds_guarded
from binderclip.repositories.history import Standing, exists, standing
from binderclip.spec.model import Binder, Fetch

if TYPE_CHECKING:
    from tests.local.conftest import Origin, Served
    from tests.repositories.conftest import Asking
    from tests.repositories.hostile import Hostile

    from binderclip.cache import Cache

Serve = Callable[..., AbstractContextManager["Served"]]
REFS = "/info/refs?service=git-upload-pack"

PROTOCOLS: dict[str, Mapping[str, str]] = {"2": {}, "0": {"GIT_PROTOCOL": ""}}


def named(server: Served | Hostile, host: str = "forge.test") -> str:
    return server.url.replace("127.0.0.1", host)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_refs_and_files(
    asking: Asking, origin: Origin, serve: Serve, tmp_path: Path, protocol: str
) -> None:
    """Commits that no branch or tag names too, whatever the server's protocol."""
    first = origin.commit({"a": "1", "b/c": "2"})
    origin.git("tag", "-a", "v1", "-m", "one")
    old = origin.commit({"a": "2"})
    tip = origin.commit({"a": "3"})
    with serve(origin.path.parent, variables=PROTOCOLS[protocol]) as server:
        repository = asking.open(f"{named(server)}/origin.git")
        assert asyncio.run(repository.resolve("main")) == tip
        assert asyncio.run(repository.resolve("v1")) == first
        for commit in (tip, old, first):
            asyncio.run(repository.fetch(commit))
            assert repository.has(commit)
        with pytest.raises(ResolveError, match="is not in"):
            asyncio.run(repository.fetch("dead" * 10))
        assert not repository.has("dead" * 10)
        seen = len(server.seen)
        asyncio.run(repository.fetch(old))
        assert len(server.seen) == seen, "what is fetched is not fetched again"
    assert [entry.path for entry in repository.entries(first, 10)] == ["a", "b/c"]
    with repository.tree(old) as tree:
        assert tree.read("a") == "2"
        assert tree.read("gone") is None
    (tmp_path / "run").mkdir()
    assert asyncio.run(repository.check_out(first, tmp_path / "copy", tmp_path / "run")) == []
    assert (tmp_path / "copy" / "b" / "c").read_text() == "2"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_how_far_a_branch_moved_on(
    asking: Asking, origin: Origin, serve: Serve, protocol: str
) -> None:
    first = origin.commit({"a": "1"})
    origin.commit({"a": "2"})
    last = origin.commit({"a": "3"})
    with serve(origin.path.parent, variables=PROTOCOLS[protocol]) as server:
        repository = asking.open(f"{named(server)}/origin.git")
        there = asyncio.run(standing(repository, first, "main"))
        assert there == Standing(exists=True, now=last, ahead=2)
        assert asyncio.run(exists(repository, first))
        assert not asyncio.run(exists(repository, "dead" * 10))


def test_sha256(asking: Asking, make_origin: Callable[..., Origin], serve: Serve) -> None:
    origin = make_origin("new", kind="sha256")
    commit = origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        repository = asking.open(f"{named(server)}/new.git")
        assert asyncio.run(repository.resolve("main")) == commit
        asyncio.run(repository.fetch(commit))
    with repository.tree(commit) as tree:
        assert tree.read("a") == "1"


def test_private_and_missing_ones(asking: Asking, origin: Origin, serve: Serve) -> None:
    """Nobody is told to set up a helper that nobody would ask."""
    origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        for name in ("gone.git", "private.git"):
            repository = asking.open(f"{named(server)}/{name}")
            with pytest.raises(ResolveError, match="no such repository, or it is private") as told:
                asyncio.run(repository.resolve("main"))
            assert "open to everybody" in (told.value.hint or "")
    assert asking.kept == []


def test_what_is_not_there_is_unreachable(asking: Asking) -> None:
    """The name is known and nobody listens; the name is not known."""
    for url in ("http://127.0.0.9:9/r", "http://nowhere/r"):
        with pytest.raises(Unreachable):
            asyncio.run(asking.open(url).resolve("main"))
        with pytest.raises(Unreachable):
            asyncio.run(asking.open(url).fetch("a" * 40))
    assert asking.kept == []


def test_the_last_known_commit_where_the_server_is_gone(
    asking: Asking, origin: Origin, serve: Serve
) -> None:
    commit = origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        url = f"{named(server)}/origin.git"
        asyncio.run(asking.open(url).resolve("main"))
        asyncio.run(asking.open(url).fetch(commit))
    assert asyncio.run(resolved(asking.open(url), "main"))[0] == commit
    asking.names.answers["forge.test"] = [()]
    asyncio.run(asking.open(url).fetch(commit))
    offline = asking.open(url, offline=True)
    asyncio.run(offline.fetch(commit))
    with pytest.raises(Unreachable, match="without the network"):
        asyncio.run(offline.resolve("main"))


def test_stores_are_not_shared(asking: Asking, cache: Cache, origin: Origin, serve: Serve) -> None:
    """Neither what credentials opened nor what another network gave."""
    commit = origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        url = f"{server.url}/origin.git"
        for repository in (cached(url, cache), cached(url, cache, anonymous=True)):
            assert asyncio.run(repository.resolve("main")) == commit
            asyncio.run(repository.fetch(commit))
        guarded = asking.open(url)
        assert not guarded.has(commit)
        assert guarded.known("main") is None
        asyncio.run(guarded.fetch(commit))
        seen = len(server.seen)
        asyncio.run(asking.open(url).fetch(commit))
        assert len(server.seen) == seen


def test_what_strangers_left_is_known_by_its_folder(
    asking: Asking, cache: Cache, origin: Origin, serve: Serve
) -> None:
    """Also where nothing was fetched: refs of a thousand repositories are a thousand folders."""
    commit = origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        url = f"{server.url}/origin.git"
        guarded, own, other = asking.open(url), cached(url, cache), cached(f"{url}/", cache)
        asyncio.run(guarded.resolve("main"))
        assert holds_guarded(guarded.folder)
        asyncio.run(guarded.fetch(commit))
        assert holds_guarded(guarded.folder)
        asyncio.run(own.resolve("main"))
        assert not holds_guarded(own.folder)
        asyncio.run(other.fetch(commit))
        assert not holds_guarded(other.folder)


def test_the_guard_is_asked_about_what_is_in_the_cache_too(
    asking: Asking, origin: Origin, serve: Serve
) -> None:
    commit = origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        asyncio.run(asking.open(f"{named(server)}/origin.git").fetch(commit))
        asking.networks = ()
        with pytest.raises(AddressForbidden):
            asyncio.run(asking.open(f"{named(server)}/origin.git").fetch(commit))


def test_https_is_checked_for_the_name(
    asking: Asking, origin: Origin, serve: Serve, tls: ssl.SSLContext, a_git: Callable[[str], None]
) -> None:
    """The authority is of the test's making, and no variable of ours reaches git: a script in its
    place names it.
    """
    commit = origin.commit({"a": "1"})
    authority = os.environ["GIT_SSL_CAINFO"]
    with serve(origin.path.parent, tls=tls) as server:
        with pytest.raises(Unreachable, match="certificate"):
            asyncio.run(asking.open(f"{server.url}/origin.git").resolve("main"))
        a_git(f"export GIT_SSL_CAINFO='{authority}'")
        assert asyncio.run(asking.open(f"{server.url}/origin.git").resolve("main")) == commit
        with pytest.raises(Unreachable, match="certificate"):
            asyncio.run(asking.open(f"{named(server)}/origin.git").resolve("main"))


@pytest.mark.parametrize("without", ["unset ALL_PROXY", "export NO_PROXY='*'"])
def test_a_git_that_goes_its_own_way_is_refused(
    asking: Asking, hostile: Hostile, a_git: Callable[[str], None], without: str
) -> None:
    hostile.honest(*small_pack())
    a_git(without)
    with pytest.raises(Refused, match="does not use SOCKS proxies") as told:
        asyncio.run(asking.open(f"{hostile.url}/r").resolve("main"))
    assert "another git" in (told.value.hint or "")
    assert hostile.seen == []


def test_no_git_is_told(
    asking: Asking, hostile: Hostile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="git was not found"):
        asyncio.run(asking.open(f"{hostile.url}/r").resolve("main"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_repository_that_moved(
    asking: Asking, origin: Origin, serve: Serve, hostile: Hostile, status: int
) -> None:
    """To another name, on another host: each is looked up, once."""
    commit = origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        hostile.answers[f"/old{REFS}"] = redirect(f"/middle.git{REFS}", status)
        to = f"{named(server, 'new.test')}/origin.git{REFS}"
        hostile.answers[f"/middle.git{REFS}"] = redirect(to, status)
        repository = asking.open(f"{named(hostile, 'old.test')}/old")
        assert asyncio.run(repository.resolve("main")) == commit
        asyncio.run(repository.fetch(commit))
        assert repository.has(commit)
        asyncio.run(asking.open(f"{named(hostile, 'old.test')}/old").fetch(commit))
    assert asking.names.asked == ["old.test", "new.test", "old.test"]
    assert not any("upload-pack" in path.partition("?")[0] for path in hostile.seen)


def test_a_redirect_to_a_forbidden_host(asking: Asking, hostile: Hostile) -> None:
    hostile.answers["info"] = redirect(f"http://inside.test{REFS}")
    asking.names.answers["inside.test"] = [("10.0.0.1",)]
    with pytest.raises(AddressForbidden):
        asyncio.run(asking.open(f"{hostile.url}/r").resolve("main"))


@pytest.mark.parametrize(
    "to",
    [
        "file:///etc/passwd",
        "ssh://git@example.org/r",
        "http://[::1",
        "http:///r",
        "https://ada:secret-word@forge.test/login",
        "/login?next=x",
        f"/r{REFS}",
        f"/r{REFS}&x=1",
        "",
    ],
)
def test_redirects_that_lead_nowhere(asking: Asking, hostile: Hostile, to: str) -> None:
    hostile.answers["info"] = redirect(to)
    with pytest.raises((Unreachable, ResolveError)) as told:
        asyncio.run(asking.open(f"{hostile.url}/r").resolve("main"))
    assert "secret-word" not in f"{told.value} {told.value.hint}"
    assert asking.kept == []


def test_a_redirect_of_what_git_sends_is_not_followed(
    asking: Asking, hostile: Hostile, trap: Hostile
) -> None:
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    hostile.answers["fetch"] = redirect(f"{trap.url}/r/git-upload-pack", 307)
    repository = asking.open(f"{hostile.url}/r")
    with pytest.raises((Unreachable, ResolveError)):
        asyncio.run(repository.fetch(commit))
    assert trap.seen == []
    assert asking.kept == []


def test_submodules_are_left_out(
    asking: Asking, origin: Origin, serve: Serve, trap: Hostile, tmp_path: Path
) -> None:
    commit = origin.commit({"a": "1"})
    module = f"160000,{commit},sub"
    origin.git("update-index", "--add", "--cacheinfo", module)
    settings = f'[submodule "sub"]\n\tpath = sub\n\turl = {trap.url}/r\n\tupdate = !touch ran\n'
    (origin.work / ".gitmodules").write_text(settings)
    origin.git("add", ".gitmodules")
    origin.git("commit", "-q", "-m", "module")
    origin.publish()
    commit = origin.git("rev-parse", "HEAD")
    with serve(origin.path.parent) as server:
        repository = asking.open(f"{server.url}/origin.git")
        asyncio.run(repository.fetch(commit))
        (tmp_path / "run").mkdir()
        remarks = asyncio.run(repository.check_out(commit, tmp_path / "copy", tmp_path / "run"))
    assert remarks == ["its submodules were left out: they may lie anywhere"]
    assert (tmp_path / "copy" / "a").read_text() == "1"
    assert trap.seen == []


def test_files_of_lfs_stay_pointers(
    asking: Asking, origin: Origin, serve: Serve, trap: Hostile, tmp_path: Path
) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1\n"
    commit = origin.commit(
        {
            "x.bin": pointer,
            ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
            ".lfsconfig": f"[lfs]\n\turl = {trap.url}/lfs\n",
        }
    )
    with serve(origin.path.parent) as server:
        repository = asking.open(f"{server.url}/origin.git")
        asyncio.run(repository.fetch(commit))
        (tmp_path / "run").mkdir()
        remarks = asyncio.run(repository.check_out(commit, tmp_path / "copy", tmp_path / "run"))
    assert remarks == ["files kept in Git LFS are left as pointers"]
    assert (tmp_path / "copy" / "x.bin").read_text() == pointer
    assert trap.seen == []


def test_a_working_copy_that_would_fill_the_disk(
    asking: Asking, origin: Origin, serve: Serve, tmp_path: Path
) -> None:
    commit = origin.commit({"a": "0" * 1000, "b": "0" * 1000})
    with serve(origin.path.parent) as server:
        bounds = Bounds(unfolded_bytes=1500)
        repository = asking.open(f"{server.url}/origin.git", bounds=bounds)
        asyncio.run(repository.fetch(commit))
        with pytest.raises(TooLarge, match="more than 1500 bytes in its files"):
            asyncio.run(repository.check_out(commit, tmp_path / "copy", tmp_path / "run"))
    assert not (tmp_path / "copy").exists()


def test_content_is_copied_under_a_guard(
    asking: Asking, cache: Cache, origin: Origin, serve: Serve
) -> None:
    commit = origin.commit({"a.txt": "1", "b/c.txt": "2"})
    with serve(origin.path.parent) as server:
        fetch = Fetch(named(server), "origin.git", copy={"**": "$HOME"})

        def copies() -> list[str]:
            binder = Binder(content=fetch)
            done = prepare(binder, cache=cache, guard=asking.guard, observe=lambda _event: None)
            return [file.path for file in asyncio.run(done).files]

        assert copies() == ["a.txt", "b/c.txt"]
        assert asking.open(f"{named(server)}/origin.git").has(commit)
        asking.networks = ()
        with pytest.raises(AddressForbidden):
            copies()
        fetch = Fetch(f"file://{origin.path.parent}", "origin.git", copy={"**": "$HOME"})
        with pytest.raises(Refused):
            copies()
