"""The server target beyond the contract: addresses as pasted, and what is no server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest
from tests.servers.conftest import TOKEN, Exchange, Running, Told

from binderclip.environment import Environment
from binderclip.errors import LaunchError, Refused, Unreachable
from binderclip.events import Event, Progress, Ready
from binderclip.guard import OpenGuard
from binderclip.session import Session
from binderclip.spec.model import Reference
from binderclip.targets.server import ServerTarget, server_address

REPOSITORY = Environment(build=Reference("https://github.com", "o/r"))


def launch(
    url: str, token: str | None, env: Environment | None = None, **named: Any
) -> list[Event]:
    async def go() -> list[Event]:
        target = ServerTarget(url, token, guard=OpenGuard(), **named)
        async with aclosing(target.launch(env or Environment())) as stream:
            return [event async for event in stream]

    return asyncio.run(go())


def session_of(events: list[Event]) -> Session:
    last = events[-1]
    assert isinstance(last, Ready)
    return last.session


@pytest.mark.parametrize(
    ("pasted", "base", "token"),
    [
        ("http://127.0.0.1:8888/lab?token=abc", "http://127.0.0.1:8888/", "abc"),
        ("http://127.0.0.1:8888/?token=abc", "http://127.0.0.1:8888/", "abc"),
        ("http://127.0.0.1:8888", "http://127.0.0.1:8888/", None),
        ("http://127.0.0.1:8888/tree#", "http://127.0.0.1:8888/", None),
        ("http://localhost:8888/lab/tree/a/x.ipynb", "http://localhost:8888/", None),
        ("http://localhost:8888/lab/workspaces/auto-k/tree/x", "http://localhost:8888/", None),
        ("http://h:1/pre/fix/doc/tree/x.ipynb?token=t", "http://h:1/pre/fix/", "t"),
        ("https://hub.org/user/me/lab?", "https://hub.org/user/me/", None),
        ("https://hub.org/user/me/named/tree", "https://hub.org/user/me/named/", None),
        ("https://hub.org/user/lab/lab", "https://hub.org/user/lab/", None),
        ("https://hub.org/at/user/me%40x/notebooks/x", "https://hub.org/at/user/me%40x/", None),
        ("https://hub.org/user/me/?token=a%2Bb", "https://hub.org/user/me/", "a+b"),
        (" https://hub.org:443/user/me/ ", "https://hub.org/user/me/", None),
        ("localhost:8888/lab?token=abc", "http://localhost:8888/", "abc"),
    ],
)
def test_addresses_as_people_paste_them(pasted: str, base: str, token: str | None) -> None:
    assert server_address(pasted) == (base, token)


@pytest.mark.parametrize(
    "text", ["", "ftp://h/", "http://", "http://me:secret-pw@h:8888/lab", "x y"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Refused) as caught:
        server_address(text)
    assert "secret-pw" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("token", ["two words", "new\r\nline: x", "ümlaut", "x" * 5000])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(Refused) as caught:
        ServerTarget("http://h:1/", token, guard=OpenGuard())
    assert token not in f"{caught.value.message} {caught.value.hint}"


def test_a_pasted_page_with_its_token(jupyter: Running) -> None:
    events = launch(f"{jupyter.url}lab/tree/x.ipynb?token={jupyter.token}", None)
    session = session_of(events)
    assert (session.url, session.token) == (jupyter.url, jupyter.token)
    assert not session.owned
    assert not session.throwaway
    told = [event.message for event in events if isinstance(event, Progress)]
    assert any("Jupyter Server 2" in line and "no kernels" in line for line in told)


def test_what_was_asked_for_is_said_when_its_own_stands_in(jupyter: Running) -> None:
    with pytest.raises(Refused, match="builds no environment"):
        launch(jupyter.url, jupyter.token, REPOSITORY)
    events = launch(jupyter.url, jupyter.token, REPOSITORY, as_is=True)
    told = [event.message for event in events if isinstance(event, Progress)]
    assert any("stands in for the repository https://github.com/o/r" in line for line in told)


@pytest.mark.parametrize(("token", "said"), [(None, "wants a token"), ("no", "take this token")])
def test_tokens_that_do_not_fit(jupyter: Running, token: str | None, said: str) -> None:
    with pytest.raises(LaunchError, match=said) as caught:
        launch(jupyter.url, token)
    assert "jupyter server list" in str(caught.value.hint)


def test_a_host_that_does_not_answer() -> None:
    with pytest.raises(Unreachable):
        launch("http://127.0.0.1:9/", TOKEN)


PAGE = b"<!DOCTYPE html><html>Log in</html>"


def _page(exchange: Exchange) -> None:
    exchange.give(PAGE, kind="text/html")


def _not_found(exchange: Exchange) -> None:
    exchange.give(PAGE, kind="text/html", status=404)


def _gone(exchange: Exchange) -> None:
    exchange.give({"message": "not running"}, status=424)


def _hub(exchange: Exchange) -> None:
    """A JupyterHub sends ``/api`` on to its own."""
    if exchange.path.startswith("/hub/"):
        exchange.give({"version": "6.1.1"})
    else:
        exchange.give(b"", status=302, headers={"Location": "/hub/api"})


def _other_version(exchange: Exchange) -> None:
    exchange.give({"version": {"not": "text"}})


def _no_status(exchange: Exchange) -> None:
    exchange.give({"version": "2.0"} if exchange.path.endswith("/api") else [1])


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (_page, LaunchError, "answered 200 with text/html"),
        (_not_found, LaunchError, "answered 404 with text/html"),
        (_gone, Unreachable, "no server runs there"),
        (_hub, LaunchError, "it leads to"),
        (_other_version, LaunchError, "no Jupyter Server"),
        (_no_status, LaunchError, "asked for its status"),
    ],
)
def test_what_is_no_jupyter_server(
    told: Told, answer: Callable[[Exchange], None], error: type[LaunchError], said: str
) -> None:
    told.answer = answer
    with pytest.raises(error, match=said) as caught:
        launch(told.url, TOKEN)
    shown = f"{caught.value.message} {caught.value.hint}"
    assert caught.value.hint
    assert TOKEN not in shown
    assert "<html" not in shown
