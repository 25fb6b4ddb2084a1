"""Streams that end in a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.binderhub.replay import RECORDED, SERVER_TOKEN, event, reply

from binderclip.environment import Environment
from binderclip.events import Log, Progress
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from tests.binderhub.conftest import Launch
    from tests.binderhub.replay import ReplayHub

    from binderclip.session import Session


def test_a_cached_image_is_launched(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("cached")
    outcome = launch(hub)
    session = outcome.session
    assert (session.target, session.url) == ("binderhub", f"{hub.url}user/o-r-x1y2z3a4/")
    assert session.token == SERVER_TOKEN
    assert session.throwaway
    assert session.owned
    assert session.hub is None
    assert outcome.told[1:6] == [
        "Found built image, launching...",
        "Launching server...",
        "Server requested",
        "2026-11-20T10:00:00Z [Normal] Started container notebook",
        "Server ready at /user/o-r-x1y2z3a4/",
    ]
    assert "BinderHub 1.0.0" in outcome.told[0]
    assert hub.left.wait(5), "the stream was left at ready: a hub holds it for a minute"
    assert list(outcome.ledger.sessions.values()) == [session]


def test_it_asks_as_binderhub_wants_it(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("cached")
    launch(hub, env=Environment(build=Reference("https://github.com", "o/r", "a/b")))
    (_, target, headers) = next(one for one in hub.asked if "/build/" in one[1])
    assert target == "/build/gh/o/r/a/b"
    assert headers["Accept"] == "text/event-stream"
    assert "Authorization" not in headers
    assert not [one for one in hub.asked if "/v2/" in one[1]], "no page is scraped for its token"


def test_a_build_is_logged_line_by_line(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("built")
    outcome = launch(hub)
    place = hub.url.removeprefix("http://").rstrip("/")
    assert outcome.told[1:5] == [
        "Waiting for build to start...",
        f"{place} fetches the repository",
        f"{place} builds the image",
        f"{place} puts the image into its registry",
    ]
    assert outcome.logged == [
        "Picked Git content provider.",
        "Cloning into '/tmp/repo2dockerab12cd34'...",
        "HEAD is now at 4f4f4f4 Add data",
        "Using PythonBuildPack builder",
        "Step 1/12 : FROM docker.io/library/buildpack-deps:jammy",
        " ---> 0707eec19ac4",
        "time: 34.494",
        "Pushing image",
        "layer 1: 100%",
    ]
    phases = [event.phase for event in outcome.events if isinstance(event, Progress)]
    assert phases[1:5] == ["waiting", "fetching", "building", "building"]
    assert set(phases[5:]) == {"launching"}


@pytest.mark.parametrize("name", ["keepalives", "unknown-phases", "main-became-head"])
def test_what_comes_in_between_does_no_harm(hub: ReplayHub, launch: Launch, name: str) -> None:
    hub.replay(name)
    assert launch(hub).session.url


def test_unknown_phases_are_shown(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("unknown-phases")
    assert launch(hub).logged == [
        "/usr/lib/python3.12/site-packages/repo2docker/app.py:268: UserWarning: x",
        "Deleted...",
        "pondering",
        "a line of repo2docker without an end",
        "and the next",
    ]


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded stream is not beside this checkout")
def test_a_whole_build_as_it_was_recorded(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("binderhub-fullbuild")
    outcome = launch(hub)
    assert outcome.session.url == f"{hub.url}user/o-r-x1y2z3a4/"
    assert "Step 41/51 : USER root" in outcome.logged
    assert "Preparing transaction: ...working... done" in outcome.logged
    assert "time: 0.628" in outcome.logged
    assert [one for one in outcome.logged if one.endswith("This will change in the future.")]
    assert not [line for line in outcome.logged if "\r" in line or "Fetching base image" in line]
    assert len(outcome.logged) > 500
    assert outcome.told[-2].startswith("Server ready at /user/")


def test_prefixes_are_kept(new_hub: Callable[..., ReplayHub], launch: Launch) -> None:
    hub = new_hub("/deep/binder/")
    hub.replay("cached")
    outcome = launch(hub)
    assert hub.builds == ["/deep/binder/build/gh/o/r/HEAD"]
    assert outcome.session.url == f"{hub.url}user/o-r-x1y2z3a4/"


def test_pages_of_a_hub_lead_to_it(new_hub: Callable[..., ReplayHub], launch: Launch) -> None:
    hub = new_hub("/binder/")
    hub.replay("cached")
    assert launch(f"{hub.url}v2/gh/other/repository/HEAD?labpath=x.ipynb").session.url
    assert hub.builds == ["/binder/build/gh/o/r/HEAD"]


def test_a_federation_sends_us_on_with_its_cookie(
    new_hub: Callable[..., ReplayHub], launch: Launch
) -> None:
    front, member = new_hub(), new_hub()
    member.replay("cached")
    cookie = {"Location": f"{member.url}build/gh/o/r/HEAD", "Set-Cookie": "host=member; Path=/"}
    front.plays.append(lambda handler: reply(handler, 307, body=b"", headers=cookie))
    outcome = launch(front)
    assert outcome.session.url == f"{member.url}user/o-r-x1y2z3a4/"
    assert f"sends us on to {member.url.removeprefix('http://').rstrip('/')}" in outcome.told[1]
    build = next(headers for _, target, headers in member.asked if "/build/" in target)
    assert build["Cookie"] == "host=member"


def test_addresses_relative_to_the_hub(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("cached", url="/user/o-r-x1y2z3a4")
    assert launch(hub).session.url == f"{hub.url}user/o-r-x1y2z3a4/"


def test_a_server_may_need_a_moment(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("cached")
    hub.servers["o-r-x1y2z3a4"].late = 3
    assert launch(hub).session.url
    assert len(hub.servers["o-r-x1y2z3a4"].asked) == 4


def test_stopping_ends_the_server(
    hub: ReplayHub, launch: Launch, stop: Callable[..., None]
) -> None:
    hub.replay("cached")
    outcome = launch(hub)
    server = hub.servers["o-r-x1y2z3a4"]
    stop(outcome.session, ledger=outcome.ledger)
    assert not server.up
    assert not outcome.ledger.sessions
    assert ("POST", SERVER_TOKEN) in server.asked
    stop(outcome.session)


def test_what_is_not_ours_is_left_running(
    hub: ReplayHub, launch: Launch, stop: Callable[..., None]
) -> None:
    from dataclasses import replace

    hub.replay("cached")
    stop(replace(launch(hub).session, owned=False))
    assert hub.servers["o-r-x1y2z3a4"].up


@pytest.mark.parametrize(
    "text", ["no json", "[]", '"x"', "null", "3", "{", "[" * 50_000, '{"phase": 7}', "{}"]
)
def test_what_is_no_event_is_passed_by(hub: ReplayHub, launch: Launch, text: str) -> None:
    hub.play(f"data: {text}\n\n".encode(), *hub.steps("cached"))
    outcome = launch(hub)
    assert outcome.session.url
    assert all(len(line) < 2100 for line in outcome.logged)


def test_an_event_of_many_lines(hub: ReplayHub, launch: Launch) -> None:
    hub.play(
        event(phase="building", message="one\ntwo\nthr"),
        event(phase="building", message="ee\n"),
        event(phase="building", message="four"),
        *hub.steps("cached"),
    )
    assert launch(hub).logged == ["one", "two", "three", "four"]


def test_a_log_without_end_is_cut(hub: ReplayHub, launch: Launch) -> None:
    lines = event(phase="building", message="x\n" * 10_000)
    long = event(phase="building", message="y" * 100_000)
    hub.play(*[lines] * 6, long, *hub.steps("cached"))
    outcome = launch(hub)
    assert outcome.session.url
    assert len(outcome.logged) == 50_001
    assert "not shown" in outcome.logged[-1]


def test_recordings_are_in_the_form_of_the_real_one() -> None:
    for path in Path(__file__).parent.glob("streams/*.eventsource"):
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("data: "):
                assert isinstance(json.loads(line.removeprefix("data: ")), dict)
            else:
                assert not line or line.startswith(":")


def test_nothing_is_logged_twice(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("built")
    seen = [event for event in launch(hub).events if isinstance(event, Log)]
    assert len(seen) == len(set(seen))


def test_the_session_hides_its_token(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("cached")
    session: Session = launch(hub).session
    assert SERVER_TOKEN not in repr(session)
