"""The application as a whole: what is there without any notebook, where it lies, how it fails."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from tests.gateway.rig import Client, inside, settings_for

from binderclip.errors import RateLimited, Refused
from binderclip.gateway.leaving import leave
from binderclip.gateway.settings.model import Settings

PREFIXED = "http://gateway.test/deep/one/"


def ask(settings: Settings, about: Callable[[Client], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with inside(settings) as client:
            await about(client)

    asyncio.run(whole())


def add(app: Starlette, path: str, answer: Callable[[Request], Awaitable[Response]]) -> None:
    app.router.routes.insert(0, Route(path, answer, methods=["GET", "POST"]))


def test_health_versions_robots_metrics(settings: Settings) -> None:
    async def about(client: Client) -> None:
        health = await client.get("health")
        assert (health.status_code, health.json()["ok"]) == (200, True)
        assert "binderclip_gateway" in (await client.get("versions")).json()
        assert "Disallow: /\n" in (await client.get("robots.txt")).text
        metrics = (await client.get("metrics")).text
        assert 'binderclip_requests_total{method="GET",route="/health",status="200"} 1.0' in metrics

    ask(settings, about)


def test_health_says_when_the_service_is_about_to_end(settings: Settings) -> None:
    async def about(client: Client) -> None:
        leave(client.app)
        health = await client.get("health")
        assert (health.status_code, health.json()["ok"]) == (503, False)

    ask(settings, about)


@pytest.mark.parametrize("stripped", [True, False])
def test_under_a_prefix_that_a_proxy_takes_away_or_not(tmp_path: Path, *, stripped: bool) -> None:
    """Handlers see the path that browsers asked for in both cases, quoted as it came."""
    settings = settings_for(tmp_path, public_url=PREFIXED)

    async def seen(request: Request) -> Response:
        return PlainTextResponse(f"{request.scope['raw_path'].decode()} {request.path_params}")

    async def about(client: Client) -> None:
        add(client.app, "/x/{rest:path}", seen)
        before = "/" if stripped else "/deep/one/"
        answer = await client.get(f"http://gateway.test{before}x/https%3A%2F%2Fa%2Fb.ipynb")
        expected = "/deep/one/x/https%3A%2F%2Fa%2Fb.ipynb {'rest': 'https://a/b.ipynb'}"
        assert answer.text == expected
        assert (await client.get(f"http://gateway.test{before}health")).status_code == 200

    ask(settings, about)


def test_the_prefix_without_its_slash_leads_home(tmp_path: Path) -> None:
    async def about(client: Client) -> None:
        answer = await client.get("http://gateway.test/deep/one")
        assert (answer.status_code, answer.headers["location"]) == (308, "/deep/one/")

    ask(settings_for(tmp_path, public_url=PREFIXED), about)


def test_a_slash_too_many_leads_nowhere_by_the_host_header(settings: Settings) -> None:
    """Without the switch in ``create``, Starlette would redirect to whatever Host said."""

    async def about(client: Client) -> None:
        answer = await client.get("health/")
        assert answer.status_code == 404
        assert "location" not in answer.headers

    ask(settings, about)


def test_errors_are_json_for_machines_and_a_page_for_people(settings: Settings) -> None:
    async def refuse(_request: Request) -> Response:
        raise Refused("found <b>this</b>, expected that", hint="do something else")

    async def about(client: Client) -> None:
        add(client.app, "/refuse", refuse)
        machine = await client.get("refuse")
        assert machine.status_code == 422
        assert machine.json()["error"]["code"] == "refused"
        person = await client.get("refuse", headers={"Accept": "text/html,*/*"})
        assert person.status_code == 422
        assert person.headers["content-type"].startswith("text/html")
        assert "&lt;b&gt;" in person.text
        assert "<b>" not in person.text
        for path, status in (("nothing/here", 404), ("refuse", 405)):
            method = "GET" if status == 404 else "DELETE"
            answer = await client.request(method, path)
            assert answer.status_code == status
            assert set(answer.json()["error"]) == {"code", "message", "hint"}
        assert "GET" in answer.headers["allow"]

    ask(settings, about)


def test_too_often_says_when_to_try_again(settings: Settings) -> None:
    async def limit(_request: Request) -> Response:
        raise RateLimited("too often", retry_after_s=2.4)

    async def about(client: Client) -> None:
        add(client.app, "/limit", limit)
        answer = await client.get("limit")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")

    ask(settings, about)


def test_a_fault_of_ours_is_logged_and_told_without_its_words(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_request: Request) -> Response:
        raise ValueError("a secret of the inside")

    async def about(client: Client) -> None:
        add(client.app, "/fail", fail)
        for accept in ("text/html", "*/*"):
            answer = await client.get("fail?token=abc", headers={"Accept": accept})
            assert answer.status_code == 500
            assert "secret of the inside" not in answer.text
            assert "content-security-policy" in answer.headers

    ask(settings, about)
    assert "secret of the inside" in caplog.text
    assert all("abc" not in str(record.__dict__.get("facts")) for record in caplog.records)


def test_every_answer_has_the_headers_that_protect(settings: Settings) -> None:
    async def about(client: Client) -> None:
        for path in ("health", "nothing", "robots.txt"):
            headers = (await client.get(path)).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
        stranger = await client.get("versions", headers={"Host": "rebound.example"})
        assert stranger.status_code in {400, 421}
        assert "content-security-policy" in stranger.headers

    ask(settings, about)


def test_the_log_of_requests_opens_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "binderclip.gateway")
    secrets = ("s3cretone", "s3crettwo", "s3cretthree", "203.0.113.77")
    one, two, three, address = secrets
    nested = f"https%3A%2F%2Fu%3A{three}%40h.example%2Fa.ipynb"
    path = f"v2/notebook/{nested}?token={one}&build_token={two}&x=1"

    async def about(client: Client) -> None:
        await client.get(path, headers={"X-Forwarded-For": address})

    ask(settings, about)
    facts = [record.__dict__["facts"] for record in caplog.records if "facts" in record.__dict__]
    line = json.dumps(facts)
    assert not [secret for secret in secrets if secret in line]
    assert facts[-1]["path"].startswith("/v2/notebook/")
    assert "x=1" in facts[-1]["path"]
    assert facts[-1]["client"] == "loopback"


def test_metrics_have_no_values_that_visitors_choose(settings: Settings) -> None:
    async def about(client: Client) -> None:
        for number in range(5):
            await client.get(f"made-up-{number}")
            await client.request(f"MADEUP{number}", "health")
        text = (await client.get("metrics")).text
        assert "made-up" not in text
        assert "MADEUP" not in text
        assert 'method="other"' in text

    ask(settings, about)


def test_looks_are_counted_by_how_they_ended(settings: Settings) -> None:
    async def about(client: Client) -> None:
        await client.get("api/v1/resolve", params={"url": "http://10.0.0.1/a.ipynb"})
        text = (await client.get("metrics")).text
        assert 'binderclip_looks_total{outcome="address-forbidden"} 1.0' in text

    ask(settings, about)


def test_what_is_kept_lies_below_the_storage(settings: Settings) -> None:
    async def about(client: Client) -> None:
        await client.get("health")

    ask(replace(settings, share=None), about)
    assert {path.name for path in settings.storage.iterdir()} == {"envs"}
