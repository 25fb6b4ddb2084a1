"""Saves on Jupyter Server's own managers, beside the same saves where the extension is off."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.jupyter.rig import Served, notebook, served

# Servers and programs that start for each.
pytestmark = pytest.mark.slow

IMAGE = {"host": "https://quay.io", "path": "o/name", "ref": "1"}
FACTS = 'c.Binderclip.image = "quay.io/o/name:1"\n'
OFF = 'c.ServerApp.jpserver_extensions = {"binderclip": False}\n'
MANAGERS = {"async": "AsyncLargeFileManager", "sync": "LargeFileManager"}
MODULE = "jupyter_server.services.contents.largefilemanager"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module", params=["async", pytest.param("sync", marks=pytest.mark.slow)])
def filling(
    request: pytest.FixtureRequest, jupyter_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server that knows its image, with either kind of manager."""
    config = f'{FACTS}c.ServerApp.contents_manager_class = "{MODULE}.{MANAGERS[request.param]}"\n'
    with served(jupyter_python, tmp_path_factory.mktemp("on") / "root", config=config) as one:
        yield one
        assert one.warnings == []


@pytest.fixture(scope="module")
def plain(jupyter_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server without the extension."""
    with served(jupyter_python, tmp_path_factory.mktemp("off") / "root", config=OFF) as one:
        yield one
        assert "binderclip | extension" not in one.log


def binder(server: Served, path: str) -> Any:
    return server.on_disk(path)["metadata"].get("binder")


def lay(server: Served, path: str, **metadata: Any) -> bytes:
    """A notebook that nobody saved through the server."""
    data = json.dumps(notebook("y", **metadata)).encode()
    (server.root / path).write_bytes(data)
    return data


def test_new_and_known_notebooks_are_filled(filling: Served, plain: Served) -> None:
    for _ in range(2):
        for server in (filling, plain):
            server.save("saved.ipynb", notebook("x = 1", title="t"))
        found = filling.on_disk("saved.ipynb")
        assert found["metadata"].pop("binder") == {"version": 1, "image": IMAGE, "auto": True}
        assert found == plain.on_disk("saved.ipynb")


def test_a_second_save_changes_nothing(filling: Served) -> None:
    filling.save("twice.ipynb", notebook())
    before = (filling.root / "twice.ipynb").read_bytes()
    filling.save("twice.ipynb", filling.read("twice.ipynb"))
    assert (filling.root / "twice.ipynb").read_bytes() == before


def test_untitled_notebooks_and_copies_are_filled(filling: Served) -> None:
    made = filling.ask("POST", "api/contents/", {"type": "notebook"}).json()
    assert binder(filling, made["path"])["image"] == IMAGE
    data = lay(filling, "original.ipynb")
    copied = filling.ask("POST", "api/contents/", {"copy_from": "original.ipynb"}).json()
    assert binder(filling, copied["path"])["image"] == IMAGE
    assert (filling.root / "original.ipynb").read_bytes() == data


def test_what_is_moved_or_restored_keeps_its_bytes(filling: Served) -> None:
    data = lay(filling, "moving.ipynb")
    renamed = filling.ask("PATCH", "api/contents/moving.ipynb", {"path": "moved.ipynb"})
    assert renamed.status == 200
    assert (filling.root / "moved.ipynb").read_bytes() == data
    point = filling.ask("POST", "api/contents/moved.ipynb/checkpoints").json()
    filling.save("moved.ipynb", notebook("later"))
    restored = filling.ask("POST", f"api/contents/moved.ipynb/checkpoints/{point['id']}")
    assert restored.status == 204
    assert (filling.root / "moved.ipynb").read_bytes() == data


@pytest.mark.parametrize(
    "entry",
    [
        False,
        "https://mybinder.org/v2/gh/o/r/HEAD",
        {"version": 1, "image": {"host": "https://ghcr.io", "path": "p/own"}},
        {"binder_url": "https://mybinder.org", "binder_repo": "o/r", "binder_ref": "main"},
        {"version": 7, "new": [1.0, 2]},
        {"version": 1, "build": {"path": "../broken"}},
    ],
)
def test_what_a_person_wrote_is_as_without_us(filling: Served, plain: Served, entry: Any) -> None:
    for server in (filling, plain):
        server.save("own.ipynb", notebook("x = 1", binder=entry, title="t"))
    assert (filling.root / "own.ipynb").read_bytes() == (plain.root / "own.ipynb").read_bytes()
    assert binder(filling, "own.ipynb") == entry


@pytest.mark.parametrize(
    "model",
    [
        {"type": "file", "format": "text", "content": json.dumps(notebook())},
        {"type": "file", "format": "text", "content": "{}", "chunk": 1},
        {"type": "notebook", "format": "json", "content": notebook(), "chunk": 1},
        {"type": "notebook", "format": "json", "content": None},
        {"type": "notebook", "format": "json", "content": "text"},
        {"type": "notebook", "format": "json", "content": {"cells": []}},
        {"type": "notebook", "format": "json", "content": {**notebook(), "metadata": []}},
        {"type": "directory"},
    ],
)
def test_other_saves_go_as_without_us(filling: Served, plain: Served, model: Any) -> None:
    answers = [server.put("other.ipynb", model) for server in (filling, plain)]
    assert answers[0].status == answers[1].status
    files = [server.root / "other.ipynb" for server in (filling, plain)]
    assert files[0].exists() == files[1].exists()
    if files[0].is_file():
        assert files[0].read_bytes() == files[1].read_bytes()
    for server in (filling, plain):
        server.ask("DELETE", "api/contents/other.ipynb")


def test_chunks_are_put_together_as_they_came(filling: Served) -> None:
    text = json.dumps(notebook("x" * 5000))
    parts = [text[:2000], text[2000:4000], text[4000:]]
    for number, part in zip((1, 2, -1), parts, strict=True):
        model = {"type": "file", "format": "text", "content": part, "chunk": number}
        assert filling.put("chunks.ipynb", model).status in {200, 201}
    assert (filling.root / "chunks.ipynb").read_text() == text


def test_trusted_notebooks_stay_trusted(filling: Served) -> None:
    content = notebook("show()")
    cell = content["cells"][0]
    cell["metadata"] = {"trusted": True}
    cell["outputs"] = [
        {"output_type": "display_data", "data": {"text/html": "<b>x</b>"}, "metadata": {}}
    ]
    filling.save("trusted.ipynb", content)
    assert binder(filling, "trusted.ipynb")["image"] == IMAGE
    assert filling.read("trusted.ipynb")["cells"][0]["metadata"]["trusted"] is True


@pytest.mark.slow
def test_the_managed_policy_by_variables(jupyter_python: Path, tmp_path: Path) -> None:
    environ = {"BINDERCLIP_FILL": "managed", "BINDERCLIP_FILL_IMAGE": "quay.io/o/name:1"}
    elsewhere = {"version": 1, "image": {"host": "https://ghcr.io", "path": "p/other"}}
    with served(jupyter_python, tmp_path / "root", environ=environ) as server:
        server.save("moved.ipynb", notebook(binder={**elsewhere, "auto": True}))
        assert binder(server, "moved.ipynb") == {"version": 1, "image": IMAGE, "auto": True}
        server.save("own.ipynb", notebook(binder=elsewhere))
        assert binder(server, "own.ipynb") == elsewhere
        assert server.warnings == []


@pytest.mark.slow
def test_the_never_policy(jupyter_python: Path, tmp_path: Path) -> None:
    config = f'{FACTS}c.Binderclip.policy = "never"\n'
    with served(jupyter_python, tmp_path / "root", config=config) as server:
        server.save("a.ipynb", notebook())
        assert binder(server, "a.ipynb") is None
        assert server.warnings == []


HOOK = """
from tornado.web import HTTPError

def hook(model, path, contents_manager):
    metadata = model["content"]["metadata"]
    if metadata.get("refuse"):
        raise HTTPError(403, "not on this server")
    if metadata.get("fail"):
        raise ValueError("a bug")
    if metadata.get("clear"):
        metadata.clear()
    if metadata.get("private"):
        metadata["binder"] = False

c.ContentsManager.pre_save_hook = hook
"""


def test_hooks_of_others(jupyter_python: Path, tmp_path: Path) -> None:
    with served(jupyter_python, tmp_path / "root", config=FACTS + HOOK) as server:
        content = notebook(refuse=True)
        refused = server.put("refused.ipynb", {"type": "notebook", "content": content})
        assert refused.status == 403
        assert not (server.root / "refused.ipynb").exists()
        server.save("failed.ipynb", notebook(fail=True))
        assert binder(server, "failed.ipynb")["image"] == IMAGE
        server.save("cleared.ipynb", notebook(clear=True))
        assert list(server.on_disk("cleared.ipynb")["metadata"]) == ["binder"]
        server.save("private.ipynb", notebook(private=True))
        assert binder(server, "private.ipynb") is False


@pytest.mark.slow
@pytest.mark.parametrize(
    "config",
    [
        "c.Binderclip.image = 5",
        f'{FACTS}c.Binderclip.known_hosts = {{"https://user:hunter2@mybinder.org": 1}}',
        f'{FACTS}c.Binderclip.policy = "sometimes"',
        'c.Binderclip.image = "https://user:hunter2@quay.io/o/name:1"',
        'c.Binderclip.image = "-v /:/host"',
    ],
)
def test_broken_settings_cost_no_save(jupyter_python: Path, tmp_path: Path, config: str) -> None:
    with served(jupyter_python, tmp_path / "root", config=config) as server:
        for number in range(5):
            server.save(f"{number}.ipynb", notebook())
            assert binder(server, f"{number}.ipynb") is None
        assert len(server.warnings) == 1, server.log
        assert "hunter2" not in server.log


@pytest.mark.slow
@pytest.mark.parametrize(
    "host",
    [
        "https://mybinder.org.evil.example/",
        "https://user:hunter2@mybinder.org/\n[W 2026-01-01 ServerApp] binderclip: forged",
    ],
)
def test_a_hostile_launch_host_is_not_written(
    jupyter_python: Path, tmp_path: Path, host: str
) -> None:
    environ = {
        "BINDER_LAUNCH_HOST": host,
        "BINDER_REQUEST": "v2/gh/owner/repository/main",
        "BINDER_PERSISTENT_REQUEST": f"v2/gh/owner/repository/{COMMIT}",
        "BINDER_CLIENT_IP": "192.0.2.7",
    }
    with served(jupyter_python, tmp_path / "root", environ=environ) as server:
        for number in range(3):
            server.save(f"{number}.ipynb", notebook())
            text = (server.root / f"{number}.ipynb").read_text()
            assert "evil" not in text
            assert "hunter2" not in text
            assert "192.0.2.7" not in text
            assert "host" not in binder(server, f"{number}.ipynb")
            assert binder(server, f"{number}.ipynb")["build"]["path"] == "owner/repository"
        assert len(server.warnings) == 1, server.log
        assert "hunter2" not in server.log


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("config", [FACTS, "c.Binderclip.image = 5"])
def test_a_log_on_a_full_disk_costs_no_save(
    jupyter_python: Path, tmp_path: Path, config: str
) -> None:
    full = Path("/dev/full")
    with served(jupyter_python, tmp_path / "root", config=config, log=full) as server:
        for number in range(3):
            server.save(f"{number}.ipynb", notebook())
            filled = binder(server, f"{number}.ipynb")
            assert filled is None if "5" in config else filled["image"] == IMAGE


FAILING = """
import asyncio, json, logging, sys
from jupyter_server.services.contents import largefilemanager
from jupyter_server.utils import ensure_async
from binderclip.jupyter.saving import install

class Broken:
    def __getattr__(self, name):
        raise LookupError("a-secret-of-the-notebook")

log = logging.getLogger()
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
manager = getattr(largefilemanager, sys.argv[1])(root_dir=sys.argv[2])
install(manager, Broken(), log)

async def main():
    for number in range(5):
        content = {"cells": [], "metadata": {"n": number}, "nbformat": 4, "nbformat_minor": 5}
        model = {"type": "notebook", "format": "json", "content": content}
        await ensure_async(manager.save(model, "a.ipynb"))

asyncio.run(main())
"""


@pytest.mark.parametrize("manager", MANAGERS.values())
def test_an_error_in_the_hook_costs_no_save(
    jupyter_python: Path, tmp_path: Path, manager: str
) -> None:
    done = subprocess.run(
        [jupyter_python, "-c", FAILING, manager, tmp_path],
        env={"HOME": str(tmp_path / "home"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "a.ipynb").read_text())["metadata"] == {"n": 4}
    told = [line for line in done.stdout.splitlines() if "binderclip" in line]
    assert len(told) == 1, done.stdout
    assert "LookupError at" in told[0]
    assert "a-secret" not in done.stdout + done.stderr
