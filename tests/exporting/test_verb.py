"""``binderclip export`` from the outside."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from binderclip import dockerfile

if TYPE_CHECKING:
    from tests.local.conftest import Origin, Served

BINDER = {"version": 1, "host": "https://mybinder.org", "files": {"requirements.txt": "six\n"}}


def test_on_standard_output(run: Callable[..., Any], notebook: Any) -> None:
    notebook(binder=BINDER)
    done = run("export", "a.ipynb", "--to", "requirements")
    assert (done.code, done.out, done.err) == (0, "six\n", "")


def test_into_a_file_and_over_none(tmp_path: Path, run: Callable[..., Any], notebook: Any) -> None:
    notebook(binder=BINDER)
    words = ("export", "a.ipynb", "--to", "requirements", "-o", "r.txt")
    assert run(*words).code == 0
    assert (tmp_path / "r.txt").read_text() == "six\n"
    (tmp_path / "r.txt").write_text("mine\n")
    (tmp_path / "r.txt").chmod(0o640)
    done = run(*words)
    assert done.code == 2
    assert "--force" in done.err
    assert (tmp_path / "r.txt").read_text() == "mine\n"
    assert run(*words, "--force").code == 0
    assert (tmp_path / "r.txt").read_text() == "six\n"
    assert (tmp_path / "r.txt").stat().st_mode & 0o777 == 0o640
    assert not list(tmp_path.glob(".binderclip*"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "nowhere/r.txt"), "no folder"),
        (("-o", "."), "is a folder"),
        (("-i",), "--in-place goes with"),
        (("--base", "x"), "--base goes with"),
    ],
)
def test_usage(run: Callable[..., Any], notebook: Any, words: tuple[str, ...], said: str) -> None:
    notebook(binder=BINDER)
    done = run("export", "a.ipynb", "--to", "requirements", *words)
    assert done.code == 2
    assert said in done.err


def test_nothing_is_written_where_something_is_lost(
    tmp_path: Path, run: Callable[..., Any], notebook: Any
) -> None:
    files = {**BINDER["files"], "apt.txt": "git\n"}  # type: ignore[dict-item] # a part of JSON
    notebook(binder={**BINDER, "files": files})
    words = ("export", "a.ipynb", "--to", "requirements", "-o", "r.txt")
    done = run(*words)
    assert done.code == 13
    assert "binder.files['apt.txt']" in done.err
    assert not (tmp_path / "r.txt").exists()
    done = run(*words, "--accept-loss")
    assert done.code == 0
    assert "left out: binder.files['apt.txt']" in done.err


def test_every_loss_has_a_line_below_the_first(run: Callable[..., Any], notebook: Any) -> None:
    files = {**BINDER["files"], "apt.txt": "git\n", "postBuild": "\n"}  # type: ignore[dict-item] # a part of JSON
    notebook(binder={**BINDER, "files": files})
    lines = run("export", "a.ipynb", "--to", "juv").err.splitlines()
    assert [line.partition("binder")[0] for line in lines] == [
        "error: ",
        "       ",
        "hint: --accept-loss writes it all the same",
    ]


def test_a_text_notebook_and_standard_input(
    tmp_path: Path, run: Callable[..., Any], notebook: Any
) -> None:
    head = '---\njupyter:\n  binder: {"version": 1, "files": {"requirements.txt": "six\\n"}}\n---\n'
    (tmp_path / "a.md").write_text(f"{head}\n```python\nimport six\n```\n")
    assert run("export", "a.md", "--to", "juv", "-o", "b.ipynb").code == 0
    cells = json.loads((tmp_path / "b.ipynb").read_text())["cells"]
    assert [cell["source"][0][:12] for cell in cells] == ["# /// script", "import six"]
    assert run("export", "a.md", "--to", "juv", "-i").code == 2
    path = notebook(binder=BINDER)
    assert run("export", "-", "--to", "requirements", typed=path.read_text()).out == "six\n"


def test_cells_of_another_language(run: Callable[..., Any], notebook: Any) -> None:
    notebook(binder=BINDER, kernelspec={"name": "ir", "language": "R"})
    done = run("export", "a.ipynb", "--to", "pep723", "-o", "a.py")
    assert done.code == 21
    assert "speaks 'r'" in done.err


def test_json(run: Callable[..., Any], notebook: Any) -> None:
    notebook(binder={**BINDER, "image": {"host": "https://quay.io", "path": "o/i"}})
    answer = run("export", "a.ipynb", "--to", "requirements", "--accept-loss", "--json").answer
    assert answer["format"] == "requirements"
    assert answer["text"] == "six\n"
    assert answer["path"] is None
    assert [loss["path"] for loss in answer["losses"]] == ["binder.image"]
    error = run("export", "a.ipynb", "--to", "requirements", "--json").answer["error"]
    assert error["code"] == "spec-loss"


@pytest.mark.parametrize(("metadata", "said"), [({}, "nothing"), ({"binder": False}, "opt-out")])
def test_no_environment(
    run: Callable[..., Any], notebook: Any, metadata: dict[str, Any], said: str
) -> None:
    notebook(**metadata)
    done = run("export", "a.ipynb", "--to", "juv")
    assert done.code == 12
    assert said in done.err


def test_juv_in_place(tmp_path: Path, run: Callable[..., Any], notebook: Any) -> None:
    path = notebook(binder=BINDER)
    before = json.loads(path.read_text())
    assert run("export", "a.ipynb", "--to", "juv", "-i").code == 0
    after = json.loads(path.read_text())
    assert after["cells"].pop(0)["metadata"] == {"jupyter": {"source_hidden": True}}
    assert after == before
    done = run("export", "a.ipynb", "--to", "juv", "-i")
    assert "unchanged" in done.out
    assert [found.name for found in tmp_path.iterdir()] == ["a.ipynb"]


def test_a_link(run: Callable[..., Any], notebook: Any) -> None:
    build = {"host": "https://github.com", "path": "o/r", "ref": "main"}
    notebook(binder={"version": 1, "build": build})
    done = run("export", "a.ipynb", "--to", "link")
    assert done.out == "https://mybinder.org/v2/gh/o/r/main\n"
    notebook(binder={"version": 1, "build": {**build, "hash": "a" * 40}})
    done = run("export", "a.ipynb", "--to", "link", "--no-frozen")
    assert done.out == "https://mybinder.org/v2/gh/o/r/main\n"
    assert f"/{'a' * 40}" in run("export", "a.ipynb", "--to", "link").out
    image = {"host": "https://quay.io", "path": "o/i"}
    notebook(binder={"version": 1, "build": build, "image": image})
    done = run("export", "a.ipynb", "--to", "link")
    assert done.code == 13
    assert "binder.image" in done.err


def test_a_dockerfile_of_a_repository(
    run: Callable[..., Any],
    notebook: Any,
    make_origin: Callable[..., Origin],
    serve: Callable[..., Any],
) -> None:
    """Cloned over http to see what it has, and named at the commit that its branch is at."""
    origin = make_origin()
    commit = origin.commit({"binder/environment.yml": "dependencies: [numpy]\n"})
    served: Served
    with serve(origin.path.parent) as served:
        build = {"host": served.url, "path": origin.path.name, "ref": "main"}
        notebook(binder={"version": 1, "build": build})
        done = run("export", "a.ipynb", "--to", "dockerfile")
    assert done.code == 0, done.err
    assert len(dockerfile.parse(done.out)) == 1
    assert f'"origin", "{commit}"]' in done.out
    assert '"--file", "binder/environment.yml"]' in done.out


@pytest.mark.parametrize("distant", [True, False])
def test_a_strangers_repository_is_asked_without_our_login(
    tmp_path: Path,
    run: Callable[..., Any],
    notebook: Any,
    monkeypatch: pytest.MonkeyPatch,
    *,
    distant: bool,
) -> None:
    """That of a notebook of ours is asked with it."""
    logins: list[str | None] = []

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/a.ipynb":
                self.send_response(200)
                data = (tmp_path / "a.ipynb").read_bytes()
            else:
                logins.append(self.headers.get("Authorization"))
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="x"')
                data = b""
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        there = f"127.0.0.1:{server.server_port}"
        settings = tmp_path / "gitconfig"
        settings.write_text(f"[credential]\n\thelper = store --file={tmp_path}/logins\n")
        (tmp_path / "logins").write_text(f"http://ada:hunter2@{there}\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        build = {"host": f"http://{there}", "path": "private/repo.git"}
        notebook(binder={"version": 1, "build": build})
        subject = f"http://{there}/a.ipynb" if distant else "a.ipynb"
        assert run("export", subject, "--to", "dockerfile").code == 17
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert logins
    assert any(logins) is not distant
