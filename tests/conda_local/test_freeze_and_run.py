"""From the command line: frozen today, run when the indexes have gained versions."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.conda_local.conftest import add_tiny
from tests.flow.conftest import Shell
from tests.pylocks.index import index

if TYPE_CHECKING:
    from tests.conda.channel import ChannelFolder

pytestmark = pytest.mark.slow


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BINDERCLIP_", "JUPYTER"))}
    ours = {
        f"BINDERCLIP_{name}": str(tmp_path / f".{name}") for name in ("CACHE", "CONFIG", "STATE")
    }
    return Shell(tmp_path, {**kept, **ours, "TERM": "xterm", "CONDARC": os.devnull})


def write(path: Path, source: str, files: dict[str, Any]) -> Path:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "only",
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    content = {
        "cells": [cell],
        "metadata": {"binder": {"version": 1, "files": files}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def ran(shell: Shell, path: Path, *options: str) -> str:
    done = shell.run("run", path, *options)
    assert done.code == 0, done.err
    return shell.printed(path.with_name(f"{path.stem}.run.ipynb")).strip()


def test_an_index_that_gained_versions(shell: Shell, tmp_path: Path) -> None:
    with index(tmp_path / "index") as packages:
        packages.max_age_s = 0
        packages.add("deep", "1.0")
        packages.add("wide", "1.0", requires=["deep"])
        shell.environ["UV_INDEX"] = packages.url
        source = "import deep, wide; print(deep.__version__, wide.__version__)"
        path = write(tmp_path / "nb.ipynb", source, {"requirements.txt": "wide\n"})
        before = path.read_bytes()
        assert shell.run("freeze", path).code == 0
        packages.add("deep", "2.0")
        packages.add("wide", "2.0", requires=["deep"])
        assert shell.run("freeze", path, "--check").code == 0
        assert ran(shell, path) == "1.0 1.0"
        assert ran(shell, path, "--latest") == "2.0 2.0"
        assert shell.run("freeze", path, "--check", "--upgrade").code == 1
        assert shell.run("thaw", path).code == 0
        assert path.read_bytes() == before


def test_a_channel_that_gained_versions(shell: Shell, full: ChannelFolder, tmp_path: Path) -> None:
    text = f"channels: [{full.url}, nodefaults]\ndependencies: [tiny, ipykernel]\n"
    path = write(
        tmp_path / "nb.ipynb", "import tiny; print(tiny.version)", {"environment.yml": text}
    )
    before = path.read_bytes()
    done = shell.run("freeze", path)
    assert done.code == 0, done.err
    add_tiny(full, "2.0")
    assert ran(shell, path) == "1.0"
    assert ran(shell, path, "--latest") == "2.0"
    checked = shell.run("freeze", path, "--check", "--upgrade")
    assert checked.code == 1
    assert "environment.yml" in checked.out
    assert shell.run("thaw", path).code == 0
    assert path.read_bytes() == before
