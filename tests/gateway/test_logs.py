"""Lines of the log: JSON for machines, one a launch, nothing in them that opens something."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.rig import LOCAL

from binderclip.errors import LaunchError, Refused
from binderclip.events import Progress
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.model import Landing, Order
from binderclip.gateway.leaving import CutOff
from binderclip.gateway.logs import JsonLines, TextLines, launches_noted, network_of, path_of
from binderclip.gateway.metrics import Metrics


def record(message: str, **facts: Any) -> logging.LogRecord:
    made = logging.LogRecord("x", logging.WARNING, "f", 1, message, (), None)
    made.__dict__["facts"] = facts
    return made


def test_a_line_is_one_object() -> None:
    line = JsonLines().format(record("two\nlines", path="/x", ms=1.5))
    assert "\n" not in line
    found = json.loads(line)
    assert found | {"time": ""} == {
        "time": "",
        "level": "warning",
        "message": "two\nlines",
        "path": "/x",
        "ms": 1.5,
    }


def test_text_for_people() -> None:
    assert TextLines().format(record("request", path="/x")).endswith("warning: request path=/x")


@given(st.binary(), st.binary())
def test_any_path_is_a_line(path: bytes, query: bytes) -> None:
    scope = {"path": "/", "raw_path": b"/" + path, "query_string": query}
    assert path_of(scope).isprintable()
    assert path_of(scope).startswith("/")


@pytest.mark.parametrize("prefix", ["", "/services/binderclip"])
@pytest.mark.parametrize("more", ["", ".git/info/refs", "/0123456789abcdef.git", "/../x"])
def test_addresses_in_base64_are_not_kept(prefix: str, more: str) -> None:
    """Their tokens cannot be seen, and so not be masked."""
    coded = base64.urlsafe_b64encode(b"https://example.org/x.ipynb?token=s3cret").decode()
    path = f"{prefix}/env/of/{coded}{more}"
    scope = {"path": path, "raw_path": path.encode(), "query_string": b"service=git-upload-pack"}
    assert path_of(scope) == f"{prefix}/env/of/…?service=git-upload-pack"


@pytest.mark.parametrize(
    ("client", "network"),
    [
        (("203.0.113.77", 1), "203.0.113.0/24"),
        (("2001:db8:1:2::3", 1), "2001:db8:1::/48"),
        (("127.0.0.1", 1), "loopback"),
        (("::1", 1), "loopback"),
        (("a name", 1), "unknown"),
        (None, "unknown"),
    ],
)
def test_people_are_networks(client: Any, network: str) -> None:
    assert network_of({"client": client}) == network


def test_a_line_for_each_launch(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "binderclip.gateway")
    metrics = Metrics()
    observe = launches_noted(metrics)

    async def live() -> None:
        good = Launch(Order(place=LOCAL, owner="s3cret-owner", client="c"))
        observe(good)
        good.tell(Progress("building", "…"))
        good.ready(Landing("http://x/", "http://x/", token="s3cret-token"))
        observe(good)
        assert _value(metrics, "binderclip_sessions", place="local") == 1
        good.end("stopped", why="nobody used it")
        observe(good)
        bad = Launch(Order(place=LOCAL, owner="s3cret-owner", client="c"))
        bad.tell(Progress("fetching", "…"))
        bad.end("failed", error=Refused("no"))
        observe(bad)
        late = Launch(Order(place=LOCAL, owner="s3cret-owner", client="c"))
        late.end("failed", error=CutOff("the service was shut down"))
        observe(late)

    asyncio.run(live())
    lines = [(one.message, one.__dict__["facts"]) for one in caplog.records]
    assert [name for name, _ in lines] == ["launch", "session", "launch", "launch"]
    assert (lines[0][1]["outcome"], lines[0][1]["place"]) == ("ready", "local")
    assert lines[1][1]["why"] == "nobody used it"
    assert (lines[2][1]["outcome"], lines[2][1]["phase"]) == ("refused", "fetching")
    assert (lines[3][1]["outcome"], CutOff("").code) == ("cut-off", LaunchError("").code)
    assert "s3cret" not in repr(lines)
    assert _value(metrics, "binderclip_sessions", place="local") == 0
    assert _value(metrics, "binderclip_launches_total", place="local", outcome="refused") == 1


def _value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_streams_are_counted_while_they_are_open() -> None:
    metrics = Metrics()
    with metrics.stream():
        assert _value(metrics, "binderclip_streams") == 1
    assert _value(metrics, "binderclip_streams") == 0
