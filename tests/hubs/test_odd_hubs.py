"""Launches on hubs that are cut off, old, odd or hostile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.hubs.conftest import TOKEN, USER, Fake, Reply, stream
from tests.hubs.launching import HASTY, launched, stop, target
from tests.targets.case import Noted

from binderclip.errors import (
    BinderclipError,
    CacheError,
    LaunchError,
    RateLimited,
    Refused,
    TimedOut,
    Unreachable,
)

START = "POST users/ada/server"
STOP = "DELETE users/ada/server"
PROGRESS = "GET users/ada/server/progress"
STATUS = "GET /user/ada/api/status"
SPAWNING = {"progress": 50, "message": "Spawning server..."}


def starting(fake: Fake, *states: Reply, answer: Reply | None = None) -> None:
    """A start whose state goes through ``states``; the last one stays."""
    fake.say(START, answer or Reply(202))
    fake.say(STOP, Reply(204))
    fake.say("GET users/ada", *states)
    fake.say(STATUS, Reply(value={"started": "now", "kernels": 0}))


def up(fake: Fake, **model: Any) -> Reply:
    return fake.server(ready=True, url="/user/ada/", **model)


def test_a_stream_that_is_cut_is_taken_up_and_says_nothing_twice(fake: Fake) -> None:
    pending = fake.server(pending="spawn")
    starting(fake, pending, pending, up(fake))
    first = {"progress": 10, "message": "pulling"}
    fake.say(PROGRESS, stream(first, cut=True), stream(first, SPAWNING, cut=True))
    session, said = launched(target(fake.url, TOKEN))
    assert session.url == f"{fake.url}user/ada/"
    assert said.count("pulling") == 1
    assert said.count("Spawning") == 1


def test_without_streams_the_state_is_asked_for(fake: Fake) -> None:
    starting(fake, *[fake.server(pending="spawn")] * 6, up(fake))
    fake.say(PROGRESS, Reply(404, b"<html>", {"Content-Type": "text/html"}))
    launched(target(fake.url, TOKEN))
    assert len(fake.requests(PROGRESS)) == 3


def test_a_stream_that_falls_silent_is_left(fake: Fake) -> None:
    starting(fake, fake.server(pending="spawn"), up(fake))
    fake.say(PROGRESS, stream(SPAWNING, hang_s=1.5))
    launched(target(fake.url, TOKEN, deadlines=replace(HASTY, silence_s=0.3)))


def test_a_start_without_end_is_taken_back_at_the_deadline(fake: Fake) -> None:
    ledger = Noted()
    pending = fake.server(pending="spawn")
    starting(fake, pending)
    fake.say(PROGRESS, stream(SPAWNING, hang_s=1.5))
    place = target(fake.url, TOKEN, ledger, deadlines=replace(HASTY, overall_s=0.5, stop_s=0.2))
    with pytest.raises(TimedOut, match="did not start within"):
        launched(place)
    assert fake.requests(STOP)
    assert len(ledger.sessions) == 1, "the hub still has it, so the record stays"


@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_error_for_an_answer_is_no_proof_that_nothing_started(fake: Fake, status: int) -> None:
    starting(fake, fake.server(pending="spawn"), up(fake), answer=Reply(status, {}))
    fake.say(PROGRESS, stream(SPAWNING))
    session, _ = launched(target(fake.url, TOKEN))
    assert session.owned


def test_a_start_that_fails_at_once_is_asked_for_its_reason(fake: Fake) -> None:
    ledger = Noted()
    starting(fake, fake.server(), answer=Reply(500, {"message": "Internal Server Error"}))
    fake.say(PROGRESS, stream({"progress": 100, "failed": True, "message": "Spawn failed: full"}))
    with pytest.raises(LaunchError, match="did not start: full"):
        launched(target(fake.url, TOKEN, ledger))
    assert not ledger.sessions


@pytest.mark.parametrize(
    ("said", "kind", "shown"),
    [
        ("Spawn failed: HTTP 400: Bad Request (no such image: x)", Refused, "no such image: x"),
        ("Spawn failed: HTTP 507: Full (no disk)", LaunchError, "did not start: no disk"),
        ("Spawn failed: ", LaunchError, "gives no reason"),
        ("Spawn failed: Timed out", TimedOut, "Timed out"),
        ("Spawn cancelled", LaunchError, "Spawn cancelled"),
        ("", LaunchError, "gives no reason"),
    ],
)
def test_reasons_of_a_failed_start(
    fake: Fake, said: str, kind: type[LaunchError], shown: str
) -> None:
    starting(fake, fake.server(pending="spawn"))
    fake.say(PROGRESS, stream({"progress": 100, "failed": True, "message": said}))
    with pytest.raises(LaunchError) as caught:
        launched(target(fake.url, TOKEN, options={"image": "x"}, deadlines=_short()))
    assert type(caught.value) is kind
    assert shown in caught.value.message


def test_a_server_that_somebody_started_a_moment_before_is_theirs(fake: Fake) -> None:
    ledger = Noted()
    starting(fake, up(fake), answer=Reply(400, {"message": "ada is already running"}))
    session, _ = launched(place := target(fake.url, TOKEN, ledger))
    assert not session.owned
    assert not ledger.sessions
    stop(place, session)
    assert not fake.requests(STOP)


def test_a_limit_leaves_no_record_and_no_named_server(fake: Fake) -> None:
    ledger = Noted()
    fake.say("POST users/ada/servers/b", Reply(429, {"message": "limit"}, {"Retry-After": "9"}))
    fake.say("DELETE users/ada/servers/b", Reply(204))
    fake.say("GET users/ada", fake.server("b"), Reply(value=USER))
    with pytest.raises(RateLimited) as caught:
        launched(target(fake.url, TOKEN, ledger, server="b"))
    assert caught.value.retry_after_s == 9
    assert fake.requests("DELETE users/ada/servers/b") == [None, {"remove": True}]
    assert not ledger.sessions
    assert len(ledger.places) == 1


def test_the_record_comes_before_the_server(fake: Fake) -> None:
    seen: list[int] = []

    class Watching(Noted):
        def note(self, session: Any, *, place: str) -> None:
            seen.append(len(fake.requests(START)))
            assert session.hub.user == "ada"
            assert session.hub.started
            super().note(session, place=place)

    starting(fake, up(fake), answer=Reply(201))
    ledger = Watching()
    launched(target(fake.url, TOKEN, ledger))
    assert seen == [0, 1]
    assert set(ledger.places) == {fake.url}


def test_a_server_that_does_not_answer(fake: Fake) -> None:
    ledger = Noted()
    starting(fake, up(fake))
    fake.say(STATUS, Reply(503, b"", {"Content-Type": "text/html"}))
    place = target(fake.url, TOKEN, ledger, deadlines=replace(_short(), up_s=0.4))
    with pytest.raises(TimedOut, match="did not answer within"):
        launched(place)
    assert fake.requests(STOP)


def test_a_login_page_in_place_of_the_server_is_no_answer(fake: Fake) -> None:
    starting(fake, up(fake))
    page = Reply(200, b"<html>login</html>", {"Content-Type": "text/html"})
    fake.say(STATUS, page, page, Reply(value={"started": "now"}))
    launched(target(fake.url, TOKEN))
    assert len(fake.requests(STATUS)) == 3


def test_a_server_that_does_not_take_the_token(fake: Fake) -> None:
    starting(fake, up(fake))
    fake.say(STATUS, Reply(403, {"message": "Forbidden"}))
    with pytest.raises(Refused, match="lacks access:servers"):
        launched(target(fake.url, TOKEN, deadlines=_short()))


def test_a_server_that_ends_right_after_its_start(fake: Fake) -> None:
    ledger = Noted()
    starting(fake, up(fake), up(fake), fake.server())
    fake.say(STATUS, Reply(503))
    with pytest.raises(LaunchError, match="ended right after its start"):
        launched(target(fake.url, TOKEN, ledger))
    assert not ledger.sessions


def test_servers_with_domains_of_their_own(fake: Fake) -> None:
    port = fake.url.rstrip("/").rpartition(":")[2]
    elsewhere = f"http://localhost:{port}/user/ada/"
    starting(fake, fake.server(ready=True, url=elsewhere))
    session, _ = launched(target(fake.url, TOKEN))
    assert session.url == elsewhere


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "http://[::1"])
def test_addresses_that_are_none(fake: Fake, url: str) -> None:
    starting(fake, fake.server(ready=True, url=url))
    with pytest.raises(LaunchError):
        launched(target(fake.url, TOKEN, deadlines=_short()))


def test_a_password_in_a_servers_address_is_not_kept(fake: Fake) -> None:
    place = fake.url.removeprefix("http://")
    starting(fake, fake.server(ready=True, url=f"http://eve:secret@{place}user/ada/"))
    session, said = launched(target(fake.url, TOKEN))
    assert "secret" not in f"{session!r}{session.url}{said}"


def test_a_token_is_not_carried_to_another_host(fake: Fake) -> None:
    port = fake.url.rstrip("/").rpartition(":")[2]
    fake.say("GET ", Reply(302, b"", {"Location": f"http://localhost:{port}/there/hub/api/"}))
    fake.say("GET /there/hub/api/", Reply(value={"version": "6"}))
    with pytest.raises(Refused, match="leads to another place"):
        launched(target(fake.url, TOKEN))
    assert TOKEN not in repr(fake.asked)


def test_nothing_at_the_address(fake: Fake) -> None:
    fake.say("GET ", Reply(404))
    with pytest.raises(Unreachable, match="no JupyterHub"):
        launched(target(fake.url, TOKEN))
    with pytest.raises(Unreachable):
        launched(target("http://127.0.0.1:9/", TOKEN))
    with pytest.raises(BinderclipError):
        launched(target("ftp://example.org/", TOKEN))


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", "ä", "x" * 5000])
def test_tokens_that_are_none(token: str) -> None:
    with pytest.raises(Refused) as caught:
        target("http://127.0.0.1:9/", token)
    assert token not in caught.value.message


@pytest.mark.parametrize("server", ["a/b", "a\nb", "x" * 300, "..", "."])
def test_names_that_are_none(server: str) -> None:
    with pytest.raises(Refused, match="as a server's name"):
        target("http://127.0.0.1:9/", TOKEN, server=server)


def test_a_record_that_cannot_be_written_is_no_start(fake: Fake) -> None:
    class Full(Noted):
        def note(self, session: Any, *, place: str) -> None:
            raise CacheError(f"{place}: no space for {session.id}")

    starting(fake, up(fake))
    with pytest.raises(CacheError):
        launched(target(fake.url, TOKEN, Full()))
    assert not fake.requests(START)
    assert not fake.requests(STOP)


def test_a_hub_from_before_scopes(fake: Fake) -> None:
    old = {"name": "ada", "kind": "user", "admin": False, "servers": {}}
    fake.say("GET user", Reply(value=old))
    starting(fake, Reply(value={**old, "servers": {"": {"ready": True, "url": "/user/ada/"}}}))
    session, _ = launched(target(fake.url, TOKEN))
    assert session.owned
    assert session.hub is not None


def test_the_token_shows_nowhere(fake: Fake) -> None:
    starting(fake, fake.server(pending="spawn"), up(fake))
    fake.say(PROGRESS, stream({"progress": 5, "message": f"with {TOKEN} at x?token={TOKEN}"}))
    place = target(fake.url, TOKEN)
    session, said = launched(place)
    assert session.token == TOKEN
    assert TOKEN not in f"{place!r}{session!r}{said}"


def _short() -> Any:
    return replace(HASTY, stop_s=0.2)
