"""Streams that somebody made up to do harm: an outcome of the tree, or a session, and no more."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.binderhub.conftest import GOOD, Outcome, Purse, checked
from tests.binderhub.replay import HUB_TOKEN, SERVER_TOKEN, ReplayHub, Step, event
from tests.targets.case import Noted

from binderclip.errors import BinderclipError, LaunchError
from binderclip.guard import OpenGuard
from binderclip.targets.binderhub import BinderHubTarget, Deadlines

if TYPE_CHECKING:
    from binderclip.events import Event

DEADLINES = Deadlines(
    probe_s=5, silence_s=3, between_events_s=3, overall_s=10, up_s=0.05, left_s=0.05, stop_s=0.05
)
WORDS = st.sampled_from(
    [
        *("waiting", "fetching", "building", "pushing", "built", "launching", "ready", "failed"),
        *("failure", "unknown", "", "Phase\x1b[2J", "x" * 200, "\ud800", HUB_TOKEN),
    ]
)
TEXTS = st.text(max_size=60) | st.sampled_from(
    [f"{HUB_TOKEN}\n", "rate limit in 5 minutes", "\r" * 50, "\x1b]0;x", "\ud800\n", "e" * 2100]
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "phase": WORDS | st.none() | st.integers(),
        "message": TEXTS | st.lists(TEXTS, max_size=2) | st.none(),
        "status_code": st.sampled_from([400, 403, 404, 409, 429, 500, -1, 10**30, True, "403"]),
        "url": st.sampled_from(
            [
                "",
                "/user/x/",
                "//evil.invalid/",
                "http://127.0.0.1:1/",
                "javascript:x",
                "http://[",
                3,
            ]
        ),
        "token": st.sampled_from(["", "t", SERVER_TOKEN, "a\r\nX: y", "é", 5, None]),
        "imageName": TEXTS,
    },
)
RAW = st.binary(max_size=40) | st.sampled_from(
    [b":keepalive\n\n", b"\n\n", b"data:", b"event: x\ndata: {}\n\n", b"retry: 0\n\n", b"\xff\xfe"]
)


@pytest.mark.slow
@settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(EVENTS | RAW, max_size=8))
def test_any_stream_has_an_outcome(hub: ReplayHub, stream: list[dict[str, Any] | bytes]) -> None:
    steps: list[Step] = [one if isinstance(one, bytes) else told(one) for one in stream]
    hub.plays.clear()
    hub.play(*steps)
    seen: list[Event] = []
    ledger = Noted()
    purse = Purse(**{hub.url: HUB_TOKEN})

    async def go() -> BinderclipError | None:
        target = BinderHubTarget(
            [hub.url], guard=OpenGuard(), tokens=purse, ledger=ledger, deadlines=DEADLINES
        )
        try:
            async with aclosing(target.launch(GOOD)) as events:
                async for one in events:
                    seen.append(one)  # noqa: PERF401 - what came before a failure counts
        except BinderclipError as error:
            return error
        return None

    error = asyncio.run(go())
    assert error is not None, "no server of theirs ever answers"
    checked(Outcome(seen, error, ledger))


def told(value: dict[str, Any]) -> bytes:
    return event(**json.loads(json.dumps(value)))


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "é", "t\x00", " "])
def test_tokens_that_fit_no_header(hub: ReplayHub, token: str) -> None:
    """Whatever a hub hands out as a token."""
    hub.replay("cached", token=token)

    async def go() -> None:
        target = BinderHubTarget([hub.url], guard=OpenGuard(), deadlines=DEADLINES)
        async with aclosing(target.launch(GOOD)) as events:
            async for _ in events:
                pass

    with pytest.raises(LaunchError, match="no request can carry"):
        asyncio.run(go())
    assert not [h for _, _, h in hub.asked if "X-Evil" in h]
