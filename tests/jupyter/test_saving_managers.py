"""Saves on managers of other packages, which run no registered hooks."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.jupyter.rig import Served, notebook, served
from tests.moto import s3_server

pytestmark = pytest.mark.slow

IMAGE = {"host": "https://quay.io", "path": "o/name", "ref": "1"}
FACTS = 'c.Binderclip.image = "quay.io/o/name:1"\n'
OFF = 'c.ServerApp.jpserver_extensions = {"binderclip": False}\n'
OWN = {"version": 1, "image": {"host": "https://ghcr.io", "path": "p/own"}}

REFUSING = """
from tornado.web import HTTPError

def refuse(model, path, contents_manager):
    if path.endswith("refused.ipynb"):
        raise HTTPError(403, "not on this server")

c.ContentsManager.pre_save_hook = refuse
"""


@dataclass(frozen=True)
class Bucket:
    """An S3 server of moto, which takes any signature, and its one bucket."""

    url: str
    name: str = "notebooks"
    secret: str = field(default="key-of-the-bucket", repr=False)

    def ask(self, method: str, path: str = "") -> bytes:
        signed = "Credential=tester/20260101/us-east-1/s3/aws4_request, SignedHeaders=host"
        request = urllib.request.Request(
            f"{self.url}/{self.name}{path}",
            method=method,
            headers={"Authorization": f"AWS4-HMAC-SHA256 {signed}, Signature=0"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return bytes(answer.read())

    def body(self, path: str) -> bytes:
        return self.ask("GET", f"/{path}")

    def config(self, prefix: str) -> str:
        values = {
            "endpoint_url": self.url,
            "bucket": self.name,
            "prefix": prefix,
            "access_key_id": "tester",
            "secret_access_key": self.secret,
        }
        lines = [f"c.S3ContentsManager.{name} = {value!r}" for name, value in values.items()]
        manager = 'c.ServerApp.contents_manager_class = "s3contents.S3ContentsManager"'
        return "\n".join([manager, *lines, ""])


@pytest.fixture(scope="module")
def bucket(managers_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    log = tmp_path_factory.mktemp("moto") / "log"
    with s3_server(managers_python.parent / "moto_server", log) as url:
        made = Bucket(url)
        made.ask("PUT")
        yield made


@contextmanager
def both(python: Path, folder: Path, config: str) -> Iterator[tuple[Served, Served]]:
    """A server that fills in, and one without the extension."""
    with (
        served(python, folder / "on" / "root", config=f"{FACTS}{REFUSING}{config % 'on'}") as on,
        served(python, folder / "off" / "root", config=f"{OFF}{REFUSING}{config % 'off'}") as off,
    ):
        yield on, off
        assert on.warnings == []


def saves(on: Served, off: Served, path: str) -> None:
    """Filled where nothing is, and else as without us: by what the API then reads."""
    for entry in ({}, {"binder": False}, {"binder": OWN}):
        for server in (on, off):
            server.save(path, notebook("x = 1", title="t", **entry))
        found = on.read(path)
        if not entry:
            made = {"version": 1, "image": IMAGE, "auto": True}
            assert found["metadata"].pop("binder") == made
        assert found == off.read(path)


def refuses(server: Served, path: str) -> None:
    answer = server.put(path, {"type": "notebook", "format": "json", "content": notebook()})
    assert answer.status == 403, answer.text


def test_s3contents(managers_python: Path, tmp_path: Path, bucket: Bucket) -> None:
    config = bucket.config("%s")
    with both(managers_python, tmp_path, config) as (on, off):
        saves(on, off, "a.ipynb")
        assert json.loads(bucket.body("on/a.ipynb"))["metadata"]["binder"] == OWN
        assert bucket.body("on/a.ipynb") == bucket.body("off/a.ipynb")
        model = {"type": "file", "format": "text", "content": json.dumps(notebook())}
        assert on.put("text.ipynb", model).status == 201
        assert bucket.body("on/text.ipynb").decode() == model["content"]
        refuses(on, "refused.ipynb")
        made = on.ask("POST", "api/contents/", {"type": "notebook"}).json()
        assert on.read(made["path"])["metadata"]["binder"]["image"] == IMAGE
        assert bucket.secret not in on.log


@pytest.mark.parametrize("kind", ["MetaManager", "SyncMetaManager"])
def test_jupyter_fs(managers_python: Path, tmp_path: Path, kind: str) -> None:
    """A manager that hands saves on: to the files of the server, and to drives."""
    for name in ("on", "off"):
        (tmp_path / f"{name}-drive").mkdir()
    url = f"file://{tmp_path}/%s-drive"
    config = (
        f'c.ServerApp.contents_manager_class = "jupyterfs.metamanager.{kind}"\n'
        f'c.JupyterFs.resources = [{{"name": "d", "url": "{url}", '
        '"type": "fsspec", "auth": "none"}]\n'
    )
    with both(managers_python, tmp_path, config) as (on, off):
        saves(on, off, "a.ipynb")
        assert on.on_disk("a.ipynb")["metadata"]["binder"] == OWN
        refuses(on, "refused.ipynb")
        for server, name in ((on, "on"), (off, "off")):
            drive = hashlib.md5((url % name + "fsspec").encode()).hexdigest()[:8]
            server.save(f"{drive}:b.ipynb", notebook("x = 1"))
        texts = [json.loads((tmp_path / f"{n}-drive/b.ipynb").read_text()) for n in ("on", "off")]
        assert texts[0]["metadata"].pop("binder")["image"] == IMAGE
        assert texts[0] == texts[1]
