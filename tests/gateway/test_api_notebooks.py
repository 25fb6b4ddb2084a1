"""``resolve``, ``validate``, ``links``, ``places``; and what every route does alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from tests.gateway.rig import Client, inside, settings_for
from tests.gateway.rig_api import notebook, shelf

from binderclip.gateway.api.resource import MAX_BYTES
from binderclip.gateway.api.routes import BESIDE, PREFIX, TABLE
from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings
from binderclip.gateway.visitors.sent import Sent
from binderclip.spec import read

FROZEN: dict[str, Any] = {
    "version": 1,
    "host": "https://free.test",
    "build": {"host": "https://github.com", "path": "o/r", "ref": "main", "hash": "0" * 40},
}
FILES = {
    "a.ipynb": notebook(FROZEN),
    "files.ipynb": notebook({"version": 1, "files": {"requirements.txt": "numpy\n"}}),
    "none.ipynb": notebook(),
    "wrong.ipynb": notebook({"version": 1, "build": {"path": "o/r"}}),
    "no.ipynb": b"no notebook",
}
LOCAL = PlaceSettings(name="local", kind="local", title="this machine")
FREE = PlaceSettings(
    name="free", kind="binderhub", title="A BinderHub", url="https://free.test/", ask=False
)


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with shelf(FILES) as (base, _):
        yield base


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, LOCAL, FREE)


def ask(settings: Settings, method: str, path: str, **words: Any) -> httpx.Response:
    async def main() -> httpx.Response:
        async with inside(settings) as client:
            return await client.request(method, path, **words)

    return asyncio.run(main())


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


# What an address leads to


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_notebook_is_resolved(settings: Settings, web: str, method: str) -> None:
    url = f"{web}a.ipynb"
    words: dict[str, Any] = {"params": {"url": url}} if method == "GET" else {"json": {"url": url}}
    answer = ask(settings, method, "api/v1/resolve", **words)
    found = answer.json()
    assert answer.status_code == 200, answer.text
    assert (found["title"], found["source"]["name"]) == ("A title", "a.ipynb")
    assert found["environment"]["frozen"] is True
    assert (found["place"], found["refusal"], found["lent"]) == ("free", None, False)
    assert found["page"] == f"http://gateway.test/v2/notebook?url={quoted(url)}"
    assert {"what": "host", "says": ["https://free.test"]} in found["words"]
    assert read(found["binder"]).binder == read(FROZEN).binder


def quoted(url: str) -> str:
    return url.replace(":", "%3A").replace("/", "%2F")


def test_the_place_that_is_asked_for_counts(settings: Settings, web: str) -> None:
    url = f"{web}a.ipynb"
    found = ask(settings, "GET", "api/v1/resolve", params={"url": url, "place": "local"}).json()
    assert found["place"] == "local"
    wrong = ask(settings, "GET", "api/v1/resolve", params={"url": url, "place": "loca"})
    assert error(wrong) == (422, "refused")


def test_an_environment_that_is_lent_is_none_of_the_notebooks(settings: Settings, web: str) -> None:
    default = read({"version": 1, "build": {"host": "https://github.com", "path": "o/r"}}).binder
    settings = replace(settings, environment=default)
    url = f"{web}none.ipynb"
    found = ask(settings, "GET", "api/v1/resolve", params={"url": url}).json()
    assert found["lent"] is True
    assert any("lends" in line for line in found["remarks"])
    links = ask(settings, "POST", "api/v1/links", json={"url": url}).json()
    assert [one["kind"] for one in links["links"]] == ["gateway"]


def test_the_page_of_an_address_with_a_secret_is_not_told(settings: Settings, web: str) -> None:
    url = f"{web}a.ipynb?token=0123456789abcdef0123"
    with shelf({"a.ipynb?token=0123456789abcdef0123": FILES["a.ipynb"]}) as (base, _):
        url = url.replace(web, base)
        answer = ask(settings, "POST", "api/v1/resolve", json={"url": url})
        links = ask(settings, "POST", "api/v1/links", json={"url": url, "kinds": ["gateway"]})
    assert answer.json()["page"] is None
    assert "0123456789abcdef0123" not in answer.text + links.text
    assert error(links) == (422, "refused")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("nothing.ipynb", 404, "source"),
        ("no.ipynb", 422, "source"),
        ("wrong.ipynb", 422, "spec"),
    ],
)
def test_what_is_no_good_is_told(
    settings: Settings, web: str, name: str, status: int, code: str
) -> None:
    answer = ask(settings, "POST", "api/v1/resolve", json={"url": f"{web}{name}"})
    assert answer.status_code >= 400
    if name == "wrong.ipynb":
        assert error(answer) == (status, code)
        assert answer.json()["error"]["problems"][0]["path"] == "binder.build.host"
    if name == "nothing.ipynb":
        assert error(answer) == (status, code)


def test_addresses_inside_are_not_asked(tmp_path: Path, web: str) -> None:
    """Fails without the guard."""
    settings = settings_for(tmp_path, LOCAL, allowed_networks=())
    for url in (f"{web}a.ipynb", "http://169.254.169.254/a.ipynb", "http://[::1]/a.ipynb"):
        answer = ask(settings, "POST", "api/v1/resolve", json={"url": url})
        assert error(answer) == (403, "address-forbidden")


def test_looks_are_counted(settings: Settings, web: str) -> None:
    async def main() -> list[httpx.Response]:
        async with inside(replace(settings, limits=Limits(looks="2/minute"))) as client:
            path = f"api/v1/resolve?url={web}a.ipynb"
            return [await client.get(path) for _ in range(3)]

    answers = asyncio.run(main())
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "found no notebook's address"),
        ("?url=", "found no notebook's address"),
        ("?urls=https://example.org/a.ipynb", "did you mean 'url'?"),
        (f"?url=https://example.org/{'a' * 2000}", "POST"),
        ("?url=https://example.org/a&url=https://example.org/b", "twice"),
    ],
)
def test_a_query_that_says_something_else(settings: Settings, query: str, words: str) -> None:
    answer = ask(settings, "GET", f"api/v1/resolve{query}")
    assert error(answer) == (400, "bad-request")
    assert words in answer.text


# Metadata and links


def test_metadata_and_notebooks_are_judged(settings: Settings) -> None:
    def status(body: dict[str, object]) -> str:
        return str(ask(settings, "POST", "api/v1/validate", json=body).json()["status"])

    assert status({"binder": FROZEN}) == "good"
    assert status({"metadata": {"binder": {"version": 1, "image": 3}}}) == "wrong"
    assert status({"metadata": {}}) == "nothing"
    assert status({"notebook": json.loads(FILES["files.ipynb"])}) == "good"
    assert status({"notebook": json.loads(FILES["none.ipynb"])}) == "nothing"
    assert status({"binder": False}) == "opted-out"
    answer = ask(settings, "POST", "api/v1/validate", json={"notebook": [1]})
    assert error(answer) == (422, "notebook")


@pytest.mark.parametrize("path", ["validate", "links"])
def test_what_is_sent_counts_as_looks(settings: Settings, path: str) -> None:
    """Reading it costs as much; the links of an address are one look alone."""
    few = replace(settings, limits=Limits(looks="2/hour"))

    async def main() -> list[httpx.Response]:
        async with inside(few) as client:
            body = {"binder": FROZEN}
            return [await client.post(f"api/v1/{path}", json=body) for _ in range(3)]

    answers = asyncio.run(main())
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 3000


def test_links_of_an_address_are_one_look(settings: Settings, web: str) -> None:
    few = replace(settings, limits=Limits(looks="1/hour"))
    answer = ask(few, "POST", "api/v1/links", json={"url": f"{web}files.ipynb"})
    assert answer.status_code == 200


def test_large_notebooks_are_read_few_at_a_time(settings: Settings) -> None:
    """validate: 24 of 14 MiB at once held up everybody for seconds."""
    large = {"notebook": {"cells": [], "metadata": {"a": "x" * (2 << 20)}, "nbformat": 4}}
    small = {"binder": FROZEN}

    async def main() -> tuple[list[int], list[int]]:
        async with inside(settings) as client:
            sending = [client.post("api/v1/validate", json=large) for _ in range(6)]
            found = await asyncio.gather(*sending)
            turns, state = Sent(at_once=1, wait_s=0.01), client.app.state
            state.gateway = replace(state.gateway, sent=turns)
            async with turns.turn():
                paths = ("validate", "links")
                busy = [await client.post(f"api/v1/{path}", json=small) for path in paths]
            return [one.status_code for one in found], [one.status_code for one in busy]

    found, busy = asyncio.run(main())
    assert sorted(found) == [200] * 2 + [429] * 4
    assert busy == [503] * 2


def test_links_of_what_is_at_an_address(settings: Settings, web: str) -> None:
    url = f"{web}files.ipynb"
    found = ask(settings, "POST", "api/v1/links", json={"url": url}).json()
    (own,) = found["links"]
    assert own["kind"] == "gateway"
    assert own["url"] == own["text"] == f"http://gateway.test/v2/notebook?url={quoted(url)}"
    assert "(http://gateway.test/badge.svg)" in own["markdown"]
    assert found["nowhere"].startswith("comes from 127.0.0.1")


def test_links_of_what_is_said(settings: Settings) -> None:
    body = {
        "binder": FROZEN,
        "place": {"repository": "o/n", "ref": "main", "path": "x/y.ipynb"},
        "hubs": ["https://hub.test"],
        "badge": "https://pics.test/b.svg",
    }
    found = ask(settings, "POST", "api/v1/links", json=body).json()
    kinds = [one["kind"] for one in found["links"]]
    assert kinds[0] == "gateway"
    assert {"binder-pull", "hub-pull"} <= set(kinds)
    assert all("https://pics.test/b.svg" in one["html"] for one in found["links"])
    assert found["links"][0]["url"].endswith("blob%2Fmain%2Fx%2Fy.ipynb")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 400, "expected `url`, `metadata` or `binder`"),
        (
            {"url": "https://e.org/a.ipynb", "place": {"repository": "o/r", "path": "a"}},
            400,
            "eith",
        ),
        ({"metadata": {}, "kinds": ["gatewy"]}, 400, "did you mean 'gateway'?"),
        ({"metadata": {}, "place": {"repositry": "o/r", "path": "a"}}, 400, "'repository'?"),
        ({"metadata": {}, "place": {"repository": "o/r", "path": "../a"}}, 422, "place.path"),
        ({"metadata": {}, "hosts": ["ftp://x"]}, 422, "hosts[0]"),
        ({"metadata": {}}, 422, "`place`"),
    ],
)
def test_links_that_cannot_be_made(
    settings: Settings, body: dict[str, object], status: int, words: str
) -> None:
    answer = ask(settings, "POST", "api/v1/links", json=body)
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert not {"--repo", "--url", "--hub"} & {*answer.text.split()}, "the command line's"


def test_places_are_told_without_what_is_secret(tmp_path: Path) -> None:
    secret = replace(FREE, token="the-secret-token", login=True)
    answer = ask(settings_for(tmp_path, LOCAL, secret), "GET", "api/v1/places")
    assert answer.json() == {
        "default": "local",
        "places": [
            {
                "name": "local",
                "title": "this machine",
                "kind": "local",
                "url": None,
                "ask": True,
                "login": False,
            },
            {
                "name": "free",
                "title": "A BinderHub",
                "kind": "binderhub",
                "url": "https://free.test/",
                "ask": False,
                "login": True,
            },
        ],
    }
    assert "the-secret-token" not in answer.text


# Every route


@pytest.mark.parametrize("path", [*(f"{PREFIX}{path}" for path in TABLE), *BESIDE])
def test_methods_are_told_and_others_refused(settings: Settings, path: str) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            await _check_methods(client, path)

    asyncio.run(main())


async def _check_methods(client: Client, path: str) -> None:
    methods = set({**{f"{PREFIX}{p}": r for p, r in TABLE.items()}, **BESIDE}[path].methods)
    path = path[1:].replace("{id}", "none")
    told = await client.options(path)
    assert (told.status_code, set(told.headers["allow"].split(", "))) == (204, methods)
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY"} - methods:
        answer = await client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, told.headers["allow"])
        if method != "HEAD":
            assert answer.json()["error"]["code"] == "method-not-allowed"
    if "GET" in methods:
        answer = await client.get(path)
        head = await client.head(path)
        assert head.content == b""
        assert head.status_code == answer.status_code
        assert head.headers.get("content-length") == answer.headers.get("content-length")


@pytest.mark.parametrize("path", ["api/v1", "api/v1/", "api/v1/launches/a/b/c", "api/v2/resolve"])
def test_all_else_is_nothing(settings: Settings, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert error(ask(settings, method, path)) == (404, "not-found")


@pytest.mark.parametrize("path", ["resolve", "links", "launches"])
def test_a_body_that_is_too_large(settings: Settings, path: str) -> None:
    answer = ask(
        settings,
        "POST",
        f"api/v1/{path}",
        content=b" " * (MAX_BYTES + 1),
        headers={"Content-Type": "application/json"},
    )
    assert error(answer) == (413, "too-large")


@pytest.mark.parametrize("path", ["resolve", "validate", "links", "launches"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "expected `object`, got `array`"),
        (b'{"binder":' + b"[" * 3000, ""),
    ],
)
def test_a_body_that_is_none(settings: Settings, path: str, body: bytes, words: str) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = ask(settings, "POST", f"api/v1/{path}", content=body, headers=headers)
    assert error(answer) == (400, "bad-request")
    assert words in answer.json()["error"]["message"]


ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PATHS = st.sampled_from(["validate", "links"])
KEYS = st.sampled_from(["binder", "metadata", "notebook", "place", "kinds", "hosts", "ui", "url"])


@hypothesis(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.dictionaries(KEYS, ANY_JSON, max_size=3), path=st.sampled_from(["validate", "links"])
)
def test_whatever_is_sent_is_answered(settings: Settings, body: object, path: str) -> None:
    answer = ask(settings, "POST", f"api/v1/{path}", json=body)
    assert answer.status_code in {200, 400, 422}, answer.text
    if answer.status_code >= 400:
        assert {"code", "message", "hint"} <= answer.json()["error"].keys()


def test_a_fault_of_ours_is_told_to_nobody(settings: Settings) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            state = client.app.state
            state.gateway = replace(state.gateway, settings=None)
            sent: list[Any] = []

            async def receive() -> Any:
                return {"type": "http.request", "body": b""}

            async def send(message: Any) -> None:
                sent.append(message)

            scope = {
                "type": "http",
                "method": "GET",
                "path": "/x",
                "headers": [],
                "app": client.app,
            }
            with pytest.raises(AttributeError):
                await TABLE["/places"](scope, receive, send)
            assert sent[0]["status"] == 500
            assert json.loads(sent[1]["body"])["error"]["code"] == "internal"
            assert b"AttributeError" not in sent[1]["body"]

    asyncio.run(main())
