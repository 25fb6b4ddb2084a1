"""A notebook's own environment on a real BinderHub, which fetches it from the gateway that asked
for the launch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.binderhub.rig import Kind, RealBinderHub, binderhub_python, started
from tests.gateway.rig import running, settings_for
from tests.gateway.rig_envs import notebook, published

from binderclip.gateway.settings.model import PlaceSettings

pytestmark = [pytest.mark.binderhub, pytest.mark.slow]

FILES = {"requirements.txt": ["numpy\n"], "postBuild": "#!/bin/sh\n", "data/x.txt": "1"}


@pytest.fixture(scope="module")
def binder(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBinderHub]:
    folder = tmp_path_factory.mktemp("binder")
    with started(binderhub_python(), tools, folder, Kind()) as running:
        yield running


def launched(gateway: str, address: str) -> tuple[str, set[str]]:
    """What a launch told, as BinderHub's clients hear it, and what then lies in the home of its
    server; which is stopped.
    """
    url = f"{gateway}build/notebook/{quote(address, safe='')}?urlpath=api"
    told: list[dict[str, Any]] = []
    with httpx.stream(
        "GET", url, headers={"Accept": "text/event-stream"}, timeout=120, trust_env=False
    ) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                told.append(json.loads(line.removeprefix("data:")))
                if told[-1].get("phase") in {"ready", "failed"}:
                    break
    said = "".join(str(event.get("message", "")) for event in told)
    assert told[-1]["phase"] == "ready", said
    headers = {"Authorization": f"token {told[-1]['token']}"}
    server = told[-1]["url"]
    answer = httpx.get(f"{server}api/contents/", headers=headers, trust_env=False)
    httpx.post(f"{server}api/shutdown", headers=headers, trust_env=False)
    return said, {entry["name"] for entry in answer.json()["content"]}


def test_launched_twice_and_built_once(
    binder: RealBinderHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another notebook with the same environment, in another dialect, the second time."""
    monkeypatch.setenv("BINDERCLIP_CACHE", str(tmp_path / "cache"))
    web = tmp_path / "web"
    web.mkdir()
    notebook(web, "one.ipynb", {"version": 1, "files": FILES})
    joined = {name: "".join(text) for name, text in reversed(FILES.items())}
    notebook(web, "other.ipynb", {"files": joined, "version": 1})
    place = PlaceSettings("hub", "binderhub", "the hub", url=binder.url, ask=False)
    with published(web) as address, running(settings_for(tmp_path, place)) as gateway:
        told, names = launched(gateway, f"{address}one.ipynb")
        assert "COPY" in told
        assert names == {"requirements.txt", "postBuild", "data", "one.ipynb"}
        told, names = launched(gateway, f"{address}other.ipynb")
        assert "Found built image, launching..." in told
        assert "COPY" not in told
        assert names == {"requirements.txt", "postBuild", "data", "other.ipynb"}
