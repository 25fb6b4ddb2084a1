"""``sessions``: what was started elsewhere is listed, and stopped where it runs."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from binderclip.records import Records
from binderclip.session import HubServer, Session

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

Run: TypeAlias = Callable[..., Any]
Leave: TypeAlias = Callable[..., None]

COMMAND = Path(sys.executable).parent / "binderclip"
TOKEN = "s3cret-of-the-session"
HUB_TOKEN = "s3cret-of-the-hub"

LEAVING = """
import json, os, signal, sys
from pathlib import Path
from binderclip.records import Records
from binderclip.session import HubServer, Session
said = json.loads(sys.argv[2])
hub = said.pop("hub", None)
session = Session(**said, hub=HubServer(**hub) if hub else None)
Records(Path(sys.argv[1])).note(session, place="hub.example.org")
os.kill(os.getpid(), signal.SIGKILL)
"""


class Site(ThreadingHTTPServer):
    """A proxy with Jupyter Servers behind it (``/user/NAME/``) and the REST API of their hub.

    ``asked`` is every request that ends something; ``up`` the servers that run.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.up: set[str] = set()
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Site

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""

    def do_GET(self) -> None:
        if self.path.startswith("/hub/api/users/"):
            name = self.path.split("/")[4].partition("?")[0]
            servers = {"": {"name": "", "ready": True}} if name in self.server.up else {}
            self._answer({"name": name, "servers": servers, "kind": "user"}, HUB_TOKEN)
        elif self.path.startswith("/hub/api"):
            self._answer({"version": "5.4.0"}, None)
        elif self.path.split("/")[2] in self.server.up:
            self._answer({"started": "2026-01-01T00:00:00Z", "kernels": 0}, TOKEN)
        else:
            self._say(424, {"message": "not running"})

    def do_POST(self) -> None:
        self._end(self.path.split("/")[2], TOKEN)

    def do_DELETE(self) -> None:
        self._end(self.path.split("/")[4], HUB_TOKEN)

    def _end(self, name: str, token: str) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        if self._answer({}, token, 204 if self.command == "DELETE" else 200):
            self.server.up.discard(name)

    def _answer(self, body: object, token: str | None, status: int = 200) -> bool:
        given = self.headers.get("Authorization", "").partition(" ")[2]
        if token is not None and given != token:
            self._say(403, {"message": "Forbidden"})
            return False
        self._say(status, body)
        return True

    def _say(self, status: int, body: object) -> None:
        data = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield site
        site.shutdown()
        thread.join()


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """Those of this process, which lives."""
    return Records(tmp_path / ".state" / "sessions")


@pytest.fixture
def leave(records: Records, site: Site) -> Leave:
    """A session that a killed process left; ``hub``: its hub ends it."""

    def make(
        name: str, *, hub: bool | dict[str, str] = False, up: bool = True, **said: Any
    ) -> None:
        own = {"api": f"{site.url}hub/api/", "user": name}
        body = {
            "target": "jupyterhub" if hub else "binderhub",
            "id": name,
            "url": f"{site.url}user/{name}/",
            "token": TOKEN,
            "hub": own if hub is True else hub or None,
            **said,
        }
        if up:
            site.up.add(name)
        done = subprocess.run(
            [sys.executable, "-c", LEAVING, records.folder, json.dumps(body)], check=False
        )
        assert done.returncode == -9

    return make


def listed(run: Run) -> dict[str, str]:
    return {one["id"]: one["owner"] for one in run("sessions", "--json").answer["sessions"]}


def test_nothing(run: Run) -> None:
    assert run("sessions").out == "Nothing runs that you started.\n"
    assert run("sessions", "list", "--json").answer == {"sessions": [], "damaged": []}
    assert run("sessions", "stop", "--all").out == "Nothing to stop.\n"


def ageless(text: str) -> str:
    """A list of sessions without how old they are, which goes on between two of them."""
    return re.sub(r"(\+00:00) \([^)]*\)", r"\1", text)


def test_listed(run: Run, records: Records, leave: Leave, site: Site) -> None:
    session = Session("binderhub", "used", f"{site.url}user/used/?token={TOKEN}", TOKEN)
    records.note(session, place="mybinder.org")
    records.note(Session("jupyterhub", "on purpose", hub=HubServer("https://h/", "u")), place="h")
    records.keep("on purpose")
    leave("one")
    assert listed(run) == {"used": "running", "on purpose": "kept", "one": "left behind"}
    done = run("sessions")
    for words in (
        "mybinder.org (binderhub)",
        f"process {os.getpid()}",
        "not up yet",
        "`binderclip sessions stop --left`",
        "?token=***",
    ):
        assert words in done.out
    assert TOKEN not in done.out + run("sessions", "--json").out
    assert ageless(run("sessions", "list").out) == ageless(done.out)


def test_a_strangers_escapes(run: Run, records: Records) -> None:
    hostile = "a\x1b]0;owned\x07\n\u202eb"
    records.note(Session("binderhub", hostile, "http://127.0.0.1:1/"), place=hostile)
    for words in ([], ["stop", hostile], ["stop", "zz\x1b[2J"]):
        done = run("sessions", *words)
        assert "\x1b" not in done.out + done.err
        assert "\u202e" not in done.out + done.err


def test_a_damaged_record_is_told(run: Run, records: Records, leave: Leave, site: Site) -> None:
    leave("one")
    (records.folder / f"{'0' * 32}.json").write_text("{")
    done = run("sessions")
    assert "left behind" in done.out
    assert f"{'0' * 32}.json: no record of a session" in done.err
    assert len(run("sessions", "--json").answer["damaged"]) == 1
    done = run("sessions", "stop", "--left")
    assert done.code == 0
    assert site.up == set()


@pytest.mark.parametrize("hub", [False, True])
def test_what_was_left_is_stopped(
    hub: bool,  # noqa: FBT001 - parametrised
    run: Run,
    leave: Leave,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BINDERCLIP_CONFIG", ".config")
    run("token", "add", site.url, typed=HUB_TOKEN)
    leave("one", hub=hub)
    done = run("sessions", "stop", "--left")
    assert (done.code, done.out) == (0, "✓ one: stopped, hub.example.org\n")
    assert site.up == set()
    verb = "DELETE /hub/api/users/one/server" if hub else "POST /user/one/api/shutdown"
    assert site.asked == [verb]
    assert listed(run) == {}
    assert "s3cret" not in done.out + done.err


def test_by_the_first_letters(run: Run, leave: Leave, site: Site) -> None:
    for name in ("abc", "abd", "x"):
        leave(name)
    done = run("sessions", "stop", "ab", "x", "nobody", "abc", "--json")
    assert done.code == 30
    assert {one["id"] for one in done.answer["stopped"]} == {"x", "abc"}
    assert [one["id"] for one in done.answer["refused"]] == ["ab", "nobody"]
    assert "2 sessions begin with it" in done.answer["refused"][0]["error"]["message"]
    assert site.up == {"abd"}
    assert listed(run) == {"abd": "left behind"}


@pytest.mark.parametrize("hub", [False, True])
def test_what_had_ended_before(
    hub: bool,  # noqa: FBT001 - parametrised
    run: Run,
    leave: Leave,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BINDERCLIP_TOKEN", HUB_TOKEN)
    leave("one", hub=hub, up=False)
    assert run("sessions", "stop", "one").out == "✓ one: had ended before, hub.example.org\n"
    assert site.asked == []
    assert listed(run) == {}
    leave("two", hub=hub, up=False)
    answer = run("sessions", "stop", "two", "--json").answer
    assert [one["id"] for one in answer["gone"]] == ["two"]


def test_what_cannot_be_stopped_stays_listed(run: Run, leave: Leave, site: Site) -> None:
    leave("good")
    leave("wrong", token="another")
    leave("newer", target="starship")
    done = run("sessions", "stop", "--left")
    assert done.code == 30
    assert "✓ good: stopped" in done.out
    assert "✗ wrong: " in done.err
    assert "starship" in done.err
    assert site.up == {"wrong", "newer"}
    assert set(listed(run)) == {"wrong", "newer"}
    done = run("sessions", "forget", "wrong", "newer", "nobody", "--json")
    assert done.code == 30
    assert [one["id"] for one in done.answer["forgotten"]] == ["wrong", "newer"]
    assert [one["id"] for one in done.answer["refused"]] == ["nobody"]
    assert listed(run) == {}


def test_a_hub_without_a_token(
    run: Run, leave: Leave, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave("one", hub=True)
    done = run("sessions", "stop", "one")
    assert done.code == 21
    assert f"binderclip token add {site.url}" in done.err
    monkeypatch.setenv("BINDERCLIP_TOKEN", HUB_TOKEN)
    assert run("sessions", "stop", "--left").code == 21
    assert run("sessions", "stop", "one").code == 0
    assert site.up == set()


def test_a_token_for_one_hub_goes_to_no_other(
    run: Run, leave: Leave, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINDERCLIP_TOKEN", HUB_TOKEN)
    leave("one", hub=True)
    leave("two", hub={"api": "http://127.0.0.2:1/hub/api/", "user": "two"})
    assert run("sessions", "stop", "one", "two").code == 21
    assert site.asked == []


def test_what_is_in_use_is_not_stopped_unasked(
    run: Run, records: Records, leave: Leave, site: Site
) -> None:
    def use() -> None:
        site.up.add("used")
        records.note(Session("binderhub", "used", f"{site.url}user/used/", TOKEN), place="h")

    use()
    leave("one")
    done = run("sessions", "stop", "--all")
    assert done.code == 2
    assert "1 session in use by a running command: say --yes" in done.err
    assert site.up == {"used", "one"}
    assert run("sessions", "forget", "used").code == 30
    assert run("sessions", "stop", "--left").code == 0
    assert site.up == {"used"}
    assert run("sessions", "stop", "--all", "--yes").code == 0
    assert site.up == set()
    use()
    assert run("sessions", "stop", "used").code == 0
    assert site.up == set()


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 1), (b"y\n", 0)])
def test_asked_on_a_terminal(
    answer: bytes, code: int, records: Records, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINDERCLIP_STATE", str(records.folder.parent))
    site.up.add("used")
    records.note(Session("binderhub", "used", f"{site.url}user/used/", TOKEN), place="h")
    owner, terminal = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "sessions", "stop", "--all"],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(terminal)
    os.write(owner, answer)
    _, told = process.communicate(timeout=60)
    os.close(owner)
    assert b"Stop 1 session in use by a running command too?" in told
    assert process.returncode == code
    assert bool(site.up) == bool(code)


@pytest.mark.parametrize("words", [[], ["one", "--left"], ["--left", "--all"], ["one", "--all"]])
def test_one_way_to_say_what(words: list[str], run: Run) -> None:
    assert run("sessions", "stop", *words).code == 2


@pytest.mark.slow
def test_a_real_hub(run: Run, leave: Leave, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    user = hub.user()
    hub.start_server(user)
    monkeypatch.setenv("BINDERCLIP_TOKEN", hub.token(user))
    leave("real", url=f"{hub.url}user/{user}/", hub={"api": hub.api, "user": user})
    assert listed(run) == {"real": "left behind"}
    done = run("sessions", "stop", "real")
    assert (done.code, done.err) == (0, "")
    assert hub.servers(user) == {}
    assert listed(run) == {}
    leave("real", url=f"{hub.url}user/{user}/", hub={"api": hub.api, "user": user})
    assert "had ended before" in run("sessions", "stop", "real").out
