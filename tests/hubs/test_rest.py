"""The REST client against a hub that answers what it likes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from tests.hubs.conftest import MADE_TOKEN, TOKEN, USER, Fake, Reply, stream

from binderclip.errors import (
    BinderclipError,
    LaunchError,
    RateLimited,
    Refused,
    SessionError,
    Unreachable,
)
from binderclip.guard import OpenGuard
from binderclip.hubs.faults import NEEDED, lacking
from binderclip.hubs.jupyterhub import JupyterHub, Step
from binderclip.web import Web
from binderclip.web.waits import date

T = TypeVar("T")


def asked(
    fake: Fake,
    question: Callable[[JupyterHub], Awaitable[T]],
    failure: type[BinderclipError] = Unreachable,
) -> T:
    async def go() -> T:
        async with Web(OpenGuard(), failure=failure) as web:
            return await question(JupyterHub(web, fake.api, TOKEN))

    return asyncio.run(go())


def steps(fake: Fake) -> list[Step]:
    async def all_of_it(hub: JupyterHub) -> list[Step]:
        return [step async for step in hub.progress("ada", silence_s=5)]

    return asked(fake, all_of_it)


def test_names_are_quoted_and_options_are_the_body(fake: Fake) -> None:
    fake.say("POST users/a%2Fb%20c/servers/x%3F", Reply(202))
    assert (
        asked(fake, lambda hub: hub.start_server("a/b c", "x?", {"image": "i", "n": [1]}))
        == "pending"
    )
    assert fake.requests("POST users/a%2Fb%20c/servers/x%3F") == [{"image": "i", "n": [1]}]
    assert fake.asked[0][1]["Authorization"] == f"token {TOKEN}"


def test_without_options_there_is_no_body_and_the_hub_takes_the_last_ones(fake: Fake) -> None:
    fake.say("POST users/ada/server", Reply(201))
    assert asked(fake, lambda hub: hub.start_server("ada")) == "started"
    assert fake.requests("POST users/ada/server") == [None]


def test_a_server_that_runs_is_no_error(fake: Fake) -> None:
    fake.say("POST users/ada/server", Reply(400, {"message": "ada: is already running"}))
    assert asked(fake, lambda hub: hub.start_server("ada")) == "running"


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(401, {"message": "no"}), Refused, "access:servers"),
        (Reply(403, {"message": "Missing any required scopes"}), Refused, "Missing any"),
        (Reply(404, {}), Refused, "scopes servers"),
        (Reply(400, {"message": "Named servers are not enabled."}), Refused, "name none"),
        (
            Reply(400, {"message": "User ada already has the maximum of 2 named servers."}),
            Refused,
            "delete a server at",
        ),
        (Reply(400, {"message": "Invalid server_name: 'Ä'"}), Refused, "Invalid server_name"),
        (Reply(409, {"message": "pending stop"}), Refused, "pending stop"),
        (Reply(500, {"message": "Internal Server Error"}), LaunchError, "hub's own log"),
        (Reply(503, b"<html>down</html>", {"Content-Type": "text/html"}), Unreachable, "restart"),
        (Reply(302, b"", {"Location": "/hub/login"}), LaunchError, "302"),
        (Reply(200, b"<html>a page</html>", {"Content-Type": "text/html"}), LaunchError, "200"),
    ],
)
def test_each_refusal_is_an_error_of_its_kind(
    fake: Fake, reply: Reply, kind: type[LaunchError], words: str
) -> None:
    fake.say("POST users/ada/server", reply)
    with pytest.raises(kind) as caught:
        asked(fake, lambda hub: hub.start_server("ada"))
    assert type(caught.value) is kind
    assert words in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "37"}, 37.0),
        ({}, None),
        ({"Retry-After": "soon"}, None),
        *(({"Retry-After": odd}, None) for odd in ("-3", "inf", "nan", "1e400", "9" * 11)),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0.0),
        ({"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}, None),
        ({"Retry-After": f"Fri, 31 Dec 1999 23:59:59 +{'9' * 30}"}, None),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 -0000"}, 0.0),
    ],
)
def test_a_full_hub_says_how_long_to_wait(
    fake: Fake, headers: dict[str, str], seconds: float | None
) -> None:
    fake.say("POST users/ada/server", Reply(429, {"message": "Too many users"}, headers))
    with pytest.raises(RateLimited) as caught:
        asked(fake, lambda hub: hub.start_server("ada"))
    assert caught.value.retry_after_s == seconds


def test_for_a_running_session_every_error_is_one_of_sessions(fake: Fake) -> None:
    fake.say("DELETE users/ada/server", Reply(403, {"message": "no"}))
    with pytest.raises(SessionError):
        asked(fake, lambda hub: hub.stop_server("ada"), SessionError)
    fake.say("GET user", Reply(403, {}))
    with pytest.raises(SessionError, match="does not take this token"):
        asked(fake, lambda hub: hub.user(), SessionError)


def test_a_hub_that_echoes_the_token_does_not_make_us_show_it(fake: Fake) -> None:
    echo = {"message": f"bad: {TOKEN}\x1b[31m"}
    fake.say("POST users/ada/server", Reply(400, echo))
    with pytest.raises(Refused) as caught:
        asked(fake, lambda hub: hub.start_server("ada"))
    shown = f"{caught.value.message}{caught.value.hint}{caught.value!r}"
    assert TOKEN not in shown
    assert "\x1b" not in shown
    fake.say("GET users/ada/server/progress", stream({"progress": 3, "message": f"is {TOKEN}"}))
    assert TOKEN not in repr(steps(fake))


@pytest.mark.parametrize("zone", [f"+{'9' * 30}", "-9999", "+99999999"])
def test_a_clock_of_no_zone(fake: Fake, zone: str) -> None:
    # Beside the one that the test's own server sends, which comes first.
    fake.say("GET ", Reply(200, {}, {"Date": f"Fri, 31 Dec 1999 23:59:59 {zone}"}))
    asked(fake, lambda hub: hub.now())
    assert date(f"Fri, 31 Dec 1999 23:59:59 {zone}") is None


@pytest.mark.parametrize("percent", [b"1" + b"0" * 400, b"1e400", b"-1", b"101", b"NaN", b"true"])
def test_progress_of_any_size(fake: Fake, percent: bytes) -> None:
    line = b'data: {"progress": ' + percent + b', "message": "on it"}\n\n'
    fake.say("GET users/ada/server/progress", stream(line))
    (step,) = steps(fake)
    assert step.message == "on it"
    assert step.percent in {None, 1}


def test_a_token_for_one_server(fake: Fake) -> None:
    fake.makes_tokens("b")
    made = asked(fake, lambda hub: hub.server_token("ada", "b", note="why"))
    assert made is not None
    assert (made.id, made.token) == ("a7", MADE_TOKEN)
    assert MADE_TOKEN not in repr(made)
    (body,) = fake.requests("POST users/ada/tokens")
    assert body["scopes"] == ["access:servers!server=ada/b"]
    assert (body["note"], body["expires_in"] > 0) == ("why", True)


def test_a_hub_whose_tokens_live_shorter(fake: Fake) -> None:
    fake.makes_tokens()
    (made,) = fake.says["POST users/ada/tokens"]
    limit = {"message": "token expires_in: 259200 must not exceed 3600"}
    fake.say("POST users/ada/tokens", Reply(400, limit), made)
    assert asked(fake, lambda hub: hub.server_token("ada", "", note="why"))
    assert "expires_in" not in fake.requests("POST users/ada/tokens")[1]


@pytest.mark.parametrize(
    "scopes",
    [
        None,
        [],
        ["access:servers!server=ada/", "access:servers!user=ada"],
        ["access:servers!server=ada/x"],
        ["access:servers!server=ada/", "servers!user=ada"],
        ["inherit", "access:servers!server=ada/"],
    ],
)
def test_a_token_that_opens_more_is_taken_back(fake: Fake, scopes: list[str] | None) -> None:
    """Hubs before 3.0 do not know the wish, and make one of all that the user may."""
    fake.makes_tokens()
    made = {"id": "a7", "token": MADE_TOKEN, "scopes": scopes}
    fake.say("POST users/ada/tokens", Reply(201, made))
    assert asked(fake, lambda hub: hub.server_token("ada", "", note="why")) is None
    assert fake.requests("DELETE users/ada/tokens/a7")


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_a_hub_that_makes_none(fake: Fake, status: int) -> None:
    fake.say("POST users/ada/tokens", Reply(status, {"message": "no permissions"}))
    assert asked(fake, lambda hub: hub.server_token("ada", "", note="why")) is None


@pytest.mark.parametrize("model", [{}, [], {"id": "../x", "token": "t"}, {"id": "a", "token": "é"}])
def test_what_is_no_token(fake: Fake, model: object) -> None:
    fake.say("POST users/ada/tokens", Reply(201, model))
    with pytest.raises(Unreachable, match="another form"):
        asked(fake, lambda hub: hub.server_token("ada", "", note="why"))


def test_a_token_that_nobody_waits_for_is_taken_back(fake: Fake) -> None:
    fake.makes_tokens()
    (made,) = fake.says["POST users/ada/tokens"]
    fake.say("POST users/ada/tokens", replace(made, late_s=0.3))

    async def go() -> None:
        async with Web(OpenGuard()) as web:
            hub = JupyterHub(web, fake.api, TOKEN)
            task = asyncio.create_task(hub.server_token("ada", "", note="why"))
            await asyncio.to_thread(fake.came, "POST users/ada/tokens")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(go())
    assert fake.requests("DELETE users/ada/tokens/a7")


def test_progress_ends_with_its_state(fake: Fake) -> None:
    fake.say(
        "GET users/ada/server/progress",
        stream(
            {"progress": 0, "message": "Server requested"},
            b"data: not json\n\n",
            b"data: [1]\n\n",
            {"progress": "many", "message": "two\nlines\x07"},
            {"progress": 100, "ready": True, "message": "up", "url": "/user/ada/"},
            {"progress": 100, "message": "never seen"},
        ),
    )
    assert steps(fake) == [
        Step(0, "Server requested"),
        Step(None, "two lines\\x07"),
        Step(100, "up", "ready"),
    ]


def test_a_stream_that_is_cut_just_ends_or_is_an_error(fake: Fake) -> None:
    fake.say("GET users/ada/server/progress", stream({"progress": 1, "message": "a"}))
    assert steps(fake) == [Step(1, "a")]
    fake.say("GET users/ada/server/progress", Reply(400, {"message": "is not starting..."}))
    assert steps(fake) == []
    fake.say("GET users/ada/server/progress", Reply(200, b"", {"Content-Type": "text/html"}))
    assert steps(fake) == []


@pytest.mark.parametrize(
    "value",
    [[], None, 7, {"name": 3}, {"kind": "user"}, b"<html>", b"{", {"name": "ada", "servers": 1}],
)
def test_nonsense_is_said_to_be_nonsense(fake: Fake, value: object) -> None:
    fake.say("GET users/ada", Reply(value=value))
    with pytest.raises(Unreachable):
        asked(fake, lambda hub: hub.servers("ada"))


def test_models_of_all_ages_are_read(fake: Fake) -> None:
    fake.say("GET user", Reply(value={"name": "ada", "admin": False, "server": None}))
    user = asked(fake, lambda hub: hub.user())
    assert (user.kind, user.scopes, user.servers) == ("user", None, None)
    hostile = {"": {"ready": "yes", "pending": 0, "url": 3, "started": "soon", "user_options": []}}
    fake.say("GET user", Reply(value={**USER, "scopes": ["a"], "servers": {**hostile, "x": 1}}))
    user = asked(fake, lambda hub: hub.user())
    assert user.servers is not None
    assert set(user.servers) == {""}
    server = user.servers[""]
    assert (server.ready, server.pending, server.url, server.started) == (False, None, None, None)


def test_stop_waits_until_it_is_gone(fake: Fake) -> None:
    fake.say("DELETE users/ada/servers/b", Reply(202), Reply(204))
    fake.say(
        "GET users/ada",
        fake.server("b", pending="stop"),
        fake.server("b", pending="stop"),
        fake.server("b"),
    )
    asked(fake, lambda hub: hub.stop_server("ada", "b", remove=True))
    assert fake.requests("DELETE users/ada/servers/b") == [None, {"remove": True}]
    assert len(fake.requests("GET users/ada")) == 3


def test_only_a_server_that_was_made_for_us_is_removed(fake: Fake) -> None:
    fake.say("DELETE users/ada/servers/b", Reply(204))
    fake.say("GET users/ada", fake.server("b"))
    asked(fake, lambda hub: hub.stop_server("ada", "b"))
    assert fake.requests("DELETE users/ada/servers/b") == [None]


def test_stop_asks_again_where_the_hub_was_between_two_states(fake: Fake) -> None:
    fake.say("DELETE users/ada/server", Reply(500, {}), Reply(400, {}), Reply(204))
    fake.say("GET users/ada", fake.server(pending="spawn"), fake.server(ready=True), fake.server())
    asked(fake, lambda hub: hub.stop_server("ada"))
    assert len(fake.requests("DELETE users/ada/server")) == 3


def test_stop_of_what_is_not_there_is_fine(fake: Fake) -> None:
    fake.say("DELETE users/ada/servers/b", Reply(404, {"message": "no server named 'b'"}))
    asked(fake, lambda hub: hub.stop_server("ada", "b", remove=True))


@pytest.mark.parametrize(("user", "name"), [("ada", ".."), ("..", "x"), ("ada", ".")])
def test_a_name_of_dots_leads_nowhere_else(fake: Fake, user: str, name: str) -> None:
    """The user's own resource lies there: to delete it would be to delete the user."""
    with pytest.raises(SessionError, match="as a name"):
        asked(fake, lambda hub: hub.stop_server(user, name), SessionError)
    assert not fake.asked


def test_stop_gives_up_in_the_end(fake: Fake) -> None:
    fake.say("DELETE users/ada/server", Reply(202))
    fake.say("GET users/ada", fake.server(ready=True, pending="stop"))
    with pytest.raises(SessionError, match="still there"):
        asked(fake, lambda hub: hub.stop_server("ada", within_s=0.3), SessionError)


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        (None, ()),
        (["servers!user=ada", "access:servers!user=ada"], ()),
        (["servers", "access:servers!server=ada/x"], ()),
        (["servers!user=ada", "access:servers!server=ada/y"], ("access:servers",)),
        (["servers!user=eve", "access:servers!user=ada"], NEEDED[:3]),
        (["read:servers!group=lab", "access:servers", "start:servers"], ("delete:servers",)),
        ([], NEEDED),
    ],
)
def test_which_scopes_a_token_lacks(scopes: list[str] | None, missing: tuple[str, ...]) -> None:
    assert lacking(scopes, "ada", "x") == missing
