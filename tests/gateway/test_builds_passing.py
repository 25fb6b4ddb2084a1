"""``/build/PROVIDER/SPEC``: another BinderHub's events, and nothing of the visitor's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from tests.binderhub.replay import SERVER_TOKEN, ReplayHub, event, replay_hub, reply_json
from tests.gateway.rig import inside, settings_for
from tests.gateway.rig_builds import asked, builds, events
from tests.gateway.test_builds import run

from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings


@pytest.fixture
def hub() -> Iterator[ReplayHub]:
    with replay_hub("/binder/") as hub:
        yield hub


def settings_of(folder: Path, hub: ReplayHub, **fields: Any) -> Settings:
    given = {"name": "hub", "kind": "binderhub", "title": "the hub", "url": hub.url, "ask": False}
    place = PlaceSettings(**{**given, **fields.pop("place", {})})
    return settings_for(folder, place, providers="hub", **fields)


def test_a_repository_is_launched_where_the_settings_say(tmp_path: Path, hub: ReplayHub) -> None:
    hub.replay("built")
    visitor = {"Cookie": "a=b", "Origin": "http://gateway.test", "Authorization": ""}
    found, worker = run(settings_of(tmp_path, hub), "/build/gh/o/r/main?urlpath=lab", visitor)
    assert found[0]["phase"] == "waiting"
    assert found[-1]["phase"] == "ready"
    assert found[-1]["token"] == SERVER_TOKEN
    assert {event.get("phase") for event in found} >= {"building", "built", "launching"}
    assert not worker.orders
    (asked_for,) = hub.asked
    assert asked_for[1] == "/binder/build/gh/o/r/main"
    assert asked_for[2]["Accept"] == "text/event-stream"
    assert not {"Cookie", "Origin", "Authorization", "Last-Event-Id"} & set(asked_for[2])


@pytest.mark.parametrize(
    "spec",
    [
        "git/https%3A%2F%2Fforge.test%2Fo%2Fr/feature%2Fx",
        "gl/group%2Fproject/main",
        "zenodo/10.5281/zenodo.3242074",
    ],
)
def test_specs_arrive_as_they_were_quoted(tmp_path: Path, hub: ReplayHub, spec: str) -> None:
    hub.replay("cached")
    run(settings_of(tmp_path, hub), f"/build/{spec}")
    assert hub.builds == [f"/binder/build/{spec}"]


def test_a_failed_build_ends_the_stream(tmp_path: Path, hub: ReplayHub) -> None:
    hub.replay("failed-build")
    found, _ = run(settings_of(tmp_path, hub), "/build/gh/o/r/main")
    assert found[-1]["phase"] in {"failed", "failure"}
    assert sum(event.get("phase") in {"failed", "failure"} for event in found) == 1
    hub.left.wait(20)
    assert hub.left.is_set()


def test_the_services_own_token_goes_there_and_nowhere_else(tmp_path: Path, hub: ReplayHub) -> None:
    hub.replay("cached")
    settings = settings_of(
        tmp_path,
        hub,
        place={"token": "of-the-service", "ask": True},
        tokens=MappingProxyType({"bot": "of-the-bot"}),
    )
    (refused,), _ = run(settings, "/build/gh/o/r/main")
    assert refused["status_code"] == 403
    assert not hub.builds
    found, _ = run(settings, "/build/gh/o/r/main", {"Authorization": "Bearer of-the-bot"})
    assert found[-1]["phase"] == "ready"
    assert hub.asked[-1][2]["Authorization"] == "Bearer of-the-service"
    assert "of-the" not in json.dumps(found)


@pytest.mark.parametrize(
    "spec",
    [
        "gh/../../hub/api/users",
        "gh/%2e%2e/%2E%2E/hub",
        "gh/o/./r",
        "GH%0d%0a/o/r",
        "gh/o/r/main\x7f",
        "gh/" + "x" * 5000,
        "gh//",
        "http:/evil.test",
    ],
)
def test_nothing_else_of_the_hub_is_reached(tmp_path: Path, hub: ReplayHub, spec: str) -> None:
    hub.replay("cached")
    found, _ = run(settings_of(tmp_path, hub), f"/build/{spec}")
    if found[-1]["phase"] == "failed":
        assert not hub.asked
    else:
        assert all(path.startswith("/binder/build/gh/") for _, path, _ in hub.asked)


def test_launches_there_count(tmp_path: Path, hub: ReplayHub) -> None:
    hub.replay("cached")
    settings = settings_of(tmp_path, hub, limits=Limits(launches="1/hour"))

    async def go() -> None:
        async with builds(settings) as (app, _):
            for last in ("ready", "failed"):
                async with asked(app, "/build/gh/o/r/main") as client:
                    await client.until(b"id: over")
                    assert events(client.text)[-1]["phase"] == last
        assert len(hub.builds) == 1

    asyncio.run(go())


@pytest.mark.parametrize("how", ["cut", "page", "end", "nonsense"])
def test_a_hub_that_does_not_end_it_well_is_told_of(
    tmp_path: Path, hub: ReplayHub, how: str
) -> None:
    first = event(phase="building", message="one\n")
    if how == "page":
        hub.answer(502, "text/html", b"<h1>Bad gateway</h1>")
    elif how == "cut":
        hub.play(first, "cut")
    elif how == "end":
        hub.play(first)
    else:
        hub.play(first, b"data: [1, 2\n\n", "hold")
    found, _ = run(settings_of(tmp_path, hub), "/build/gh/o/r/main")
    assert found[-1]["phase"] == "failed"
    assert found[-1]["error"]["message"]


def test_a_line_that_holds_events_is_one_event(tmp_path: Path, hub: ReplayHub) -> None:
    """What a hub sends cannot begin an event of ours."""
    hub.play(b'data: {"phase": "building",\ndata: "message": "a\\nid: over\\n"}\n\n')
    found, _ = run(settings_of(tmp_path, hub), "/build/gh/o/r/main")
    assert found[1] == {"phase": "building", "message": "a\nid: over\n"}


def test_a_hub_with_logins_is_not_passed_through(tmp_path: Path, hub: ReplayHub) -> None:
    settings = settings_of(tmp_path, hub, place={"login": True})
    (refused,), _ = run(settings, "/build/gh/o/r/main")
    assert refused["error"]["code"] == "refused"


def test_its_providers_stand_beside_ours(tmp_path: Path, hub: ReplayHub) -> None:
    github = {"id": "gh", "displayName": "GitHub"}
    asked_for: list[str] = []

    def page(handler: Any) -> None:
        asked_for.append(handler.path)
        reply_json(handler, 200, [github, {"id": "notebook", "displayName": "not ours"}, 7])

    hub.pages["api/repoproviders"] = page

    async def go() -> None:
        async with inside(settings_of(tmp_path, hub)) as client:
            for _ in range(2):
                answer = await client.get("api/repoproviders")
                assert [one["id"] for one in answer.json()] == ["notebook", "gh"]
        assert len(asked_for) == 1

    asyncio.run(go())


@pytest.mark.parametrize("said", ["page", "object"])
def test_a_hub_that_does_not_tell_its_providers_leaves_ours(
    tmp_path: Path, hub: ReplayHub, said: str
) -> None:
    if said == "object":
        hub.pages["api/repoproviders"] = lambda handler: reply_json(handler, 200, {"a": 1})

    async def go() -> None:
        async with inside(settings_of(tmp_path, hub)) as client:
            answer = await client.get("api/repoproviders")
            assert [one["id"] for one in answer.json()] == ["notebook"]

    asyncio.run(go())
