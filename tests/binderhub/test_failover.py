"""Which of several hubs is taken, and what is said of the others."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.binderhub.conftest import QUICK
from tests.binderhub.replay import event, reply_json
from tests.binderhub.test_failures import SAID

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
from binderclip.guard import PublicGuard

if TYPE_CHECKING:
    from tests.binderhub.conftest import Launch
    from tests.binderhub.replay import ReplayHub

NewHub = Callable[..., "ReplayHub"]


@pytest.fixture
def nowhere() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


def place(hub: ReplayHub) -> str:
    return hub.url.removeprefix("http://").rstrip("/")


def full(used: int = 100, quota: int = 100) -> tuple[int, Any]:
    check = {
        "service": "Pod quota",
        "total_pods": used + 3,
        "build_pods": 3,
        "user_pods": used,
        "quota": quota,
        "ok": used + 3 <= quota,
        "_ignore_failure": True,
    }
    return 200, {"ok": True, "checks": [{"service": "JupyterHub API", "ok": True}, check]}


def test_the_first_is_taken_and_it_is_said_why(new_hub: NewHub, launch: Launch) -> None:
    first, second = new_hub(), new_hub()
    first.replay("cached")
    outcome = launch(first, second)
    assert outcome.told[0] == f"on {place(first)}: the first of the hubs named (BinderHub 1.0.0)"
    assert not second.builds


@pytest.mark.parametrize(
    ("health", "why"),
    [
        (
            (503, {"ok": False, "checks": [{"service": "JupyterHub API", "ok": False}]}),
            "says that it is not well (JupyterHub API)",
        ),
        (full(), "its quota is full: 100 of 100 in use"),
        (full(0, 0), "its quota is full: 0 of 0 in use"),
        ((502, "x"), "answers 502 when asked for its health"),
    ],
)
def test_one_that_is_not_well_is_passed_over(
    new_hub: NewHub, launch: Launch, health: tuple[int, Any], why: str
) -> None:
    first, second = new_hub(), new_hub()
    first.health = health
    second.replay("cached")
    outcome = launch(first, second)
    assert outcome.told[:2] == [
        f"not on {place(first)}: {why}",
        f"on {place(second)}: the next of the hubs named (BinderHub 1.0.0)",
    ]
    assert not first.builds
    alone = launch(first)
    assert type(alone.error) is LaunchError
    assert why in alone.error.message
    assert alone.error.hint


def test_quota_that_is_left_is_told(new_hub: NewHub, launch: Launch) -> None:
    hub = new_hub()
    hub.health = full(98)  # builds count too in total, and need no server
    hub.replay("cached")
    assert "98 of 100 in use" in launch(hub).told[0]


def test_one_that_is_not_there(new_hub: NewHub, launch: Launch, nowhere: str) -> None:
    hub = new_hub()
    hub.replay("cached")
    outcome = launch(nowhere, hub)
    assert outcome.session.url
    assert outcome.told[0].startswith("not on 127.0.0.1")
    assert "no connection" in outcome.told[0]


def test_one_that_is_something_else(new_hub: NewHub, launch: Launch) -> None:
    other, hub = new_hub(), new_hub()
    other.pages["versions"] = lambda handler: reply_json(handler, 404, {})
    hub.replay("cached")
    assert "answers, and is no BinderHub" in launch(other, hub).told[0]
    assert "a JupyterHub or a Jupyter Server is no BinderHub" in str(launch(other).error.hint)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name", [row[0] for row in SAID if row[1] not in {BuildFailed, ResolveError}]
)
def test_the_next_may_do_better(new_hub: NewHub, launch: Launch, name: str) -> None:
    first, second = new_hub(), new_hub()
    first.replay(name)
    second.replay("cached")
    outcome = launch(first, second)
    assert outcome.session.url == f"{second.url}user/o-r-x1y2z3a4/"
    assert any(line.startswith(f"not on {place(first)}: ") for line in outcome.told)
    assert any(line.startswith(f"on {place(second)}: the next") for line in outcome.told)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503, 504])
def test_so_for_real_statuses(new_hub: NewHub, launch: Launch, status: int) -> None:
    first, second = new_hub(), new_hub()
    first.answer(status, "text/html", b"no")
    second.replay("cached")
    assert launch(first, second).session.url


def test_so_for_streams_that_break_or_stall(new_hub: NewHub, launch: Launch) -> None:
    cut, silent, last = new_hub(), new_hub(), new_hub()
    cut.play("cut")
    silent.play("silence")
    last.replay("cached")
    assert launch(cut, silent, last, deadlines=replace(QUICK, silence_s=0.5)).session.url


@pytest.mark.parametrize(
    ("name", "kind"),
    [("failed-build", BuildFailed), ("no-ref", ResolveError), ("no-repository", ResolveError)],
)
def test_what_would_fail_anywhere_ends_it(
    new_hub: NewHub, launch: Launch, name: str, kind: type[BinderclipError]
) -> None:
    first, second = new_hub(), new_hub()
    first.replay(name)
    second.replay("cached")
    assert type(launch(first, second).error) is kind
    assert not second.builds


def test_when_time_is_up_no_other_is_tried(new_hub: NewHub, launch: Launch) -> None:
    first, second = new_hub(), new_hub()
    first.play("hold")
    second.replay("cached")
    outcome = launch(first, second, deadlines=replace(QUICK, overall_s=0.6))
    assert type(outcome.error) is TimedOut
    assert not second.builds


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["rate-limit", "rate-limit"], RateLimited),
        (["rate-limit", "quota"], LaunchError),
        (["rate-limit", None], LaunchError),
        (["login", "banned-network"], Refused),
        (["login", None], Refused),
        ([None, None], Unreachable),
        (["quota", "internal-error"], LaunchError),
        (["launch-too-slow", "launch-too-slow"], TimedOut),
        (["rate-limit", "login"], LaunchError),
    ],
)
def test_when_all_fail(
    new_hub: NewHub, launch: Launch, names: list[str | None], kind: type[BinderclipError]
) -> None:
    hubs = [new_hub() for _ in names]
    for hub, name in zip(hubs, names, strict=True):
        if name is None:
            hub.answer(503, "text/html", b"no")
        else:
            hub.replay(name)
    error = launch(*hubs).error
    assert type(error) is kind
    assert error.hint
    first, *lines = error.message.splitlines()
    assert first == "no hub could launch it"
    assert [line.split(": ")[0].strip() for line in lines] == [place(hub) for hub in hubs]


def test_the_shortest_wait_counts(new_hub: NewHub, launch: Launch) -> None:
    first, second = new_hub(), new_hub()
    for hub, seconds in ((first, 900), (second, 300)):
        said = f"Rate limit exceeded. Try again in {seconds} seconds."
        hub.play(event(phase="failed", status_code=429, message=said))
    error = launch(first, second).error
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 300
    assert "in 5 minutes" in (error.hint or "")


def test_one_hub_by_several_addresses_is_asked_once(new_hub: NewHub, launch: Launch) -> None:
    hub = new_hub()
    hub.replay("quota")
    launch(hub, hub, hub.url.rstrip("/"), f"{hub.url}v2/gh/o/r/HEAD")
    assert len(hub.builds) == 1


def test_they_are_probed_at_once(new_hub: NewHub, launch: Launch) -> None:
    """Each waits for the other's probe: one after the other would time out."""
    import threading

    both = threading.Barrier(2, timeout=10)
    first, second = new_hub(), new_hub()
    for hub in (first, second):

        def answer(handler: Any) -> None:
            both.wait()
            reply_json(handler, 200, {"binderhub": "1.0.0"})

        hub.pages["versions"] = answer
    first.replay("cached")
    assert launch(first, second).session.url == f"{first.url}user/o-r-x1y2z3a4/"


def test_the_guard_is_asked(new_hub: NewHub, launch: Launch) -> None:
    hub = new_hub()
    error = launch(hub, guard=PublicGuard()).error
    assert type(error) is Unreachable
    assert "no other may be asked" in error.message
    assert not hub.asked


@pytest.mark.parametrize("url", ["", "ftp://x.org/", "http://", "not an address", "https://u:p@/"])
def test_what_is_no_address(launch: Launch, url: str) -> None:
    error = launch(url).error
    assert type(error) is Unreachable
    assert "expected" in error.message


def test_no_hub_at_all(launch: Launch) -> None:
    error = launch().error
    assert type(error) is Refused
    assert "no BinderHub is named" in error.message
