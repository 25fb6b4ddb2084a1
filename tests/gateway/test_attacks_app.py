"""Attacks on the service as a whole: every route that there is, what a notebook's words become on
pages, where answers lead, who sees whose launches, and what logs keep.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from starlette.routing import BaseRoute, Route
from tests.gateway.rig import Client, inside, settings_for
from tests.gateway.rig_http import listening

from binderclip.gateway.app import create
from binderclip.gateway.settings.model import (
    HubService,
    Limits,
    PlaceSettings,
    Settings,
    ShareSettings,
)
from binderclip.gateway.visitors.origins import SAFE

EVIL = {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
STREAM = {"Accept": "text/event-stream"}
PAGE = {"Accept": "text/html"}
FREE = PlaceSettings("free", "binderhub", "Free", url="https://hub.invalid/", ask=False)

# Every route that takes an unsafe method is in one of these; a new one has to be thought about.
FORMS = {"/v2/launch", "/v2/launches/{id}/stop", "/logout"}
"""Of pages, with the token of forms."""
PROGRAMS = {
    "/api/v1/launches",
    "/api/v1/launches/{id}",
    "/api/v1/links",
    "/api/v1/resolve",
    "/api/v1/validate",
    "/share",
    "/shared/{digest:str}.ipynb",
}
"""JSON or bytes, which no other site's form can send; ``Crossing`` sees to scripts."""
GIT = {"/env/{key}.git/git-upload-pack", "/env/{key}.git/git-receive-pack"}
"""Changes nothing, the second as it always refuses, and takes no cookie."""


def in_full(folder: Path) -> Settings:
    """With everything that can be switched on."""
    service = HubService("binderclip", "/", "http://127.0.0.1:9/hub/api", "token-of-service")
    share = ShareSettings("memory://attacks")
    return settings_for(folder, FREE, service=service, share=share)


def unsafe(settings: Settings) -> Iterator[tuple[str, str]]:
    """Each route's path with each of its methods that could change something."""
    for route in create(settings).routes:
        yield from ((path_of(route), method) for method in sorted(methods_of(route) - SAFE))


def path_of(route: BaseRoute) -> str:
    path = getattr(route, "path", None)
    assert isinstance(path, str), f"a route of another kind: {route!r}"
    return path


def methods_of(route: BaseRoute) -> frozenset[str]:
    """Those of a class that answers all by itself are its own."""
    assert isinstance(route, Route)
    named = route.methods or getattr(route.endpoint, "methods", None) or ()
    return frozenset(named)


def after(settings: Settings, story: Callable[[Client], Awaitable[Any]], **options: Any) -> Any:
    async def go() -> Any:
        async with inside(settings, **options) as client:
            return await story(client)

    return asyncio.run(go())


def test_every_route_that_changes_something_is_known_here(tmp_path: Path) -> None:
    found = {path for path, _ in unsafe(in_full(tmp_path))}
    assert found == FORMS | PROGRAMS | GIT


def filled(path: str) -> str:
    for name in ("{id}", "{key}", "{digest:str}"):
        path = path.replace(name, "0123456789abcdef")
    return path.lstrip("/")


def test_no_route_is_reached_from_another_site(tmp_path: Path) -> None:
    """``Crossing``, for the methods that are there and for those that are not."""
    settings = in_full(tmp_path)
    routes = [*unsafe(settings), *((path, "PUT") for path in FORMS)]

    async def story(client: Client) -> None:
        for path, method in routes:
            answer = await client.request(method, filled(path), headers=EVIL)
            assert answer.status_code == 403, (method, path, answer.status_code)
            assert answer.json()["error"]["code"] == "not-trusted"

    after(settings, story)


def test_no_form_is_taken_without_its_token(tmp_path: Path) -> None:
    """``checked_form``; from our own origin, as a form that somebody smuggled in would be."""
    own = {"Origin": "http://gateway.test", "Sec-Fetch-Site": "same-origin"}

    async def story(client: Client) -> None:
        await client.get("", headers=PAGE)
        for path in FORMS:
            for data in ({"ticket": "x"}, {"csrf": "x"}, {"csrf": ""}):
                answer = await client.post(filled(path), data=data, headers=own)
                assert answer.status_code == 403, path

    after(in_full(tmp_path), story)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]
)
def test_what_forms_of_others_can_send_is_nothing_for_programs(tmp_path: Path, kind: str) -> None:
    """An old browser that says nothing of where it comes from, and a form without a script."""
    body = b'{"url": "https://example.org/x.ipynb"}'

    async def story(client: Client) -> None:
        for path in ("links", "resolve", "validate", "launches"):
            headers = {"Content-Type": kind}
            answer = await client.post(f"api/v1/{path}", content=body, headers=headers)
            assert answer.status_code == 415, path

    after(settings_for(tmp_path, FREE), story)


class Markup(HTMLParser):
    """What could run, load or lead somewhere on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.links: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        named = dict(attrs)
        if tag == "script" and not (named.get("src") or "").startswith("/static/"):
            self.faults.append(f"script of {named.get('src')}")
        if tag in {"iframe", "object", "embed", "base", "style", "svg", "math", "template"}:
            self.faults.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"style", "srcdoc"}:
                self.faults.append(f"{tag} {name}")
            if name in {"href", "src", "action", "formaction"}:
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        if self._inside in {"script", "style"} and data.strip():
            self.faults.append(f"{self._inside} of the page's own")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the library's signature
        self._inside = ""


NASTY = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'--></title><svg onload=alert(3)>"


def cell(kind: str, source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "id": kind, "metadata": {}, "source": source, **more}


def notebook(**binder: Any) -> dict[str, Any]:
    """Hostile in its title, its cells and what it says of its environment."""
    return {
        "cells": [
            cell("markdown", f"# {NASTY}\n\n{NASTY}\n[x](javascript:alert(4))"),
            cell("code", NASTY, outputs=[], execution_count=None),
        ],
        "metadata": {"title": NASTY, "binder": {"version": 1, **binder}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


COMMIT = "0123456789" * 4
BUILD = {"host": "https://github.com", "path": "o/r"}
NOTEBOOKS = {
    "/hostile": notebook(build={**BUILD, "hash": COMMIT}, host=["https://evil.test/alert()"]),
    "/ref": notebook(build={**BUILD, "ref": NASTY}),
    "/embedded": notebook(files={"<script>alert(5)<b>.txt": NASTY, "requirements.txt": "numpy"}),
    "/broken": notebook(**{NASTY: NASTY, "build": {NASTY: 1}}),
    "/sound": notebook(build={**BUILD, "hash": COMMIT}),
}


@pytest.fixture(scope="module")
def shelf() -> Iterator[str]:
    """Hostile notebooks at hostile addresses."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = NOTEBOOKS.get(self.path.partition("/x")[0])
            data = json.dumps(found).encode() if found else NASTY.encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("name", ["hostile", "embedded", "ref", "broken", "absent"])
@pytest.mark.parametrize("door", ["", "v2/notebook"])
def test_no_word_of_a_notebook_becomes_markup(
    settings: Settings, shelf: str, name: str, door: str
) -> None:
    """``pages.markup`` escapes, and the policy runs no script that is not a file of ours."""
    asked = {"url": f"{shelf}/{name}/x{NASTY}.ipynb", "host": "", "urlpath": "", "ref": ""}

    async def story(client: Client) -> None:
        answer = await client.get(door, params=asked, headers=PAGE)
        for _ in range(20):
            if "http-equiv" not in answer.text:
                break
            await asyncio.sleep(0.1)
            answer = await client.get(door, params=asked, headers=PAGE)
        assert "text/html" in answer.headers["content-type"]
        assert (answer.status_code == 200) == (name in {"hostile", "embedded"})
        assert "alert(" in answer.text.replace("%28", "(")
        check(answer)

    after(settings, story)


def check(answer: httpx.Response) -> None:
    found = Markup(answer.text)
    assert not found.faults, answer.text
    for link in found.links:
        scheme = urlsplit(urljoin("http://gateway.test/", link)).scheme
        assert scheme in {"http", "https"}, link
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("key", ["url", "host", "urlpath", "ref", "job", "change", "Host"])
def test_no_word_of_a_link_becomes_markup(settings: Settings, key: str) -> None:
    async def story(client: Client) -> None:
        for door in ("", "v2/notebook", "v2/launches/x", "nowhere", f"v2/notebook/{NASTY}"):
            params = {"url": "https://example.invalid/x.ipynb", key: NASTY}
            answer = await client.get(door, params=params, headers=PAGE)
            if "text/html" in answer.headers.get("content-type", ""):
                check(answer)

    after(settings, story)


def test_errors_for_machines_are_no_pages(settings: Settings) -> None:
    async def story(client: Client) -> None:
        answer = await client.get(
            "api/v1/resolve", params={"url": NASTY, NASTY: NASTY}, headers=PAGE
        )
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"

    after(settings, story)


@pytest.mark.parametrize(
    "urlpath",
    [
        "//evil.test/",
        "/\\evil.test",
        "https://evil.test/",
        "javascript:alert(1)",
        "lab/../../hub/home",
        "%2e%2e/%2e%2e/hub/home",
        "%252e%252e/hub",
        "lab\r\nLocation: https://evil.test/",
        "%0d%0aSet-Cookie:x",
        "lab?token=mine",
        "%5cevil.test",
    ],
)
def test_no_urlpath_leads_away(tmp_path: Path, shelf: str, urlpath: str) -> None:
    url = f"{shelf}/hostile/x.ipynb"

    async def story(client: Client) -> None:
        asked = {"url": url, "urlpath": urlpath}
        page = await client.get("v2/notebook", params=asked, headers=PAGE)
        begun = await client.post("api/v1/launches", json=asked)
        quoted = url.replace(":", "%3A").replace("/", "%2F")
        built = await client.get(
            f"build/notebook/{quoted}", params={"urlpath": urlpath}, headers=STREAM
        )
        assert (page.status_code, begun.status_code) in {(422, 422), (422, 400)}
        assert '"phase": "failed"' in built.text or '"phase":"failed"' in built.text
        assert "set-cookie" not in begun.headers

    after(settings_for(tmp_path, FREE), story)


DOORS = ("", "v2/notebook", "v2/notebook/", "v2/launches/x/go", "login", "oauth_callback", "build/")


@given(
    st.sampled_from(DOORS),
    st.text(st.sampled_from("/\\.:@?#%2fF5ce \t\r\nhtpsevil"), max_size=16),
    st.sampled_from(["", "//evil.test/", "/\\evil.test", "https://evil.test", "/%2F/evil.test"]),
)
@how(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_answer_leads_a_browser_away(
    settings: Settings, door: str, rest: str, away: str
) -> None:
    headers = {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "javascript", **PAGE}
    target = f"/{away}{door}{rest}".encode("ascii").replace(b" ", b"%20")

    async def story(client: Client) -> httpx.Response:
        transport: Any = client._transport
        query = {"next": away, "url": "", "urlpath": away, "return": away, "code": "x"}
        url = httpx.URL("http://gateway.test/", params=query)
        raw = target.partition(b"?")[0].translate(None, b"\r\n\t#") + b"?" + url.query
        request = client.build_request("GET", url, headers=headers)
        request.url = url.copy_with(raw_path=raw)
        response: httpx.Response = await transport.handle_async_request(request)
        return response

    answer = after(settings, story)
    if "location" in answer.headers:
        led = urljoin("http://gateway.test/", answer.headers["location"])
        assert urlsplit(led).netloc == "gateway.test"


def test_addresses_of_ours_come_from_the_settings_and_no_header(tmp_path: Path, shelf: str) -> None:
    forged = {"X-Forwarded-Host": "evil.test", "Forwarded": "host=evil.test", "X-Host": "evil.test"}

    async def story(client: Client) -> None:
        body = {"url": f"{shelf}/hostile/x.ipynb"}
        begun = await client.post("api/v1/launches", json=body, headers=forged)
        assert begun.headers["location"].startswith("http://gateway.test/api/v1/launches/")
        assert "evil.test/api" not in begun.text
        answer = await client.get("health", headers={"Host": "evil.test"})
        assert answer.status_code == 200
        for path in ("", "v2/notebook", "api/v1/places", "build/notebook/x", "env/x.git/info/refs"):
            answer = await client.get(path, headers={"Host": "evil.test"})
            assert answer.status_code == 421, path

    after(settings_for(tmp_path, FREE), story)


def test_nobody_sees_or_stops_what_another_launched(tmp_path: Path, shelf: str) -> None:
    """``owner``: the number of a launch alone opens nothing."""

    async def story(client: Client) -> None:
        body = {"url": f"{shelf}/hostile/x.ipynb"}
        begun = await client.post("api/v1/launches", json=body)
        number = begun.json()["id"]
        api, page = f"api/v1/launches/{number}", f"v2/launches/{number}"
        mine = dict(client.cookies)
        assert mine
        assert len(number) >= 22
        assert (await client.get(api)).status_code == 200
        assert (await client.get(page, headers=PAGE)).status_code == 200
        client.cookies.clear()
        await client.get("", headers=PAGE)
        assert dict(client.cookies) != mine
        for path in (api, f"{api}/events", page, f"{page}/events", f"{page}/go"):
            answer = await client.get(path)
            assert answer.status_code == 404, path
            assert "hostile" not in answer.text
        assert (await client.delete(api)).status_code == 404
        assert (await client.get("api/v1/launches")).json() == {"launches": []}
        client.cookies.clear()
        again = await client.get(api, headers={"Cookie": "; ".join(map("=".join, mine.items()))})
        assert again.status_code == 200

    after(settings_for(tmp_path, FREE), story)


def test_a_page_of_another_port_does_not_stop_a_launch(tmp_path: Path, shelf: str) -> None:
    """Browsers send it our cookie, as it is the same site to them."""
    beside = {"Origin": "http://gateway.test:8888", "Sec-Fetch-Site": "same-site"}
    settings = replace(settings_for(tmp_path, FREE), origins=("*",))

    async def story(client: Client) -> None:
        begun = await client.post("api/v1/launches", json={"url": f"{shelf}/hostile/x.ipynb"})
        api = f"api/v1/launches/{begun.json()['id']}"
        assert (await client.delete(api, headers=beside)).status_code in {403, 404}
        assert (await client.get(api, headers=beside)).status_code == 404
        assert (await client.get(api)).status_code == 200

    after(settings, story)


def test_no_token_and_no_signature_is_in_a_log_or_an_answer(
    tmp_path: Path, shelf: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Masked by ``addresses.masking`` wherever an address is shown."""
    secrets = ("token-of-the-bot", "signature-that-opens", "guessed-token", "pw-of-somebody")
    settings = replace(settings_for(tmp_path), tokens={"bot": secrets[0]})
    caplog.set_level(logging.DEBUG)

    async def story(client: Client) -> list[httpx.Response]:
        signed = f"{shelf}/hostile/x.ipynb?X-Amz-Signature={secrets[1]}"
        quoted = signed.replace(":", "%3A").replace("/", "%2F").replace("?", "%3F")
        quoted = quoted.replace("=", "%3D")
        bearer = {"Authorization": f"Bearer {secrets[0]}"}
        build = f"build/notebook/{quoted}"
        return [
            await client.get("api/v1/launches", headers=bearer),
            await client.get(build, params={"build_token": secrets[2]}, headers=STREAM),
            await client.get("api/v1/resolve", params={"url": f"{signed}x"}),
            await client.get("v2/notebook", params={"url": f"{shelf}/absent?sig={secrets[1]}"}),
            await client.get("v2/notebook", params={"url": f"https://a:{secrets[3]}@b.test/x"}),
            await client.get("metrics"),
        ]

    answers = after(settings, story)
    shown = "\n".join([*caplog.messages, *(str(record.__dict__) for record in caplog.records)])
    ours = "\n".join(
        str(record.__dict__) for record in caplog.records if record.name.startswith("binderclip")
    )
    assert "request" in shown
    for secret in secrets:
        assert secret not in ours
    for answer in answers:
        if "text/html" not in answer.headers["content-type"]:
            assert not any(secret in answer.text for secret in secrets), answer.text
        assert "token-of-the-bot" not in answer.text


def test_a_client_that_looks_too_often_is_told_so_by_every_door(tmp_path: Path, shelf: str) -> None:
    """``Counter``: each look costs a fetch, whoever asks for it."""
    few = settings_for(tmp_path, FREE, limits=Limits(looks="2/hour"))
    url = f"{shelf}/sound/x.ipynb"
    quoted = url.replace(":", "%3A").replace("/", "%2F")

    async def story(client: Client) -> None:
        for _ in range(2):
            assert (await client.get("api/v1/resolve", params={"url": url})).status_code == 200
            client.cookies.clear()
        answer = await client.get("api/v1/resolve", params={"url": url})
        assert (answer.status_code, answer.headers["retry-after"].isdigit()) == (429, True)
        page = await client.get("v2/notebook", params={"url": url}, headers=PAGE)
        assert (page.status_code, page.headers["retry-after"].isdigit()) == (429, True)
        built = await client.get(f"build/notebook/{quoted}", headers=STREAM)
        assert "rate" in built.text.lower() or "more than 2" in built.text

    after(few, story)


def test_a_notebook_that_is_too_large_is_not_kept(tmp_path: Path, shelf: str) -> None:
    small = settings_for(tmp_path, FREE, limits=Limits(notebook_bytes=100))

    async def story(client: Client) -> httpx.Response:
        return await client.get("api/v1/resolve", params={"url": f"{shelf}/sound/x.ipynb"})

    answer = after(small, story)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too-large")
