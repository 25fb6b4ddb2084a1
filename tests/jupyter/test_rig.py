"""The rig that the other tests of this folder stand on."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from tests.jupyter.rig import Served, notebook, served

# Servers and programs that start for each.
pytestmark = pytest.mark.slow


def test_saves_and_reads(server: Served) -> None:
    server.save("rig.ipynb", notebook("x = 1", title="t"))
    assert server.read("rig.ipynb")["metadata"]["title"] == "t"
    assert server.on_disk("rig.ipynb")["cells"][0]["id"] == "cell-0"


def test_the_extension_is_on(server: Served) -> None:
    assert "binderclip | extension was successfully loaded" in server.log


def test_only_the_token_opens(server: Served) -> None:
    assert server.ask("GET", "api/contents", headers={"Authorization": ""}).status in {302, 403}
    assert server.token not in repr(server)


def test_nothing_is_inherited(
    monkeypatch: pytest.MonkeyPatch, jupyter_python: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("BINDER_LAUNCH_HOST", "https://inherited.example")
    monkeypatch.setenv("JUPYTER_IMAGE_SPEC", "inherited.example/image")
    config = "import os; print('AT', os.environ['HOME'], sorted(os.environ), flush=True)"
    with served(jupyter_python, tmp_path / "root", config=config, environ={"X": "1"}) as one:
        said = next(line for line in one.log.splitlines() if line.startswith("AT "))
        assert str(tmp_path) in said
        assert "'X'" in said
        assert "BINDER" not in said
        assert "IMAGE" not in said
    assert "AT " in one.log


def test_nothing_is_left_when_it_ends(jupyter_python: Path, tmp_path: Path) -> None:
    with served(jupyter_python, tmp_path / "root") as one:
        kernel = one.ask("POST", "api/kernels", {"name": "python3"})
        assert kernel.status == 201
        processes = psutil.Process(one.pid).children(recursive=True)
        assert processes
        one.stop()
        assert "Shutting down" in one.log
    assert not any(process.is_running() for process in processes)
    assert not psutil.pid_exists(one.pid)
