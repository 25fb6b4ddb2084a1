"""Tokens that open more than a launch: the operator's own server, or all of somebody's on a hub."""

from __future__ import annotations

import pytest

from binderclip.gateway.launches.model import Landing
from binderclip.gateway.launches.there import _landing
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.gateway.visitors.consent import told_token
from binderclip.gateway.visitors.model import Proof, Visitor
from binderclip.session import HubServer, Session
from binderclip.targets import TargetName

SERVER = "https://hub.test/user/op/"
HUB = HubServer("https://hub.test/hub/api/", "op")
NARROW = HubServer("https://hub.test/hub/api/", "op", token_id="a1")
OPERATOR = Visitor("o", "token ci", "token")
PERSON = Visitor("o", "user ada", "token", user="ada", hub_token="hers")


def place(kind: TargetName, *, login: bool = False) -> PlaceSettings:
    return PlaceSettings("p", kind, "P", url="https://hub.test/", token="operators", login=login)


def landed(at: PlaceSettings, *, hub: HubServer | None = None, throwaway: bool = False) -> Landing:
    session = Session(at.kind, "s1", url=SERVER, token="the-token", hub=hub, throwaway=throwaway)
    return _landing(at, session, f"{SERVER}lab", ())


def told(at: PlaceSettings, landing: Landing, proof: Proof) -> str | None:
    return told_token(landing, at, Visitor("o", "c", proof))


@pytest.mark.parametrize("proof", ["nothing", "cookie", "ticket"])
def test_a_click_gets_no_token_of_the_operators_server(proof: Proof) -> None:
    """A stranger was led to ``…?token=`` of the server that the settings name."""
    at = place("server")
    landing = landed(at)
    assert "token" not in landing.browsers_url
    assert told(at, landing, proof) is None
    assert told_token(landing, at, OPERATOR) == "the-token"


@pytest.mark.parametrize("proof", ["nothing", "cookie", "ticket"])
def test_what_was_made_for_the_launch_is_opened_by_who_launched(proof: Proof) -> None:
    at = place("binderhub")
    landing = landed(at, throwaway=True)
    assert landing.browsers_url.endswith("?token=the-token")
    assert told(at, landing, proof) == "the-token"


def test_a_hubs_token_that_is_no_narrower_leaves_the_service_for_nobody() -> None:
    """It opens all servers of its person, and their account."""
    for at in (place("jupyterhub"), place("jupyterhub", login=True)):
        landing = landed(at, hub=HUB)
        assert landing.token is None
        assert landing.session is not None
        assert landing.session.token == "the-token"  # what ends it again
        assert told_token(landing, at, OPERATOR) is None
        assert told_token(landing, at, PERSON) is None


def test_a_narrow_one_is_for_whose_token_started_the_server() -> None:
    own, operators = place("jupyterhub", login=True), place("jupyterhub")
    landing = landed(own, hub=NARROW)
    assert "token" not in landing.browsers_url
    assert told_token(landing, own, PERSON) == "the-token"
    assert told_token(landing, operators, PERSON) is None, "some person of the hub, no operator"
    assert told_token(landing, operators, OPERATOR) == "the-token"
    for proof in ("nothing", "cookie", "ticket"):
        assert told(own, landing, proof) is None


def test_another_gateways_token_is_for_people_where_the_server_is_theirs_alone() -> None:
    at = place("gateway")
    assert told(at, landed(at, throwaway=True), "cookie") == "the-token"
    assert told(at, landed(at), "cookie") is None
