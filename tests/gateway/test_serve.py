"""``binderclip serve`` as a process: begins, is found under a prefix, ends as it should."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.binderhub.replay import ReplayHub, Step, replay_hub
from tests.gateway.rig import Served, free_port, process
from tests.gateway.rig_proxy import proxy

pytestmark = pytest.mark.slow

HERE = ("--allow-network", "127.0.0.0/8")
ENVIRONMENT = {
    "version": 1,
    "build": {"host": "https://github.com", "path": "o/r", "ref": "main", "hash": "a" * 40},
}


@pytest.fixture
def hub() -> Iterator[ReplayHub]:
    with replay_hub() as hub:
        yield hub


def http(served: Served) -> httpx.Client:
    return httpx.Client(base_url=served.url, trust_env=False, timeout=60)


def run(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "binderclip", "serve", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def held(hub: ReplayHub) -> tuple[threading.Event, threading.Event]:
    """The hub's next build begins, sets the first event, and goes on when the second is set."""
    begun, go = threading.Event(), threading.Event()

    def steps() -> Iterator[Step]:
        first, *rest = hub.steps("built")
        yield first
        begun.set()
        go.wait(120)
        yield from rest

    hub.play_each(steps)
    return begun, go


class Launching(threading.Thread):
    """A launch by program, followed to its end: ``last`` is the last event and what it says."""

    def __init__(self, client: httpx.Client) -> None:
        super().__init__(daemon=True)
        self._client = client
        self.last: tuple[str, dict[str, Any]] = ("", {})
        self.start()

    def run(self) -> None:
        name = ""
        with self._client.stream(
            "POST",
            "api/v1/launches",
            json={"binder": ENVIRONMENT},
            headers={"Accept": "text/event-stream"},
        ) as answer:
            for line in answer.iter_lines():
                key, _, value = line.partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    self.last = (name, json.loads(value))


def test_alone(tmp_path: Path) -> None:
    with process(tmp_path, "--on", "local") as served, http(served) as client:
        assert client.get("health").json()["ok"]
        assert client.get("versions").json()["binderclip_gateway"]
        front = client.get("", headers={"Accept": "text/html"})
        assert (front.status_code, front.headers["content-type"].partition(";")[0]) == (
            200,
            "text/html",
        )
        assert client.get("api/v1/places").json()
        assert client.get("static/none").status_code == 404
        assert client.get("versions", headers={"Host": "rebound.example"}).status_code == 421
        assert "server" not in client.get("health").headers
        file = tmp_path / "state" / "gateway" / "token"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert str(file) in served.log
        assert file.read_text().strip() not in served.log
        served.signal(signal.SIGTERM)
        assert served.ended()
    assert served.code == 0
    assert "Traceback" not in served.log


def test_ctrl_c_is_no_error_either(tmp_path: Path) -> None:
    with process(tmp_path) as served:
        served.signal(signal.SIGINT)
        assert served.ended()
    assert served.code == 0


def test_lines_as_json(tmp_path: Path) -> None:
    with process(tmp_path, "--log", "json") as served, http(served) as client:
        client.get("v2/notebook?token=s3cret&x=1")
        served.signal(signal.SIGTERM)
        assert served.ended()
    lines = [json.loads(line) for line in served.log.splitlines() if line.startswith("{")]
    assert lines[0]["message"] == "serving"
    request = next(line for line in lines if line["message"] == "request")
    assert {"time", "level", "method", "path", "status", "ms", "client"} <= set(request)
    assert "s3cret" not in served.log
    assert len(lines) == len(served.log.splitlines()) - 1, "all but the rig's own line"


@pytest.mark.parametrize("strips", [True, False])
def test_behind_a_proxy_under_a_prefix(tmp_path: Path, *, strips: bool) -> None:
    port = free_port()
    with proxy(port, "/deep/clip/", strips=strips) as origin:
        public = f"{origin}/deep/clip/"
        words = ("--listen", f"127.0.0.1:{port}", "--public-url", public, "--log", "json")
        trusting = {"BINDERCLIP_SERVE_TRUSTED_PROXIES": "127.0.0.1"}
        with process(tmp_path, *words, environ=trusting) as served, http(served) as client:
            assert served.url == public
            assert client.get("health").json()["ok"]
            page = client.get("", headers={"Accept": "text/html"})
            assert page.status_code == 200
            assert "/deep/clip/static/" in page.text
            if not strips:
                assert client.get(f"{origin}/deep/clip").headers["location"] == "/deep/clip/"
    # Whom the proxy asks for is who the log is about.
    assert '"client": "203.0.113.0/24"' in served.log


def test_nobody_is_believed_about_addresses_by_default(tmp_path: Path) -> None:
    with process(tmp_path, "--log", "json") as served, http(served) as client:
        client.get("versions", headers={"X-Forwarded-For": "203.0.113.7"})
        assert client.get("versions").status_code == 200
    assert "203.0.113" not in served.log


def test_a_launch_under_way_comes_up_before_the_end(tmp_path: Path, hub: ReplayHub) -> None:
    begun, go = held(hub)
    with process(tmp_path, "--on", hub.url, *HERE) as served, http(served) as client:
        launching = Launching(client)
        assert begun.wait(60)
        served.signal(signal.SIGTERM)
        # It still answers, and takes nothing new.
        health = _until(client, 503)
        assert not health.json()["ok"]
        refused = client.post("api/v1/launches", json={"binder": ENVIRONMENT})
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        go.set()
        launching.join(60)
        name, said = launching.last
        assert (name, said.get("server")) == ("ready", f"{hub.url}user/o-r-x1y2z3a4/")
        assert served.ended()
    assert served.code == 0
    # It is the hub's from now on.
    assert hub.servers["o-r-x1y2z3a4"].up
    assert "server-token" not in served.log


def _until(client: httpx.Client, status: int) -> httpx.Response:
    for _ in range(600):
        answer = client.get("health")
        if answer.status_code == status:
            return answer
        threading.Event().wait(0.05)
    raise AssertionError(f"health is not {status}")


def test_one_that_does_not_come_up_in_time_is_told_so(tmp_path: Path, hub: ReplayHub) -> None:
    begun, _ = held(hub)
    config = tmp_path / "gateway.toml"
    config.write_text("grace_s = 0.5\n")
    words = ("--config", str(config), "--on", hub.url, *HERE)
    with process(tmp_path, *words) as served, http(served) as client:
        launching = Launching(client)
        assert begun.wait(60)
        served.signal(signal.SIGTERM)
        launching.join(60)
        name, said = launching.last
        assert name == "failed"
        assert "shut down" in said["error"]["message"]
        assert served.ended()
    assert served.code == 0


def test_a_second_signal_does_not_wait(tmp_path: Path, hub: ReplayHub) -> None:
    begun, _ = held(hub)
    with process(tmp_path, "--on", hub.url, *HERE) as served, http(served) as client:
        launching = Launching(client)
        assert begun.wait(60)
        served.signal(signal.SIGINT)
        _until(client, 503)
        assert not served.ended(0.3)
        served.signal(signal.SIGINT)
        assert served.ended(20), "the grace is 30 s"
        launching.join(60)
        assert launching.last[0] == "failed"


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(tmp_path, "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 18
    assert "cannot be listened on" in done.stderr
    assert "--listen" in done.stderr


def test_a_storage_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(tmp_path, BINDERCLIP_SERVE_STORAGE=str(tmp_path / "file" / "below"))
    assert done.returncode == 18
    assert "storage" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_are_checked_without_serving(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    secret = "s3cret-" * 8
    config.write_text(f'secret = "{secret}"\nlog = "json"\n')
    done = run(tmp_path, "--config", "gateway.toml", "--check", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["log"] == "json"
    assert secret not in done.stdout + done.stderr
    plain = run(tmp_path, "--check", BINDERCLIP_SERVE_CONFIG=str(config))
    assert 'log = "json"' in plain.stdout
    config.write_text("grace_s = -1\n")
    wrong = run(tmp_path, "--config", "gateway.toml", "--check")
    assert wrong.returncode == 18
    assert "grace_s" in wrong.stderr


def test_without_the_extra_the_error_names_it(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'starlette':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from binderclip.cli import main\n"
        "main(['serve', '--check'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 18
    assert "pip install 'binderclip[gateway]'" in done.stderr
