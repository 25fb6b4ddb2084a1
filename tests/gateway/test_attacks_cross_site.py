"""What other web sites make a visitor's browser send. Each test names the defence, and shows what
would happen without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.gateway.rig_visits import Visits, visiting

from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.gateway.visitors.crossing import Crossing
from binderclip.gateway.visitors.hosts import Hosts
from binderclip.gateway.visitors.origins import origin, own_origins

ADDRESS = "https://example.org/x.ipynb"
FROM_AFAR = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
EVIL = {"Origin": "https://evil.test", **FROM_AFAR}
BOOK = {"Origin": "https://book.test", **FROM_AFAR}
OWN = {"Origin": "http://gateway.test", "Sec-Fetch-Site": "same-origin"}
# A page of another port of the same machine: browsers send it our cookies.
BESIDE = {"Origin": "http://gateway.test:8888", "Sec-Fetch-Site": "same-site"}
FREE = PlaceSettings("free", "binderhub", "Free", url="https://hub.test/", ask=False)

Story = Callable[[Visits], Awaitable[httpx.Response]]


def after(settings: Settings, story: Story, **options: Any) -> httpx.Response:
    async def go() -> httpx.Response:
        async with visiting(settings, **options) as client:
            return await story(client)

    return asyncio.run(go())


def free(settings: Settings) -> Settings:
    return replace(settings, places={"free": FREE}, default="free")


async def filled(client: Visits) -> dict[str, str]:
    fields = (await client.get("form", params={"address": ADDRESS})).json()
    return {**fields, "address": ADDRESS}


def test_our_own_form_is_taken(settings: Settings) -> None:
    async def story(client: Visits) -> httpx.Response:
        return await client.post("form", data=await filled(client), headers=OWN)

    assert after(settings, story).json() == {"launched": ADDRESS}


@pytest.mark.parametrize(
    "headers",
    [
        EVIL,
        BESIDE,
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_a_form_that_another_site_sends_is_refused_by_its_origin(
    settings: Settings, headers: dict[str, str]
) -> None:
    """Even with a token that was stolen. ``Crossing`` stands before all routes, and forms look
    again.
    """

    async def story(client: Visits) -> httpx.Response:
        return await client.post("form", data=await filled(client), headers=headers)

    assert after(settings, story).status_code == 403
    again = after(settings, story, without=Crossing)
    assert (again.status_code, "another web site" in again.text) == (403, True)


def test_a_route_that_forgets_to_look_is_covered_by_crossing(settings: Settings) -> None:
    async def story(client: Visits) -> httpx.Response:
        return await client.post("form/slow", content=b"x", headers=EVIL)

    answer = after(settings, story)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not-trusted")
    assert after(settings, story, without=Crossing).status_code == 200


@pytest.mark.parametrize(
    ("headers", "fetched"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, False),
        (
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "iframe",
            },
            False,
        ),
        (
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
            },
            True,
        ),
        (EVIL, False),
        (BOOK, True),
    ],
)
def test_a_picture_on_another_site_has_nothing_fetched_here(
    settings: Settings, headers: dict[str, str], *, fetched: bool
) -> None:
    """``<img src="…/api/v1/resolve?url=…">`` would use up its visitor's looks. ``Crossing``."""

    async def story(client: Visits) -> httpx.Response:
        return await client.get("api/v1/resolve", params={"url": ADDRESS}, headers=headers)

    under = replace(
        settings, public_url="http://gateway.test/deep/", origins=("https://book.test",)
    )
    assert after(under, story).status_code == (200 if fetched else 403)
    assert after(under, story, without=Crossing).status_code == 200


def test_a_form_without_its_token_is_refused(settings: Settings) -> None:
    """Where a browser says nothing of where a form comes from, the token is what stands."""

    async def story(client: Visits) -> httpx.Response:
        fields = await filled(client)
        return await client.post("form", data={**fields, "csrf": ""})

    assert after(settings, story).status_code == 403


def test_a_token_of_somebody_else_is_refused_by_the_cookie_that_it_is_bound_to(
    settings: Settings,
) -> None:
    """The attacker opens our page themselves and puts its token into their own form."""

    async def story(client: Visits) -> httpx.Response:
        fields = await filled(client)
        client.cookies.clear()
        fields["ticket"] = (await filled(client))["ticket"]
        return await client.post("form", data=fields)

    answer = after(settings, story)
    assert (answer.status_code, "somebody else" in answer.text) == (403, True)


def test_a_form_whose_visitor_has_no_cookie_is_refused(settings: Settings) -> None:
    async def story(client: Visits) -> httpx.Response:
        fields = await filled(client)
        client.cookies.clear()
        return await client.post("form", data=fields)

    assert after(settings, story).status_code == 403


def test_a_token_of_forms_ages(settings: Settings) -> None:
    now = [1_000_000.0]

    async def story(client: Visits) -> httpx.Response:
        fields = await filled(client)
        now[0] += 13 * 3600
        fields["ticket"] = (await filled(client))["ticket"]
        return await client.post("form", data=fields)

    answer = after(settings, story, clock=lambda: now[0])
    assert (answer.status_code, "expired" in answer.text) == (403, True)


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data", ""])
def test_a_body_that_no_form_of_ours_sends_is_refused_by_its_type(
    settings: Settings, kind: str
) -> None:
    async def story(client: Visits) -> httpx.Response:
        fields = await filled(client)
        body = str(httpx.QueryParams(fields)).encode()
        return await client.post("form", content=body, headers={"Content-Type": kind})

    assert after(settings, story).status_code == 422


def test_a_field_that_comes_twice_is_refused(settings: Settings) -> None:
    """What one reader takes first another takes last."""

    async def story(client: Visits) -> httpx.Response:
        body = f"{httpx.QueryParams(await filled(client))}&address=other".encode()
        kind = "application/x-www-form-urlencoded"
        return await client.post("form", content=body, headers={"Content-Type": kind})

    assert after(settings, story).status_code == 422


@pytest.mark.parametrize(
    ("public_url", "own"),
    [
        ("https://gateway.test/", False),
        ("http://gateway.test/", False),
        ("http://127.0.0.1:8585/", True),
        ("http://localhost:8585/", True),
    ],
)
def test_a_visitors_own_port_is_ours_only_where_the_service_is_for_its_machine(
    settings: Settings, *, public_url: str, own: bool
) -> None:
    """Behind a proxy we listen on loopback too; http://localhost:8585 then is whatever runs there
    on the visitor's machine.
    """
    mine = replace(settings, public_url=public_url, listen="127.0.0.1", port=8585)
    assert own_origins(mine) >= {origin(public_url)}
    for name in ("localhost", "127.0.0.1", "[::1]"):
        assert (f"http://{name}:8585" in own_origins(mine)) is own


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "gateway.test.evil.test",
        "gateway.test:81",
        "127.0.0.1:8080",
        "x@gateway.test",
        "",
    ],
)
def test_another_host_is_refused_by_hosts(settings: Settings, host: str) -> None:
    """DNS rebinding: evil.test suddenly leads to this service, and browsers take its answers for
    evil.test's own.
    """

    async def story(client: Visits) -> httpx.Response:
        return await client.get("who", headers={"Host": host})

    assert after(settings, story).status_code == 421
    assert after(settings, story, without=Hosts).status_code == 200


def test_two_hosts_are_refused(settings: Settings) -> None:
    async def story(client: Visits) -> httpx.Response:
        headers = [("Host", "gateway.test"), ("Host", "evil.test")]
        return await client.get("who", headers=headers)

    assert after(settings, story).status_code == 421


def test_our_own_hosts_are_known(settings: Settings) -> None:
    async def story(client: Visits) -> httpx.Response:
        answers = [
            await client.get("who", headers={"Host": host})
            for host in ("gateway.test", "GATEWAY.test", "localhost:8585", "[::1]:8585")
        ]
        assert {answer.status_code for answer in answers} == {200}
        return await client.get("health", headers={"Host": "10.0.0.9:8585"})

    # There is no such route here; what matters is that it is asked at all.
    assert after(settings, story).status_code == 404
    far = replace(settings, listen="0.0.0.0")

    async def other(client: Visits) -> httpx.Response:
        return await client.get("who", headers={"Host": "localhost:8585"})

    assert after(far, other).status_code == 421


def test_a_page_of_another_port_does_not_speak_for_the_visitor(settings: Settings) -> None:
    """Cookies know no ports: the browser sends ours along, ``who`` does not take it."""

    async def story(client: Visits) -> httpx.Response:
        mine = (await client.get("who")).json()
        again = (await client.get("who")).json()
        assert (again["owner"], again["proof"]) == (mine["owner"], "cookie")
        for headers in (BESIDE, EVIL, {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}):
            other = (await client.get("who", headers=headers)).json()
            assert other["proof"] == "nothing"
            assert other["owner"] != mine["owner"]
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        return await client.get("who", headers=link)

    assert after(settings, story).json()["proof"] == "cookie"


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "https://book.test.evil.test", "null", "https://book.test:444"]
)
def test_a_site_that_the_settings_do_not_name_launches_nothing_and_reads_nothing(
    settings: Settings, origin: str
) -> None:
    open_to = replace(
        settings, origins=("https://book.test",), places={"free": FREE}, default="free"
    )
    headers = {"Origin": origin, **FROM_AFAR}

    async def story(client: Visits) -> httpx.Response:
        posted = await client.post("api/v1/launches", params={"address": ADDRESS}, headers=headers)
        assert posted.status_code == 403
        preflight = {**headers, "Access-Control-Request-Method": "DELETE"}
        asked = await client.options("api/v1/launches", headers=preflight)
        assert "access-control-allow-origin" not in asked.headers
        return await client.get(f"build/notebook/{ADDRESS}", headers=headers)

    answer = after(open_to, story)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origins", [("https://book.test",), ("*",)])
def test_a_site_that_the_settings_name_may_launch_but_never_with_cookies(
    settings: Settings, origins: tuple[str, ...]
) -> None:
    open_to = replace(free(settings), origins=origins)
    headers = {
        "Origin": "https://book.test",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "cors",
    }

    async def story(client: Visits) -> httpx.Response:
        assert (
            await client.post("form", data=await filled(client), headers=headers)
        ).status_code == 403
        assert (
            "access-control-allow-origin" not in (await client.get("who", headers=headers)).headers
        )
        posted = await client.post("api/v1/launches", params={"address": ADDRESS}, headers=headers)
        assert posted.status_code == 200
        preflight = {**headers, "Access-Control-Request-Method": "POST"}
        asked = await client.options("api/v1/launches", headers=preflight)
        assert "Authorization" in asked.headers["access-control-allow-headers"]
        return await client.get(f"build/notebook/{ADDRESS}", headers=headers)

    answer = after(open_to, story)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == (
        "*" if "*" in origins else "https://book.test"
    )
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("headers", [{}, OWN, EVIL])
def test_where_people_are_asked_no_launch_goes_without_a_yes(
    settings: Settings, headers: dict[str, str]
) -> None:
    """``agreed``: else any page could make a visitor's browser run code on their own laptop."""
    open_to = replace(settings, origins=("*",), tokens={"bot": "token-of-the-bot"})

    async def story(client: Visits) -> httpx.Response:
        bearer = {**headers, "Authorization": "Bearer token-of-the-bot"}
        for one in (bearer, {**headers, "Authorization": "token token-of-the-bot"}):
            assert (await client.get(f"build/{ADDRESS}", headers=one)).status_code == 200
        asked = await client.get(f"build/{ADDRESS}?build_token=token-of-the-bot", headers=headers)
        assert asked.status_code == 200
        return await client.get(f"build/{ADDRESS}", headers=headers)

    assert after(open_to, story).status_code == 403
    assert after(free(open_to), story).status_code == 200


@pytest.mark.parametrize(
    "token", ["token-of-the-bo", "token-of-the-bot2", "é", "\x00", "a" * 30_000]
)
def test_another_token_is_refused_even_where_none_is_needed(settings: Settings, token: str) -> None:
    open_to = replace(
        settings, tokens={"bot": "token-of-the-bot"}, places={"free": FREE}, default="free"
    )

    async def story(client: Visits) -> httpx.Response:
        return await client.get(f"build/{ADDRESS}", params={"build_token": token})

    answer = after(open_to, story)
    assert answer.status_code == 403
    assert token not in answer.text


def test_answers_tell_browsers_what_to_keep_to(settings: Settings) -> None:
    async def story(client: Visits) -> httpx.Response:
        gone = await client.get("go")
        assert gone.headers["referrer-policy"] == "no-referrer"
        assert gone.headers["cache-control"] == "no-store"
        return await client.get("who")

    headers = after(settings, story).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers
    secure = replace(settings, public_url="https://gateway.test/")
    assert "strict-transport-security" in after(secure, lambda client: client.get("who")).headers
