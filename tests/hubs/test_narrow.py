"""Whose token a server gets to see: one that opens it alone, wherever the hub makes such."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.hubs.conftest import MADE_TOKEN, TOKEN, Fake, Reply, stream
from tests.hubs.launching import HASTY, launched, stop, target
from tests.targets.case import IMAGE, Noted

from binderclip.environment import Environment
from binderclip.errors import LaunchError, Refused

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

START = "POST users/ada/server"
STATUS = "GET /user/ada/api/status"
REVOKED = "DELETE users/ada/tokens/a7"
OF_IMAGE = Environment(image=IMAGE)
NAME = "quay.io/o/image:latest"


def up(fake: Fake, **model: Any) -> Reply:
    fake.say(STATUS, Reply(value={"started": "now"}))
    return fake.server(ready=True, url="/user/ada/", **model)


def starting(fake: Fake) -> None:
    fake.say(START, Reply(201))
    fake.say("DELETE users/ada/server", Reply(204))
    fake.say("GET users/ada", up(fake), up(fake), up(fake), fake.server())


def test_the_server_sees_a_token_of_its_own(fake: Fake) -> None:
    fake.makes_tokens()
    starting(fake)
    ledger = Noted()
    session, said = launched(place := target(fake.url, TOKEN, ledger))
    assert session.token == MADE_TOKEN
    assert session.hub is not None
    assert session.hub.token_id == "a7"
    assert ledger.sessions[session.id].hub == session.hub, "another process can take it back"
    assert fake.sent(STATUS) == {MADE_TOKEN}
    assert MADE_TOKEN not in f"{session!r}{said}"
    (body,) = fake.requests("POST users/ada/tokens")
    assert session.id in body["note"]
    stop(place, session)
    assert fake.requests(REVOKED)
    assert fake.sent(START) == fake.sent("DELETE users/ada/server") == fake.sent(REVOKED) == {TOKEN}


def test_a_hub_that_does_not_take_it_back_is_no_obstacle(fake: Fake) -> None:
    fake.makes_tokens()
    starting(fake)
    fake.say(REVOKED, Reply(500, {}))
    ledger = Noted()
    session, _ = launched(place := target(fake.url, TOKEN, ledger))
    stop(place, session)
    assert not ledger.sessions


def test_of_a_server_that_runs_on_it_is_taken_back_too(fake: Fake) -> None:
    fake.makes_tokens()
    fake.say("GET user", up(fake))
    fake.say("GET users/ada", up(fake))
    session, _ = launched(place := target(fake.url, TOKEN))
    assert not session.owned
    stop(place, session)
    assert fake.requests(REVOKED)
    assert not fake.requests("DELETE users/ada/server")


@pytest.mark.parametrize("runs", [True, False])
def test_a_launch_that_fails_takes_it_back(fake: Fake, *, runs: bool) -> None:
    fake.makes_tokens()
    starting(fake)
    if runs:
        fake.say("GET user", up(fake, user_options={"image": "other"}))
        fake.say("GET users/ada", up(fake))
    fake.say(STATUS, Reply(403, {}))
    with pytest.raises(Refused):
        launched(target(fake.url, TOKEN, deadlines=replace(HASTY, stop_s=0.2)))
    assert fake.requests(REVOKED)


def test_an_operators_server_gets_the_persons_where_there_is_no_other(fake: Fake) -> None:
    starting(fake)
    session, said = launched(target(fake.url, TOKEN))
    assert session.token == TOKEN
    assert "your token makes none for one server" in said


@pytest.mark.parametrize(
    "options", [{"image": "{image}"}, {"profile": "p", "image--unlisted-choice": "{image}"}]
)
def test_an_image_of_a_notebook_never_does(fake: Fake, options: dict[str, Any]) -> None:
    starting(fake)
    with pytest.raises(Refused, match="not the hub's own") as caught:
        launched(target(fake.url, TOKEN, options=options), OF_IMAGE)
    assert "tokens!user" in str(caught.value.hint)
    assert not fake.requests(START)
    fake.makes_tokens()
    session, _ = launched(target(fake.url, TOKEN, options=options), OF_IMAGE)
    assert session.token == MADE_TOKEN
    assert fake.requests(START)


def test_nor_does_one_that_the_hub_remembers_of_another(fake: Fake) -> None:
    """What was asked for last is what a hub starts where nothing is asked for."""
    starting(fake)
    fake.say("GET user", fake.server(user_options={"image": NAME}))
    _, said = launched(target(fake.url, TOKEN))
    assert "not the hub's own" in said
    assert fake.requests(START) == [{"user_options": {}}], "the hub's own instead"
    fake.say("GET user", up(fake, user_options={"image": [NAME]}))
    with pytest.raises(Refused, match="not the hub's own"):
        launched(target(fake.url, TOKEN))
    assert not fake.sent(STATUS) - {TOKEN}


def test_nor_does_a_server_that_somebody_started_a_moment_before(fake: Fake) -> None:
    fake.say(START, Reply(400, {"message": "ada is already running"}))
    fake.say("GET users/ada", up(fake, user_options={"image": NAME}))
    with pytest.raises(Refused, match="not the hub's own"):
        launched(target(fake.url, TOKEN))
    assert not fake.sent(STATUS)
    assert not fake.requests("DELETE users/ada/server")


@pytest.mark.parametrize("has", ["mine", ["mine"]])
def test_an_image_that_the_person_named_is_theirs_to_trust(fake: Fake, has: Any) -> None:
    fake.say("GET user", up(fake, user_options={"image": has}))
    fake.say("GET users/ada", up(fake, user_options={"image": has}))
    session, _ = launched(target(fake.url, TOKEN, options={"image": "mine"}))
    assert session.token == TOKEN


def test_a_choice_of_the_operators_list_is_the_operators(fake: Fake) -> None:
    chosen = {"profile": "large", "image": "huge"}
    fake.say("GET user", up(fake, user_options=chosen))
    fake.say("GET users/ada", up(fake, user_options=chosen))
    assert launched(target(fake.url, TOKEN))[0].token == TOKEN


def test_a_start_that_fails_takes_it_back(fake: Fake) -> None:
    fake.makes_tokens()
    starting(fake)
    fake.say(START, Reply(202))
    fake.say("GET users/ada", fake.server(pending="spawn"))
    fake.say("GET users/ada/server/progress", stream({"failed": True, "message": "no"}))
    with pytest.raises(LaunchError):
        launched(target(fake.url, TOKEN, deadlines=replace(HASTY, stop_s=0.2)))
    assert not fake.requests(REVOKED), "the server is still there: its record can take it back"
    fake.say("GET users/ada", fake.server(pending="spawn"), fake.server())
    with pytest.raises(LaunchError):
        launched(target(fake.url, TOKEN, deadlines=replace(HASTY, stop_s=0.2)))
    assert fake.requests(REVOKED)


def status(url: str, token: str) -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.slow
@pytest.mark.parametrize("server", ["", "mine"])
def test_on_a_real_hub(hub: Hub, server: str) -> None:
    user = hub.user()
    token = hub.token(user)
    before = {one["id"] for one in hub.ask("GET", f"users/{user}/tokens")["api_tokens"]}
    hub.start_server(user, "other")
    session, said = launched(place := target(hub.url, token, server=server))
    assert "for one server" not in said
    assert session.token is not None
    assert status(f"{session.url}api/contents", session.token) == 200
    assert status(f"{hub.url}user/{user}/other/api/contents", session.token) == 403
    assert status(f"{hub.url}user/{user}/other/api/contents", token) == 200
    assert status(f"{hub.api}users/{user}/tokens", session.token) in {403, 404}
    made = hub.ask("GET", f"users/{user}/tokens")["api_tokens"]
    (ours,) = [one for one in made if session.id in one["note"]]
    assert ours["expires_at"]
    stop(place, session)
    left = {one["id"] for one in hub.ask("GET", f"users/{user}/tokens")["api_tokens"]}
    assert ours["id"] not in left
    assert before <= left


@pytest.mark.slow
def test_a_token_without_the_scope_on_a_real_hub(images_hub: Hub) -> None:
    user = images_hub.user()
    token = images_hub.token(user, ["servers!user", "access:servers!user"])
    small = Environment(image=replace(IMAGE, path="o/small", ref="1"))
    with pytest.raises(Refused, match="not the hub's own"):
        launched(target(images_hub.url, token, options={"image": "{image}"}), small)
    assert not images_hub.servers(user)
    session, said = launched(place := target(images_hub.url, token))
    assert "your token makes none for one server" in said
    assert session.token == token
    stop(place, session)
    full = images_hub.token(user, ["servers!user", "access:servers!user", "tokens!user"])
    session, _ = launched(
        place := target(images_hub.url, full, options={"image": "{image}"}), small
    )
    assert session.token != full
    stop(place, session)
