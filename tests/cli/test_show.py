"""``show``: in words and for machines."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., Any]
Make: TypeAlias = Callable[..., Path]

SHA = "0123456789abcdef0123456789abcdef01234567"
FULL: dict[str, Any] = {
    "version": 1,
    "host": ["https://a.example.org", "https://b.example.org"],
    "image": {"host": "https://quay.io", "path": "a/b", "ref": "2026.10.01"},
    "build": {"host": "https://github.com", "path": "o/r", "ref": "main", "hash": SHA},
    "files": {"requirements.txt": ["numpy\n", "matplotlib\n"], "postBuild": "#!/bin/bash\necho hi"},
    "content": {"host": "https://github.com", "path": "o/c", "copy": {"*.csv": "$HOME/data/"}},
    "frozen": {
        "at": "2026-11-22T20:00:00Z",
        "platform": "linux-64",
        "files": {"requirements.txt": "numpy==2.3"},
    },
    "auto": True,
    "biuld": 1,
}


def test_everything_in_words(run: Run, notebook: Make) -> None:
    done = run("show", notebook(binder=FULL))
    assert done.code == 0
    for words in (
        "quay.io/a/b at 2026.10.01",
        "not frozen",
        "https://github.com/o/r at main",
        f"frozen to {SHA}",
        "requirements.txt (17 B, 2 lines)",
        "postBuild (19 B, 2 lines)",
        "*.csv → $HOME/data/",
        "https://b.example.org",
        "linux-64",
        "requirements.txt is pinned",
        "save hook",
        "did you mean",
    ):
        assert words in done.out, words
    assert "numpy" not in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_full_shows_the_contents(run: Run, notebook: Make) -> None:
    out = run("show", notebook(binder=FULL), "--full").out
    assert "│ numpy\n" in out
    assert "│ echo hi\n" in out


def test_the_answer_for_machines(run: Run, notebook: Make) -> None:
    path = notebook(binder=FULL)
    answer = run("show", path, "--json").answer
    assert answer["address"] == str(path)
    assert answer["kind"] == "path"
    assert answer["origin"] == f"path:{path}"
    assert answer["nbformat"] == "4.5"
    assert answer["metadata"] == answer["binder"] == FULL
    assert answer["dialect"] == "v1"
    assert answer["auto"] is True
    assert answer["opt_out"] is answer["newer"] is answer["from_launch_link"] is False
    assert answer["environment"]["bare"] is False
    assert answer["environment"]["frozen"] is False
    assert len(answer["environment"]["key"]) == 64
    assert answer["files"][0] == {"name": "requirements.txt", "size_bytes": 17, "lines": 2}
    assert len(answer["warnings"]) == 1


def test_the_key_names_the_environment_alone(run: Run, notebook: Make) -> None:
    def key(**change: Any) -> str:
        path = notebook(binder={k: v for k, v in {**FULL, **change}.items() if v is not None})
        return str(run("show", path, "--json").answer["environment"]["key"])

    assert key() == key(host="https://c.example.org", content=None, auto=None)
    assert key() != key(files=None)


def test_no_metadata(run: Run, notebook: Make, tmp_path: Path) -> None:
    done = run("show", notebook("it's.ipynb"))
    assert done.code == 0
    assert "names no environment" in done.out
    assert f"""binderclip set '{tmp_path}/it'"'"'s.ipynb' --file""" in done.out
    answer = run("show", "it's.ipynb", "--json").answer
    assert answer["metadata"] is answer["binder"] is answer["environment"] is None
    assert answer["opt_out"] is False


def test_an_opt_out(run: Run, notebook: Make) -> None:
    path = notebook(binder=False)
    assert "opts out" in run("show", path).out
    answer = run("show", path, "--json").answer
    assert answer["opt_out"] is True
    assert answer["metadata"] is False


def test_a_newer_version(run: Run, notebook: Make) -> None:
    path = notebook(binder={**FULL, "version": 4})
    assert "of a newer version" in run("show", path).out
    assert run("show", path, "--json").answer["newer"] is True


def test_an_old_form(run: Run, notebook: Make) -> None:
    old = {"binder_url": "https://binder.pangeo.io", "binder_repo": "o/r", "binder_ref": "master"}
    answer = run("show", notebook(binder=old), "--json").answer
    assert answer["dialect"] == "components"
    assert answer["metadata"] == old
    assert answer["binder"]["build"]["ref"] == "master"


def test_only_a_host(run: Run, notebook: Make) -> None:
    out = run("show", notebook(binder={"version": 1, "host": "https://a.example.org"})).out
    assert "a plain Python with a kernel" in out


def test_what_is_wrong_is_an_error(run: Run, notebook: Make) -> None:
    path = notebook(binder={"version": 1, "build": 5})
    done = run("show", path)
    assert (done.code, done.out) == (12, "")
    assert done.err.startswith("error: binder.build")
    done = run("show", path, "--json")
    assert (done.code, done.err) == (12, "")
    assert done.answer["error"]["code"] == "spec"
    assert done.answer["error"]["problems"][0]["path"] == "binder.build"


def test_standard_input(spawn: Run, notebook: Make) -> None:
    done = spawn("show", "-", "--json", typed=notebook(binder=FULL).read_bytes())
    assert done.code == 0
    assert done.answer["kind"] == "stdin"
    assert done.answer["binder"] == FULL


@pytest.mark.parametrize("address", ["missing.ipynb", ".", "ftp://x/y", ""])
def test_what_leads_nowhere(address: str, run: Run, notebook: Make) -> None:
    notebook()
    assert run("show", address).code == 14
    assert run("show", address, "--json").answer["error"]["code"] == "source"


class Site(BaseHTTPRequestHandler):
    """Answers its server's ``pages``, after ``wait`` where that is given."""

    def do_GET(self) -> None:
        server: Any = self.server  # with two attributes of ours
        server.wait.wait(30)
        body = server.pages.get(self.path.partition("?")[0])
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.pages = {}
    server.wait = threading.Event()
    server.wait.set()
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_web_address(site: Any, run: Run, notebook: Make) -> None:
    site.pages["/n.ipynb"] = notebook(binder=FULL).read_bytes()
    answer = run("show", f"{site.url}/n.ipynb?token=hunter2", "--json").answer
    assert answer["kind"] == "url"
    assert answer["binder"] == FULL
    assert "hunter2" not in json.dumps(answer)
    assert run("show", f"{site.url}/other.ipynb").code == 14


def test_resolve_and_fetch(site: Any, run: Run, notebook: Make) -> None:
    site.pages["/n.ipynb"] = notebook(binder=FULL).read_bytes()
    done = run("resolve", f"{site.url}/n.ipynb", "--fetch")
    assert done.code == 0
    assert "nbformat 4.5, names an environment" in done.out
    answer = run("resolve", f"{site.url}/n.ipynb", "--fetch", "--json").answer
    assert answer["request"] == f"{site.url}/n.ipynb"
    assert answer["fetched"]["name"] == "n.ipynb"
    assert answer["fetched"]["names_environment"] is True
    done = run("resolve", f"{site.url}/no.ipynb", "--fetch", "--json")
    assert done.code == 14
    assert list(done.answer) == ["error"]


def test_a_slow_server_is_told_of(site: Any, run: Run, notebook: Make) -> None:
    site.pages["/n.ipynb"] = notebook(binder=FULL).read_bytes()
    site.wait.clear()
    threading.Timer(1.6, site.wait.set).start()
    done = run("show", f"{site.url}/n.ipynb", "--json")
    assert done.code == 0
    assert done.answer["binder"] == FULL
    assert "n.ipynb" in done.err


def test_resolve_asks_nobody(run: Run) -> None:
    done = run("resolve", "https://github.com/o/r/blob/feature%2Fx/a%20b.ipynb")
    assert done.code == 0
    assert "https://raw.githubusercontent.com/o/r/" in done.out
    answer = run("resolve", "https://mybinder.org/v2/gh/o/r/main?labpath=n.ipynb", "--json").answer
    assert answer["launch"].startswith("https://mybinder.org/v2/gh/o/r/main")
    assert answer["name"] == "n.ipynb"
    assert answer["kind"] == "url"


def test_resolve_shows_no_secrets(run: Run) -> None:
    address = "https://user:hunter2@example.org/x.ipynb?X-Amz-Signature=hunter3&a=1"
    for words in ([], ["--json"]):
        done = run("resolve", address, *words)
        assert done.code == 0
        assert "hunter" not in done.out + done.err


def test_resolve_a_path(run: Run, notebook: Make) -> None:
    path = notebook()
    answer = run("resolve", "a.ipynb", "--json", "--fetch").answer
    assert answer["kind"] == "path"
    assert answer["request"] is None
    assert answer["fetched"]["size_bytes"] == path.stat().st_size
    assert answer["fetched"]["names_environment"] is False
