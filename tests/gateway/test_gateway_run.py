"""The command line over a gateway with this machine behind it: `binderclip serve`, a process."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import Run, run
from tests.gateway.rig import Served
from tests.targets.cases.gateway import TOKEN, gateway

__all__ = ["gateway", "run"]

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    monkeypatch.setenv("BINDERCLIP_CONFIG", str(tmp_path / "config"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "a",
        "metadata": {},
        "outputs": [],
        "source": "print(open('data.txt').read() + str(40 + 2))",
    }
    body = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "data.txt").write_text("from beside it: ")
    path = tmp_path / "analysis.ipynb"
    path.write_text(json.dumps(body))
    return path


def test_a_run(run: Run, gateway: Served, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its address alone: what runs there is found out."""
    done = run("run", file, "--on", gateway.url)
    assert done.code == 21, done.err
    assert "token" in done.err

    monkeypatch.setenv("BINDERCLIP_TOKEN", TOKEN)
    done = run("run", file, "--on", gateway.url, "--json")
    assert done.code == 0, done.err
    assert done.answer["on"] == "gateway"
    cells = json.loads(Path(done.answer["output"]).read_text())["cells"]
    assert "".join(cells[0]["outputs"][0]["text"]) == "from beside it: 42\n"
    assert run("sessions", "--json").answer["sessions"] == []
    assert TOKEN not in done.err
    assert TOKEN not in gateway.log


def test_what_was_left_is_listed_and_stopped(
    run: Run, gateway: Served, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    config = tmp_path / "config" / "config.toml"
    config.write_text(
        f'on = "gateway"\n[hubs.ours]\nurl = "{gateway.url}"\nkind = "gateway"\n'
        'server = "local"\ntoken_env = "OUR_TOKEN"\n'
    )
    monkeypatch.setenv("OUR_TOKEN", TOKEN)
    done = run("open", file, "--detach", "--no-browser")
    assert done.code == 0, done.err
    page = done.out.strip()
    assert httpx.get(page, follow_redirects=True, trust_env=False).status_code == 200

    (session,) = run("sessions", "--json").answer["sessions"]
    assert session["target"] == "gateway"
    assert session["place"] == gateway.url
    done = run("sessions", "stop", session["id"])
    assert done.code == 0, done.err
    assert "stopped" in done.out
    assert run("sessions", "--json").answer["sessions"] == []
    with pytest.raises(httpx.TransportError):
        httpx.get(page, trust_env=False)


def test_a_place_that_there_is_not(
    run: Run, gateway: Served, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINDERCLIP_TOKEN", TOKEN)
    done = run("run", file, "--on", gateway.url, "--server", "elsewhere")
    assert done.code == 21
    assert "elsewhere" in done.err
