"""Files into the home of a real Jupyter Server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers.conftest import Running

from binderclip.copying import Copies, ServerHome, place
from binderclip.errors import SessionError
from binderclip.guard import OpenGuard
from binderclip.servers import Server
from binderclip.servers.contents import Contents
from binderclip.session import Session
from binderclip.web import Web

if TYPE_CHECKING:
    from tests.copying.conftest import Copying
    from tests.local.conftest import Origin, Served

Put = Callable[[Copies], tuple[str, ...]]


@pytest.fixture
def root(jupyter: Running, folder: str) -> Path:
    return jupyter.root / folder


@pytest.fixture
def put(copying: Copying, on_jupyter: Callable[..., Any], folder: str) -> Put:
    def run(copies: Copies) -> tuple[str, ...]:
        async def go(contents: Contents) -> tuple[str, ...]:
            return await place(copies, ServerHome(contents, folder), observe=copying.observe)

        remarks = on_jupyter(go)
        assert isinstance(remarks, tuple)
        return remarks

    return run


def test_files_are_placed_as_they_are(
    copying: Copying, origin: Origin, put: Put, root: Path
) -> None:
    data = bytes(range(256)) * 50_000
    notebook = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (origin.work / "large.bin").write_bytes(data)
    files: dict[str, str | Path] = {f"many/{n}": str(n) for n in range(20)}
    files |= {"ä b/c#?%41.txt": "1\r\n", "a.ipynb": notebook, "empty": "", "x/y/z": "deep"}
    origin.commit(files)
    copies = copying.all()
    assert put(copies) == ()
    assert copying.told[-1] == "copying large.bin, 12.8 MB"
    assert (root / "large.bin").read_bytes() == data
    for name, text in files.items():
        assert (root / name).read_bytes() == str(text).encode()
    assert put(copies) == (), "what is there already is fine"
    assert len([path for path in root.rglob("*") if path.is_file()]) == len(files) + 1


def test_what_is_there_is_never_overwritten(
    copying: Copying, origin: Origin, put: Put, root: Path
) -> None:
    origin.commit({"same": "new", "other": "new", "longer": "new", "folder": "new", "file/x": "1"})
    (root / "same").write_text("new")
    (root / "other").write_text("old")
    (root / "longer").write_text("old and longer")
    (root / "folder").mkdir()
    (root / "file").write_text("mine")
    kept = "$HOME/folder, $HOME/longer, $HOME/other"
    assert put(copying.all()) == (
        f"content: left alone what was there already, with other content: {kept}",
        "content: not placed, since a folder above it is a file or a link: $HOME/file/x",
    )
    assert [(root / name).read_text() for name in ("other", "file")] == ["old", "mine"]


def test_what_is_made_is_noted_and_nothing_else(
    copying: Copying, origin: Origin, on_jupyter: Callable[..., Any], folder: str, root: Path
) -> None:
    origin.commit({"same": "1", "other": "1", "there/a": "1", "new/deep/b": "1", "new/c": "1"})
    (root / "same").write_text("1")
    (root / "other").write_text("2")
    (root / "there").mkdir()
    noted: list[tuple[str, str]] = []
    copies = copying.all()

    async def go(contents: Contents) -> None:
        home = ServerHome(contents, folder, note=lambda path, kind: noted.append((path, kind)))
        await place(copies, home, observe=copying.observe)

    on_jupyter(go)
    assert sorted((path.removeprefix(f"{folder}/"), kind) for path, kind in noted) == [
        ("new", "folder"),
        ("new/c", "file"),
        ("new/deep", "folder"),
        ("new/deep/b", "file"),
        ("there/a", "file"),
    ]


def test_what_a_server_does_not_take_is_told(
    copying: Copying, origin: Origin, put: Put, root: Path
) -> None:
    (origin.work / "run.sh").write_text("#!/bin/sh\n")
    (origin.work / "run.sh").chmod(0o755)
    origin.commit({"jupyter_config.json": "{}", ".bashrc": "x", "a": "1"})
    copies = copying.prepare(
        config=copying.fetch(copy={"*.json": "$HOME/.jupyter/", ".bashrc": "$HOME"}),
        content=copying.fetch(copy={"run.sh": "$HOME", "a": "$HOME"}),
    )
    hidden = "$HOME/.bashrc, $HOME/.jupyter/jupyter_config.json"
    assert put(copies) == (
        f"config: not placed, since the server takes no names that begin with a dot: {hidden}",
        "content: placed, but the server cannot make it executable: $HOME/run.sh",
    )
    assert sorted(path.name for path in root.iterdir()) == ["a", "run.sh"]


def test_a_server_that_takes_hidden_names_gets_them(
    copying: Copying, origin: Origin, open_jupyter: Running
) -> None:
    origin.commit({".jupyter/jupyter_config.json": "{}", ".other": "new", "a": "1"})
    (open_jupyter.root / ".other").write_text("old")
    remarks = placed(copying, open_jupyter.url, open_jupyter.token)
    assert remarks == (
        "content: left alone what was there already, with other content: $HOME/.other",
    )
    assert (open_jupyter.root / ".jupyter" / "jupyter_config.json").read_text() == "{}"


def test_a_server_that_is_gone_is_an_error(copying: Copying, origin: Origin, web: Served) -> None:
    """Also where a hidden file is what it was to take."""
    origin.commit({".hidden": "1"})
    with pytest.raises(SessionError, match="404"):
        placed(copying, f"{web.url}/gone/", "x")


def placed(copying: Copying, url: str, token: str) -> tuple[str, ...]:
    """Put everything of the origin into the root of the server at ``url``."""
    copies = copying.all()

    async def go() -> tuple[str, ...]:
        async with Web(OpenGuard(), failure=SessionError) as connections:
            server = Server(connections, Session("server", "s", url=url, token=token))
            return await place(copies, ServerHome(Contents(server)), observe=copying.observe)

    return asyncio.run(go())


@pytest.fixture
def open_jupyter(tools: Path, tmp_path: Path) -> Iterator[Running]:
    """A real server that shows hidden files and takes them."""
    root, base = tmp_path / "root", tmp_path / "jupyter"
    root.mkdir()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environ |= {f"JUPYTER_{part}_DIR": str(base / part) for part in ("CONFIG", "DATA", "RUNTIME")}
    options = [
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--ServerApp.root_dir={root}",
        "--ContentsManager.allow_hidden=True",
    ]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(tools / "hub" / "bin" / "python"), "-m", "jupyter_server", *options],
            env={**environ, "JUPYTER_TOKEN": "a-token"},
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while "is running at" not in (said := (tmp_path / "log").read_text()):
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
        (about,) = (base / "RUNTIME").glob("jpserver-*.json")
        yield Running(json.loads(about.read_text())["url"], "a-token", root, process)
    finally:
        process.terminate()
        process.wait(20)
