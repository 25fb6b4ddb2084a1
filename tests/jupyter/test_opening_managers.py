"""Open by address where notebooks are kept by other managers than the usual one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.jupyter.rig import Served, notebook, served
from tests.jupyter.shelf import Site, click, look, put, shelf
from tests.jupyter.test_saving_managers import Bucket, bucket

__all__ = ["bucket"]

pytestmark = pytest.mark.slow

NETWORKS = 'c.Binderclip.allowed_networks = ["127.0.0.0/8"]\nc.Binderclip.image = "quay.io/o/n:1"\n'
MANAGERS = {
    "sync": "jupyter_server.services.contents.largefilemanager.LargeFileManager",
    "jupyter-fs": "jupyterfs.metamanager.MetaManager",
    "jupyter-fs, sync": "jupyterfs.metamanager.SyncMetaManager",
}


@pytest.fixture
def site() -> Iterator[Site]:
    with shelf() as one:
        yield one


def opened(server: Served, site: Site) -> bytes:
    """The bytes that were served, once the same and then others were opened in one folder."""
    first, other = json.dumps(notebook("eins")), json.dumps(notebook("zwei ü"), ensure_ascii=False)
    url = site.put("/a.ipynb", f"\n{first}\r\n".encode())
    for _ in range(2):
        _, form = look(server, url, path="new/deep/")
        answer = click(server, form)
        assert answer.status == 303, answer.text
        assert answer.headers["location"] == "/lab/tree/new/deep/a.ipynb"
    put(site, "/a.ipynb", json.loads(other))
    _, form = look(server, url, path="new/deep/")
    assert "a-1.ipynb" in form.text
    assert click(server, form).status == 303
    assert server.read("new/deep/a-1.ipynb")["cells"][0]["source"] == "zwei ü"
    assert "Traceback" not in server.log
    return f"\n{first}\r\n".encode()


def test_s3contents(managers_python: Path, tmp_path: Path, bucket: Bucket, site: Site) -> None:
    config = NETWORKS + bucket.config("opening")
    with served(managers_python, tmp_path / "root", config=config) as one:
        data = opened(one, site)
        assert bucket.body("opening/new/deep/a.ipynb") == data
        assert not list(one.root.iterdir())


@pytest.mark.parametrize("kind", MANAGERS)
def test_others(managers_python: Path, tmp_path: Path, kind: str, site: Site) -> None:
    config = f"{NETWORKS}c.ServerApp.contents_manager_class = {MANAGERS[kind]!r}\n"
    with served(managers_python, tmp_path / "root", config=config) as one:
        data = opened(one, site)
        assert (one.root / "new/deep/a.ipynb").read_bytes() == data
        names = sorted(path.name for path in (one.root / "new/deep").iterdir())
        assert names == ["a-1.ipynb", "a.ipynb"]


def test_without_an_application(managers_python: Path, tmp_path: Path, site: Site) -> None:
    off = dict.fromkeys(("jupyterlab", "notebook"), False)
    config = f"{NETWORKS}c.ServerApp.jpserver_extensions = {off}\n"
    with served(managers_python, tmp_path / "root", config=config) as one:
        _, form = look(one, put(site, "/b.ipynb", notebook()))
        assert form.button == "Save"
        answer = click(one, form)
        assert answer.status == 200
        assert "no application that shows it" in answer.text
        assert (one.root / "b.ipynb").exists()
