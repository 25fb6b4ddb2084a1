"""Real clients of git: the binary as builders call it, and dulwich."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.gateway.rig_envs import FILES, app, git, packed, served

from binderclip.envrepo import Packed
from binderclip.gateway.envs.store import EnvStore


@pytest.fixture(scope="module")
def environment() -> Packed:
    return packed()


@pytest.fixture(scope="module")
def base(environment: Packed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = EnvStore(tmp_path_factory.mktemp("envs"))
    store.add(environment)
    with served(app(store)) as url:
        yield url


@pytest.fixture(scope="module")
def url(base: str, environment: Packed) -> str:
    return f"{base}/env/{environment.key}.git"


def there(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".git" not in path.relative_to(folder).parts:
            found[path.relative_to(folder).as_posix()] = path.read_text()
    return found


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_ls_remote(url: str, environment: Packed, tmp_path: Path, version: str) -> None:
    """As BinderHub asks for a ref that is no commit."""
    words = ["-c", f"protocol.version={version}", "ls-remote"]
    found = git(tmp_path, *words, "--", url, "HEAD")
    assert found.split() == [environment.commit, "HEAD"]
    found = git(tmp_path, *words, "--symref", "--", url)
    assert "ref: refs/heads/main\tHEAD" in found
    assert f"{environment.commit}\trefs/heads/main" in found


@pytest.mark.parametrize("version", ["0", "2"])
def test_as_builders_clone(url: str, environment: Packed, tmp_path: Path, version: str) -> None:
    """https://repo2docker.readthedocs.io (contentproviders/git), with a ref."""
    into = tmp_path / "clone"
    words = ["-c", f"protocol.version={version}", "clone", "--quiet", "--no-checkout"]
    git(tmp_path, *words, url, str(into))
    git(into, "reset", "--hard", environment.commit)
    git(into, "submodule", "update", "--init", "--recursive")
    assert there(into) == FILES
    assert (into / "postBuild").stat().st_mode & 0o111
    assert git(into, "fsck", "--strict", "--no-progress") == ""
    assert git(into, "log", "--format=%H") == environment.commit
    assert git(into, "branch", "--show-current") == "main"


@pytest.mark.parametrize("depth", ["1", "3"])
@pytest.mark.parametrize("version", ["0", "2"])
def test_shallow(url: str, tmp_path: Path, version: str, depth: str) -> None:
    """As repo2docker clones without a ref."""
    into = tmp_path / "clone"
    words = ["-c", f"protocol.version={version}", "clone", "--quiet"]
    git(tmp_path, *words, "--depth", depth, url, str(into))
    assert there(into) == FILES
    git(into, "fetch", "--quiet", "--depth", "1")
    # There is no more than it has.
    assert not (into / ".git/shallow").exists()
    assert git(into, "fsck", "--no-progress") == ""


def test_fetch_by_commit(url: str, environment: Packed, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "one")
    one = tmp_path / "one"
    git(one, "fetch", "--quiet", "--depth", "1", url, environment.commit)
    git(one, "checkout", "--quiet", "FETCH_HEAD")
    assert there(one) == FILES
    complaint = git(one, "fetch", url, "ab" * 20, ok=False)
    assert "not our ref" in complaint or "unadvertised object" in complaint
    complaint = git(one, "-c", "protocol.version=0", "fetch", url, "ab" * 20, ok=False)
    assert "ab" * 20 in complaint


def test_fetch_into_a_history_of_its_own(url: str, tmp_path: Path) -> None:
    """Many rounds of haves, none of which we know; compressed, as they are many."""
    git(tmp_path, "init", "--quiet", "--initial-branch=own", "own")
    own = tmp_path / "own"
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    stream = "".join(
        f"commit refs/heads/own\ncommitter A <a@example.org> {number} +0000\ndata 1\nx\n"
        for number in range(1, 401)
    )
    subprocess.run(
        ["git", "-C", str(own), "fast-import", "--quiet"], input=stream, text=True, check=True
    )
    git(own, *who, "fetch", "--quiet", url, "main:theirs")
    assert git(own, "ls-tree", "--name-only", "theirs").split() == [
        "data",
        "postBuild",
        "requirements.txt",
    ]
    # And once more, with nothing new.
    git(own, "fetch", "--quiet", url, "main:theirs")


def test_pushing_is_refused(url: str, tmp_path: Path) -> None:
    into = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", url, str(into))
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    git(into, *who, "commit", "--quiet", "--allow-empty", "-m", "mine")
    complaint = git(into, "push", "origin", "main", ok=False)
    assert "403" in complaint
    git(into, "fetch", "--quiet")
    assert git(into, "rev-list", "--count", "origin/main") == "1"


@pytest.mark.parametrize(
    "path",
    [
        "env/{wrong}.git", "env/{key}", "env/{upper}.git", "env/{short}.git", "env/x.git",
        "env/{key}.git.git", "env/..%2F{key}.git",
    ],
)  # fmt: skip
def test_what_is_not_there(base: str, environment: Packed, tmp_path: Path, path: str) -> None:
    key = environment.key
    named = path.format(key=key, wrong="0" * 64, upper=key.upper(), short=key[:12])
    complaint = git(tmp_path, "clone", f"{base}/{named}", "into", ok=False)
    assert "not found" in complaint
    assert list(tmp_path.iterdir()) == []


def test_dulwich_takes_the_same_commit(url: str, environment: Packed, tmp_path: Path) -> None:
    """Another implementation, of clients as of objects."""
    from dulwich import porcelain
    from dulwich.object_store import tree_lookup_path
    from dulwich.objects import Blob, Commit

    with porcelain.clone(url, str(tmp_path / "clone"), checkout=True) as repository:
        assert repository.head() == environment.commit.encode()
        commit = repository[repository.head()]
        assert isinstance(commit, Commit)
        assert commit.parents == []
        for path, content in FILES.items():
            _, name = tree_lookup_path(repository.__getitem__, commit.tree, path.encode())
            blob = repository[name]
            assert isinstance(blob, Blob)
            assert blob.data == content.encode()
        for name in repository.object_store:
            repository[name].check()
    assert there(tmp_path / "clone") == FILES
    with porcelain.clone(url, str(tmp_path / "shallow"), depth=1) as repository:
        assert repository.head() == environment.commit.encode()


def test_many_at_once(url: str, environment: Packed, tmp_path: Path) -> None:
    def clone(number: int) -> str:
        git(tmp_path, "clone", "--quiet", "--depth", str(1 + number % 2), url, f"c{number}")
        return git(tmp_path / f"c{number}", "rev-parse", "HEAD")

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(clone, range(16))) == {environment.commit}
