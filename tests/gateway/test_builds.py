"""``GET /build/notebook/…``: BinderHub's protocol, from the request to the last event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from tests.gateway.rig import LOCAL, inside, settings_for
from tests.gateway.rig_api import notebook, shelf
from tests.gateway.rig_builds import SERVER, TOKEN, asked, build_of, builds, events

from binderclip.errors import BuildFailed
from binderclip.events import Log, Progress
from binderclip.gateway.builds.events import Telling, failed
from binderclip.gateway.launches.model import Landing
from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings
from binderclip.gateway.streams import streams_in

HUB = PlaceSettings(
    name="hub", kind="binderhub", title="the hub", url="https://hub.test/", ask=False
)
BUILD = {"host": "https://forge.test", "path": "o/r", "ref": "main"}
ENVIRONMENT = notebook({"version": 1, "build": BUILD})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, HUB, LOCAL)


@pytest.fixture
def web() -> Iterator[str]:
    with shelf({"a%20b.ipynb": ENVIRONMENT, "plain.ipynb": notebook()}) as (url, _):
        yield url


def run(
    settings: Settings, target: str, headers: dict[str, str] | None = None, **given: Any
) -> tuple[list[dict[str, Any]], Any]:
    """All events up to the last one, and the worker."""

    async def go() -> tuple[list[dict[str, Any]], Any]:
        async with builds(settings) as (app, worker):
            for name, value in given.items():
                setattr(worker, name, value)
            async with asked(app, target, headers) as client:
                await client.until(lambda: b"id: over" in client.text or client.ended)
                assert client.status == 200
                assert client.headers["content-type"] == "text/event-stream"
                return events(client.text), worker

    return asyncio.run(go())


def test_a_notebook_is_launched_as_binderhub_would(settings: Settings, web: str) -> None:
    found, worker = run(settings, build_of(f"{web}a%20b.ipynb"))
    phases = [event["phase"] for event in found]
    assert phases[0] == "waiting"
    assert phases.index("fetching") < phases.index("building") < phases.index("launching")
    assert phases[-1] == "ready"
    assert all(event["message"].endswith("\n") for event in found)
    assert {"phase": "building", "message": "Step 1 : FROM scratch\n"} in found
    address = f"{web}a%20b.ipynb"
    request = "v2/notebook/" + address.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")
    assert found[-1] == {
        "phase": "ready",
        "message": f"server running at {SERVER}\n",
        "url": SERVER,
        "token": TOKEN,
        "image": "",
        "repo_url": "https://forge.test/o/r",
        "binder_ref_url": address,
        "binder_launch_host": "http://gateway.test/",
        "binder_request": request,
        "binder_persistent_request": request,
        "urlpath": "lab/tree/a%20b.ipynb",
    }
    (order,) = worker.orders
    assert order.place is HUB
    assert order.look.source.origin == address


def test_the_first_event_names_the_launch_and_the_last_one_that_it_is_over(
    settings: Settings, web: str
) -> None:
    async def go() -> None:
        async with builds(settings) as (app, _):
            async with asked(app, build_of(f"{web}plain.ipynb")) as client:
                await client.until(b'"ready"')
                marks = [line for line in client.text.split(b"\n") if line.startswith(b"id: ")]
                assert len(marks) == 2
                assert marks[1] == b"id: over"
                assert not client.ended  # the client's to close
                client.leave()
                await client.closed()
            assert len(streams_in(app)) == 0

    asyncio.run(go())


def test_a_client_that_comes_back_goes_on_with_its_launch(settings: Settings, web: str) -> None:
    async def go() -> None:
        async with builds(settings, back_s=30) as (app, worker):
            worker.held = True
            target = build_of(f"{web}plain.ipynb")
            async with asked(app, target) as client:
                await client.until(b"launching")
                mark = client.text.split(b"id: ")[1].split(b"\n")[0].decode()
                client.leave()
                await client.closed()
            async with asked(app, target, {"Last-Event-ID": mark}) as client:
                await client.until(b"launching")
                worker.go.set()
                await client.until(b'"ready"')
            assert len(worker.orders) == 1
            assert not worker.cancelled

    asyncio.run(go())


def test_a_client_that_goes_away_cancels_its_launch(settings: Settings, web: str) -> None:
    async def go() -> None:
        async with builds(settings) as (app, worker):
            worker.held = True
            async with asked(app, build_of(f"{web}plain.ipynb")) as client:
                await client.until(b"launching")
                client.leave()
                await client.closed()
            async with asyncio.timeout(20):
                while not worker.cancelled:  # noqa: ASYNC110 - the worker is plain data
                    await asyncio.sleep(0.01)
            assert not app.state.gateway.launches.sessions

    asyncio.run(go())


def test_a_launch_that_is_ready_stays_when_its_client_goes(settings: Settings, web: str) -> None:
    _, worker = run(settings, build_of(f"{web}plain.ipynb"))
    assert not worker.stopped


def test_who_had_the_last_event_is_told_not_to_connect_again(settings: Settings, web: str) -> None:
    async def go() -> None:
        async with (
            builds(settings) as (app, worker),
            asked(app, build_of(f"{web}plain.ipynb"), {"Last-Event-ID": "over"}) as client,
        ):
            await client.closed()
            assert client.status == 204
            assert not worker.orders

    asyncio.run(go())


def test_a_stream_that_is_not_known_begins_no_other_launch(settings: Settings, web: str) -> None:
    (event,), worker = run(settings, build_of(f"{web}plain.ipynb"), {"Last-Event-ID": "17"})
    assert event["phase"] == "failed"
    assert not worker.orders


def test_failures_are_events(settings: Settings, web: str) -> None:
    error = BuildFailed("the hub could not build it", hint="the log says why")
    found, _ = run(settings, build_of(f"{web}plain.ipynb"), error=error)
    assert found[-1] == {
        "phase": "failed",
        "status_code": 502,
        "message": "the hub could not build it (the log says why)\n",
        "error": {
            "code": "build-failed",
            "message": "the hub could not build it",
            "hint": "the log says why",
        },
    }


@pytest.mark.parametrize(
    ("target", "status", "said"),
    [
        ("/build/notebook/", 422, "no address"),
        (build_of("/etc/passwd"), 422, "not of the web"),
        (build_of("file:///etc/passwd"), 422, "not of the web"),
        (build_of("https://user:secret@example.org/x.ipynb"), 403, "a password"),
        (build_of("https://example.org/x.ipynb", host="nowhere"), 422, "expected one of hub"),
        (build_of("https://example.org/x.ipynb", urlpath="//evil.test"), 422, "urlpath"),
        (build_of("https://example.org/x.ipynb", build_only="true"), 422, "build_only"),
        (build_of("https://example.org/x.ipynb", build_token="forged"), 403, "token"),
        ("/build/notebook/%ff", 422, "UTF-8"),
        ("/build/gh/o/r/main", 422, "No provider found for prefix gh"),
    ],
)
def test_what_cannot_be_asked_for_fails_in_an_event(
    settings: Settings, target: str, status: int, said: str
) -> None:
    (event,), worker = run(settings, target)
    assert (event["phase"], event["status_code"]) == ("failed", status)
    assert said in event["message"]
    assert "secret" not in json.dumps(event)
    assert not worker.orders


def test_a_notebook_that_is_not_there_fails_in_an_event(settings: Settings, web: str) -> None:
    found, worker = run(settings, build_of(f"{web}missing.ipynb"))
    assert found[-1]["phase"] == "failed"
    assert found[-1]["error"]["code"] == "source"
    assert not worker.orders


def test_pages_that_a_browser_opens_launch_nothing(settings: Settings, web: str) -> None:
    accepts = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    (event,), worker = run(settings, build_of(f"{web}plain.ipynb"), accepts)
    assert "Missing Accept header: text/event-stream" in event["message"]
    assert not worker.orders


def test_a_head_request_launches_nothing(settings: Settings, web: str) -> None:
    async def go() -> None:
        async with (
            builds(settings) as (app, worker),
            asked(app, build_of(f"{web}plain.ipynb"), method="HEAD") as client,
        ):
            await client.closed()
            assert client.status == 200
            assert client.text == b""
            assert not worker.orders

    asyncio.run(go())


def test_the_place_the_page_and_the_ref_are_what_the_link_says(
    settings: Settings, web: str
) -> None:
    target = build_of(f"{web}a%20b.ipynb", host="hub", urlpath="lab/tree/x.ipynb", ref="v2")
    _, worker = run(settings, target)
    (order,) = worker.orders
    assert order.place is HUB
    assert order.fixed
    assert order.urlpath == "lab/tree/x.ipynb"
    assert order.look.opened.environment.build.ref == "v2"


def test_a_ref_of_no_repository_is_refused(settings: Settings, web: str) -> None:
    found, _ = run(settings, build_of(f"{web}plain.ipynb", ref="v2"))
    assert found[-1]["error"]["code"] == "refused"


TOKENS = MappingProxyType({"bot": "a-token-of-the-settings"})


@pytest.mark.parametrize("how", ["header", "query"])
def test_where_people_are_asked_machines_bring_a_token(tmp_path: Path, web: str, how: str) -> None:
    settings = settings_for(tmp_path, LOCAL, tokens=TOKENS)
    target = build_of(f"{web}plain.ipynb")
    (refused,), worker = run(settings, target)
    assert (refused["status_code"], refused["error"]["code"]) == (403, "not-trusted")
    assert not worker.orders
    token = TOKENS["bot"]
    if how == "header":
        found, worker = run(settings, target, {"Authorization": f"Bearer {token}"})
    else:
        found, worker = run(settings, f"{target}?build_token={token}")
    assert found[-1]["phase"] == "ready"
    assert worker.orders[0].client == "token bot"
    assert token not in json.dumps(found)


@pytest.mark.parametrize("sends", [False, True])
def test_the_operators_own_token_is_for_their_machines(
    tmp_path: Path, web: str, *, sends: bool
) -> None:
    """Fails without ``told_token``: ``ready`` had whatever the launch landed with."""
    settings = settings_for(tmp_path, HUB, tokens=TOKENS)
    target = build_of(f"{web}plain.ipynb")
    landing = Landing(f"{SERVER}lab", SERVER, TOKEN, sends_token=sends)
    found, _ = run(settings, target, landing=landing)
    assert found[-1]["token"] == (TOKEN if sends else "")
    machine = {"Authorization": f"Bearer {TOKENS['bot']}"}
    found, _ = run(settings, target, machine, landing=landing)
    assert found[-1]["token"] == TOKEN


def test_other_sites_launch_where_the_settings_say_so(settings: Settings, web: str) -> None:
    target, headers = build_of(f"{web}plain.ipynb"), {"Origin": "https://book.test"}
    (event,), worker = run(settings, target, headers)
    assert event["error"]["code"] == "not-trusted"
    assert not worker.orders
    welcome = replace(settings, origins=("https://book.test",))
    found, _ = run(welcome, target, headers)
    assert found[-1]["phase"] == "ready"


def test_limits_are_said_in_binderhubs_words(settings: Settings, web: str) -> None:
    settings = replace(settings, limits=Limits(launches="1/hour"))

    async def go() -> None:
        async with builds(settings) as (app, _):
            last: dict[str, Any] = {}
            for _ in range(2):
                async with asked(app, build_of(f"{web}plain.ipynb")) as client:
                    await client.until(b"id: over")
                    last = events(client.text)[-1]
            assert last["status_code"] == 429
            assert 0 < last["retry_after_s"] <= 3600
            assert f"Try again in {last['retry_after_s']} seconds" in last["message"]

    asyncio.run(go())


def test_too_many_streams_of_one_client_are_refused(settings: Settings, web: str) -> None:
    settings = replace(settings, limits=Limits(streams_each=1))

    async def go() -> None:
        async with builds(settings) as (app, worker):
            worker.held = True
            target = build_of(f"{web}plain.ipynb")
            async with asked(app, target) as first, asked(app, target) as second:
                await first.until(b"launching")
                await second.closed()
                assert events(second.text)[-1]["status_code"] == 429
                worker.go.set()
                await first.until(b'"ready"')

    asyncio.run(go())


def test_a_service_that_is_about_to_end_launches_nothing(settings: Settings, web: str) -> None:
    async def go() -> None:
        from binderclip.gateway.leaving import leave

        async with builds(settings) as (app, worker):
            leave(app)
            async with asked(app, build_of(f"{web}plain.ipynb")) as client:
                await client.until(b"id: over")
                assert "shut down" in events(client.text)[-1]["message"]
            assert not worker.orders

    asyncio.run(go())


def test_the_end_of_the_service_ends_streams_honestly(settings: Settings, web: str) -> None:
    async def go() -> None:
        async with builds(settings) as (app, worker):
            worker.held = True
            async with asked(app, build_of(f"{web}plain.ipynb")) as client:
                await client.until(b"launching")
                await app.state.gateway.launches.close(0)
                await client.closed()
                last = events(client.text)[-1]
                assert last["phase"] == "failed"
                assert "shut down" in last["message"]
                assert client.ended

    asyncio.run(go())


def test_a_server_without_a_token_has_an_empty_one(settings: Settings, web: str) -> None:
    landing = Landing(f"{SERVER}lab", SERVER, sends_token=False)
    found, _ = run(settings, build_of(f"{web}plain.ipynb"), landing=landing)
    assert (found[-1]["token"], found[-1]["urlpath"]) == ("", "lab")


def test_what_can_be_launched_is_told_as_binderhub_tells_it(settings: Settings) -> None:
    async def go() -> None:
        async with inside(settings) as client:
            answer = await client.get("api/repoproviders")
            (one,) = answer.json()
            assert one["id"] == "notebook"
            assert one["repo"]["urlEncode"]
            assert one["ref"] == {"enabled": False}

    asyncio.run(go())


def test_events_name_no_folder_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINDERCLIP_CACHE", "/srv/kept")
    telling = Telling()
    told = (
        telling.event(Progress("building", "in /srv/kept/envs/1")),
        telling.event(Log("+ uv pip install -r /srv/kept/envs/1/requirements.txt")),
        failed(BuildFailed("uv failed in /srv/kept/envs/1", hint="look into /srv/kept/log")),
    )
    for one in told:
        assert one is not None
        assert b"/srv/kept" not in one
        assert "…".encode() in one or b"\\u2026" in one
