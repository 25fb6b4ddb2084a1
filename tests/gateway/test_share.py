"""Sharing over HTTP: what is taken, what comes back, who may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.gateway.rig import Client, inside, settings_for

from binderclip.errors import SourceError
from binderclip.gateway.asked import source_of
from binderclip.gateway.settings.model import HubService, ShareSettings

NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
KIND = {"Content-Type": "application/x-ipynb+json"}


def share(folder: Path, **fields: Any) -> ShareSettings:
    return ShareSettings(**{"url": f"file://{folder}/shared", **fields})


def ask(folder: Path, work: Callable[[Client], Awaitable[None]], **fields: Any) -> None:
    fields.setdefault("share", share(folder))

    async def go() -> None:
        async with inside(settings_for(folder, **fields)) as client:
            await work(client)

    asyncio.run(go())


def error(answer: httpx.Response) -> str:
    body = answer.json()
    assert set(body) == {"error"}
    assert {"code", "message", "hint"} <= set(body["error"])
    return str(body["error"]["code"])


def test_a_notebook_gets_an_address_and_comes_back_byte_for_byte(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        answer = await client.post("share", content=NOTEBOOK, headers=KIND)
        assert answer.status_code == 201
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        digest = sha256(NOTEBOOK).hexdigest()
        assert body["url"] == f"http://gateway.test/shared/{digest}.ipynb"
        assert body["url"] == answer.headers["location"]
        assert body["launch"].endswith(f"/v2/notebook?url={quote(body['url'], safe='')}")
        left = datetime.fromisoformat(body["expires"]) - datetime.now(UTC)
        assert timedelta(days=29) < left <= timedelta(days=30)

        got = await client.get(body["url"])
        assert got.content == NOTEBOOK
        assert got.headers["content-type"] == "application/x-ipynb+json"
        assert got.headers["content-disposition"].startswith("attachment;")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in got.headers["content-security-policy"]
        assert "set-cookie" not in got.headers
        head = await client.head(body["url"])
        assert (head.status_code, head.content) == (200, b"")
        again = await client.get(body["url"], headers={"If-None-Match": got.headers["etag"]})
        assert again.status_code == 304

    ask(tmp_path, work)


def test_days_are_up_to_those_of_the_settings(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        answer = await client.post("share?days=0.5", content=NOTEBOOK, headers=KIND)
        left = datetime.fromisoformat(answer.json()["expires"]) - datetime.now(UTC)
        assert timedelta(hours=11) < left <= timedelta(hours=12)
        for days in ("31", "0", "-1", "nan", "inf", "soon", ""):
            answer = await client.post(f"share?days={days}", content=NOTEBOOK, headers=KIND)
            assert (answer.status_code, error(answer)) == (400, "bad-request"), days

    ask(tmp_path, work)


def test_who_has_the_token_deletes_it(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        body = (await client.post("share", content=NOTEBOOK, headers=KIND)).json()
        for headers, status in (
            ({}, 403),
            ({"Authorization": "Bearer guessed"}, 404),
            ({"Authorization": f"Basic {body['delete']}"}, 403),
        ):
            answer = await client.delete(body["url"], headers=headers)
            assert answer.status_code == status
            assert error(answer)
        # In an address it would be in logs and histories.
        answer = await client.delete(f"{body['url']}?build_token={body['delete']}")
        assert answer.status_code == 403
        assert (await client.get(body["url"])).status_code == 200
        headers = {"Authorization": f"Bearer {body['delete']}"}
        other = (await client.post("share?days=1", content=NOTEBOOK, headers=KIND)).json()
        answer = await client.delete(body["url"], headers=headers)
        assert answer.json() == {"there": True, "until": other["expires"]}
        assert (await client.get(body["url"])).status_code == 200
        headers = {"Authorization": f"Bearer {other['delete']}"}
        answer = await client.delete(body["url"], headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"there": False})
        gone = await client.get(body["url"], headers={"If-None-Match": f'"{"a" * 64}"'})
        assert (gone.status_code, error(gone)) == (404, "not-found")
        etag = {"If-None-Match": f'"{sha256(NOTEBOOK).hexdigest()}"'}
        assert (await client.get(body["url"], headers=etag)).status_code == 404
        assert (await client.delete(body["url"], headers=headers)).status_code == 404

    ask(tmp_path, work)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<script>alert(1)</script>",
        b"[]",
        b'{"cells": [], "metadata": {}',
        b'{"cells": []}',
        b'{"nbformat": 2, "nbformat_minor": 0, "metadata": {}, "worksheets": []}',
        b'{"cells": [}, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        b"\xff\xfe{}",
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_notebook_is_not_kept(tmp_path: Path, data: bytes) -> None:
    async def work(client: Client) -> None:
        answer = await client.post("share", content=data, headers=KIND)
        assert (answer.status_code, error(answer)) == (422, "notebook")

    ask(tmp_path, work)
    assert not [path for path in (tmp_path / "shared").rglob("*") if path.is_file()]


def test_other_types_of_content_are_refused(tmp_path: Path) -> None:
    """Forms of other sites can send these three without asking (CORS' simple requests)."""

    async def work(client: Client) -> None:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            answer = await client.post("share", content=NOTEBOOK, headers={"Content-Type": kind})
            assert (answer.status_code, error(answer)) == (415, "content-type")
        plain = {"Content-Type": "application/json; charset=utf-8"}
        assert (await client.post("share", content=NOTEBOOK, headers=plain)).status_code == 201

    ask(tmp_path, work)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_other_sites_scripts_change_nothing(tmp_path: Path, headers: dict[str, str]) -> None:
    async def work(client: Client) -> None:
        answer = await client.post("share", content=NOTEBOOK, headers={**KIND, **headers})
        assert (answer.status_code, error(answer)) == (403, "not-trusted")
        body = (await client.post("share", content=NOTEBOOK, headers=KIND)).json()
        token = {"Authorization": f"Bearer {body['delete']}"}
        answer = await client.delete(body["url"], headers={**token, **headers})
        assert (answer.status_code, error(answer)) == (403, "not-trusted")

    ask(tmp_path, work)


def test_it_is_bounded(tmp_path: Path) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 1000

    async def work(client: Client) -> None:
        for content in (b" " * 100_001, chunks()):
            answer = await client.post("share", content=content, headers=KIND)
            assert (answer.status_code, error(answer)) == (413, "too-large")
        answer = await client.post("share", content=NOTEBOOK, headers=KIND)
        assert (answer.status_code, error(answer)) == (507, "full")

    ask(tmp_path, work, share=share(tmp_path, notebook_bytes=100_000, total_bytes=100))


def test_clients_are_counted(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        for _ in range(2):
            assert (await client.post("share", content=NOTEBOOK, headers=KIND)).status_code == 201
        answer = await client.post("share", content=NOTEBOOK, headers=KIND)
        assert (answer.status_code, error(answer)) == (429, "rate-limited")
        assert int(answer.headers["retry-after"]) > 0

    ask(tmp_path, work, share=share(tmp_path, per_client="2/day"))


def test_without_the_setting_there_is_nothing(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        assert (await client.post("share", content=NOTEBOOK, headers=KIND)).status_code == 404
        assert (await client.get(f"shared/{'a' * 64}.ipynb")).status_code == 404

    ask(tmp_path, work, share=None)


def test_where_people_log_in_strangers_share_nothing(tmp_path: Path) -> None:
    service = HubService("gw", "/", "http://127.0.0.1:9/hub/api", "token-of-the-service")

    async def work(client: Client) -> None:
        answer = await client.post("share", content=NOTEBOOK, headers=KIND)
        assert (answer.status_code, error(answer)) == (403, "not-trusted")
        machine = {**KIND, "Authorization": "Bearer machine-token-4711"}
        answer = await client.post("share", content=NOTEBOOK, headers=machine)
        assert answer.status_code == 201
        assert (await client.get(answer.json()["url"])).status_code == 200

    ask(tmp_path, work, service=service, tokens={"ci": "machine-token-4711"})


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "x", "A" * 64, "%00"])
def test_other_names_lead_nowhere(tmp_path: Path, name: str) -> None:
    async def work(client: Client) -> None:
        assert (await client.get(f"shared/{name}.ipynb")).status_code == 404

    ask(tmp_path, work)


def test_the_service_launches_what_it_keeps(tmp_path: Path) -> None:
    """Also where its own address is inside, where no notebook is fetched from."""

    async def work(client: Client) -> None:
        url = (await client.post("share", content=NOTEBOOK, headers=KIND)).json()["url"]
        looker = client.app.state.gateway.looker
        look = await looker.look(source_of(url))
        assert look.digest == sha256(NOTEBOOK).hexdigest()
        for other in (f"{url}x", url.replace("gateway.test", "127.0.0.1")):
            with pytest.raises(SourceError):
                await looker.look(source_of(other))

    ask(tmp_path, work, allowed_networks=())
