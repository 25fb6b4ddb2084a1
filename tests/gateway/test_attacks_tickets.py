"""Launch tickets and cookies in the wrong hands. Each test names the defence, and its first lines
show that the same goes through in the right hands.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer
from tests.gateway.rig_launches import Fake
from tests.gateway.rig_visits import Visits, visiting

from binderclip.errors import NotTrusted
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.model import Order
from binderclip.gateway.launches.table import Launches
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.visitors.counting import Counter
from binderclip.gateway.visitors.once import Used
from binderclip.gateway.visitors.signing import TICKET_S, Expired, LaunchTicket, Signer

ADDRESS = "https://example.org/x.ipynb?sig=opens-it"
SECRET = b"a secret of tests, and of tests alone"
TICKET = LaunchTicket(ADDRESS, "sha256:00", "here", "the-owner", urlpath="lab/tree/x.ipynb")


def after(settings: Settings, story: Callable[[Visits], Awaitable[Any]], **options: Any) -> Any:
    async def go() -> Any:
        async with visiting(settings, **options) as client:
            return await story(client)

    return asyncio.run(go())


async def filled(client: Visits, **query: str) -> dict[str, str]:
    query = {"address": ADDRESS, **query}
    return {**(await client.get("form", params=query)).json(), **query}


async def posted(client: Visits, **fields: str) -> httpx.Response:
    mine = await filled(client)
    assert (await client.post("form", data=mine)).status_code == 200
    return await client.post("form", data={**mine, **fields})


def refused(answer: httpx.Response, words: str) -> bool:
    error = answer.json()["error"]
    return (answer.status_code, error["code"]) == (403, "not-trusted") and words in error["message"]


def test_for_another_notebook_is_refused_by_its_address(settings: Settings) -> None:
    other = after(settings, lambda client: posted(client, address="https://evil.test/y.ipynb"))
    assert refused(other, "another address")


def test_for_changed_bytes_is_refused_by_their_digest(settings: Settings) -> None:
    """The notebook is another one by the time of the click."""
    assert refused(after(settings, lambda client: posted(client, digest="sha256:01")), "another")


def test_of_another_visitor_is_refused_by_its_owner(settings: Settings) -> None:
    async def story(client: Visits) -> httpx.Response:
        theirs = (await filled(client))["ticket"]
        client.cookies.clear()
        return await posted(client, ticket=theirs)

    assert refused(after(settings, story), "somebody else")


def test_an_old_one_is_refused_by_its_age(settings: Settings) -> None:
    now = [1_000_000.0]

    async def story(client: Visits) -> httpx.Response:
        mine = await filled(client)
        now[0] += TICKET_S - 1
        assert (await client.post("form", data=mine)).status_code == 200
        now[0] += 2
        return await client.post("form", data=mine)

    assert refused(after(settings, story, clock=lambda: now[0]), "too old to start it from")


@pytest.mark.parametrize("forge", ["other secret", "cut", "payload", "other kind", "none", ""])
def test_a_forged_one_is_refused_by_its_signature(settings: Settings, forge: str) -> None:
    async def story(client: Visits) -> httpx.Response:
        mine = await filled(client)
        signer = client.gateway.signer
        payload, _, rest = mine["ticket"].lstrip(".").partition(".")
        written = base64.urlsafe_b64encode(b'{"address": "y"}').decode().rstrip("=")
        forged = {
            "other secret": TICKET.signed(Signer(b"guessed" * 5, lambda: 0.0)),
            "cut": mine["ticket"][:-1],
            "payload": f"{written}.{rest}",
            "other kind": signer.sign("session", {"id": payload}),
            "none": "none",
            "": "",
        }
        return await posted(client, ticket=forged[forge])

    assert refused(after(settings, story), "page")


def test_an_old_ticket_says_the_way_back_and_a_forged_one_says_nothing() -> None:
    now = [0.0]
    signer = Signer(SECRET, lambda: now[0])
    written = TICKET.signed(signer)
    now[0] = 100 * TICKET_S
    with pytest.raises(Expired):
        LaunchTicket.read(signer, written, TICKET.owner)
    assert LaunchTicket.said(signer, written) == replace(TICKET, owner="")
    unsigned = (written[:-4], written.partition(".")[0], signer.sign("form", {"owner": "x"}), "")
    for text in (*unsigned, TICKET.signed(Signer(b"guessed" * 5, lambda: now[0]))):
        assert LaunchTicket.said(signer, text) is None


def test_a_name_is_the_signature_of_nothing() -> None:
    """With one salt for both, a name that is shown would sign a ticket or a cookie."""
    signer = Signer(SECRET, lambda: 0.0)
    payload, stamp, signature = signer.sign("owner", {"id": "x"}).rsplit(".", 2)
    assert signer.name("owner", f"{payload}.{stamp}") != signature


def test_a_ticket_launches_once(settings: Settings) -> None:
    """A form that is sent twice, or a ticket that somebody saw, starts no second session."""
    signer = Signer(SECRET, lambda: 0.0)
    now = [0.0]
    used, worker = Used(lambda: now[0]), Fake()

    async def launch(launches: Launches, ticket: LaunchTicket) -> Launch:
        async with used.turn(ticket) as turn:
            first = turn.first(launches)
            if first is None:
                await asyncio.sleep(0.01)  # it is looked at meanwhile
                first = launches.start(Order(settings.places["local"], ticket.owner, "ada"))
                turn.launched(first)
            return first

    async def go() -> None:
        launches = Launches(worker, settings.limits, Counter(settings.limits))
        again = LaunchTicket.read(signer, TICKET.signed(signer), "the-owner")
        one, two = await asyncio.gather(launch(launches, TICKET), launch(launches, again))
        assert one is two
        other = replace(TICKET, nonce="another click")
        assert await launch(launches, other) is not one
        for found in launches.of("the-owner"):
            await launches.stop(found)
        assert await launch(launches, TICKET) is one
        with pytest.raises(NotTrusted, match="used before"):
            await launch(Launches(worker, settings.limits, Counter(settings.limits)), TICKET)
        now[0] = TICKET_S + 1  # by now it has expired
        third = await launch(launches, replace(TICKET, nonce="a third"))
        assert len(used) == 1
        await launches.stop(third)

    asyncio.run(go())


def test_a_ticket_that_launched_nothing_is_not_used_up() -> None:
    used = Used()

    async def go() -> None:
        with pytest.raises(NotTrusted):
            async with used.turn(TICKET):
                raise NotTrusted("another notebook")
        assert len(used) == 0

    asyncio.run(go())


def test_what_was_signed_for_one_purpose_is_nothing_for_another() -> None:
    """A salt for each kind: else a ticket's text could be a cookie."""
    signer = Signer(SECRET, lambda: 0.0)
    signed = signer.sign("form", {"id": "x"})
    assert signer.read("form", signed, 60) == {"id": "x"}
    with pytest.raises(NotTrusted):
        signer.read("session", signed, 60)
    assert signer.name("owner", "x") != signer.name("pkce", "x")


@given(st.text(max_size=200))
def test_no_text_is_a_ticket(text: str) -> None:
    with pytest.raises(NotTrusted):
        LaunchTicket.read(Signer(SECRET, lambda: 0.0), text, "the-owner")


@given(st.dictionaries(st.text(max_size=9), st.none() | st.integers() | st.text(max_size=9)))
def test_what_is_signed_and_no_ticket_is_refused(value: dict[str, Any]) -> None:
    """As one of an older version is."""
    signer = Signer(SECRET, lambda: 0.0)
    with pytest.raises(NotTrusted):
        LaunchTicket.read(signer, signer.sign("launch ticket", value), "the-owner")


def test_a_ticket_is_what_was_said_yes_to_and_nothing_else() -> None:
    signer = Signer(SECRET, lambda: 0.0)
    written = TICKET.signed(signer)
    read = LaunchTicket.read(signer, written, "the-owner")
    assert read == TICKET
    said: dict[str, Any] = {"address": ADDRESS, "digest": "sha256:00", "place": "here"}
    said["urlpath"] = TICKET.urlpath
    read.hold(**said)
    others = {"address": "x", "digest": "x", "place": "x", "urlpath": None, "ref": "another"}
    for key, value in others.items():
        with pytest.raises(NotTrusted, match=f"another {'notebook' if key == 'digest' else key}"):
            read.hold(**{**said, key: value})
    assert "the-owner" not in repr(read)
    assert "opens-it" not in repr(read)


def test_a_ticket_does_not_tell_whose_it_is() -> None:
    payload = TICKET.signed(Signer(SECRET, lambda: 0.0))
    told = URLSafeTimedSerializer("nobody's").loads_unsafe(payload)[1]
    assert told["address"] == ADDRESS
    assert "the-owner" not in str(told)


def test_as_a_token_a_ticket_launches_what_it_names_for_its_owner_alone(settings: Settings) -> None:
    """Places that ask people take it where a page's own script sends it along."""
    here = replace(settings, places={"here": replace(settings.places["local"], name="here")})
    asking = replace(here, default="here")
    plain = ADDRESS.partition("?")[0]

    async def story(client: Visits) -> list[int]:
        ticket = {"build_token": (await filled(client, address=plain))["ticket"]}
        mine = await client.get(f"build/{plain}", params=ticket)
        other = await client.get("build/https://evil.test/y.ipynb", params=ticket)
        client.cookies.clear()
        theirs = await client.get(f"build/{plain}", params=ticket)
        none = await client.get(f"build/{plain}")
        return [one.status_code for one in (mine, other, theirs, none)]

    assert after(asking, story) == [200, 403, 403, 403]


@pytest.mark.parametrize("https", [False, True])
def test_the_cookie_is_for_no_script_and_no_other_site(settings: Settings, *, https: bool) -> None:
    scheme = "https" if https else "http"
    under = replace(settings, public_url=f"{scheme}://gateway.test/deep/")

    async def story(client: Visits) -> httpx.Response:
        return await client.get("who")

    cookie = after(under, story).headers["set-cookie"]
    assert {"HttpOnly", "Path=/deep/", "SameSite=lax"} <= set(cookie.split("; "))
    assert ("Secure" in cookie, cookie.startswith("__Secure-")) == (https, https)
    root = after(replace(under, public_url=f"{scheme}://gateway.test/"), story)
    assert root.headers["set-cookie"].startswith("__Host-") == https
    assert root.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("forge", ["owner", "plain", "ticket", "old", "long"])
def test_nobody_gets_anothers_sessions_by_a_cookie_that_they_made(
    settings: Settings, forge: str
) -> None:
    """Owners are what a secret makes of what is signed: knowing one does not help."""
    now = [1_000_000.0]

    async def story(client: Visits) -> bool:
        victim = (await client.get("who")).json()
        (name,) = client.cookies
        theirs = client.cookies[name]
        now[0] += 8 * 24 * 3600 if forge == "old" else 0
        signer = client.gateway.signer
        forged = {
            "owner": victim["owner"],
            "plain": base64.urlsafe_b64encode(b'{"id": "x"}').decode(),
            "ticket": TICKET.signed(signer),
            "old": theirs,
            "long": theirs * 200,
        }[forge]
        client.cookies.clear()
        seen = (await client.get("who", headers={"Cookie": f"{name}={forged}"})).json()
        assert victim["owner"] not in theirs
        return bool(seen["owner"] == victim["owner"] or seen["proof"] != "nothing")

    assert not after(settings, story, clock=lambda: now[0])


def test_after_a_restart_visitors_are_who_they_were(settings: Settings) -> None:
    async def first(client: Visits) -> tuple[str, dict[str, str]]:
        return (await client.get("who")).json()["owner"], dict(client.cookies)

    owner, cookies = after(settings, first)

    async def second(client: Visits) -> str:
        return str((await client.get("who")).json()["owner"])

    assert after(settings, second, cookies=cookies) == owner
    other = replace(settings, secret=b"another secret, which changes who everybody is")
    assert after(other, second, cookies=cookies) != owner
