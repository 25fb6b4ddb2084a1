"""Hubs whose users have names: they take the person's token, and the server one of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.binderhub.conftest import QUICK, Purse
from tests.binderhub.replay import HUB_TOKEN, MADE_TOKEN, SERVER_TOKEN, Launched, reply, reply_json

from binderclip.errors import LaunchError, Refused, SessionError
from binderclip.session import HubServer, Session

if TYPE_CHECKING:
    from tests.binderhub.conftest import Launch, Outcome
    from tests.binderhub.replay import ReplayHub


STARTED = "2026-11-20T10:00:00.123456+00:00"


@pytest.fixture
def login(hub: ReplayHub, launch: Launch) -> Callable[..., Outcome]:
    """Launch as ada on a hub with logins. Its server takes her token of the hub, and never gets to
    see it.
    """

    def run(server: str = "ada", **named: Any) -> Outcome:
        hub.servers[server] = Launched(takes=(HUB_TOKEN,))
        hub.replay("cached", server=server)
        outcome = launch(hub, tokens=purse(hub), **named)
        assert HUB_TOKEN not in [token for _, token in hub.servers[server].asked]
        return outcome

    return run


def purse(hub: ReplayHub) -> Purse:
    return Purse(**{hub.url: HUB_TOKEN})


def test_each_side_gets_a_token_of_its_own(hub: ReplayHub, login: Callable[..., Outcome]) -> None:
    outcome = login()
    session = outcome.session
    assert session.token == MADE_TOKEN
    place = HubServer(f"{hub.url}hub/api/", "ada", "", started=STARTED, token_id="a0")
    assert session.hub == place
    build = next(headers for _, target, headers in hub.asked if "/build/" in target)
    assert build["Authorization"] == f"Bearer {HUB_TOKEN}"
    asked = [token for _, token in hub.servers["ada"].asked]
    assert asked == [SERVER_TOKEN, MADE_TOKEN], "the one of ready is tried first"
    assert hub.tokens["a0"]["scopes"] == ["access:servers!server=ada/"]
    assert hub.tokens["a0"]["expires_in"] > 0
    assert list(outcome.ledger.sessions.values()) == [session]


def test_a_token_that_makes_none_launches_nothing(
    hub: ReplayHub, login: Callable[..., Outcome]
) -> None:
    hub.makes_tokens = False
    outcome = login()
    assert type(outcome.error) is Refused
    assert "may not make one for this server alone" in outcome.error.message
    assert "tokens!user" in str(outcome.error.hint)
    assert not hub.servers["ada"].up
    assert not outcome.ledger.sessions


def test_a_server_that_refuses_every_token_gets_no_more(hub: ReplayHub, launch: Launch) -> None:
    """The code of a repository on an honest hub without logins, which the person has a token of."""
    hub.servers["o-r-x1y2z3a4"] = Launched(takes=())
    hub.replay("cached")
    outcome = launch(hub, tokens=purse(hub), deadlines=replace(QUICK, stop_s=0.5))
    assert type(outcome.error) is LaunchError
    assert "takes no token that we have" in outcome.error.message
    assert {token for _, token in hub.servers["o-r-x1y2z3a4"].asked} == {SERVER_TOKEN}


@pytest.mark.parametrize("server", ["ada", "ada/o-r-x1y2z3a4"])
def test_the_hub_ends_it(
    hub: ReplayHub, login: Callable[..., Outcome], stop: Callable[..., None], server: str
) -> None:
    outcome = login(server)
    assert outcome.session.hub is not None
    assert outcome.session.hub.name == server.removeprefix("ada").removeprefix("/")
    assert outcome.session.hub.made is (server != "ada"), "BinderHub named it, for this launch"
    assert hub.tokens
    stop(outcome.session, ledger=outcome.ledger, tokens=purse(hub))
    assert not hub.servers[server].up
    assert not hub.tokens, "its token ends with it"
    assert not outcome.ledger.sessions
    assert "DELETE" in [method for method, _, _ in hub.asked]
    assert "POST" not in [method for method, _ in hub.servers[server].asked]


def test_stopped_from_a_record_that_has_no_token(
    hub: ReplayHub, login: Callable[..., Outcome], stop: Callable[..., None]
) -> None:
    session = replace(login().session, token=None)
    with pytest.raises(SessionError, match="wants a token") as caught:
        stop(session)
    assert "/hub/token" in str(caught.value.hint)
    server = hub.servers["ada"]
    assert server.up
    stop(session, tokens=purse(hub))
    assert not replace(server).up
    assert not hub.tokens
    stop(replace(session, token=HUB_TOKEN))


def test_a_server_that_the_person_started_since_is_theirs(
    hub: ReplayHub, login: Callable[..., Outcome], stop: Callable[..., None]
) -> None:
    session = login().session
    hub.servers["ada"].started = "2026-11-20T11:30:00.000000Z"
    stop(session, tokens=purse(hub))
    assert hub.servers["ada"].up
    assert not hub.tokens


def test_its_binderhub_may_be_elsewhere(
    new_hub: Callable[..., ReplayHub], launch: Launch, stop: Callable[..., None]
) -> None:
    """binder.example.org and hub.example.org: each gets the token that was given for it."""
    binder, hub = new_hub(), new_hub()
    hub.servers["ada"] = Launched(takes=(HUB_TOKEN,))
    binder.replay("cached", url=f"{hub.url}user/ada/")
    both = Purse(**{binder.url: HUB_TOKEN, hub.url: HUB_TOKEN})
    session = launch(binder, tokens=both).session
    assert session.hub is not None
    assert (session.hub.api, session.token) == (f"{hub.url}hub/api/", MADE_TOKEN)
    stop(replace(session, token=None), hosts=[binder.url], tokens=both)
    assert not hub.servers["ada"].up


def test_a_token_goes_to_no_jupyterhub_that_a_hub_merely_names(
    new_hub: Callable[..., ReplayHub], launch: Launch, stop: Callable[..., None]
) -> None:
    binder, other = new_hub(), new_hub()
    other.servers["ada"] = Launched(takes=(HUB_TOKEN,))
    binder.replay("cached", url=f"{other.url}user/ada/")
    outcome = launch(binder, tokens=purse(binder), deadlines=replace(QUICK, stop_s=0.5))
    assert type(outcome.error) is LaunchError
    assert "takes no token that we have" in outcome.error.message
    session = Session(
        "binderhub", "x", url=f"{other.url}user/ada/", hub=HubServer(f"{other.url}hub/api/", "ada")
    )
    with pytest.raises(SessionError, match="wants a token"):
        stop(session, hosts=[binder.url], tokens=purse(binder))
    assert not [h for _, _, h in other.asked if HUB_TOKEN in h.get("Authorization", "")]
    assert other.servers["ada"].up


def test_a_binderhub_below_its_jupyterhub(
    new_hub: Callable[..., ReplayHub], launch: Launch, stop: Callable[..., None]
) -> None:
    """hub.example.org/services/binder/: a token for that is one for the origin's hub."""
    hub = new_hub()
    binder = f"{hub.url}services/binder/"
    known = {"binderhub": "1", "ok": True}
    for path in ("versions", "health"):
        hub.pages[f"services/binder/{path}"] = lambda handler: reply_json(handler, 200, known)
    hub.servers["ada"] = Launched(takes=(HUB_TOKEN,))
    hub.replay("cached", server="ada")
    hub.pages["services/binder/build/gh/o/r/HEAD"] = hub.plays[0]
    tokens = Purse(**{binder: HUB_TOKEN})
    session = launch(binder, tokens=tokens).session
    assert session.token == MADE_TOKEN
    stop(session, hosts=[binder], tokens=tokens)
    assert not hub.servers["ada"].up


@pytest.mark.slow
def test_closed_early_the_hub_ends_it(
    hub: ReplayHub, login: Callable[..., Outcome], launch: Launch
) -> None:
    outcome = login(deadlines=replace(QUICK, up_s=0.5))
    assert outcome.session.url
    hub.servers["ada"] = Launched(takes=(HUB_TOKEN,), late=10)
    again = launch(hub, tokens=purse(hub), deadlines=replace(QUICK, up_s=0.5, stop_s=10))
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
    outcome = login("bob", deadlines=replace(QUICK, stop_s=0.5))
    assert type(outcome.error) is LaunchError
    assert "takes no token that we have" in outcome.error.message
    assert not hub.tokens


def test_a_server_that_is_not_below_user(hub: ReplayHub, launch: Launch) -> None:
    hub.servers["ada"] = Launched(takes=(HUB_TOKEN,))
    hub.replay("cached", url=f"{hub.url}user/ada/a/b/")
    hub.servers["ada/a/b"] = hub.servers["ada"]
    outcome = launch(hub, tokens=purse(hub))
    assert type(outcome.error) is LaunchError
    assert "/hub/token" in str(outcome.error.hint)
    assert HUB_TOKEN not in [token for _, token in hub.servers["ada/a/b"].asked]


def test_names_are_unquoted(hub: ReplayHub, launch: Launch) -> None:
    hub.user = "ada@example.org"
    hub.servers["ada%40example.org"] = Launched(takes=(HUB_TOKEN,))
    hub.replay("cached", server="ada%40example.org")
    session = launch(hub, tokens=purse(hub)).session
    assert session.hub is not None
    assert session.hub.user == "ada@example.org"
