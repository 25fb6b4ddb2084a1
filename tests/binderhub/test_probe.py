"""What runs at an address, from the addresses that people paste."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.binderhub.conftest import Purse
from tests.binderhub.replay import HUB_TOKEN, reply, reply_json

from binderclip.errors import SourceError
from binderclip.guard import OpenGuard, PublicGuard
from binderclip.hubs.bases import hub_bases, server_base, server_parts
from binderclip.hubs.probe import Kind, Probe, probe, probes
from binderclip.web import Web

if TYPE_CHECKING:
    from tests.binderhub.replay import ReplayHub

H = "https://hub.example.org"


@pytest.mark.parametrize(
    ("pasted", "bases"),
    [
        (H, [f"{H}/"]),
        (f"{H}/", [f"{H}/"]),
        (" hub.example.org ", [f"{H}/"]),
        ("localhost:8000", ["http://localhost:8000/"]),
        ("127.0.0.1:8000/x", ["http://127.0.0.1:8000/x/"]),
        (f"{H}/hub/home", [f"{H}/", f"{H}/hub/home/"]),
        (f"{H}/jupyter/hub/token?x=1#y", [f"{H}/jupyter/", f"{H}/jupyter/hub/token/"]),
        (f"{H}/hub/", [f"{H}/", f"{H}/hub/"]),
        (f"{H}/user/me/lab/tree/a.ipynb", [f"{H}/", f"{H}/user/me/"]),
        (f"{H}/deep/user/me/", [f"{H}/deep/", f"{H}/deep/user/me/"]),
        ("https://mybinder.org/v2/gh/o/r/HEAD?labpath=a.ipynb", ["https://mybinder.org/"]),
        (f"{H}/binder/v2/git/https%3A%2F%2Fx.org%2Fr/main", [f"{H}/binder/"]),
        (f"{H}/binder/build/gh/o/r/HEAD", [f"{H}/binder/"]),
        (f"{H}/gw/v2/notebook?url=https%3A%2F%2Fx.org%2Fa.ipynb", [f"{H}/gw/"]),
        (f"{H}/v2/notebook/https%3A%2F%2Fx.org%2Fa.ipynb", [f"{H}/"]),
        (f"{H}/v2/launches/abc", [f"{H}/"]),
        (f"{H}/services/binder/", [f"{H}/services/binder/"]),
        (f"{H}/v2", [f"{H}/v2/"]),
        (f"{H}/user", [f"{H}/user/"]),
        ("https://me:secret@hub.example.org/hub/home", [f"{H}/", f"{H}/hub/home/"]),
        (f"{H}/a/../binder/./", [f"{H}/binder/"]),
    ],
)
def test_hubs_are_found_in_what_people_paste(pasted: str, bases: list[str]) -> None:
    assert list(hub_bases(pasted)) == bases


@pytest.mark.parametrize(
    ("pasted", "base"),
    [
        (f"{H}/user/me/lab/tree/a.ipynb", f"{H}/user/me/"),
        (f"{H}/user/me/gpu/lab?token=x", f"{H}/user/me/gpu/"),
        (f"{H}/user/lab/lab", f"{H}/user/lab/"),
        ("http://localhost:8888/lab?token=secret", "http://localhost:8888/"),
        ("http://localhost:8888/jupyter/tree/x", "http://localhost:8888/jupyter/"),
        ("http://localhost:8888", "http://localhost:8888/"),
    ],
)
def test_servers_are_found_in_what_people_paste(pasted: str, base: str) -> None:
    assert server_base(pasted) == base


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (f"{H}/user/ada/", (f"{H}/", "ada", "")),
        (f"{H}/deep/user/ada%40x/my%20server/", (f"{H}/deep/", "ada%40x", "my%20server")),
        (f"{H}/user/user/x/", (f"{H}/", "user", "x")),
        (f"{H}/user/", None),
        (f"{H}/", None),
        (f"{H}/user/a/b/c/", None),
    ],
)
def test_a_servers_user_and_name(url: str, parts: tuple[str, str, str] | None) -> None:
    assert server_parts(url) == parts


@given(st.text())
def test_any_paste_has_a_base_or_is_refused(text: str) -> None:
    try:
        bases = hub_bases(text)
    except SourceError:
        return
    assert all(base.startswith(("http://", "https://")) and base.endswith("/") for base in bases)
    assert not any("@" in base.split("/")[2] or "?" in base for base in bases)


def asked(url: str, **named: Any) -> Probe:
    async def go() -> Probe:
        async with Web(named.pop("guard", OpenGuard())) as web:
            return await probe(web, url, **{"timeout_s": 5, **named})

    found = asyncio.run(go())
    assert HUB_TOKEN not in repr(found)
    assert "\n" not in found.why
    return found


def page(handler: Any) -> None:
    reply(handler, 200, "text/html; charset=UTF-8", b"<h1>Page</h1>")


@pytest.fixture
def only(hub: ReplayHub) -> Callable[[Kind | None], ReplayHub]:
    """The hub as if it were of one kind; its other paths answer with pages."""

    def make(kind: Kind | None) -> ReplayHub:
        told: dict[Kind, tuple[str, dict[str, str]]] = {
            "binderhub": ("versions", {"binderhub": "1.0.0"}),
            "gateway": ("versions", {"binderclip_gateway": "0.3.0", "protocol": "1"}),
            "jupyterhub": ("hub/api/", {"version": "6.1.1"}),
            "server": ("api", {"version": "2.21.1"}),
        }
        hub.pages.update({path: page for path, _ in told.values()})
        if kind is not None:
            path, value = told[kind]
            hub.pages[path] = functools.partial(reply_json, status=200, value=value)
        return hub

    return make


@pytest.mark.parametrize(
    ("kind", "version", "why"),
    [
        ("binderhub", "1.0.0", "BinderHub 1.0.0"),
        ("gateway", "0.3.0", "gateway 0.3.0"),
        ("jupyterhub", "6.1.1", "JupyterHub 6.1.1"),
        ("server", "2.21.1", "Jupyter Server 2.21.1"),
    ],
)
def test_kinds(
    only: Callable[[Kind | None], ReplayHub], kind: Kind, version: str, why: str
) -> None:
    hub = only(kind)
    assert asked(hub.url) == Probe(hub.url, kind, True, version, why)
    assert asked(hub.url, kind=kind).kind == kind
    for other in {"binderhub", "gateway", "jupyterhub", "server"} - {kind}:
        found = asked(hub.url, kind=other)
        assert found.kind is None
        assert not found.healthy
        assert "answers, and is no" in found.why


def test_none_of_them(only: Callable[[Kind | None], ReplayHub]) -> None:
    found = asked(only(None).url)
    assert (found.kind, found.healthy) == (None, False)


def test_a_binderhub_is_told_before_the_jupyterhub_under_it(hub: ReplayHub) -> None:
    assert asked(hub.url).kind == "binderhub"
    assert asked(hub.url, kind="jupyterhub").kind == "jupyterhub"


def test_an_api_that_is_the_hubs_is_no_server(only: Callable[[Kind | None], ReplayHub]) -> None:
    """JupyterHub sends ``/api`` on to ``/hub/api``."""
    hub = only("jupyterhub")
    to = {"Location": "/hub/api/"}
    hub.pages["api"] = lambda handler: reply(handler, 302, body=b"", headers=to)
    assert asked(hub.url, kind="server").kind is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{}", b"<html>", b'{"version": 3', b"[" * 9999, b'"binderhub"']
)
def test_answers_of_another_form(hub: ReplayHub, body: bytes) -> None:
    hub.pages["versions"] = lambda handler: reply(handler, 200, body=body)
    assert asked(hub.url, kind="binderhub").kind is None


@pytest.mark.parametrize(
    "health",
    [
        {"ok": True},
        {"ok": True, "checks": None},
        {"ok": True, "checks": ["x", {}, {"quota": "many"}, {"quota": 3}]},
        {"ok": True, "checks": [{"quota": None, "user_pods": 9}]},
        {"ok": True, "checks": [{"quota": 10, "total_pods": 9}]},
        {},
        [],
        "fine",
    ],
)
def test_health_of_many_forms(hub: ReplayHub, health: Any) -> None:
    hub.health = (200, health)
    assert asked(hub.url).healthy


@pytest.mark.parametrize(
    ("health", "why"),
    [
        ({"ok": False}, "says that it is not well (no reason)"),
        ({"ok": "yes"}, "says that it is not well"),
        (
            {"ok": False, "checks": [{"ok": False, "service": "a\x1b[2J\nb"}, {"ok": False}]},
            "says that it is not well (a\\x1b[2J\\nb, a check)",
        ),
        ({"ok": True, "checks": [{"quota": 5, "total_pods": 5}]}, "full: 5 of 5"),
        ({"ok": False, "checks": [{"quota": 5, "user_pods": 7}]}, "full: 7 of 5"),
    ],
)
def test_not_well(hub: ReplayHub, health: Any, why: str) -> None:
    hub.health = (503, health)
    found = asked(hub.url)
    assert (found.kind, found.healthy) == ("binderhub", False)
    assert why in found.why


def test_redirects_give_the_base_in_the_end(new_hub: Callable[..., ReplayHub]) -> None:
    front, behind = new_hub(), new_hub("/binder/")
    to = {"Location": f"{behind.url}versions"}
    front.pages["versions"] = lambda handler: reply(handler, 302, body=b"", headers=to)
    assert asked(front.url).url == behind.url


def test_one_that_does_not_answer_in_time(hub: ReplayHub) -> None:
    hub.pages["versions"] = lambda _: wait(hub)
    found = asked(hub.url, kind="binderhub", timeout_s=0.3)
    assert found == Probe(hub.url, None, False, None, "did not answer within 0.3 s")


def test_one_that_does_not_tell_its_health_in_time(hub: ReplayHub) -> None:
    hub.pages["health"] = lambda _: wait(hub)
    found = asked(hub.url, timeout_s=0.5)
    assert (found.kind, found.healthy) == ("binderhub", False)
    assert "does not tell its health" in found.why


def wait(hub: ReplayHub) -> None:
    hub.over.wait(20)


def test_the_guard_is_asked(hub: ReplayHub) -> None:
    found = asked(hub.url, guard=PublicGuard())
    assert not found.healthy
    assert "no other may be asked" in found.why
    assert not hub.asked


@pytest.mark.parametrize("url", ["", "ftp://x.org", "https://user:secret@/", "http://[", "a b"])
def test_what_is_no_address(url: str) -> None:
    found = asked(url)
    assert (found.kind, found.healthy) == (None, False)
    assert "expected" in found.why
    assert "secret" not in found.why


def test_a_token_is_sent_and_not_shown(hub: ReplayHub) -> None:
    asked(hub.url, tokens=Purse(**{hub.url: HUB_TOKEN}))
    assert all(h["Authorization"] == f"token {HUB_TOKEN}" for _, _, h in hub.asked)


def test_each_place_gets_the_token_that_was_given_for_it(hub: ReplayHub) -> None:
    """One of a server is none of the hub above it."""
    place = f"{hub.url}user/ada/"
    hub.pages["versions"] = hub.pages["hub/api/"] = page
    hub.pages["user/ada/api"] = lambda handler: reply_json(handler, 200, {"version": "2"})
    found = asked(place, tokens=Purse(**{place: HUB_TOKEN}))
    assert (found.kind, found.url) == ("server", place)
    assert {target for _, target, _ in hub.asked} >= {"/versions", "/hub/api/", "/user/ada/api"}
    assert hub.asked
    for _, target, headers in hub.asked:
        assert ("Authorization" in headers) is target.startswith("/user/ada/"), target


def test_several_come_in_their_order(new_hub: Callable[..., ReplayHub]) -> None:
    hubs = [new_hub() for _ in range(3)]
    hubs[1].health = (503, {"ok": False, "checks": []})

    async def go() -> list[tuple[str, bool]]:
        async with (
            Web(OpenGuard()) as web,
            aclosing(probes(web, [hub.url for hub in hubs], kind="binderhub")) as found,
        ):
            return [(url, one.healthy) async for url, one in found]

    urls = [hub.url for hub in hubs]
    assert asyncio.run(go()) == list(zip(urls, [True, False, True], strict=True))
