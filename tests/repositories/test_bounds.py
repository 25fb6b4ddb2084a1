"""Servers and packs that would cost more than a repository may."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.repositories.hostile import (
    ADVERTISEMENT,
    RESULT,
    Pack,
    band,
    blob_name,
    capabilities,
    endless,
    line,
    plain,
    redirect,
    sent,
    size,
    small_pack,
)

from binderclip import processes
from binderclip.copying import Limits, prepare
from binderclip.errors import BinderclipError, TooLarge, Unreachable
from binderclip.repositories import git
from binderclip.repositories.bounds import Bounds, out_of_bounds
from binderclip.spec.model import Binder, Fetch

if TYPE_CHECKING:
    from tests.repositories.conftest import Asking
    from tests.repositories.hostile import Hostile

# Servers and programs that start for each.
pytestmark = pytest.mark.slow

MB = 2**20


def gits() -> list[psutil.Process]:
    """The git processes that this one started and that run; others may have left dead ones."""
    return [
        p
        for p in psutil.Process().children(recursive=True)
        if "git" in p.name() and p.status() != psutil.STATUS_ZOMBIE
    ]


@pytest.fixture
def fetching(asking: Asking, hostile: Hostile) -> Callable[..., BinderclipError]:
    """Fetch a commit that does not come well, and look that nothing is left; the error."""

    def fetch(commit: str, **bounds: float) -> BinderclipError:
        repository = asking.open(f"{hostile.url}/r", bounds=Bounds(**bounds))  # type: ignore[arg-type] # named as its fields
        with pytest.raises(BinderclipError) as told:
            asyncio.run(repository.fetch(commit))
        assert not repository.has(commit)
        assert asking.kept == []
        assert gits() == []
        return told.value

    return fetch


def test_an_advertisement_without_end(asking: Asking, hostile: Hostile) -> None:
    hostile.answers["info"] = endless(ADVERTISEMENT, capabilities()[:-4], line(b"x" * 60000))
    repository = asking.open(f"{hostile.url}/r", bounds=Bounds(advertised_bytes=2 * MB))
    with pytest.raises(TooLarge, match="sends more than 2097152 bytes"):
        asyncio.run(repository.resolve("main"))
    assert hostile.sent_bytes < 100 * MB
    assert asking.kept == []


def test_an_advertisement_without_end_behind_a_redirect(
    asking: Asking, hostile: Hostile, start_server: Callable[..., Hostile]
) -> None:
    second = start_server()
    second.answers["info"] = endless(ADVERTISEMENT, capabilities()[:-4], line(b"x" * 60000))
    hostile.answers["info"] = redirect(f"{second.url}/r/info/refs?service=git-upload-pack")
    repository = asking.open(f"{hostile.url}/r", bounds=Bounds(advertised_bytes=2 * MB))
    with pytest.raises(TooLarge):
        asyncio.run(repository.resolve("main"))
    assert second.sent_bytes < 24 * MB


def test_refs_without_end(asking: Asking, hostile: Hostile) -> None:
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    rows = (line(f"{commit} refs/heads/b{n}\n".encode()) for n in range(500))
    hostile.answers["refs"] = plain(b"".join(rows) + b"0000", RESULT)
    repository = asking.open(f"{hostile.url}/r", bounds=Bounds(refs=400))
    with pytest.raises(TooLarge, match="more than 400 branches and tags"):
        asyncio.run(repository.resolve("main"))
    one = line(f"{commit} refs/heads/{'b' * 900}\n".encode())
    hostile.answers["refs"] = endless(RESULT, b"", one * 100)
    repository = asking.open(f"{hostile.url}/r", bounds=Bounds(advertised_bytes=MB))
    with pytest.raises(TooLarge):
        asyncio.run(repository.resolve("main"))


def test_a_pack_without_end(hostile: Hostile, fetching: Callable[..., BinderclipError]) -> None:
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    blob = Pack()
    blob.add("blob", os.urandom(MB))
    many = Pack(blob.entries, claimed=10**6).written()[:-20]
    begin = sent(commit, band(1, many))[:-4]
    hostile.answers["fetch"] = endless(RESULT, begin, band(1, blob.entries[0]))
    told = fetching(commit, fetched_bytes=4 * MB)
    assert isinstance(told, TooLarge)
    assert "sends more than 4194304 bytes" in told.message


def test_remarks_without_end(hostile: Hostile, fetching: Callable[..., BinderclipError]) -> None:
    """A line's end becomes ten times as long where git shows it."""
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    begin = sent(commit, b"")[:-4]
    hostile.answers["fetch"] = endless(RESULT, begin, band(2, b"\n" * 60000))
    told = fetching(commit, fetched_bytes=64 * MB, advertised_bytes=MB)
    assert isinstance(told, TooLarge)
    assert "printed more than" in told.message


@pytest.mark.parametrize("part", [band(1, b"") or line(b"\1"), line(b"\2.")])
def test_signs_of_life_without_end(
    hostile: Hostile, fetching: Callable[..., BinderclipError], part: bytes
) -> None:
    """Fast enough for git's own limit of slowness, and nothing comes of it."""
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    hostile.answers["fetch"] = endless(RESULT, sent(commit, b"")[:-4], part * 400, pause_s=0.05)
    told = fetching(commit, fetch_s=1.0)
    assert isinstance(told, Unreachable)
    assert "took longer than 1 seconds" in told.message


@pytest.mark.parametrize("where", ["info", "refs"])
def test_answers_that_drip(asking: Asking, hostile: Hostile, where: str) -> None:
    hostile.honest(*small_pack())
    kind = ADVERTISEMENT if where == "info" else RESULT
    row = f"{'1' * 40} refs/heads/main\n".encode()
    hostile.answers[where] = endless(kind, b"", line(row), pause_s=0.05)
    repository = asking.open(f"{hostile.url}/r", bounds=Bounds(ask_s=1.0))
    with pytest.raises(Unreachable, match="took longer than 1 seconds"):
        asyncio.run(repository.resolve("main"))
    assert gits() == []


@pytest.mark.parametrize("level", [0, 9])
def test_a_file_larger_than_the_memory(asking: Asking, hostile: Hostile, level: int) -> None:
    """In its pack or when it is unfolded. It is nobody's fault, and is fetched; what copies it
    looks at its size.
    """
    pack = Pack()
    blob = pack.add("blob", bytes(130 * MB), level=level)
    commit = pack.commit(pack.tree([("zeros", blob), ("a", pack.add("blob", b"hello\n"))]))
    hostile.honest(commit, pack.written())
    repository = asking.open(f"{hostile.url}/r", bounds=Bounds(memory_bytes=128 * MB))
    asyncio.run(repository.fetch(commit))
    assert repository.entries(commit, 10)[0].size_bytes == 130 * MB
    with repository.tree(commit) as tree:
        assert tree.read("a") == "hello\n"
    fetch = Fetch(hostile.url, "r", hash=commit, copy={"*": "$HOME"})
    copies = prepare(
        Binder(content=fetch),
        cache=asking.cache,
        guard=asking.guard,
        observe=lambda _event: None,
        limits=Limits(file_bytes=MB),
    )
    with pytest.raises(TooLarge, match="zeros"):
        asyncio.run(copies)


def test_a_difference_that_unfolds_without_end(
    hostile: Hostile, fetching: Callable[..., BinderclipError]
) -> None:
    """A few bytes say: sixteen megabytes of that, sixty-four times over."""
    pack, base = Pack(), bytes(16 * MB)
    pack.add("blob", base)
    copy = b"\xf0" + (0xFFFFFF).to_bytes(3, "little")  # from 0, that many bytes
    delta = size(len(base)) + size(64 * 0xFFFFFF) + copy * 64
    pack.add_delta(len(pack.entries[-1]), delta)
    commit = pack.commit(pack.tree([]))
    hostile.honest(commit, pack.written())
    told = fetching(commit, memory_bytes=256 * MB)
    assert isinstance(told, TooLarge)
    assert "more time or memory to unpack" in told.message


def test_a_pack_that_claims_to_hold_millions(
    hostile: Hostile, fetching: Callable[..., BinderclipError]
) -> None:
    pack = Pack(claimed=2 * 10**8)
    commit = pack.commit(pack.tree([]))
    hostile.honest(commit, pack.written())
    assert isinstance(fetching(commit), TooLarge)


def chained(count: int) -> tuple[str, bytes]:
    """A commit of files each of which is stored as a difference from the one before."""
    pack, content = Pack(), b"%08d" % 0
    names = [("f00000000", pack.add("blob", content))]
    for number in range(1, count):
        content = b"%08d" % number
        delta = size(8) + size(8) + b"\x08" + content
        pack.add_delta(len(pack.entries[-1]), delta)
        names.append((f"f{number:08}", blob_name(content)))
    commit = pack.commit(pack.tree(names))
    return commit, pack.written()


def test_files_that_take_for_ever_to_look_at(asking: Asking, hostile: Hostile) -> None:
    """To look at n of them n²/2 steps are taken."""
    count = 25000
    commit, pack = chained(count)
    hostile.honest(commit, pack)
    repository = asking.open(f"{hostile.url}/r", bounds=Bounds(cpu_s=1))
    asyncio.run(repository.fetch(commit))
    with pytest.raises(TooLarge, match="more time or memory to list"):
        repository.entries(commit, 10**6)

    def read_all() -> None:
        with repository.tree(commit) as tree:
            for number in range(count):
                tree.read(f"f{number:08}")

    with pytest.raises(TooLarge, match="more time or memory to read"):
        read_all()


def test_a_fetch_that_is_given_up_leaves_nothing(asking: Asking, hostile: Hostile) -> None:
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    hostile.answers["fetch"] = endless(
        RESULT, sent(commit, b"")[:-4], line(b"\1") * 100, pause_s=0.02
    )

    async def go() -> None:
        fetching = asyncio.create_task(asking.open(f"{hostile.url}/r").fetch(commit))
        while not hostile.sent_bytes:  # noqa: ASYNC110 - the server is in a thread
            await asyncio.sleep(0.01)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching

    asyncio.run(go())
    assert gits() == []
    assert asking.kept == []


def test_what_a_killed_fetch_left_is_removed(asking: Asking, hostile: Hostile) -> None:
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    repository = asking.open(f"{hostile.url}/r")
    left = repository.folder / f"{commit}.git" / "objects" / "pack" / "tmp_pack_x"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")
    asyncio.run(repository.fetch(commit))
    assert repository.has(commit)
    assert not left.exists()


def test_few_objects_stay_in_their_pack(asking: Asking, hostile: Hostile) -> None:
    """Git would unfold each into a file of its own."""
    commit, pack = small_pack(bytes(MB))
    hostile.honest(commit, pack)
    repository = asking.open(f"{hostile.url}/r")
    asyncio.run(repository.fetch(commit))
    objects = repository.folder / f"{commit}.git" / "objects"
    assert {path.parent.name for path in objects.rglob("*") if path.is_file()} == {"pack"}


def test_threads_are_not_many(tmp_path: Path) -> None:
    """Each would count as memory, so that a machine of many processors could fetch nothing. Here it
    is what git is told.
    """
    asked = ["config", "--get", "pack.threads"]
    told = git.run_closed(asked, tmp_path, called=Bounds().fetching(), proxy=None, max_bytes=100)
    assert asyncio.run(told).stdout == b"1\n"


def test_bounds_hold_for_every_process(tmp_path: Path) -> None:
    """Those that git starts in turn, too."""
    words = Bounds(memory_bytes=100 * MB, cpu_s=7).reading()
    shown = [*words[:4], "sh", "-c", "ulimit -v; ulimit -t"]

    async def go() -> list[str]:
        running = processes.lines(shown, cwd=tmp_path, environ=os.environ, run=tmp_path)
        return [line async for line in running]

    assert asyncio.run(go()) == ["102400", "7"]
    assert out_of_bounds(-9)
    assert out_of_bounds(128, "error: index-pack died of signal 9")
    assert not out_of_bounds(0, "remote: out of memory")
    assert not out_of_bounds(128, "fatal: early EOF")
