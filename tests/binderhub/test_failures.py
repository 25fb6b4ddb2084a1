"""Every way in which a hub says no has its own outcome."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from tests.binderhub.conftest import GOOD, Purse
from tests.binderhub.replay import HUB_TOKEN, event

from binderclip.environment import Environment
from binderclip.errors import (
    BinderclipError,
    BuildFailed,
    LaunchError,
    RateLimited,
    Refused,
    ResolveError,
    TimedOut,
    Unreachable,
)
from binderclip.guard import OpenGuard
from binderclip.spec.model import Reference
from binderclip.targets.binderhub.build import server_address

if TYPE_CHECKING:
    from tests.binderhub.conftest import Launch
    from tests.binderhub.replay import ReplayHub

HUB = "https://hub.example.org/build/gh/o/r/HEAD"
Kind = type[BinderclipError]

SAID: list[tuple[str, Kind, int, str, str]] = [
    # recording, class, exit code, message, hint
    ("no-accept", LaunchError, 20, "does not understand the request", "another kind"),
    ("banned-network", Refused, 21, "takes no launches from here: Requests from clouds", "--on"),
    ("banned-repository", Refused, 21, "does not launch this repository: Sorry, o/r/HEAD", "--on"),
    ("unknown-provider", Refused, 21, "No provider found for prefix ckan", "--on"),
    ("login", Refused, 21, "wants to know who launches", "/hub/token"),
    ("no-ref", ResolveError, 17, "did not find gh/o/r/HEAD: Could not resolve ref", "public"),
    ("no-repository", ResolveError, 17, "fatal: repository 'http://x/nope/' not found", "check"),
    ("rate-limit", RateLimited, 26, "takes no more launches from here", "in 60 minutes"),
    ("ref-rate-limit", RateLimited, 26, "GitHub rate limit exceeded", "in 15 minutes"),
    ("quota", LaunchError, 20, "is full: Too many users on this BinderHub", "in some minutes"),
    ("repository-quota", LaunchError, 20, "is full: Too many users running", "in some minutes"),
    ("named-server-exists", LaunchError, 20, "already has a running server", "sessions stop"),
    ("most-named-servers", LaunchError, 20, "the maximum of 2 named servers", "sessions stop"),
    ("failed-build", BuildFailed, 23, "could not build gh/o/r/HEAD: Error during build", "log"),
    ("failed-build-repo2docker", BuildFailed, 23, "non-zero code: 1", "log"),
    ("failed-build-wordless", BuildFailed, 23, "No matching distribution found", "log"),
    ("failed-before-log", BuildFailed, 23, "could not build gh/o/r/HEAD", "log"),
    ("lost-sight", LaunchError, 20, "failed while building: Unhandled error watching", "try again"),
    ("push-failed", LaunchError, 20, "failed while pushing: unauthorized", "try again"),
    ("launch-failed", LaunchError, 20, "failed while launching: Failed to launch", "try again"),
    ("launch-too-slow", TimedOut, 24, "did not start in time", "try again"),
    ("internal-error", LaunchError, 20, "failed: Internal Server Error", "try again"),
    ("built-only", LaunchError, 20, "names no server: it only builds images", "--on"),
]


@pytest.mark.parametrize(
    ("name", "kind", "code", "message", "hint"), SAID, ids=[row[0] for row in SAID]
)
def test_failed_events(  # noqa: PLR0917 - a row of the table
    hub: ReplayHub, launch: Launch, name: str, kind: Kind, code: int, message: str, hint: str
) -> None:
    hub.replay(name)
    error = launch(hub).error
    assert type(error) is kind
    assert error.exit_code == code
    assert message in error.message
    assert hint in (error.hint or "")
    assert error.message.startswith(hub.url.removeprefix("http://").rstrip("/"))
    assert hub.left.wait(5), "the stream was left at once: after a failed build it never ends"


def test_every_recording_is_used() -> None:
    from tests.binderhub.replay import STREAMS

    good = {"cached", "keepalives", "built", "unknown-phases", "main-became-head"}
    assert {path.stem for path in STREAMS.iterdir()} == good | {row[0] for row in SAID}


@pytest.mark.parametrize(
    ("message", "wait_s"),
    [
        ("Rate limit exceeded. Try again in 3600 seconds.\n", 3600),
        ("Rate limit exceeded, reset in 40s.", 40),
        ("Too many requests; try again in 2 hours", 7200),
        ("Rate limit exceeded. Try again in 1 minute.", 60),
        ("Rate limit exceeded.", None),
        ("Rate limit exceeded. Try again in 999999 hours.", None),
    ],
)
def test_how_long_to_wait_is_told(
    hub: ReplayHub, launch: Launch, message: str, wait_s: float | None
) -> None:
    hub.play(event(phase="failed", status_code=429, message=message))
    error = launch(hub).error
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == wait_s
    assert "try again in" in (error.hint or "")


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry_After": "120"}, 120, 120),
        ({"Retry_After": formatdate(time.time() + 600, usegmt=True)}, 500, 600),
        ({"X_RateLimit_Reset": str(int(time.time()) + 600)}, 500, 600),
        ({"X_RateLimit_Reset": "1"}, 0, 0),
    ],
)
def test_a_real_429_states_it_in_headers(
    hub: ReplayHub, launch: Launch, headers: dict[str, str], least: float, most: float
) -> None:
    hub.answer(429, "text/html", b"slow down", **headers)
    error = launch(hub).error
    assert isinstance(error, RateLimited)
    assert error.retry_after_s is not None
    assert least <= error.retry_after_s <= most


@pytest.mark.parametrize("stated", ["soon", "Sun, 99 Foo", "-3", "9" * 40, "٣"])
def test_headers_that_say_nothing(hub: ReplayHub, launch: Launch, stated: str) -> None:
    hub.answer(429, "text/html", b"slow down", Retry_After=stated.encode().decode("latin-1"))
    error = launch(hub).error
    assert isinstance(error, RateLimited)
    assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("status", "kind", "code", "message"),
    [
        (401, Refused, 21, "wants to know who launches"),
        (403, Refused, 21, "wants to know who launches"),
        (404, LaunchError, 20, "answered 404 where a BinderHub launches"),
        (500, LaunchError, 20, "answered 500"),
        (502, Unreachable, 25, "its hub does not run just now"),
        (503, Unreachable, 25, "its hub does not run just now"),
        (504, Unreachable, 25, "its hub does not run just now"),
    ],
)
def test_real_statuses(  # noqa: PLR0917 - a row of the table
    hub: ReplayHub, launch: Launch, status: int, kind: Kind, code: int, message: str
) -> None:
    hub.answer(status, "application/json", b'{"message": "because"}')
    error = launch(hub).error
    assert type(error) is kind
    assert error.exit_code == code
    assert message in error.message
    assert "because" in error.message
    assert error.hint


def test_a_page_is_no_stream(hub: ReplayHub, launch: Launch) -> None:
    hub.answer(200, "text/html; charset=UTF-8", b"<h1>Log in</h1>")
    error = launch(hub).error
    assert type(error) is LaunchError
    assert "with text/html, expected an event stream" in error.message
    assert "login page" in (error.hint or "")


def test_a_token_that_is_not_taken(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("login")
    error = launch(hub, tokens=Purse(**{hub.url: HUB_TOKEN})).error
    assert type(error) is Refused
    assert "does not take your token" in error.message


def test_a_hub_that_repeats_our_token(hub: ReplayHub, launch: Launch) -> None:
    told = event(
        phase="failed",
        status_code=403,
        message=f"bad {HUB_TOKEN}, bad hub-token\x1b[1m-nobody-may-see",
    )
    hub.play(
        event(phase="building", message=f"x {HUB_TOKEN}\n"),
        event(phase="launching", message=HUB_TOKEN),
        told,
    )
    outcome = launch(hub, tokens=Purse(**{hub.url: HUB_TOKEN}))
    assert outcome.logged == ["x ***"]
    assert outcome.told[-1] == "***"
    assert "bad ***, bad ***" in str(outcome.error)


def test_addresses_in_messages_are_masked(hub: ReplayHub, launch: Launch) -> None:
    hub.play(
        event(phase="launching", message="at https://u:pa55word@h.org/x?token=s3cr3tvalue&a=1\n"),
        event(phase="failed", message="no https://u:pa55word@h.org/?token=s3cr3tvalue"),
    )
    outcome = launch(hub)
    shown = " ".join(outcome.told) + str(outcome.error)
    assert "h.org" in shown
    assert "pa55word" not in shown
    assert "s3cr3tvalue" not in shown


def test_the_log_of_a_failed_build_is_bounded(hub: ReplayHub, launch: Launch) -> None:
    lines = "".join(f"line {number}\n" for number in range(5000))
    long = event(phase="building", message="".join(f"{n} {'x' * 9000}\n" for n in range(9)))
    failed = event(phase="failed", message="e" * 100_000)
    hub.play(event(phase="building", message=lines), long, failed)
    error = launch(hub).error
    assert isinstance(error, BuildFailed)
    assert "line 4999" in error.message
    assert len(error.message.splitlines()) < 20
    assert len(error.message) < 4000


@pytest.mark.parametrize(
    "message", ["disk quota exceeded\n", "pip: 429 too many requests\n", "could not resolve ref x"]
)
def test_words_of_a_builder_are_about_the_build(
    hub: ReplayHub, launch: Launch, message: str
) -> None:
    hub.play(event(phase="building", message="log\n"), event(phase="failed", message=message))
    assert type(launch(hub).error) is BuildFailed


def test_a_phase_of_a_builder_that_we_do_not_know(hub: ReplayHub, launch: Launch) -> None:
    evil = "Pending\x1b[2J"
    hub.play(event(phase=evil, message="x\n"), event(phase="failed", message="no"))
    assert type(launch(hub).error) is BuildFailed
    hub.plays.clear()
    hub.play(event(phase=evil), event(phase="failed", status_code=500, message="no"))
    assert type(launch(hub).error) is LaunchError
    hub.plays.clear()
    hub.play(event(phase=evil))
    assert type(launch(hub).error) is Unreachable


@pytest.mark.parametrize(
    ("ready", "message"),
    [
        ({"url": None}, "names no server"),
        ({"token": None}, "names no server"),
        ({"url": ""}, "names no server"),
        ({"url": ["x"]}, "names no server"),
        ({"url": "javascript:alert(1)"}, "expected an http(s) address"),
        ({"url": "file:///etc/passwd"}, "expected an http(s) address"),
        ({"url": "http://[::1/"}, "expected an http(s) address"),
        ({"url": "http://a b/"}, "expected an http(s) address"),
        ({"url": "http://me:secret@127.0.0.1/user/x/"}, "expected an address without a user"),
    ],
)
def test_ready_without_a_server_to_go_to(
    hub: ReplayHub, launch: Launch, ready: dict[str, Any], message: str
) -> None:
    hub.replay("cached", **ready)
    outcome = launch(hub)
    assert type(outcome.error) is LaunchError
    assert message in outcome.error.message
    assert "secret" not in outcome.error.message
    assert not outcome.ledger.sessions


def test_a_server_without_tls_behind_a_hub_with() -> None:
    for url, told in {
        "http://hub.example.org/user/x/": "and its server is at http://hub.example.org/user/x/",
        "//a:b@evil.example/x": "without a user",
    }.items():
        with pytest.raises(LaunchError, match=told):
            asyncio.run(server_address(url, HUB, "hub.example.org", OpenGuard()))
    found = asyncio.run(server_address("/user/x", HUB, "", OpenGuard()))
    assert found == "https://hub.example.org/user/x/"


def test_a_server_that_takes_no_token(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("cached", token="another")
    outcome = launch(hub)
    assert type(outcome.error) is LaunchError
    assert "takes no token that we have" in outcome.error.message
    assert "another" not in outcome.error.message


@pytest.mark.slow
def test_a_server_that_never_answers(hub: ReplayHub, launch: Launch) -> None:
    hub.replay("cached")
    hub.servers["o-r-x1y2z3a4"].late = 10_000
    outcome = launch(hub)
    assert type(outcome.error) is TimedOut
    assert "said to be ready, and did not answer" in outcome.error.message
    assert outcome.ledger.sessions, "it may be there yet: it stays listed"


@pytest.mark.parametrize("build", [Reference("https://gitlab.com", "a/b/c", "x y")])
def test_what_was_asked_for_is_named_as_people_write_it(
    hub: ReplayHub, launch: Launch, build: Reference
) -> None:
    hub.replay("no-ref")
    error = launch(hub, env=Environment(build=build)).error
    assert "did not find gl/a/b/c/x y" in str(error)
    assert hub.builds == ["/build/gl/a%2Fb%2Fc/x%20y"]


def test_nothing_is_launched_for_what_is_refused(hub: ReplayHub, launch: Launch) -> None:
    outcome = launch(hub, env=Environment())
    assert type(outcome.error) is Refused
    assert not hub.asked
    assert GOOD.build is not None
