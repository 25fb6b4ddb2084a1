"""Freezing over the API: real jobs against real repositories and indexes on loopback."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import pytest
from tests.jupyter.rig import served
from tests.local.conftest import _quiet_git, make_origin, origin, serve
from tests.pylocks.index import Index
from tests.pylocks.index import index as serving

if TYPE_CHECKING:
    from tests.jupyter.rig import Served
    from tests.local.conftest import Origin

# Servers and programs that start for each.
pytestmark = pytest.mark.slow

__all__ = ["_quiet_git", "make_origin", "origin", "serve"]

API = "binderclip/api/v1"
NOTHING: dict[str, Any] = {"metadata": {}}


def started(server: Served, body: object) -> str:
    answer = server.ask("POST", f"{API}/freeze", body)
    assert answer.status == 202, answer.text
    job: dict[str, Any] = answer.json()
    path = urlsplit(server.url).path
    assert answer.headers["location"] == f"{path}{API}/jobs/{job['id']}"
    return str(job["id"])


def job(server: Served, name: str) -> dict[str, Any]:
    answer = server.ask("GET", f"{API}/jobs/{name}")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def parsed(text: str) -> list[tuple[str, Any, str | None]]:
    """Events, their data, and their ids."""
    found = []
    for block in text.strip().split("\n\n"):
        if not block.startswith(":"):
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            found.append((fields["event"], json.loads(fields["data"]), fields.get("id")))
    return found


def events(server: Served, name: str, **headers: str) -> list[tuple[str, Any, str | None]]:
    """All there are, until the end."""
    answer = server.ask("GET", f"{API}/jobs/{name}/events", headers=headers)
    assert answer.headers["content-type"] == "text/event-stream"
    return parsed(answer.text)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with serving(tmp_path / "index") as one:
        yield one


class _Silent(BaseHTTPRequestHandler):
    """Takes a request, and answers when the test is over."""

    came: threading.Event
    over: threading.Event

    def do_GET(self) -> None:
        self.came.set()
        self.over.wait()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def silence() -> Iterator[tuple[str, threading.Event]]:
    """An index that never answers, and whether somebody asked it."""
    given = {"came": threading.Event(), "over": threading.Event()}
    web = ThreadingHTTPServer(("127.0.0.1", 0), type("Silent", (_Silent,), given))
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{web.server_port}/simple/", given["came"]
    finally:
        given["over"].set()
        web.shutdown()
        thread.join()
        web.server_close()


def asking(index_url: str, name: str = "something") -> dict[str, Any]:
    return {"binder": {"version": 1, "files": {"requirements.txt": f"-i {index_url}\n{name}\n"}}}


def marked(server: Served) -> list[psutil.Process]:
    """The living processes that work in the server's own temporary folder, itself left out."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                str(server.folder) in " ".join(process.cmdline())
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
        except psutil.Error:
            continue
    return [one for one in found if "uv" in Path(one.cmdline()[0]).name]


def left(server: Served) -> list[Path]:
    return list((server.folder / "tmp").glob("binderclip-*"))


def eventually(so: Callable[[], object]) -> None:
    ends = time.monotonic() + 60
    while not so():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_repository_and_its_packages_are_pinned(
    server: Served,
    origin: Origin,
    index: Index,
    serve: Callable[..., AbstractContextManager[Any]],
) -> None:
    commit = origin.commit({"README.md": "here"})
    digest = index.add("thing", "1.2")
    with serve(origin.path.parent) as web:
        build = {"host": web.url, "path": origin.path.name}
        files = {"requirements.txt": ["-i ", f"{index.url}\n", "thing\n"]}
        value = {"version": 1, "build": build, "files": files, "mine": 1}
        name = started(server, {"binder": value, "options": {"python": "3.12"}})
        told = events(server, name)
    assert [event for event, _, _ in told[:-1]] == ["progress"] * (len(told) - 1)
    assert [number for _, _, number in told[:-1]] == [str(n) for n in range(len(told) - 1)]
    assert any("asking for HEAD" in data["message"] for _, data, _ in told[:-1])
    event, result, _ = told[-1]
    assert event == "result", result
    assert result["changed"] is True
    assert set(result["changes"]) == {"build", "frozen"}
    frozen = result["binder"]
    assert frozen["build"]["hash"] == commit
    assert frozen["mine"] == 1
    assert f"thing==1.2 --hash=sha256:{digest}" in re.sub(
        r"[\s\\]+", " ", "".join(frozen["frozen"]["files"]["requirements.txt"])
    )
    ended = job(server, name)
    assert (ended["state"], ended["result"], ended["error"]) == ("done", result, None)
    assert [data for _, data, _ in told[:-1]] == ended["progress"]
    assert events(server, name, **{"Last-Event-ID": "0"}) == told[1:]
    assert events(server, name, **{"Last-Event-ID": "9999"}) == told[-1:]
    assert str(server.folder) not in json.dumps(told)


def test_what_cannot_be_pinned_is_told_part_by_part(server: Served, index: Index) -> None:
    name = started(server, asking(index.url, "nobody-made-this"))
    event, data, _ = events(server, name)[-1]
    assert event == "error"
    assert data["error"]["code"] == "freeze"
    (failure,) = data["error"]["failures"]
    assert failure["path"] == "binder.files['requirements.txt']"
    assert "nobody-made-this" in failure["message"]
    ended = job(server, name)
    assert (ended["state"], ended["result"], ended["error"]) == ("failed", None, data["error"])
    assert str(server.folder) not in json.dumps(ended)


def test_no_package_is_ever_built(server: Served, index: Index, tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    index.add("tricky", "1.0", sdist_only=True, setup=f"open({str(proof)!r}, 'w')")
    name = started(server, asking(index.url, "tricky"))
    events(server, name)
    assert not proof.exists()


@pytest.mark.parametrize(
    "address", ["http://10.0.0.1/", "http://[fd00::1]/x", "http://169.254.1.1"]
)
def test_the_guard_stands_before_all_addresses(server: Served, address: str) -> None:
    inner = urlsplit(address).hostname or ""
    event, data, _ = events(server, started(server, asking(address)))[-1]
    (failure,) = data["error"]["failures"]
    assert (event, failure["code"]) == ("error", "address-forbidden")
    assert inner in failure["message"]
    assert "allowed_networks" in failure["hint"]
    build = {"host": address.rstrip("/x"), "path": "o/r"}
    event, data, _ = events(server, started(server, {"binder": {"version": 1, "build": build}}))[-1]
    assert data["error"]["failures"][0]["code"] == "address-forbidden"
    image = {"host": address.rstrip("/x"), "path": "o/r"}
    event, data, _ = events(server, started(server, {"binder": {"version": 1, "image": image}}))[-1]
    assert data["error"]["failures"][0]["code"] == "address-forbidden"


def test_what_is_wrong_is_told_at_once(server: Served) -> None:
    answer = server.ask("POST", f"{API}/freeze", {"binder": {"version": 1, "build": "x"}})
    assert answer.status == 422
    assert answer.json()["error"]["problems"][0]["path"] == "binder.build"
    answer = server.ask("POST", f"{API}/freeze", {"binder": {"version": 2}})
    assert answer.status == 422


@pytest.mark.parametrize("value", [False, {"version": 1}])
def test_where_nothing_is_to_be_done(server: Served, value: object) -> None:
    name = started(server, {"binder": value})
    event, data, _ = events(server, name)[-1]
    assert event == "result"
    assert data["changed"] is False
    assert data["binder"] == value
    (event, data, _) = events(server, started(server, NOTHING))[-1]
    assert "binder" not in data
    assert data["notes"]


def test_cancelling_ends_all_that_was_begun(server: Served) -> None:
    with silence() as (url, came):
        name = started(server, asking(url))
        assert came.wait(60)
        assert job(server, name)["state"] == "running"
        assert marked(server)
        where = urlsplit(server.url)
        line = http.client.HTTPConnection(where.netloc, timeout=60)
        headers = {"Authorization": f"token {server.token}"}
        line.request("GET", f"{where.path}{API}/jobs/{name}/events", headers=headers)
        listening = line.getresponse()
        assert server.ask("DELETE", f"{API}/jobs/{name}").status == 204
        assert server.ask("GET", f"{API}/jobs/{name}").status == 404
        told = parsed(listening.read().decode())
        assert (told[-1][0], told[-1][1]["error"]["code"]) == ("error", "cancelled")
        line.close()
        eventually(lambda: not marked(server) and not left(server))


def test_who_hangs_up_leaves_the_job_alone(server: Served) -> None:
    with silence() as (url, came):
        name = started(server, asking(url))
        assert came.wait(60)
        where = urlsplit(server.url)
        line = http.client.HTTPConnection(where.netloc, timeout=60)
        headers = {"Authorization": f"token {server.token}"}
        line.request("GET", f"{where.path}{API}/jobs/{name}/events", headers=headers)
        answer = line.getresponse()
        assert answer.readline()
        answer.close()
        line.close()
        assert job(server, name)["state"] == "running"
        assert server.ask("DELETE", f"{API}/jobs/{name}").status == 204
    assert "Traceback" not in server.log
    assert "never retrieved" not in server.log


def test_no_more_than_so_many(jupyter_python: Path, tmp_path: Path) -> None:
    config = 'c.Binderclip.allowed_networks = ["127.0.0.0/8"]\nc.ServerApp.base_url = "/deep/"'
    with silence() as (url, came), served(jupyter_python, tmp_path / "root", config=config) as one:
        names = [started(one, asking(url)) for _ in range(16)]
        assert len(set(names)) == 16
        assert came.wait(60)
        states = [job(one, name)["state"] for name in names]
        assert states == ["running"] * 2 + ["waiting"] * 14
        answer = one.ask("POST", f"{API}/freeze", NOTHING)
        assert (answer.status, answer.json()["error"]["code"]) == (429, "rate-limited")
        assert int(answer.headers["retry-after"]) > 0
        assert one.ask("DELETE", f"{API}/jobs/{names[0]}").status == 204
        eventually(lambda: job(one, names[2])["state"] == "running")
        last = started(one, NOTHING)
        assert job(one, last)["state"] == "waiting"

        # A server that stops leaves no process and no folder behind.
        assert marked(one)
        assert left(one)
        process = psutil.Process(one.pid)
        process.terminate()
        eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
        assert not marked(one)
        assert not left(one)
        assert not re.search(r'File ".*/src/binderclip/', one.log)


def test_old_ones_make_room(server: Served) -> None:
    names = [started(server, NOTHING) for _ in range(3)]
    for name in names:
        events(server, name)
    for _ in range(16):
        events(server, started(server, NOTHING))
    assert [server.ask("GET", f"{API}/jobs/{name}").status for name in names] == [404] * 3


BY_NAME = """
from jupyter_server.auth.identity import IdentityProvider, User

class ByName(IdentityProvider):
    def get_user(self, handler):
        return User(handler.request.headers.get("X-User", "nobody"))

c.ServerApp.identity_provider_class = ByName
c.ServerApp.disable_check_xsrf = True
"""


def test_a_job_is_for_who_asked_for_it(jupyter_python: Path, tmp_path: Path) -> None:
    ann, bob = {"X-User": "ann"}, {"X-User": "bob"}
    with served(jupyter_python, tmp_path / "root", config=BY_NAME) as one:
        name = one.ask("POST", f"{API}/freeze", NOTHING, headers=ann).json()["id"]
        path = f"{API}/jobs/{name}"
        for method, where in (("GET", path), ("GET", f"{path}/events"), ("DELETE", path)):
            answer = one.ask(method, where, headers=bob)
            assert (answer.status, answer.json()["error"]["code"]) == (404, "not-found")
        assert one.ask("GET", path, headers=ann).status == 200
        assert one.ask("DELETE", path, headers=ann).status == 204
