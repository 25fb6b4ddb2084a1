"""Launches on real JupyterHubs."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.hubs.launching import BARE, HASTY, events, launched, stop, target
from tests.hubs.rig import Kind, started
from tests.targets.case import Noted

from binderclip.errors import (
    LaunchError,
    RateLimited,
    Refused,
    SessionError,
    TimedOut,
    Unreachable,
)
from binderclip.events import Progress
from binderclip.session import Session

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

slow = pytest.mark.slow


def served(session: Session) -> bool:
    """The server takes the session's token."""
    assert session.url is not None
    assert session.token is not None
    headers = {"Authorization": f"token {session.token}"}
    request = urllib.request.Request(f"{session.url}api/contents", headers=headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return bool(json.loads(answer.read())["type"] == "directory")


@pytest.mark.slow
def test_a_server_is_started_followed_and_stopped(hub: Hub) -> None:
    user, ledger = hub.user(), Noted()
    hub.mood(user, says=["pulling the image"], delay_s=0.6)
    place = target(hub.url, hub.token(user), ledger)
    session, said = launched(place)
    assert "pulling the image (10 %)" in said
    assert said.count("pulling") == 1
    assert session.hub is not None
    assert (session.hub.api, session.hub.user, session.hub.name) == (hub.api, user, "")
    assert session.url == f"{hub.url}user/{user}/"
    assert (session.owned, session.throwaway, session.target) == (True, False, "jupyterhub")
    assert served(session)
    assert set(ledger.sessions) == {session.id}
    stop(place, session)
    assert not hub.servers(user)
    assert not ledger.sessions
    stop(place, session)


def test_a_wrong_token_is_refused_before_anything(hub: Hub) -> None:
    user, ledger = hub.user(), Noted()
    with pytest.raises(Refused, match="does not take this token") as caught:
        launched(target(hub.url, "wrong-token-0815", ledger))
    assert f"{hub.url}hub/token" in (caught.value.hint or "")
    with pytest.raises(Refused, match="takes a token of yours"):
        launched(target(hub.url, "", ledger))
    with pytest.raises(Refused, match="the service rig"):
        launched(target(hub.url, hub.secret, ledger))
    assert not ledger.places
    assert not hub.servers(user)


@pytest.mark.parametrize(
    ("scopes", "lacked"),
    [
        (["read:users!user"], "start:servers, delete:servers, access:servers"),
        (["servers!user"], "lacks access:servers"),
        (["access:servers!user", "read:servers!user"], "lacks start:servers, delete:servers"),
    ],
)
def test_lacking_scopes_are_named_before_anything(hub: Hub, scopes: list[str], lacked: str) -> None:
    user = hub.user()
    with pytest.raises(Refused, match=lacked) as caught:
        launched(target(hub.url, hub.token(user, scopes)))
    assert "servers and access:servers" in (caught.value.hint or "")
    assert not hub.servers(user, stopped=True).get("", {}).get("started")


def test_a_start_that_fails_says_why_and_leaves_nothing(hub: Hub) -> None:
    user, ledger = hub.user(), Noted()
    hub.mood(user, fail="no machine has room")
    with pytest.raises(LaunchError, match="did not start: no machine has room") as caught:
        launched(target(hub.url, hub.token(user), ledger))
    assert caught.value.hint
    hub.mood(user, fail="no machine has room", delay_s=0.8)
    with pytest.raises(LaunchError, match="did not start: no machine has room"):
        launched(target(hub.url, hub.token(user), ledger))
    assert not ledger.sessions
    assert not hub.servers(user)


def test_a_start_that_takes_too_long_is_taken_back(hub: Hub) -> None:
    user, ledger = hub.user(), Noted()
    hub.mood(user, delay_s=60)
    place = target(hub.url, hub.token(user), ledger, deadlines=replace(HASTY, overall_s=1.5))
    with pytest.raises(TimedOut, match=r"did not start within 1\.5 s"):
        launched(place)
    assert not hub.servers(user)
    assert not ledger.sessions


@slow
def test_scopes_for_one_named_server_are_enough_for_it(hub: Hub) -> None:
    user = hub.user()
    scopes = [f"{one}!server={user}/mine" for one in ("servers", "access:servers")]
    place = target(hub.url, hub.token(user, ["read:servers!user", *scopes]), server="mine")
    session, _ = launched(place)
    assert served(session)
    stop(place, session)


@slow
def test_a_running_server_is_used_and_left(hub: Hub) -> None:
    user, ledger = hub.user(), Noted()
    hub.start_server(user)
    place = target(hub.url, hub.token(user), ledger)
    session, said = launched(place)
    assert "runs already: it is used, and left running" in said
    assert not session.owned
    assert served(session)
    assert not ledger.places
    stop(place, session)
    assert hub.servers(user)[""]["ready"]


@slow
def test_a_server_that_somebody_is_starting_is_waited_for_and_left(hub: Hub) -> None:
    user = hub.user()
    hub.mood(user, delay_s=2, says=["by hand"])
    hub.ask("POST", f"users/{user}/server")
    session, said = launched(place := target(hub.url, hub.token(user)))
    assert "is starting already: it is used, and left running" in said
    assert "by hand" in said
    assert not session.owned
    stop(place, session)
    assert hub.servers(user)[""]["ready"]


@slow
def test_closing_does_not_stop_what_somebody_else_is_starting(hub: Hub) -> None:
    user = hub.user()
    hub.mood(user, delay_s=2)
    hub.ask("POST", f"users/{user}/server")

    async def go() -> None:
        async with aclosing(target(hub.url, hub.token(user)).launch(BARE)) as stream:
            async for event in stream:
                if isinstance(event, Progress) and "starting already" in event.message:
                    return

    asyncio.run(go())
    assert hub.server_in(user, "", "ready")


@slow
def test_one_that_is_being_stopped_is_waited_for(hub: Hub) -> None:
    user = hub.user()
    hub.start_server(user)
    hub.mood(user, stop_delay_s=2)
    place = target(hub.url, hub.token(user))

    async def go() -> list[object]:
        stopping = asyncio.create_task(asyncio.to_thread(hub.ask, "DELETE", f"users/{user}/server"))
        await asyncio.to_thread(hub.server_in, user, "", "pending")
        found = await events(place)
        await stopping
        return list(found)

    found = asyncio.run(go())
    assert "is being stopped" in repr(found)
    session = found[-1].session  # type: ignore[attr-defined]
    assert session.owned
    stop(place, session)
    assert not hub.servers(user)


@slow
def test_named_servers_are_made_and_removed(hub: Hub) -> None:
    user = hub.user()
    place = target(hub.url, hub.token(user), server="for-us")
    session, said = launched(place)
    assert "your server 'for-us'" in said
    assert session.url == f"{hub.url}user/{user}/for-us/"
    assert served(session)
    stop(place, session)
    assert "for-us" not in hub.servers(user, stopped=True)


@slow
def test_a_named_server_that_was_there_is_stopped_and_kept(hub: Hub) -> None:
    user = hub.user()
    hub.start_server(user, "work")
    hub.stop_server(user, "work")
    place = target(hub.url, hub.token(user), server="work")
    session, _ = launched(place)
    stop(place, session)
    assert hub.servers(user, stopped=True)["work"]["stopped"]


@slow
def test_two_users_at_once_from_one_process(hub: Hub) -> None:
    users = [hub.user(), hub.user()]
    places = [target(hub.url, hub.token(user)) for user in users]

    async def go() -> list[Session]:
        found = await asyncio.gather(*(events(place) for place in places))
        return [each[-1].session for each in found]  # type: ignore[union-attr]

    sessions = asyncio.run(go())
    assert all(map(served, sessions))
    stop(places[0], sessions[0])
    assert [bool(hub.servers(user)) for user in users] == [False, True]
    stop(places[1], sessions[1])


@slow
@pytest.mark.parametrize(
    "page", ["", "hub/home", "hub/spawn/{user}", "user/{user}/lab/tree/a.ipynb?x=1", "hub/api/"]
)
def test_any_page_of_a_hub_under_a_prefix_leads_to_it(lab_hub: Hub, page: str) -> None:
    user = lab_hub.user()
    lab_hub.mood(user, fail="enough seen")
    place = target(lab_hub.url + page.format(user=user), lab_hub.token(user))
    with pytest.raises(LaunchError, match="enough seen"):
        launched(place)


@slow
def test_a_hub_under_a_prefix_with_lab(lab_hub: Hub) -> None:
    user = lab_hub.user()
    session, _ = launched(place := target(lab_hub.url, lab_hub.token(user)))
    assert session.url == f"{lab_hub.url}user/{user}/"
    assert served(session)
    stop(place, session)
    assert not lab_hub.servers(user)


@slow
@pytest.mark.parametrize("delay_s", [0.02, 0.2, 1.5, 2.2, 3.0])
@pytest.mark.parametrize("server", ["", "named"])
def test_cancelling_at_any_moment_leaves_nothing(hub: Hub, delay_s: float, server: str) -> None:
    user, ledger = hub.user(), Noted()
    hub.mood(user, delay_s=1)

    async def go() -> None:
        place = target(hub.url, hub.token(user), ledger, server=server)
        task = asyncio.create_task(events(place))
        await asyncio.sleep(delay_s)
        task.cancel()
        try:
            found = await task
        except asyncio.CancelledError:
            return
        await place.stop(found[-1].session)  # type: ignore[union-attr]

    asyncio.run(go())
    assert not hub.servers(user)
    assert not ledger.sessions
    assert server == "" or server not in hub.servers(user, stopped=True)
    assert not [p for p in hub.processes() if user in " ".join(p.environ().values())]


@slow
def test_a_server_killed_under_us_is_no_obstacle_to_stopping(hub: Hub) -> None:
    user, ledger = hub.user(), Noted()
    session, _ = launched(place := target(hub.url, hub.token(user), ledger))
    hub.kill_server(user)
    stop(place, session)
    assert not hub.servers(user)
    assert not ledger.sessions


@slow
def test_a_server_that_ends_at_once_is_a_failed_start(tools: Path, tmp_path: Path) -> None:
    with started(tools, tmp_path, Kind(start_s=3)) as hub:
        user, ledger = hub.user(), Noted()
        hub.mood(user, crash=True)
        with pytest.raises(TimedOut, match="respond in 3 seconds"):
            launched(target(hub.url, hub.token(user), ledger))
        assert not ledger.sessions


@slow
def test_another_process_stops_it_and_not_what_the_person_started_since(hub: Hub) -> None:
    user = hub.user()
    token = hub.token(user)
    session, _ = launched(target(hub.url, token))
    assert session.hub is not None
    recorded = replace(session, token=None)
    with pytest.raises(SessionError, match="takes a token"):
        stop(target(hub.url, ""), recorded)
    long_ago = replace(session.hub, started="2026-01-01T00:00:00+00:00")
    stop(target(hub.url, token), replace(recorded, hub=long_ago))
    assert hub.servers(user)[""]["ready"]
    stop(target(hub.url, token), recorded)
    assert not hub.servers(user)


@slow
def test_limits_of_the_hub(tools: Path, tmp_path: Path) -> None:
    with started(tools, tmp_path, Kind(named_servers=1, concurrent_spawns=1)) as hub:
        user, other = hub.user(), hub.user()
        hub.mood(other, delay_s=30)
        hub.ask("POST", f"users/{other}/server")
        ledger = Noted()
        with pytest.raises(RateLimited, match="Too many users") as caught:
            launched(target(hub.url, hub.token(user), ledger, server="one"))
        assert caught.value.retry_after_s
        assert not ledger.sessions
        hub.stop_server(other)
        hub.start_server(user, "one")
        with pytest.raises(Refused, match="maximum of 1 named servers") as refused:
            launched(target(hub.url, hub.token(user), ledger, server="two"))
        assert f"{hub.url}hub/home" in (refused.value.hint or "")
        assert not ledger.sessions


@slow
def test_a_hub_killed_in_mid_launch(tools: Path, tmp_path: Path) -> None:
    with started(tools, tmp_path) as hub:
        user, ledger = hub.user(), Noted()
        token = hub.token(user)
        hub.mood(user, delay_s=60)

        async def go(kill: Callable[[], None]) -> None:
            place = target(hub.url, token, ledger)
            async with aclosing(place.launch(BARE)) as stream:
                async for event in stream:
                    if isinstance(event, Progress) and "Spawning" in event.message:
                        kill()

        with pytest.raises(Unreachable) as caught:
            asyncio.run(go(hub.kill))
        assert "sessions stop" in (caught.value.hint or "")
        assert len(ledger.sessions) == 1, "it may still come up, so the record stays"
        hub.start()
        (session,) = ledger.sessions.values()
        stop(target(hub.url, token, ledger), session)
        assert not ledger.sessions
        assert not hub.servers(user)
