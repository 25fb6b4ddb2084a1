"""Real git over http, https, ssh and files."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from binderclip.errors import Refused, ResolveError, Unreachable
from binderclip.repositories import Repository
from binderclip.repositories.git import checked

if TYPE_CHECKING:
    # pytest imports conftest by its path, so that its names are there for types alone.
    from tests.local.conftest import Origin, Served

Open = Callable[..., Repository]
Serve = Callable[..., AbstractContextManager["Served"]]


def checkout(repository: Repository, commit: str, into: Path) -> list[str]:
    async def go() -> list[str]:
        await repository.fetch(commit)
        run = into.parent / "run"
        run.mkdir(exist_ok=True, parents=True)
        return list(await repository.check_out(commit, into, run))

    return asyncio.run(go())


def test_http_refs_and_files(
    origin: Origin, serve: Serve, open_repository: Open, tmp_path: Path
) -> None:
    first = origin.commit({"binder/requirements.txt": "six\n", "data/x.csv": "1\n"})
    origin.git("tag", "-a", "v1", "-m", "one")
    origin.git("branch", "feature/x")
    second = origin.commit({"binder/requirements.txt": "numpy\n"})
    with serve(origin.path.parent) as server:
        repository = open_repository(f"{server.url}/origin.git")
        resolve = repository.resolve
        assert asyncio.run(resolve("HEAD")) == second
        assert asyncio.run(resolve("main")) == second
        assert asyncio.run(resolve("v1")) == first, "an annotated tag is peeled"
        assert asyncio.run(resolve("refs/tags/v1")) == first
        assert asyncio.run(resolve("feature/x")) == first
        assert asyncio.run(resolve(first)) == first
        asyncio.run(repository.fetch(first))
        asked = len(server.seen)
        asyncio.run(repository.fetch(first))
        assert len(server.seen) == asked, "what is fetched is not fetched again"
    with repository.tree(first) as tree:
        assert tree.read("binder/requirements.txt") == "six\n"
        assert tree.folder("binder")
        assert not tree.folder("binder/requirements.txt")
        assert tree.read("binder") is None
        assert tree.read("gone.txt") is None
    assert checkout(repository, first, tmp_path / "copy") == []
    assert (tmp_path / "copy" / "data" / "x.csv").read_text() == "1\n"


def test_https_with_an_authority_that_git_trusts(
    origin: Origin, serve: Serve, tls: ssl.SSLContext, open_repository: Open
) -> None:
    commit = origin.commit({"a": "1"})
    with serve(origin.path.parent, tls=tls) as server:
        assert asyncio.run(open_repository(f"{server.url}/origin.git").resolve("main")) == commit


def test_https_without_trust_is_unreachable(
    origin: Origin,
    serve: Serve,
    tls: ssl.SSLContext,
    open_repository: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    origin.commit({"a": "1"})
    monkeypatch.delenv("GIT_SSL_CAINFO")
    with (
        serve(origin.path.parent, tls=tls) as server,
        pytest.raises(Unreachable, match="certificate"),
    ):
        asyncio.run(open_repository(f"{server.url}/origin.git").resolve("main"))


def test_a_ref_that_is_not_there_is_told_with_what_is(
    origin: Origin, open_repository: Open
) -> None:
    origin.commit({"a": "1"})
    origin.git("branch", "dev")
    origin.git("tag", "v1.0")
    origin.publish()
    repository = open_repository(f"file://{origin.path}")
    with pytest.raises(
        ResolveError, match=r"'mian' not found .*branches: dev, main; tags: v1"
    ) as e:
        asyncio.run(repository.resolve("mian"))
    assert e.value.hint == "Did you mean 'main'?"
    with pytest.raises(ResolveError) as e:
        asyncio.run(repository.resolve("abcdef1234"))
    assert e.value.hint == "a commit needs all of its 40 digits"
    for bad in ("-x", "a b", "a..b", "x^{}", ""):
        with pytest.raises(ResolveError, match="cannot be the name"):
            asyncio.run(repository.resolve(bad))


def test_a_name_of_both_a_branch_and_a_tag_is_ambiguous(
    origin: Origin, open_repository: Open
) -> None:
    first = origin.commit({"a": "1"})
    origin.git("tag", "x")
    second = origin.commit({"a": "2"})
    origin.git("branch", "x")
    origin.publish()
    repository = open_repository(f"file://{origin.path}")
    with pytest.raises(ResolveError, match="both a branch and a tag") as caught:
        asyncio.run(repository.resolve("x"))
    assert "refs/tags/x" in (caught.value.hint or "")
    assert asyncio.run(repository.resolve("refs/tags/x")) == first
    assert asyncio.run(repository.resolve("refs/heads/x")) == second


def test_an_empty_repository(origin: Origin, open_repository: Open) -> None:
    with pytest.raises(ResolveError, match="which is empty"):
        asyncio.run(open_repository(f"file://{origin.path}").resolve("main"))


def test_no_such_repository_and_a_private_one(
    origin: Origin, serve: Serve, open_repository: Open
) -> None:
    origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        for name in ("gone.git", "private.git"):
            with pytest.raises(ResolveError, match="no such repository, or it is private") as e:
                asyncio.run(open_repository(f"{server.url}/{name}").resolve("main"))
            assert "credential helper" in (e.value.hint or "")


def test_a_credential_helper_of_the_person_is_asked(
    origin: Origin,
    serve: Serve,
    open_repository: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho password=secret-word\n")
    helper.chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[credential]\n\thelper = {helper}\n\tusername = ada\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    with serve(origin.path.parent) as server, pytest.raises(ResolveError) as caught:
        asyncio.run(open_repository(f"{server.url}/private.git").resolve("main"))
    assert (tmp_path / "asked").exists()
    assert "secret-word" not in f"{caught.value} {caught.value.hint}"


def test_an_anonymous_one_asks_nobody_for_a_password(
    origin: Origin,
    serve: Serve,
    open_repository: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither a helper nor .netrc, and nothing that these have opened before."""
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho password=secret-word\n")
    helper.chmod(0o755)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password secret-word\n")
    (tmp_path / ".gitconfig").write_text(f"[credential]\n\thelper = {helper}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_ASKPASS", str(helper))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "credential.helper")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(helper))
    commit = origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        private = open_repository(f"{server.url}/private.git", anonymous=True)
        with pytest.raises(ResolveError, match="private"):
            asyncio.run(private.resolve("main"))
        url = f"{server.url}/origin.git"
        asyncio.run(open_repository(url).fetch(commit))
        public = open_repository(url, anonymous=True)
        assert not public.has(commit)
        assert asyncio.run(public.resolve("main")) == commit
        asyncio.run(public.fetch(commit))
        assert public.has(commit)
    assert not (tmp_path / "asked").exists()


def test_a_server_that_is_not_there_is_unreachable(open_repository: Open) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/o/r"
        with pytest.raises(Unreachable, match="could not be reached"):
            asyncio.run(open_repository(url).resolve("main"))
        with pytest.raises(Unreachable, match="could not be reached"):
            asyncio.run(open_repository(url).fetch("a" * 40))


def test_a_commit_that_is_gone(origin: Origin, serve: Serve, open_repository: Open) -> None:
    origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        repository = open_repository(f"{server.url}/origin.git")
        with pytest.raises(ResolveError, match=r"commit dead.* is not in"):
            asyncio.run(repository.fetch("dead" * 10))
        assert not repository.has("dead" * 10)


@pytest.mark.parametrize("version", ["0", "1"])
def test_a_server_that_gives_only_what_refs_name(
    origin: Origin,
    serve: Serve,
    open_repository: Open,
    version: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All is fetched, after a shallow fetch of another commit too."""
    old = origin.commit({"a": "1"})
    tip = origin.commit({"a": "2"})
    for number, setting in enumerate([("protocol.version", version)]):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", setting[0])
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", setting[1])
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    with serve(origin.path.parent) as server:
        repository = open_repository(f"{server.url}/origin.git")
        asyncio.run(repository.fetch(tip))
        asyncio.run(repository.fetch(old))
        with pytest.raises(ResolveError, match="is not in"):
            asyncio.run(repository.fetch("beef" * 10))
    with repository.tree(old) as tree:
        assert tree.read("a") == "1"


def test_a_fetch_that_was_killed_leaves_nothing_in_the_way(
    origin: Origin, open_repository: Open
) -> None:
    first = origin.commit({"a": "1"})
    second = origin.commit({"a": "2"})
    repository = open_repository(f"file://{origin.path}")
    asyncio.run(repository.fetch(second))
    store = repository.folder / "sha1.git"
    (store / "shallow.lock").write_text("")
    (store / "refs" / "binderclip" / f"{first}.lock").write_text("")
    asyncio.run(repository.fetch(first))
    assert repository.has(first)


def test_sha256_repositories(
    make_origin: Callable[..., Origin], serve: Serve, open_repository: Open, tmp_path: Path
) -> None:
    origin = make_origin("new", kind="sha256")
    commit = origin.commit({"a": "1"})
    assert len(commit) == 64
    with serve(origin.path.parent) as server:
        repository = open_repository(f"{server.url}/new.git")
        assert asyncio.run(repository.resolve("main")) == commit
        checkout(repository, commit, tmp_path / "copy")
    assert (tmp_path / "copy" / "a").read_text() == "1"


def test_offline_uses_what_is_known_and_says_what_is_not(
    origin: Origin, open_repository: Open
) -> None:
    commit = origin.commit({"a": "1"})
    url = f"file://{origin.path}"
    online = open_repository(url)
    assert asyncio.run(online.resolve("main")) == commit
    offline = open_repository(url, offline=True)
    assert offline.known("main") == commit
    assert offline.known("dev") is None
    with pytest.raises(Unreachable, match="without the network"):
        asyncio.run(offline.resolve("main"))
    with pytest.raises(Unreachable, match="without the network") as caught:
        asyncio.run(offline.fetch(commit))
    assert "--offline" in (caught.value.hint or "")
    asyncio.run(online.fetch(commit))
    asyncio.run(offline.fetch(commit))


def test_links_are_followed_within_the_repository_only(
    origin: Origin, open_repository: Open, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("s")
    commit = origin.commit(
        {
            "requirements.txt": "six",
            "binder/requirements.txt": Path("../requirements.txt"),
            "binder/apt.txt": Path("/etc/hostname"),
            "binder/postBuild": Path("../../../secret"),
            "binder/loop": Path("loop"),
            "binder/gone": Path("nothing"),
            ".binder": Path("binder"),
        }
    )
    repository = open_repository(f"file://{origin.path}")
    asyncio.run(repository.fetch(commit))
    with repository.tree(commit) as tree:
        assert tree.read("binder/requirements.txt") == "six"
        assert tree.folder(".binder")
        assert tree.read("binder/loop") is None
        assert tree.read("binder/gone") is None
        for outside in ("binder/apt.txt", "binder/postBuild"):
            with pytest.raises(Refused, match="leads out of the repository"):
                tree.read(outside)


def test_a_huge_configuration_file_is_refused(origin: Origin, open_repository: Open) -> None:
    commit = origin.commit({"requirements.txt": "#" * (2 << 20)})
    repository = open_repository(f"file://{origin.path}")
    asyncio.run(repository.fetch(commit))
    with repository.tree(commit) as tree, pytest.raises(Refused, match="at most 1 MiB"):
        tree.read("requirements.txt")


def test_nothing_of_a_repository_runs_on_checkout(
    origin: Origin, open_repository: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even what the person's own settings would run for its attributes."""
    hook = f"#!/bin/sh\ntouch {tmp_path}/ran\n"
    (origin.work / "hooks").mkdir()
    (origin.work / "hooks" / "post-checkout").write_text(hook)
    (origin.work / "hooks" / "post-checkout").chmod(0o755)
    commit = origin.commit(
        {
            "a": "1",
            "x.bin": "version https://git-lfs.github.com/spec/v1\n",
            ".gitattributes": "a filter=evil\n*.bin filter=lfs\n",
        }
    )
    touch = f"touch {tmp_path}/ran; cat"
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f'[filter "evil"]\n\tsmudge = "{touch}"\n[filter "lfs"]\n\tsmudge = "{touch}"\n'
        f'\trequired = true\n[core]\n\tfsmonitor = "{touch}"\n\thooksPath = hooks\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    remarks = checkout(open_repository(f"file://{origin.path}"), commit, tmp_path / "copy")
    assert remarks == ["files kept in Git LFS are left as pointers"]
    assert not (tmp_path / "ran").exists()
    assert (tmp_path / "copy" / "x.bin").read_text().startswith("version https://git-lfs")


def test_submodules_are_fetched_at_their_commits(
    make_origin: Callable[..., Origin], serve: Serve, open_repository: Open, tmp_path: Path
) -> None:
    part, whole = make_origin("part"), make_origin("whole")
    part.commit({"inner.txt": "old"})
    whole.commit({"a": "1"})
    with serve(part.path.parent) as server:
        whole.git("submodule", "--quiet", "add", f"{server.url}/part.git", "sub")
        commit = whole.commit({"b": "2"})
        part.commit({"inner.txt": "new"})
        repository = open_repository(f"{server.url}/whole.git")
        remarks = checkout(repository, commit, tmp_path / "copy")
    assert remarks == ["its submodules were fetched too"]
    assert (tmp_path / "copy" / "sub" / "inner.txt").read_text() == "old"


def test_a_submodule_must_not_reach_into_this_machine(
    make_origin: Callable[..., Origin], serve: Serve, open_repository: Open, tmp_path: Path
) -> None:
    part, whole = make_origin("part"), make_origin("whole")
    part.commit({"inner.txt": "private"})
    url = f"file://{part.path}"
    whole.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "sub")
    commit = whole.commit({"b": "2"})
    with serve(whole.path.parent) as server:
        repository = open_repository(f"{server.url}/whole.git")
        with pytest.raises(ResolveError, match=r"submodules .* could not be fetched"):
            checkout(repository, commit, tmp_path / "copy")
    assert not (tmp_path / "copy" / "sub" / "inner.txt").exists()


def test_hostile_names_of_files(origin: Origin, open_repository: Open, tmp_path: Path) -> None:
    """A tree may hold what no file system or no honest git would write."""
    blob = origin.git("hash-object", "-w", "--stdin")
    for name in ("x" * 300, ".git/config", "../escaped"):
        inner, _, leaf = name.rpartition("/")
        tree = _tree(origin, f"100644 blob {blob}\t{leaf}")
        if inner:
            tree = _tree(origin, f"040000 tree {tree}\t{inner}")
        commit = origin.git("commit-tree", tree, "-m", "x")
        origin.git("update-ref", "refs/heads/hostile", commit)
        origin.publish()
        repository = open_repository(f"file://{origin.path}")
        with pytest.raises(ResolveError, match="could not check out"):
            checkout(repository, commit, tmp_path / "deep" / "copy")
        assert not (tmp_path / "deep" / "escaped").exists()
        shutil.rmtree(tmp_path / "deep")


def _tree(origin: Origin, line: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(origin.work), "mktree"],
        input=f"{line}\n",
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/o/r",
        "http://127.0.0.1:8000/o/r",
        "ssh://git@host:22/o/r",
        "git@github.com:o/r",
        "file:///srv/r",
    ],
)
def test_addresses_that_git_may_be_given(url: str) -> None:
    assert checked(url) == url


def test_a_file_address_with_one_slash_is_mended() -> None:
    assert checked("file:/srv/r") == "file:///srv/r"


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c id",
        "--upload-pack=id",
        "ssh://-oProxyCommand=id/x",
        "-x@host:path",
        "host@name:-oProxyCommand=id",
        "/srv/r",
        "https://user:secret@host/o/r",
        "ssh://user:secret@host/o/r",
        "ftp://host/r",
        "https://host/o r",
        "fd::3",
        "",
    ],
)
def test_addresses_that_git_must_not_be_given(url: str) -> None:
    with pytest.raises(Refused) as caught:
        checked(url)
    assert "secret" not in str(caught.value)


def test_git_missing_is_told(
    origin: Origin, open_repository: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="git was not found") as caught:
        asyncio.run(open_repository(f"file://{origin.path}").resolve("main"))
    assert "install git" in (caught.value.hint or "")


@pytest.fixture
def ssh_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: Callable[[str, str], NoReturn]
) -> Iterator[int]:
    """A real sshd on loopback that lets this user in with a fresh key; its port."""
    path = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
    sshd = shutil.which("sshd", path=path) or lacking("sshd", "apt-get install openssh-server")
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
        )
    shutil.copy(folder / "user.pub", folder / "authorized")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True, mode=0o755)
    settings = folder / "config"
    settings.write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\nPidFile {folder}/pid\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nPermitRootLogin yes\n"
    )
    with subprocess.Popen(
        [sshd, "-D", "-e", "-f", str(settings)], stderr=subprocess.DEVNULL
    ) as run:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        command = (
            f"ssh -F none -i {folder}/user -o IdentitiesOnly=yes -o StrictHostKeyChecking=no "
            f"-o UserKnownHostsFile={folder}/known -o LogLevel=ERROR"
        )
        monkeypatch.setenv("GIT_SSH_COMMAND", command)
        yield port
        run.terminate()


@pytest.mark.slow
def test_ssh(origin: Origin, ssh_server: int, open_repository: Open, tmp_path: Path) -> None:
    commit = origin.commit({"a": "1"})
    url = f"ssh://{getpass.getuser()}@127.0.0.1:{ssh_server}{origin.path}"
    repository = open_repository(url)
    assert asyncio.run(repository.resolve("main")) == commit
    checkout(repository, commit, tmp_path / "copy")
    assert (tmp_path / "copy" / "a").read_text() == "1"
    with pytest.raises(ResolveError, match="no such repository"):
        asyncio.run(open_repository(f"{url}-gone").resolve("main"))
