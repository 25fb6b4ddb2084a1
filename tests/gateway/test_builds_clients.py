"""``/build`` with clients that nobody here wrote, over real connections."""

from __future__ import annotations

import asyncio
import functools
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn
from urllib.parse import quote

import httpx
import pytest
from httpx_sse import connect_sse
from tests.gateway.rig import LOOPBACK, settings_for
from tests.gateway.rig_api import notebook, shelf
from tests.gateway.rig_builds import SERVER, TOKEN, Worker, build_of, serving
from tests.gateway.rig_http import listening
from tests.gateway.test_builds import HUB
from tests.jupyter.rig import served

from binderclip.errors import BuildFailed
from binderclip.events import Event, Log, Progress
from binderclip.gateway.launches.model import Landing
from binderclip.guard import OpenGuard
from binderclip.targets.binderhub.build import Build, Hub
from binderclip.targets.binderhub.deadlines import Deadlines
from binderclip.web import Web

CLIENTS = Path(__file__).parent / "clients"
BOT = "a-token-of-the-settings"


@pytest.fixture
def web() -> Iterator[str]:
    with shelf({"plain.ipynb": notebook()}) as (url, _):
        yield f"{url}plain.ipynb"


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def gateway(tmp_path: Path, worker: Worker) -> Iterator[str]:
    place = replace(HUB, ask=True)
    tokens = MappingProxyType({"bot": BOT})
    with serving(
        settings_for(tmp_path, HUB, replace(place, name="asks"), tokens=tokens), worker
    ) as url:
        yield url


@pytest.fixture(autouse=True)
def _loopback_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def binderhub_client(tool: Callable[[str], Path], lacking: Callable[[str, str], NoReturn]) -> Ask:
    """``@jupyterhub/binderhub-client`` under node; what it was told."""
    if (node := shutil.which("node")) is None:
        lacking("node", "apt-get install nodejs")
    modules = tool("node_modules/@jupyterhub/binderhub-client").parents[1]

    def ask(gateway: str, spec: str, **options: str) -> list[dict[str, Any]]:
        words = [node, CLIENTS / "binderhub_client.mjs", modules, f"{gateway}build/", spec]
        done = subprocess.run(
            [*map(str, words), json.dumps(options)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


@pytest.mark.slow
def test_binderhub_client_launches_an_address(
    gateway: str, web: str, binderhub_client: Ask
) -> None:
    found = binderhub_client(gateway, f"notebook/{quote(web, safe='')}")
    assert [found[0]["phase"], found[-1]["phase"]] == ["waiting", "ready"]
    assert (found[-1]["url"], found[-1]["token"]) == (SERVER, TOKEN)


@pytest.mark.slow
def test_binderhub_client_is_told_of_a_failure(
    gateway: str, web: str, worker: Worker, binderhub_client: Ask
) -> None:
    worker.error = BuildFailed("the hub could not build it")
    found = binderhub_client(gateway, f"notebook/{quote(web, safe='')}")
    assert found[-1]["phase"] == "failed"
    assert found[-1]["message"] == "the hub could not build it\n"


@pytest.mark.slow
@pytest.mark.parametrize("option", ["apiToken", "buildToken"])
def test_binderhub_client_brings_its_token(
    gateway: str, web: str, worker: Worker, binderhub_client: Ask, option: str
) -> None:
    spec = f"notebook/{quote(web, safe='')}?host=asks"
    assert binderhub_client(gateway, spec)[-1]["status_code"] == 403
    assert binderhub_client(gateway, spec, **{option: BOT})[-1]["phase"] == "ready"
    assert [order.client for order in worker.orders] == ["token bot"]


def test_a_bot_reads_the_stream_with_httpx_sse(gateway: str, web: str) -> None:
    """As binderbot does: each event is JSON, the first with a server ends it."""
    url = f"{gateway.rstrip('/')}{build_of(web)}"
    with (
        httpx.Client(trust_env=False, timeout=30) as client,
        connect_sse(client, "GET", url) as source,
    ):
        for event in source.iter_sse():
            told = json.loads(event.data)
            if told["phase"] == "ready":
                break
        assert told["url"] == SERVER
        assert source.response.headers["content-type"] == "text/event-stream"


def test_our_own_client_of_binderhubs_takes_it_for_one(gateway: str, web: str) -> None:
    async def go() -> list[Event]:
        loop = asyncio.get_running_loop()
        async with Web(OpenGuard()) as session:
            path = build_of(web).removeprefix("/")
            build = Build(session, Hub(gateway, None), path, Deadlines(), loop.time() + 60)
            found = [event async for event in build.events()]
            await build.close()
            assert build.up is not None
            assert (build.up.url, build.up.token) == (SERVER, TOKEN)
            return found

    found = asyncio.run(go())
    assert any(isinstance(event, Log) and "FROM scratch" in event.line for event in found)
    assert any(isinstance(event, Progress) and event.phase == "launching" for event in found)


def test_a_connection_that_is_closed_cancels_the_launch(
    gateway: str, web: str, worker: Worker
) -> None:
    worker.held = True
    url = f"{gateway.rstrip('/')}{build_of(web)}"
    with (
        httpx.Client(trust_env=False, timeout=30) as client,
        connect_sse(client, "GET", url) as source,
    ):
        mark = next(source.iter_sse()).id
    # Browsers come back within seconds; this one does, and finds its launch.
    with (
        httpx.Client(trust_env=False, timeout=30) as client,
        connect_sse(client, "GET", url, headers={"Last-Event-ID": mark}) as source,
    ):
        worker.go.set()
        phases = [json.loads(event.data)["phase"] for event in _until_ready(source)]
    assert phases[-1] == "ready"
    assert len(worker.orders) == 1


def _until_ready(source: Any) -> Iterator[Any]:
    for event in source.iter_sse():
        yield event
        if '"ready"' in event.data:
            return


@contextmanager
def book(thebe: Path) -> Iterator[str]:
    """A site of somebody else's, with thebe-core; its origin."""

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            plain = path.partition("?")[0]
            return str(CLIENTS / "thebe.html" if plain == "/" else thebe.parent / plain[1:])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Nobody reads it."""

    with listening(functools.partial(Handler)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.slow
def test_thebe_core_runs_a_cell_in_a_browser(
    tmp_path: Path,
    web: str,
    tool: Callable[[str], Path],
    lacking: Callable[[str, str], NoReturn],
) -> None:
    """From a site that the settings let in; and not from another."""
    from playwright.sync_api import sync_playwright

    if (program := shutil.which("chromium")) is None:
        lacking("chromium", "apt-get install chromium")
    config = 'c.ServerApp.allow_origin = "*"'
    with (
        book(tool("thebe-core")) as site,
        served(tool("jupyter/bin/python"), tmp_path / "root", config=config) as jupyter,
        sync_playwright() as playwright,
    ):
        worker = Worker(landing=Landing(jupyter.url, jupyter.url, jupyter.token))
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        for origins in ((), (site,)):
            settings = settings_for(tmp_path, HUB, origins=origins, allowed_networks=LOOPBACK)
            with serving(settings, worker) as gateway:
                page.goto(f"{site}/?gateway={quote(gateway)}&notebook={quote(web, safe='')}")
                found = page.evaluate("run()")
            if origins:
                assert found["output"] == "42\n", found
            else:
                assert "Lost connection" in found["failed"]
                assert not worker.orders
        browser.close()
