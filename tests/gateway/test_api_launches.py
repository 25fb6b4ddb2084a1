"""``/api/v1/launches``: begin, follow, stop; and whose they are."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from tests.gateway.rig import Client, settings_for
from tests.gateway.rig_api import LANDING, Worker, api, notebook, shelf

from binderclip.errors import BuildFailed
from binderclip.gateway.leaving import leave
from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings
from binderclip.gateway.visitors.signing import LaunchTicket

TOKEN = {"Authorization": "Bearer the-machine"}
OTHER = {"Authorization": "token another-machine"}
PATH = "api/v1/launches"
STREAM = {"Accept": "text/event-stream"}
URL = "https://example.org/a.ipynb"
FREE = PlaceSettings(
    name="free", kind="binderhub", title="A BinderHub", url="https://free.test/", ask=False
)
OWN = PlaceSettings(
    name="own",
    kind="jupyterhub",
    title="A hub",
    url="https://own.test/",
    token="the-hub-token",
)
ENVIRONMENT = {"version": 1, "build": {"host": "https://github.com", "path": "o/r", "ref": "main"}}

Talk = Callable[[Client, Worker], Awaitable[None]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    tokens = MappingProxyType({"one": "the-machine", "two": "another-machine"})
    return settings_for(tmp_path, FREE, OWN, tokens=tokens)


def run(settings: Settings, talk: Talk, **options: Any) -> None:
    async def main() -> None:
        async with api(settings, **options) as (client, worker):
            await talk(client, worker)

    asyncio.run(main())


def events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in filter(None, text.split("\n\n")):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


async def launched(client: Client, body: Mapping[str, object], **options: Any) -> dict[str, Any]:
    answer = await client.post("api/v1/launches", json=body, **options)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(f"/api/v1/launches/{answer.json()['id']}")
    return dict(answer.json())


async def until(client: Client, name: str, state: str, **options: Any) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            found = (await client.get(f"api/v1/launches/{name}", **options)).json()
            if found["state"] == state:
                return dict(found)
            await asyncio.sleep(0.01)


def test_a_launch_is_begun_followed_and_stopped(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        begun = await launched(client, {"url": URL, "urlpath": "/lab/tree/a.ipynb"}, headers=TOKEN)
        assert (begun["place"], begun["kind"], begun["source"]) == ("free", "binderhub", URL)
        assert begun["url"] is begun["server"] is begun["error"] is None
        worker.go.set()
        answer = await client.get(f"api/v1/launches/{begun['id']}/events", headers=TOKEN)
        assert answer.headers["content-type"] == "text/event-stream"
        told = events(answer.text)
        assert told[0] == ("phase", {"phase": "fetching", "message": "fetching the notebook"})
        assert ("log", {"log": "building"}) in told
        ready = {
            "url": LANDING.url,
            "server": LANDING.server,
            "token": LANDING.token,
            "remarks": list(LANDING.remarks),
        }
        assert told[-1] == ("ready", ready)
        found = (await client.get("api/v1/launches", headers=TOKEN)).json()["launches"]
        assert [one["id"] for one in found] == [begun["id"]]
        assert (found[0]["url"], found[0]["state"]) == (LANDING.url, "ready")
        gone = await client.delete(f"api/v1/launches/{begun['id']}", headers=TOKEN)
        assert (gone.status_code, gone.content, worker.stopped) == (204, b"", 1)
        again = (await client.get(f"api/v1/launches/{begun['id']}", headers=TOKEN)).json()
        assert (again["state"], again["error"]["code"]) == ("stopped", "stopped")
        (order,) = worker.orders
        assert order.urlpath == "lab/tree/a.ipynb"

    run(settings, talk)


def test_the_token_is_in_the_ready_event_alone(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        worker.go.set()
        begun = await launched(client, {"url": URL}, headers=TOKEN)
        await until(client, begun["id"], "ready", headers=TOKEN)
        for path in ("api/v1/launches", f"api/v1/launches/{begun['id']}"):
            answer = await client.get(path, headers=TOKEN)
            assert LANDING.token is not None
            assert LANDING.token not in answer.text
            assert answer.headers["cache-control"] == "no-store"

    run(settings, talk)


def test_the_answer_is_the_stream_where_one_is_accepted(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        worker.go.set()
        answer = await client.post(
            "api/v1/launches", json={"binder": ENVIRONMENT}, headers={**TOKEN, **STREAM}
        )
        told = events(answer.text)
        assert (answer.status_code, told[0][0], told[-1][0]) == (201, "launch", "ready")
        assert answer.headers["location"].endswith(told[0][1]["id"])
        (order,) = worker.orders
        assert order.source is None
        assert order.environment is not None
        assert order.environment.build is not None

    run(settings, talk)


def test_folders_of_this_machine_are_told_to_nobody(settings: Settings) -> None:
    folder = tempfile.gettempdir()

    async def talk(client: Client, worker: Worker) -> None:
        worker.line = f"made {folder}/envs/0"
        worker.go.set()
        answer = await client.post(
            "api/v1/launches", json={"url": URL}, headers={**TOKEN, **STREAM}
        )
        assert ("log", {"log": "made …/envs/0"}) in events(answer.text)
        found = await client.get("api/v1/launches", headers=TOKEN)
        assert folder not in answer.text + found.text

    run(settings, talk)


def test_a_failure_is_the_last_event(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        worker.error = BuildFailed("it did not build", hint="mend it")
        worker.go.set()
        answer = await client.post(
            "api/v1/launches", json={"url": URL}, headers={**TOKEN, **STREAM}
        )
        error = {"code": "build-failed", "message": "it did not build", "hint": "mend it"}
        assert events(answer.text)[-1] == ("failed", {"error": error})
        (found,) = (await client.get("api/v1/launches", headers=TOKEN)).json()["launches"]
        assert (found["state"], found["error"]) == ("failed", error)

    run(settings, talk)


def test_who_comes_back_gets_what_was_missed(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        worker.go.set()
        begun = await launched(client, {"url": URL}, headers=TOKEN)
        await until(client, begun["id"], "ready", headers=TOKEN)
        path = f"api/v1/launches/{begun['id']}/events"
        whole = events((await client.get(path, headers=TOKEN)).text)
        rest = await client.get(path, headers={**TOKEN, "Last-Event-ID": "0"})
        assert events(rest.text) == whole[1:]

    run(settings, talk)


def test_who_hangs_up_before_the_end_cancels_it(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        leaving = asyncio.Event()
        body = iter([{"type": "http.request", "body": json.dumps({"url": URL}).encode()}])

        async def receive() -> dict[str, object]:
            for part in body:
                return dict(part)
            await leaving.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if b"event: log" in message.get("body", b""):
                leaving.set()

        headers = {"host": "gateway.test", "content-type": "application/json", **TOKEN, **STREAM}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/api/v1/launches",
            "raw_path": b"/api/v1/launches",
            "query_string": b"",
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("gateway.test", 80),
        }
        async with asyncio.timeout(10):
            await client.app(scope, receive, send)
        (found,) = (await client.get("api/v1/launches", headers=TOKEN)).json()["launches"]
        assert (found["state"], worker.stopped) == ("stopped", 1)

    run(settings, talk)


def test_one_that_does_not_hold_the_stream_goes_on(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        begun = await launched(client, {"url": URL}, headers=TOKEN)
        worker.go.set()
        assert (await until(client, begun["id"], "ready", headers=TOKEN))["url"] == LANDING.url

    run(settings, talk)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_other_peoples_launches_are_not_there(settings: Settings, method: str) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        begun = await launched(client, {"url": URL}, headers=TOKEN)
        for headers in (OTHER, {}):
            answer = await client.request(method, f"api/v1/launches/{begun['id']}", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")
            assert (await client.get("api/v1/launches", headers=headers)).json() == {"launches": []}
        assert worker.stopped == 0

    run(settings, talk)


def test_who_has_no_token_is_known_by_the_cookie(settings: Settings) -> None:
    async def talk(client: Client, _worker: Worker) -> None:
        answer = await client.post("api/v1/launches", json={"url": URL})
        path = f"api/v1/launches/{answer.json()['id']}"
        assert "httponly" in answer.headers["set-cookie"].lower()
        assert (await client.get(path)).status_code == 200
        client.cookies.clear()
        assert (await client.get(path)).status_code == 404

    run(settings, talk)


# What may be launched where


def test_a_place_that_asks_wants_a_token(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        body = {"url": URL, "place": "own"}
        answer = await client.post("api/v1/launches", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not-trusted")
        assert not worker.orders
        begun = await launched(client, body, headers=TOKEN)
        assert begun["place"] == "own"

    run(settings, talk)


@pytest.mark.parametrize("sends", [False, True])
def test_who_has_no_token_of_the_settings_gets_none_that_opens_more(
    settings: Settings, *, sends: bool
) -> None:
    """The token of the operator's own server is for the operator's machines. ``told_token``."""

    async def talk(client: Client, worker: Worker) -> None:
        worker.landing = replace(LANDING, sends_token=sends)
        worker.go.set()
        none: dict[str, str] = {}
        for headers, told in ((none, sends), (TOKEN, True)):
            begun = await launched(client, {"url": URL}, headers=headers)
            path = f"api/v1/launches/{begun['id']}/events"
            answers = [await client.get(path, headers=headers)]
            stream = {**headers, **STREAM}
            answers.append(await client.post("api/v1/launches", json={"url": URL}, headers=stream))
            for answer in answers:
                name, ready = events(answer.text)[-1]
                assert (name, ready["token"]) == ("ready", LANDING.token if told else None)

    run(settings, talk)


@pytest.mark.parametrize("token", ["Bearer the-machin", "token nonsense", "Bearer the-machine-"])
def test_an_unknown_token_is_refused_even_where_none_is_needed(
    settings: Settings, token: str
) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        answer = await client.post(
            "api/v1/launches", json={"url": URL}, headers={"Authorization": token}
        )
        assert answer.status_code == 403
        assert not worker.orders

    run(settings, talk)


def test_a_place_for_people_who_are_logged_in(settings: Settings) -> None:
    theirs = replace(OWN, login=True)
    settings = replace(settings, places=MappingProxyType({"free": FREE, "own": theirs}))

    async def talk(client: Client, _worker: Worker) -> None:
        answer = await client.post(
            "api/v1/launches", json={"url": URL, "place": "own"}, headers=TOKEN
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not-trusted")
        assert "logged in" in answer.json()["error"]["message"]

    run(settings, talk)


def test_a_ticket_is_for_the_bytes_that_were_seen(settings: Settings) -> None:
    """Fails without ``ticket.hold`` on what was read."""
    files = {"a.ipynb": notebook()}

    async def talk(client: Client, worker: Worker) -> None:
        resolved = await client.get("api/v1/resolve", params={"url": url, "place": "own"})
        signer = client.app.state.gateway.signer
        begun = await launched(client, {"url": URL})
        await until(client, begun["id"], "running")
        owner = worker.orders.pop().owner
        ticket = LaunchTicket(url, resolved.json()["digest"], "own", owner).signed(signer)
        brought = {"Authorization": f"Bearer {ticket}"}
        body = {"url": url, "place": "own"}
        files["a.ipynb"] = notebook(cells=("# Another one",))
        changed = await client.post("api/v1/launches", json=body, headers=brought)
        assert (changed.status_code, changed.json()["error"]["code"]) == (403, "not-trusted")
        files["a.ipynb"] = notebook()
        for wrong in ({"url": url, "place": "free"}, {"binder": ENVIRONMENT, "place": "own"}):
            answer = await client.post("api/v1/launches", json=wrong, headers=brought)
            assert answer.status_code == 403, wrong
        assert not worker.orders
        worker.landing = replace(LANDING, sends_token=False)
        worker.go.set()
        first = await launched(client, body, headers=brought)
        assert first["place"] == "own"
        ready = events((await client.get(f"{PATH}/{first['id']}/events", headers=brought)).text)[-1]
        assert (ready[0], ready[1]["token"]) == ("ready", None), "a visitor's word, no machine's"
        # Used once: it leads to what it launched, and to nothing else.
        assert (await launched(client, body, headers=brought))["id"] == first["id"]
        for wrong in ({**body, "urlpath": "lab"}, {"url": URL, "place": "own"}):
            answer = await client.post("api/v1/launches", json=wrong, headers=brought)
            assert answer.status_code == 403, wrong
        assert len(worker.orders) == 1

    with shelf(files) as (base, _):
        url = f"{base}a.ipynb"
        run(settings, talk)


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({}, 400, "bad-request", "expected either `url` or `binder`"),
        ({"url": URL, "binder": ENVIRONMENT}, 400, "bad-request", "either"),
        ({"url": URL, "plase": "own"}, 400, "bad-request", "did you mean 'place'?"),
        ({"url": "/etc/passwd"}, 422, "refused", "not of the web"),
        ({"url": "-"}, 422, "refused", "not of the web"),
        ({"url": "file:///etc/passwd"}, 422, "refused", "not of the web"),
        ({"url": "https://u:secret-word@example.org/a.ipynb"}, 403, "address-forbidden", "@"),
        ({"url": URL, "place": "fre"}, 422, "refused", "did you mean 'free'?"),
        ({"url": URL, "place": "https://elsewhere.test/"}, 422, "refused", "free, own"),
        ({"url": URL, "urlpath": "//evil.test/"}, 422, "refused", "another server"),
        ({"url": URL, "urlpath": "lab/tree/..%2f..%2fhub"}, 422, "refused", "'..'"),
        ({"url": URL, "urlpath": "lab?token=x"}, 422, "refused", "token"),
        ({"binder": 3}, 422, "spec", "binder"),
        ({"binder": {"version": 1, "build": {"path": "o/r"}}}, 422, "spec", "binder.build.host"),
    ],
)
def test_what_cannot_be_launched(
    settings: Settings, body: dict[str, object], status: int, code: str, words: str
) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        answer = await client.post("api/v1/launches", json=body, headers=TOKEN)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (status, code)
        assert words in f"{error['message']} {error['hint']}"
        assert "secret-word" not in answer.text
        assert not worker.orders

    run(settings, talk)


def test_an_environment_that_the_place_cannot_take(settings: Settings) -> None:
    async def talk(client: Client, _worker: Worker) -> None:
        body = {"binder": {"version": 1, "files": {"requirements.txt": "numpy"}}, "place": "own"}
        answer = await client.post("api/v1/launches", json=body, headers=TOKEN)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "refused")
        assert answer.json()["error"]["message"].startswith("own: ")

    run(settings, talk)


# How much, and from where


def test_too_many_launches_are_told_to_wait(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        worker.go.set()
        for _ in range(2):
            await launched(client, {"url": URL})
        answer = await client.post("api/v1/launches", json={"url": URL})
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate-limited")
        assert 0 < int(answer.headers["retry-after"]) <= 3600
        for _ in range(3):  # the operator's machines are not counted
            await launched(client, {"url": URL}, headers=TOKEN)

    run(replace(settings, limits=Limits(launches="2/hour")), talk)


def test_too_many_streams_are_refused_and_no_stream(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        worker.go.set()
        begun = await launched(client, {"url": URL}, headers=TOKEN)
        await until(client, begun["id"], "ready", headers=TOKEN)
        answer = await client.get(f"api/v1/launches/{begun['id']}/events", headers=TOKEN)
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate-limited")
        assert answer.headers["content-type"] == "application/json"

    run(replace(settings, limits=Limits(streams_each=0)), talk)


def test_a_service_that_ends_begins_nothing(settings: Settings) -> None:
    async def talk(client: Client, _worker: Worker) -> None:
        leave(client.app)
        answer = await client.post("api/v1/launches", json={"url": URL}, headers=TOKEN)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "closing")
        assert int(answer.headers["retry-after"]) > 0

    run(settings, talk)


def foreign(**more: str) -> dict[str, str]:
    return {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site", **more}


def test_scripts_of_other_sites_launch_nothing(settings: Settings) -> None:
    """Two stand before it, ``Crossing`` and ``agreed``: it fails where both are gone."""

    async def talk(client: Client, worker: Worker) -> None:
        answer = await client.post("api/v1/launches", json={"url": URL}, headers=foreign())
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not-trusted")
        assert not worker.orders

    run(settings, talk)


def test_scripts_of_sites_that_the_settings_name_do(settings: Settings) -> None:
    async def talk(client: Client, _worker: Worker) -> None:
        await launched(client, {"url": URL}, headers=foreign())
        body = {"url": URL, "place": "own"}
        answer = await client.post("api/v1/launches", json=body, headers=foreign())
        assert answer.status_code == 403, "a person's own server still asks"

    run(replace(settings, origins=("https://evil.test",)), talk)


def test_a_form_of_another_site_can_send_no_json(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            answer = await client.post(
                "api/v1/launches",
                content=json.dumps({"url": URL}),
                headers={"Content-Type": kind},
            )
            assert (answer.status_code, answer.json()["error"]["code"]) == (415, "content-type")
        assert not worker.orders

    run(settings, talk)


def test_ids_cannot_be_guessed(settings: Settings) -> None:
    async def talk(client: Client, worker: Worker) -> None:
        worker.go.set()
        answers: list[httpx.Response] = [
            await client.post("api/v1/launches", json={"url": URL}, headers=TOKEN) for _ in range(3)
        ]
        names = {answer.json()["id"] for answer in answers}
        assert len(names) == 3
        assert all(re.fullmatch("[A-Za-z0-9_-]{20,64}", name) for name in names)

    run(settings, talk)
