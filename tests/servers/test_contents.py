"""Files of a real Jupyter Server: every byte, every name, and refusals in words."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.servers.conftest import Running

from binderclip.errors import SessionError, TooLarge
from binderclip.servers.contents import Contents, free_name, fresh_folder

On = Callable[..., Any]
NAMES = (
    "plain.csv",
    "two words.txt",
    "a#b%41?c&d+e=f;g.bin",
    "Größe 数据.csv",
    "back\\slash 'quoted' \"twice\".txt",
    "checkpoints",
    "trust",
    "-dash",
    "~tilde",
    "x" * 200,
)
# Odd on purpose: tabs, a number that Python writes otherwise, no line end.
NOTEBOOK = b'{"nbformat":4,\t"nbformat_minor" : 5,"metadata":{"x":1.50}, "cells":[]}'
MIB = 2**20


def files(jupyter: Running, folder: str) -> set[str]:
    """Their names; the server leaves an empty .ipynb_checkpoints where it renamed something."""
    return {p.name for p in (jupyter.root / folder).iterdir() if p.name != ".ipynb_checkpoints"}


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("name", NAMES)
def test_names_go_there_and_back(on_jupyter: On, jupyter: Running, folder: str, name: str) -> None:
    async def go(contents: Contents) -> None:
        path = f"{folder}/{name}"
        assert not await contents.exists(path)
        await contents.upload(path, b"\x00\xff\r\n")
        assert (jupyter.root / folder / name).read_bytes() == b"\x00\xff\r\n"
        assert [entry.name for entry in await contents.list(folder)] == [name]
        entry = await contents.stat(path)
        assert entry is not None
        assert (entry.path, entry.size, entry.folder, entry.writable) == (path, 4, False, True)
        assert await contents.download(path, max_bytes=4) == b"\x00\xff\r\n"
        await contents.remove(path)
        assert not await contents.exists(path)
        await contents.remove(path)

    on_jupyter(go)


@pytest.mark.parametrize("name", ["checkpoints", "trust", "a folder #1", "Größe"])
def test_folders_of_any_name(on_jupyter: On, jupyter: Running, folder: str, name: str) -> None:
    async def go(contents: Contents) -> None:
        path = f"{folder}/{name}/b/{name}"
        await contents.make_folder(path)
        await contents.make_folder(path)
        assert (jupyter.root / path).is_dir()
        await contents.upload(f"{path}/x", b"1")
        assert [e.path for e in await contents.list(path)] == [f"{path}/x"]
        await contents.remove(f"{folder}/{name}")
        assert await contents.list(folder) == ()

    on_jupyter(go)


@pytest.mark.parametrize("size", [0, 1, 100_000, 8 * MIB, 8 * MIB + 1, 21 * MIB])
def test_every_byte_of_any_size(on_jupyter: On, jupyter: Running, folder: str, size: int) -> None:
    data = noise(size)
    lines: list[str] = []

    async def go(contents: Contents) -> bytes:
        await contents.upload(f"{folder}/x.bin", data, observe=lines.append)
        found: bytes = await contents.download(
            f"{folder}/x.bin", max_bytes=size, observe=lines.append
        )
        return found

    assert on_jupyter(go) == data
    assert files(jupyter, folder) == {"x.bin"}
    assert (jupyter.root / folder / "x.bin").read_bytes() == data
    assert bool(lines) is (size > 8 * MIB)
    if lines:
        assert lines[-1].startswith("fetching")
        assert "sending" in lines[0]


@pytest.mark.parametrize("size", [0, 9 * MIB])
def test_a_notebook_keeps_every_byte(
    on_jupyter: On, jupyter: Running, folder: str, size: int
) -> None:
    """Neither is it reformatted nor signed, nor does it get a checkpoint."""
    data = NOTEBOOK.replace(b"1.50", b"1.50," + b'"y":"' + b"z" * size + b'"')

    async def go(contents: Contents) -> None:
        path = f"{folder}/nb.ipynb"
        await contents.upload(path, data)
        entry = await contents.stat(path)
        assert entry is not None
        assert entry.kind == "notebook"
        assert await contents.download(path, max_bytes=len(data)) == data

    on_jupyter(go)
    assert files(jupyter, folder) == {"nb.ipynb"}
    assert (jupyter.root / folder / "nb.ipynb").read_bytes() == data


@pytest.mark.parametrize("size", [3, 9 * MIB])
def test_what_is_there_is_replaced_only_when_asked(
    on_jupyter: On, jupyter: Running, folder: str, size: int
) -> None:
    (jupyter.root / folder / "x").write_bytes(b"older")
    (jupyter.root / folder / "d").mkdir()

    async def go(contents: Contents) -> None:
        with pytest.raises(SessionError, match=r"found a file .* of 5 bytes") as caught:
            await contents.upload(f"{folder}/x", noise(size))
        assert caught.value.hint
        assert (jupyter.root / folder / "x").read_bytes() == b"older"
        await contents.upload(f"{folder}/x", noise(size), replace=True)
        with pytest.raises(SessionError, match="found a folder"):
            await contents.upload(f"{folder}/d", noise(size), replace=True)

    on_jupyter(go)
    assert (jupyter.root / folder / "x").read_bytes() == noise(size)
    assert files(jupyter, folder) == {"x", "d"}


def test_a_large_file_never_takes_a_name_that_was_taken_meanwhile(
    on_jupyter: On, jupyter: Running, folder: str
) -> None:
    rival = jupyter.root / folder / "x"

    def take(_: str) -> None:
        rival.write_bytes(b"theirs")

    async def go(contents: Contents) -> None:
        with pytest.raises(SessionError, match="found a file"):
            await contents.upload(
                f"{folder}/x",
                noise(9 * MIB),
                observe=take,
            )

    on_jupyter(go)
    assert rival.read_bytes() == b"theirs"
    assert files(jupyter, folder) == {"x"}


def test_a_cancelled_upload_leaves_nothing(on_jupyter: On, jupyter: Running, folder: str) -> None:
    async def go(contents: Contents) -> None:
        begun = asyncio.Event()
        sending = asyncio.create_task(
            contents.upload(f"{folder}/x", noise(40 * MIB), observe=lambda _: begun.set())
        )
        await begun.wait()
        assert files(jupyter, folder)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

    on_jupyter(go)
    assert not files(jupyter, folder)


def test_too_large_is_said_before_it_is_fetched(
    on_jupyter: On, jupyter: Running, folder: str
) -> None:
    (jupyter.root / folder / "x").write_bytes(noise(1001))

    async def go(contents: Contents) -> None:
        assert len(await contents.download(f"{folder}/x", max_bytes=1001)) == 1001
        with pytest.raises(TooLarge, match="1,000 bytes"):
            await contents.download(f"{folder}/x", max_bytes=1000)

    on_jupyter(go)


@pytest.mark.parametrize("size", [10, 9 * MIB])
def test_links_whose_size_is_not_the_files(
    on_jupyter: On, jupyter: Running, folder: str, size: int
) -> None:
    here = jupyter.root / folder
    (here / "x").write_bytes(noise(size))
    (here / "link").symlink_to("x")

    async def go(contents: Contents) -> None:
        assert await contents.download(f"{folder}/link", max_bytes=size) == noise(size)
        with pytest.raises(TooLarge):
            await contents.download(f"{folder}/link", max_bytes=size - 1)

    on_jupyter(go)


def test_hidden_files_are_refused_in_words(on_jupyter: On, folder: str) -> None:
    async def go(contents: Contents) -> None:
        for work in (
            contents.upload(f"{folder}/.jupyter", b"x"),
            contents.upload(f"{folder}/.big", noise(9 * MIB)),
            contents.make_folder(f"{folder}/.jupyter/lab"),
            contents.download(f"{folder}/.jupyter/x", max_bytes=9),
            contents.remove(f"{folder}/.jupyter"),
        ):
            with pytest.raises(SessionError, match="begins with a dot") as caught:
                await work
            assert "allow_hidden" in str(caught.value.hint)

    on_jupyter(go)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="uses what Linux has in /sys")
def test_a_folder_that_may_not_be_written_to(on_jupyter: On, jupyter: Running, folder: str) -> None:
    (jupyter.root / folder / "ro").symlink_to("/sys/kernel")

    async def go(contents: Contents) -> None:
        for work in (
            contents.upload(f"{folder}/ro/x", b"x"),
            contents.upload(f"{folder}/ro/x", noise(9 * MIB)),
            contents.make_folder(f"{folder}/ro/x/y"),
        ):
            with pytest.raises(SessionError, match="it may not write there") as caught:
                await work
            assert "token" not in str(caught.value.hint)

    on_jupyter(go)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk(on_jupyter: On, jupyter: Running, folder: str) -> None:
    (jupyter.root / folder / "x").symlink_to("/dev/full")

    async def go(contents: Contents) -> None:
        with pytest.raises(SessionError, match="its disk is full"):
            await contents.upload(f"{folder}/x", b"x", replace=True)

    on_jupyter(go)


def test_a_missing_folder_and_a_file_in_the_way(
    on_jupyter: On, jupyter: Running, folder: str
) -> None:
    (jupyter.root / folder / "file").write_text("x")

    async def go(contents: Contents) -> None:
        with pytest.raises(SessionError, match="no folder"):
            await contents.upload(f"{folder}/no/x", b"x")
        with pytest.raises(SessionError, match="found a file"):
            await contents.make_folder(f"{folder}/file/x")
        with pytest.raises(SessionError, match=r"found a file .*, expected a folder"):
            await contents.upload(f"{folder}/file/x", b"x")
        with pytest.raises(SessionError, match="has no file"):
            await contents.download(f"{folder}/no", max_bytes=9)
        with pytest.raises(SessionError, match="found a folder"):
            await contents.download(folder, max_bytes=9)
        assert await contents.stat(f"{folder}/file/x") is None
        with pytest.raises(SessionError):
            await contents.list(f"{folder}/no")

    on_jupyter(go)


def test_folders_and_names_of_our_own(on_jupyter: On, jupyter: Running, folder: str) -> None:
    async def go(contents: Contents) -> None:
        first, second = await fresh_folder(contents), await fresh_folder(contents, "a run")
        assert first != second
        assert (jupyter.root / first).is_dir()
        assert first.startswith("binderclip-")
        assert len(first) == len("binderclip-") + 8
        for stem in ("", ".hidden", "a/b\n", "ü" * 300, ".."):
            odd = await fresh_folder(contents, stem)
            assert (jupyter.root / odd).is_dir()
            assert not odd.startswith(".")
        await contents.make_folder("")
        await contents.make_folder(".")
        for expected in ("x.tar.gz", "x.tar-1.gz", "x.tar-2.gz"):
            assert await free_name(contents, f"{folder}/x.tar.gz") == f"{folder}/{expected}"
            await contents.upload(f"{folder}/{expected}", b"")
        await contents.upload(f"{folder}/README", b"")
        assert await free_name(contents, f"{folder}/README") == f"{folder}/README-1"
        names = [entry.name for entry in await contents.list()]
        assert first in names

    on_jupyter(go)


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "a//b", "../x", "a/../b", "a/.", "a/", "a\nb", "\ud800", "y" * 256]
)
def test_paths_that_are_none(on_jupyter: On, path: str) -> None:
    async def go(contents: Contents) -> None:
        works: list[Any] = [
            contents.upload(path, b"x"),
            contents.remove(path),
            free_name(contents, path),
        ]
        works += [contents.make_folder(path)] if path else []
        for work in works:
            with pytest.raises(SessionError, match="expected a path such as"):
                await work

    on_jupyter(go)
