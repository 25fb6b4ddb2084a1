"""Logging in at a real JupyterHub that runs the gateway as its service."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.gateway.rig_hub import SCOPES, GatewayHub

from binderclip.gateway.visitors.login import landing
from binderclip.gateway.visitors.logins import AGE_S, Login, Logins

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def begun(browser: httpx.Client, found: GatewayHub, path: str = "") -> httpx.Response:
    """The answer that leads to the hub."""
    url = f"{found.url}login?next={quote(path or urlsplit(found.url).path)}"
    return browser.get(url, follow_redirects=False)


def state_of(answer: httpx.Response) -> str:
    return parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]


@pytest.mark.slow
def test_a_login_leads_back_and_lasts(gateway_hub: GatewayHub) -> None:
    path = f"{urlsplit(gateway_hub.url).path}versions?x=1"
    with gateway_hub.browser() as browser:
        page = gateway_hub.sign_in(
            browser, gateway_hub.hub.user(), f"{gateway_hub.url}login?next={path}"
        )
        assert str(page.url) == f"{gateway_hub.url}versions?x=1"
        assert page.json()["binderclip_gateway"]
        again = begun(browser, gateway_hub, path)
        assert (again.status_code, again.headers["location"]) == (303, path)
        kept = [cookie for cookie in browser.cookies.jar if cookie.name.startswith("binderclip")]
    (cookie,) = kept
    assert cookie.path == urlsplit(gateway_hub.url).path
    # The hub's log and address never have the page that somebody is going to.
    assert "versions" not in str(page.history)


@pytest.mark.slow
def test_a_login_asks_for_no_more_than_the_service_may(gateway_hub: GatewayHub) -> None:
    """PKCE, a state, and the hub's own list of what the token may do."""
    with gateway_hub.browser() as browser:
        asked = parse_qs(urlsplit(begun(browser, gateway_hub).headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["client_id"] == ["service-binderclip"]
        gateway_hub.sign_in(browser, user := gateway_hub.hub.user(), f"{gateway_hub.url}login")
        tokens = gateway_hub.hub.ask("GET", f"users/{user}/tokens")["api_tokens"]
    (scopes,) = [set(one["scopes"]) for one in tokens if one["note"] != "test"]
    assert not any(scope.startswith(("admin", "inherit", "self")) for scope in scopes)
    assert {scope.partition("!")[0] for scope in SCOPES} <= {
        one.partition("!")[0] for one in scopes
    }


@pytest.mark.slow
@pytest.mark.parametrize("forge", ["none", "made up", "of another browser", "used cookie gone"])
def test_a_login_that_this_browser_did_not_begin_is_refused_by_its_state(
    gateway_hub: GatewayHub, forge: str
) -> None:
    """Else an attacker logs a victim in as themselves, and reads what they launch."""
    with gateway_hub.browser() as attacker, gateway_hub.browser() as victim:
        gateway_hub.sign_in(attacker, gateway_hub.hub.user(), f"{gateway_hub.url}login")
        attacker.post(f"{gateway_hub.url}logout")
        state = state_of(begun(victim, gateway_hub))
        theirs = state_of(begun(attacker_again(attacker), gateway_hub))
        states = {
            "none": "",
            "made up": state[:-3] + "abc",
            "of another browser": theirs,
            "used cookie gone": state,
        }
        if forge == "used cookie gone":
            victim.cookies.clear()
        answer = victim.get(
            f"{gateway_hub.url}oauth_callback", params={"code": "x", "state": states[forge]}
        )
    assert answer.status_code == 403


def attacker_again(attacker: httpx.Client) -> httpx.Client:
    """Logged in at the hub still, and not here."""
    for cookie in list(attacker.cookies.jar):
        if cookie.name.startswith("binderclip"):
            attacker.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
    return attacker


@pytest.mark.slow
def test_a_code_that_the_hub_did_not_give_is_refused(gateway_hub: GatewayHub) -> None:
    with gateway_hub.browser() as browser:
        state = state_of(begun(browser, gateway_hub))
        params = {"code": "guessed", "state": state}
        answer = browser.get(f"{gateway_hub.url}oauth_callback", params=params)
        assert answer.status_code == 403
        assert "guessed" not in answer.text
        params = {"error": "access_denied", "state": state}
        assert browser.get(f"{gateway_hub.url}oauth_callback", params=params).status_code == 403


@pytest.mark.slow
def test_tokens_of_the_hubs_people_are_for_programs(gateway_hub: GatewayHub) -> None:
    """Without access to the service, and with none of the hub's, a token is refused."""
    user = gateway_hub.hub.user()
    url = f"{gateway_hub.url}api/v1/launches"
    service = "access:services!service=binderclip"
    with gateway_hub.browser() as browser:

        def asked(token: str) -> int:
            headers = {"Authorization": f"token {token}"}
            return browser.get(url, headers=headers).status_code

        assert asked(gateway_hub.hub.token(user)) == 200
        assert asked(gateway_hub.hub.token(user, [service, "read:users:name!user"])) == 200
        assert asked(gateway_hub.hub.token(user, ["read:users:name!user"])) == 403
        assert asked("0123456789abcdef") == 403
        assert asked(gateway_hub.hub.secret) == 403


@pytest.mark.slow
def test_what_operators_allow_is_enough_for_a_launch(gateway_hub: GatewayHub) -> None:
    """On the person's own server, which nobody else may stop."""
    hub = gateway_hub.hub
    user, other = hub.user(), hub.user()
    service = "access:services!service=binderclip"
    stream = {"Accept": "text/event-stream"}
    with gateway_hub.browser() as browser:
        token = hub.token(user, [*SCOPES, service])
        bearer = {"Authorization": f"Bearer {token}"}
        url = f"{gateway_hub.url}api/v1/launches"
        told = browser.post(url, json={"binder": {"version": 1}}, headers={**bearer, **stream})
        assert "event: ready" in told.text, told.text
        assert token not in told.text
        assert hub.servers(user)[""]["ready"]
        (mine,) = browser.get(url, headers=bearer).json()["launches"]
        theirs = {"Authorization": f"Bearer {hub.token(other)}"}
        assert browser.get(url, headers=theirs).json() == {"launches": []}
        assert browser.get(f"{url}/{mine['id']}", headers=theirs).status_code == 404
        assert browser.delete(f"{url}/{mine['id']}", headers=theirs).status_code == 404
        assert browser.delete(f"{url}/{mine['id']}", headers=bearer).status_code == 204
        hub.server_in(user, "", "stopped")
    assert token not in hub.log


@pytest.mark.slow
def test_a_login_whose_token_the_hub_took_back_is_over(gateway_hub: GatewayHub) -> None:
    """Within the five minutes that the hub's answers stand, at the latest."""
    hub = gateway_hub.hub
    user = hub.user()
    token = hub.token(user)
    with gateway_hub.browser() as browser:
        headers = {"Authorization": f"token {token}"}
        (number,) = [one["id"] for one in hub.ask("GET", f"users/{user}/tokens")["api_tokens"]]
        hub.ask("DELETE", f"users/{user}/tokens/{number}")
        assert browser.get(f"{gateway_hub.url}api/v1/launches", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "//evil.test/",
        "https://evil.test/",
        "/\\evil.test/",
        "/p/\\evil.test",
        "/p/../x",
        "/p/%2e%2E/x",
        "/p/.%2e",
        "/p/a\r\nLocation: x",
        "/p/a b",
        "/p/é",
        "/other/",
        "javascript:alert(1)",
        "",
        "/p/" + "a" * 5000,
    ],
)
def test_no_login_leads_away(path: str) -> None:
    assert landing(path, "/p/") == "/p/"
    assert landing("//evil.test/", "/") == "/"


def test_a_login_leads_to_any_page_of_ours() -> None:
    quoted = "/p/v2/notebook/https%3A%2F%2Fx.test%2F..%2Fa.ipynb?host=a&urlpath=lab/../x#c"
    assert landing(quoted, "/p/") == quoted


@given(
    st.text(st.sampled_from("/\\p.:@?#%2eEfF \r\n\tév"), max_size=12), st.sampled_from(["/", "/p/"])
)
@example("p/..//x", "/p/")
def test_wherever_a_login_leads_it_is_below_the_prefix(path: str, prefix: str) -> None:
    for found in (landing(path, prefix), landing(prefix + path, prefix)):
        led = httpx.URL("https://gateway.test/p/x").join(found)
        assert (led.scheme, led.host) == ("https", "gateway.test")
        assert led.path.startswith(prefix)


def test_logins_are_forgotten_in_time_and_in_number() -> None:
    now = [0.0]
    logins = Logins(clock=lambda: now[0], most=2)
    login = Login("ada", "token-of-ada")
    assert "token-of-ada" not in repr(login)
    for session in "abc":
        logins.keep(session, login)
    assert (logins.find("a"), logins.find("c")) == (None, login)
    ways = [logins.set_out(f"/{number}") for number in range(3)]
    assert [logins.arrive(way) for way in (*ways, ways[2])] == [None, "/1", "/2", None]
    now[0] = AGE_S + 1
    assert logins.find("c") is None
