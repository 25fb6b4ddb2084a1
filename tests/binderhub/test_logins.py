"""Hubs whose users have names: the person's token on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.binderhub.conftest import QUICK, Purse
from tests.binderhub.replay import HUB_TOKEN, SERVER_TOKEN, Launched, reply

from binderclip.errors import LaunchError, SessionError
from binderclip.session import HubServer

if TYPE_CHECKING:
    from tests.binderhub.conftest import Launch, Outcome
    from tests.binderhub.replay import ReplayHub


STARTED = "2026-11-20T10:00:00.123456+00:00"


@pytest.fixture
def login(hub: ReplayHub, launch: Launch) -> Callable[..., Outcome]:
    """Launch as ada on a hub with logins."""

    def run(server: str = "ada", **named: Any) -> Outcome:
        hub.servers[server] = Launched(takes=(HUB_TOKEN,))
        hub.replay("cached", server=server)
        return launch(hub, tokens=Purse(**{hub.url: HUB_TOKEN}), **named)

    return run


def test_the_token_goes_to_both_sides(hub: ReplayHub, login: Callable[..., Outcome]) -> None:
    outcome = login()
    session = outcome.session
    assert session.token == HUB_TOKEN
    assert session.hub == HubServer(f"{hub.url}hub/api/", "ada", "", started=STARTED)
    build = next(headers for _, target, headers in hub.asked if "/build/" in target)
    assert build["Authorization"] == f"Bearer {HUB_TOKEN}"
    assert hub.servers["ada"].asked[0] == ("GET", SERVER_TOKEN), "the one of ready is tried first"
    assert list(outcome.ledger.sessions.values()) == [session]


@pytest.mark.parametrize("server", ["ada", "ada/o-r-x1y2z3a4"])
def test_the_hub_ends_it(
    hub: ReplayHub, login: Callable[..., Outcome], stop: Callable[..., None], server: str
) -> None:
    outcome = login(server)
    assert outcome.session.hub is not None
    assert outcome.session.hub.name == server.removeprefix("ada").removeprefix("/")
    assert outcome.session.hub.made is (server != "ada"), "BinderHub named it, for this launch"
    stop(outcome.session, ledger=outcome.ledger)
    assert not hub.servers[server].up
    assert not outcome.ledger.sessions
    assert "DELETE" in [method for method, _, _ in hub.asked]
    assert "POST" not in [method for method, _, _ in hub.asked]


def test_stopped_from_a_record_that_has_no_token(
    hub: ReplayHub, login: Callable[..., Outcome], stop: Callable[..., None]
) -> None:
    session = replace(login().session, token=None)
    with pytest.raises(SessionError, match="wants a token") as caught:
        stop(session)
    assert "/hub/token" in str(caught.value.hint)
    assert hub.servers["ada"].up
    stop(session, tokens=Purse(**{hub.url: HUB_TOKEN}))
    assert not hub.servers["ada"].up


def test_a_server_that_the_person_started_since_is_theirs(
    hub: ReplayHub, login: Callable[..., Outcome], stop: Callable[..., None]
) -> None:
    session = login().session
    hub.servers["ada"].started = "2026-11-20T11:30:00.000000Z"
    stop(session)
    assert hub.servers["ada"].up


def test_its_binderhub_may_be_elsewhere(
    new_hub: Callable[..., ReplayHub], launch: Launch, stop: Callable[..., None]
) -> None:
    """binder.example.org and hub.example.org: the token was given for the first."""
    binder, hub = new_hub(), new_hub()
    hub.servers["ada"] = Launched(takes=(HUB_TOKEN,))
    binder.replay("cached", url=f"{hub.url}user/ada/")
    purse = Purse(**{binder.url: HUB_TOKEN})
    session = launch(binder, tokens=purse).session
    assert session.hub == HubServer(f"{hub.url}hub/api/", "ada", "", started=STARTED)
    stop(replace(session, token=None), hosts=[binder.url], tokens=purse)
    assert not hub.servers["ada"].up


def test_closed_early_the_hub_ends_it(
    hub: ReplayHub, login: Callable[..., Outcome], launch: Launch
) -> None:
    outcome = login(deadlines=replace(QUICK, up_s=0.5))
    assert outcome.session.url
    hub.servers["ada"] = Launched(takes=(HUB_TOKEN,), late=10)
    again = launch(
        hub, tokens=Purse(**{hub.url: HUB_TOKEN}), deadlines=replace(QUICK, up_s=0.5, stop_s=10)
    )
    assert again.error is not None
    assert not hub.servers["ada"].up
    assert not again.ledger.sessions


def test_a_member_of_a_federation_gets_no_token(
    new_hub: Callable[..., ReplayHub], launch: Launch
) -> None:
    front, member = new_hub(), new_hub()
    member.servers["ada"] = Launched(takes=(HUB_TOKEN,))
    member.replay("cached", server="ada")
    to = {"Location": f"{member.url}build/gh/o/r/HEAD"}
    front.plays.append(lambda handler: reply(handler, 307, body=b"", headers=to))
    outcome = launch(front, tokens=Purse(**{front.url: HUB_TOKEN}))
    assert type(outcome.error) is LaunchError
    seen = [headers.get("Authorization", "") for _, _, headers in member.asked]
    assert not [value for value in seen if HUB_TOKEN in value]


def test_no_token_goes_where_none_was_given_for(
    new_hub: Callable[..., ReplayHub], launch: Launch
) -> None:
    ours, other = new_hub(), new_hub()
    other.replay("cached")
    assert launch(other, tokens=Purse(**{ours.url: HUB_TOKEN})).session.url
    assert not [h for _, _, h in other.asked if HUB_TOKEN in h.get("Authorization", "")]


def test_a_server_of_somebody_else(hub: ReplayHub, login: Callable[..., Outcome]) -> None:
    outcome = login("bob")
    assert type(outcome.error) is LaunchError
    assert "belongs to another user" in outcome.error.message
    assert not hub.servers["bob"].up


def test_a_server_that_is_not_below_user(hub: ReplayHub, launch: Launch) -> None:
    hub.servers["ada"] = Launched(takes=(HUB_TOKEN,))
    hub.replay("cached", url=f"{hub.url}user/ada/a/b/")
    hub.servers["ada/a/b"] = hub.servers["ada"]
    outcome = launch(hub, tokens=Purse(**{hub.url: HUB_TOKEN}))
    assert type(outcome.error) is LaunchError
    assert "/hub/home" in str(outcome.error.hint)
    assert not hub.servers["ada"].up


def test_names_are_unquoted(hub: ReplayHub, launch: Launch) -> None:
    hub.user = "ada@example.org"
    hub.servers["ada%40example.org"] = Launched(takes=(HUB_TOKEN,))
    hub.replay("cached", server="ada%40example.org")
    session = launch(hub, tokens=Purse(**{hub.url: HUB_TOKEN})).session
    assert session.hub is not None
    assert session.hub.user == "ada@example.org"
