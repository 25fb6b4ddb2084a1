"""The target over gateways that do what a sound one does not; tests/targets has the rest."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest
from tests.gateway.rig_scripted import SERVER_TOKEN, TOKEN, Scripted, event, scripted
from tests.targets.case import Noted

from binderclip.environment import Environment
from binderclip.errors import (
    BinderclipError,
    BuildFailed,
    LaunchError,
    RateLimited,
    Refused,
    ResolveError,
    SessionError,
    Unreachable,
)
from binderclip.events import Log, Progress, Ready
from binderclip.guard import OpenGuard
from binderclip.session import Session
from binderclip.spec.model import Reference
from binderclip.targets.gateway import Deadlines, GatewayTarget

LAUNCH = "/api/v1/launches/abc"
EVENTS = f"{LAUNCH}/events"
STEP = event("phase", '{"phase": "building", "message": "making it"}', 0)
LINE = event("log", '{"log": "Step 1/3"}', 1)


@pytest.fixture(scope="module")
def serving() -> Iterator[Scripted]:
    with scripted() as made:
        yield made


@pytest.fixture
def gateway(serving: Scripted) -> Scripted:
    serving.renew()
    serving.streams = [[STEP, LINE, serving.ready()]]
    return serving


def target(
    gateway: Scripted, token: str | None = TOKEN, place: str = "", ledger: Noted | None = None
) -> GatewayTarget:
    quick = Deadlines(probe_s=5, silence_s=5, absence_s=0.6, up_s=0.6, stop_s=5)
    return GatewayTarget(
        gateway.url, token, guard=OpenGuard(), place=place, ledger=ledger, deadlines=quick
    )


def launch(made: GatewayTarget, env: Environment | None = None) -> list[Any]:
    async def go() -> list[Any]:
        async with aclosing(made.launch(env or Environment())) as stream:
            return [one async for one in stream]

    return asyncio.run(go())


def failed(made: GatewayTarget, kind: type[BinderclipError]) -> BinderclipError:
    with pytest.raises(kind) as caught:
        launch(made)
    shown = f"{caught.value.message} {caught.value.hint}"
    assert TOKEN not in shown
    assert SERVER_TOKEN not in shown
    assert "\n" not in shown
    return caught.value


def test_a_launch(gateway: Scripted) -> None:
    ledger = Noted()
    env = Environment(build=Reference("https://github.com", "o/r", ref="main"))
    *steps, ready = launch(target(gateway, place="classroom", ledger=ledger), env)
    assert Progress("building", "making it") in steps
    assert Log("Step 1/3") in steps
    assert isinstance(ready, Ready)
    session = ready.session
    assert (session.url, session.token) == (f"{gateway.url}srv/", SERVER_TOKEN)
    assert session.launch == f"{gateway.url}api/v1/launches/abc"
    assert session.throwaway
    assert ledger.sessions == {session.id: session}
    (start,) = gateway.headers("/api/v1/launches")
    assert start["authorization"] == f"token {TOKEN}"
    assert start["content-type"] == "application/json"

    asyncio.run(target(gateway, ledger=ledger).stop(session))
    assert gateway.methods(LAUNCH) == ["DELETE"]
    assert not ledger.sessions


def test_a_stream_that_breaks_goes_on_where_it_was(gateway: Scripted) -> None:
    gateway.streams = [[STEP, LINE], [b": nothing\n\n"], [gateway.ready()]]
    steps = launch(target(gateway))
    assert [step for step in steps if isinstance(step, Log)] == [Log("Step 1/3")]
    assert isinstance(steps[-1], Ready)
    assert [one.get("last-event-id") for one in gateway.headers(EVENTS)] == [None, "1", "1"]


def test_one_that_says_no_more_is_given_up_and_ended(gateway: Scripted) -> None:
    ledger = Noted()
    gateway.streams = [[STEP]]
    assert "the connection ended" in failed(target(gateway, ledger=ledger), Unreachable).message
    assert gateway.methods(LAUNCH) == ["DELETE"]
    assert not ledger.sessions


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("build-failed", BuildFailed),
        ("refused", Refused),
        ("resolve", ResolveError),
        ("stopped", LaunchError),
        ("a word of later", LaunchError),
        ("cell-failed", LaunchError),
    ],
)
def test_what_fails_there_fails_so_here(
    gateway: Scripted, code: str, kind: type[BinderclipError]
) -> None:
    said = {"code": code, "message": "line\nand\x1b[31m more", "hint": "do this"}
    gateway.streams = [[STEP, event("failed", json.dumps({"error": said}))]]
    error = failed(target(gateway), kind)
    assert type(error) is kind
    assert error.message.startswith(gateway.url)
    assert "\x1b" not in error.message
    assert error.hint == "do this"


@pytest.mark.parametrize(
    ("code", "hint", "here"),
    [
        ("build-failed", "no such\npackage\x1b[31m", "no such\npackage\\x1b[31m"),
        ("refused", "GET places names all there are", "leave --server out"),
        (
            "not-trusted",
            "send it in the header Authorization: Bearer …",
            "those who run the gateway hand",
        ),
    ],
)
def test_hints_are_for_who_types_commands(
    gateway: Scripted, code: str, hint: str, here: str
) -> None:
    said = {"code": code, "message": "not so", "hint": hint}
    gateway.streams = [[STEP, event("failed", json.dumps({"error": said}))]]
    with pytest.raises(BinderclipError) as caught:
        launch(target(gateway))
    assert (caught.value.hint or "").startswith(here)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "not-trusted", Refused),
        (401, "whatever", Refused),
        (422, "refused", Refused),
        (422, "spec", Refused),
        (429, "rate-limited", RateLimited),
        (503, "closing", Unreachable),
        (500, "internal", LaunchError),
    ],
)
def test_what_is_refused_at_once(
    gateway: Scripted, status: int, code: str, kind: type[BinderclipError]
) -> None:
    body = {"error": {"code": code, "message": "not so", "hint": None}}
    gateway.started = (status, body, {"Retry-After": "12"})
    ledger = Noted()
    error = failed(target(gateway, ledger=ledger), kind)
    assert "not so" in error.message
    if isinstance(error, RateLimited):
        assert error.retry_after_s == 12
    if kind is Refused and code != "refused" and status != 422:
        assert "token add" in (error.hint or "")
    assert not ledger.sessions
    assert not gateway.methods(LAUNCH)


@pytest.mark.parametrize(
    "body",
    ["<html>", "{}", '{"id": 3}', '{"id": "../../x"}', '{"id": ""}', "[" * 5000, '{"id": "a/b"}'],
)
def test_an_answer_of_another_form(gateway: Scripted, body: str) -> None:
    gateway.started = (201, body, {"content-type": "application/json"})
    failed(target(gateway), Unreachable)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"token": None}, "no token"),
        ({"server": "ftp://x/"}, "address"),
        ({"server": "http://me:secret-4713@127.0.0.1:9/"}, "without encryption"),
        ({"server": 3}, "another form"),
    ],
)
def test_a_server_that_cannot_be_used(gateway: Scripted, fields: dict[str, Any], said: str) -> None:
    gateway.streams = [[gateway.ready(**fields)]]
    error = failed(target(gateway), LaunchError)
    assert said in error.message
    assert "secret-4713" not in error.message
    assert gateway.methods(LAUNCH) == ["DELETE"]


def test_a_server_that_never_answers(gateway: Scripted) -> None:
    gateway.streams = [[gateway.ready(server=f"{gateway.url}nothing-there/hub/")]]
    error = failed(target(gateway), LaunchError)
    assert "did not answer" in error.message
    assert gateway.methods(LAUNCH) == ["DELETE"]


def test_the_token_goes_to_no_other_place(gateway: Scripted) -> None:
    with scripted() as other:
        gateway.leads = other.url
        assert "leads to another place" in failed(target(gateway), Refused).message
        assert not [headers for _, _, headers in other.asked if "authorization" in headers]
        assert not other.methods("/api/v1/launches")


def test_what_is_no_gateway(gateway: Scripted) -> None:
    made = GatewayTarget(f"{gateway.url}srv/", TOKEN, guard=OpenGuard())
    assert "is no gateway" in failed(made, Unreachable).message


def test_without_a_token_the_server_ends_itself(gateway: Scripted) -> None:
    """Where launches are nobody's in particular, who has the server's token may end it."""
    session = launch(target(gateway, None))[-1].session
    assert "authorization" not in gateway.headers("/api/v1/launches")[0]
    asyncio.run(target(gateway, None).stop(session))
    assert gateway.methods("/srv/api/shutdown") == ["POST"]
    assert not gateway.running


def test_a_launch_that_was_never_up_takes_its_token(gateway: Scripted) -> None:
    session = Session("gateway", "gateway-1", launch=f"{gateway.url}api/v1/launches/abc")
    with pytest.raises(SessionError, match="takes the token"):
        asyncio.run(target(gateway, None).stop(session))
    asyncio.run(target(gateway).stop(session))
    assert gateway.methods(LAUNCH) == ["DELETE"]


@pytest.mark.parametrize("token", ["with space", "line\nbreak", "x" * 5000, "é"])
def test_a_token_that_is_none(token: str) -> None:
    with pytest.raises(Refused) as caught:
        GatewayTarget("https://gateway.example.org", token, guard=OpenGuard())
    assert token not in caught.value.message
