"""Launches in earnest, on each kind of place: this machine, a replayed BinderHub with real servers,
a real JupyterHub.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import httpx
import pytest
from tests.binderhub.replay import SERVER_TOKEN, ReplayHub, replay_hub
from tests.gateway.rig import settings_for
from tests.gateway.rig_launches import files, look_at, notebook
from tests.local.conftest import make_origin, serving
from tests.targets.cases.binderhub import Launching

from binderclip import processes, sources
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.errors import NotTrusted, Refused
from binderclip.events import Event, Progress, Ready
from binderclip.flow.labs import lab_over
from binderclip.flow.launching import launched
from binderclip.gateway.envs.store import EnvStore
from binderclip.gateway.launches import here
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.looking import Looker
from binderclip.gateway.launches.model import Landing, Order
from binderclip.gateway.launches.seating import Seating
from binderclip.gateway.launches.table import Launches
from binderclip.gateway.launches.work import launches_of
from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings
from binderclip.gateway.visitors.counting import Counter
from binderclip.guard import PublicGuard
from binderclip.session import Session
from binderclip.targets.local import LocalTarget

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

__all__ = ["make_origin"]
pytestmark = pytest.mark.slow

EMBEDDED = {"version": 1, "files": {"requirements.txt": "ipykernel\n"}}
NAME = "näme of it.ipynb"
PLENTY = Limits(launches="1000/minute", environment="1000/minute")


@dataclass
class Spot:
    """A place, what tells what is ``left`` there, and what a person brings."""

    settings: Settings
    cache: Cache
    left: Callable[[], list[str]]
    hub_token: str | None = None
    folder: str | None = ""
    secrets: tuple[str, ...] = ()
    hub: ReplayHub | None = None
    told: list[str] = field(default_factory=list)

    @property
    def place(self) -> PlaceSettings:
        return self.settings.places[self.settings.default]

    @asynccontextmanager
    async def launches(self) -> AsyncIterator[Launches]:
        guard = PublicGuard(allow=self.settings.allowed_networks)
        made = launches_of(
            self.settings,
            guard=guard,
            looker=Looker(guard, self.settings),
            envs=EnvStore(self.settings.storage / "envs"),
            counter=Counter(self.settings.limits),
            cache=self.cache,
            observe=lambda launch: self.told.append(launch.state),
        )
        try:
            yield made
        finally:
            for launch in made.of("ada"):
                await made.stop(launch)
            await made.close(0)

    def order(self, **fields: Any) -> Order:
        fields = {"place": self.place, "hub_token": self.hub_token, **fields}
        return Order(owner="ada", client="ada", **fields)


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Shared by the tests of one worker: JupyterLab takes seconds to install."""
    return Cache(tmp_path_factory.mktemp("gateway-cache") / "shared")


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def spot_local(warm: Cache, tmp_path: Path) -> Spot:
    settings = settings_for(tmp_path, limits=PLENTY)

    def left() -> list[str]:
        """Sessions and processes; environments stay."""
        root = os.fsencode(warm.root)
        found = [str(path) for path in (warm.root / "sessions").glob("*")]
        for process in processes._table():
            if any(root in one for one in processes._environ(process)):
                found.append(str(process))  # noqa: PERF401 - two loops in one are not clearer
        return found

    return Spot(settings, warm, left)


@pytest.fixture
def spot_binderhub(tools: Path, tmp_path: Path) -> Iterator[Spot]:
    with replay_hub() as hub:
        python = tools / "hub" / "bin" / "python"
        launching = Launching(python, tmp_path / "homes", "{'jupyterlab': True}")
        hub.play_each(launching.steps)
        place = PlaceSettings(name="hub", kind="binderhub", title="a BinderHub", url=hub.url)
        settings = settings_for(
            tmp_path, place, public_url="http://127.0.0.1:9/pre/", limits=PLENTY
        )
        try:
            yield Spot(
                settings,
                Cache(tmp_path / "cache"),
                launching.left,
                secrets=(SERVER_TOKEN,),
                hub=hub,
            )
        finally:
            launching.end()


@pytest.fixture
def spot_jupyterhub(lab_hub: Hub, tmp_path: Path) -> Iterator[Spot]:
    user = lab_hub.user()
    token = lab_hub.token(user)
    inside = lab_hub.url.replace("127.0.0.1", "localhost")
    place = PlaceSettings(
        name="hub",
        kind="jupyterhub",
        title="a JupyterHub",
        url=inside,
        public_url=lab_hub.url,
        login=True,
        as_is=True,
    )

    def left() -> list[str]:
        return [f"{user}: {name!r}" for name in lab_hub.servers(user)]

    settings = settings_for(tmp_path, place, limits=PLENTY)
    folder = None  # one of its own for each
    yield Spot(settings, Cache(tmp_path / "cache"), left, token, folder, secrets=(token,))
    for name in lab_hub.servers(user):
        lab_hub.stop_server(user, name)


KINDS = ["local", "binderhub", "jupyterhub"]


@pytest.fixture(params=KINDS)
def spot(request: pytest.FixtureRequest) -> Spot:
    found = request.getfixturevalue(f"spot_{request.param}")
    assert isinstance(found, Spot)
    return found


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with files({quote(NAME): notebook(EMBEDDED), "plain.ipynb": notebook()}) as url:
        yield url


async def up(launch: Launch) -> Landing:
    await launch.wait()
    assert launch.landing is not None, (launch.error, list(launch.steps)[-5:])
    return launch.landing


async def over(launch: Launch) -> None:
    async with asyncio.timeout(60):
        while not launch.over:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.1)


async def content(landing: Landing, path: str) -> httpx.Response:
    headers = {"Authorization": f"token {landing.token}"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        return await client.get(f"{landing.server}api/contents/{path}", headers=headers)


def path_of(landing: Landing) -> str:
    found = re.fullmatch(r".*/lab/tree/(.+)", landing.url)
    assert found, landing.url
    return found[1]


def check_nothing_shows(spot: Spot, launch: Launch, logged: str) -> None:
    landing = launch.landing
    assert landing is not None
    said = [repr(launch), repr(launch.order), repr(landing), repr(list(launch.steps)), logged]
    for secret in filter(None, (landing.token, *spot.secrets)):
        assert not any(secret in text for text in (*said, landing.url, landing.server))


def test_a_notebook_from_its_address_to_its_page_and_to_the_end(
    spot: Spot, web: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "binderclip")

    async def work() -> None:
        async with spot.launches() as launches:
            launch = launches.start(spot.order(source=sources.resolve(f"{web}{quote(NAME)}")))
            landing = await up(launch)
            path = path_of(landing)
            assert path.endswith(quote(NAME))
            answer = (await content(landing, path)).json()
            assert answer["content"]["cells"][1]["source"] == "6 * 7"
            assert spot.folder is None or path == f"{spot.folder}{quote(NAME)}"
            async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as browser:
                page = await browser.get(landing.browsers_url)
                # A hub's people log in, and all others are sent with a token.
                expected = "jupyter-config-data" if landing.sends_token else "hub/login"
                assert expected in f"{page.url} {page.text}"
            check_nothing_shows(spot, launch, caplog.text)
            assert spot.left()
            await launches.stop(launch)
            assert (launch.state, spot.left()) == ("stopped", [])
            phases = {step.phase for step in launch.steps if isinstance(step, Progress)}
            assert {"fetching", "launching", "ready"} <= phases

    asyncio.run(work())
    assert spot.told[-2:] == ["ready", "stopped"]


def test_the_page_that_was_asked_for_and_an_environment_alone(spot: Spot, web: str) -> None:
    async def work() -> None:
        async with spot.launches() as launches:
            source = sources.resolve(f"{web}{quote(NAME)}")
            asked = launches.start(spot.order(source=source, urlpath="/lab/tree/a b?x=1"))
            landing = await up(asked)
            assert landing.url == f"{landing.server}lab/tree/a%20b?x=1"
            alone = launches.start(
                spot.order(environment=Environment(files={"requirements.txt": "ipykernel\n"}))
            )
            landing = await up(alone)
            assert landing.url.removeprefix(landing.server) in {"", "lab"}
            listed = (await content(landing, "")).json()["content"]
            names = [entry["name"] for entry in listed]
            assert spot.folder is None or not any(name.endswith(".ipynb") for name in names)

    asyncio.run(work())


@pytest.mark.parametrize("at", ["building", "launching"])
def test_cancelling_leaves_nothing(spot: Spot, web: str, at: str) -> None:
    async def work() -> None:
        async with spot.launches() as launches:
            launch = launches.start(spot.order(source=sources.resolve(f"{web}{quote(NAME)}")))
            async for _, step in launch.follow():
                if isinstance(step, Progress) and step.phase in {at, "launching"}:
                    break
            await launches.stop(launch)
            assert launch.state == "stopped"
            for _ in range(200):  # a hub that began goes on, and tells when it is done
                if not spot.left():
                    break
                await asyncio.sleep(0.1)
            assert spot.left() == []

    asyncio.run(work())


def test_closing_ends_what_is_here_and_leaves_what_is_elsewhere(spot: Spot, web: str) -> None:
    async def work() -> None:
        async with spot.launches() as launches:
            launch = launches.start(spot.order(source=sources.resolve(f"{web}{quote(NAME)}")))
            await up(launch)
            await launches.close(0)
            here = spot.place.kind == "local"
            assert (launch.state, bool(spot.left())) == ("stopped" if here else "ready", not here)
            await launches.stop(launch)
            assert spot.left() == []

    asyncio.run(work())


def test_two_at_once_do_not_meet(spot: Spot, web: str) -> None:
    async def work() -> None:
        async with spot.launches() as launches:
            source = sources.resolve(f"{web}{quote(NAME)}")
            both = [launches.start(spot.order(source=source)) for _ in range(2)]
            landings = [await up(launch) for launch in both]
            assert landings[0].url != landings[1].url
            for landing in landings:
                assert (await content(landing, path_of(landing))).status_code == 200

    asyncio.run(work())


def test_content_is_in_its_place(
    spot: Spot, tmp_path: Path, make_origin: Callable[..., Any]
) -> None:
    commit = make_origin("data").commit({"data/x.csv": "1,2\n"})
    with serving(tmp_path / "origins") as git:
        said = {
            **EMBEDDED,
            "content": {
                "host": git.url,
                "path": "data.git",
                "hash": commit,
                "copy": {"data/*": "$HOME/things/"},
            },
        }
        with files({"a.ipynb": notebook(said)}) as web:
            asyncio.run(_with_content(spot, web))


async def _with_content(spot: Spot, web: str) -> None:
    async with spot.launches() as launches:
        launch = launches.start(spot.order(source=sources.resolve(f"{web}a.ipynb")))
        landing = await up(launch)
        folder = path_of(landing).rpartition("/")[0]
        for path in (f"{folder}/things/x.csv", "things/x.csv"):
            answer = await content(landing, path.lstrip("/"))
            if answer.status_code == 200:
                assert answer.json()["content"] == "1,2\n"
                return
        raise AssertionError((list(launch.steps), landing.remarks))


def test_a_hub_is_asked_for_the_repository_that_we_serve(spot_binderhub: Spot, web: str) -> None:
    spot = spot_binderhub

    async def work() -> str:
        async with spot.launches() as launches:
            launch = launches.start(spot.order(source=sources.resolve(f"{web}{quote(NAME)}")))
            await up(launch)
        assert spot.hub is not None
        (asked,) = [path for _, path, _ in spot.hub.asked if path.startswith("/build/")]
        return asked

    asked = asyncio.run(work())
    quoted = quote("http://127.0.0.1:9/pre/env/", safe="")
    found = re.match(rf"/build/git/{quoted}([0-9a-f]{{64}})\.git/([0-9a-f]{{40}})", asked)
    assert found, asked
    stored = EnvStore(spot.settings.storage / "envs").get(found[1])
    assert stored is not None
    assert stored.commit == found[2]


def test_nobody_is_logged_in(spot_jupyterhub: Spot, web: str) -> None:
    async def work() -> None:
        async with spot_jupyterhub.launches() as launches:
            source = sources.resolve(f"{web}plain.ipynb")
            launch = launches.start(spot_jupyterhub.order(source=source, hub_token=None))
            await launch.wait()
            assert isinstance(launch.error, NotTrusted)

    asyncio.run(work())


def test_a_launch_may_follow_the_notebook_but_never_round_a_question(
    spot_local: Spot, tmp_path: Path
) -> None:
    ask = PlaceSettings(name="ask", kind="jupyterhub", title="a hub", url="http://127.0.0.1:9/")
    named = {**EMBEDDED, "host": "http://127.0.0.1:9/"}

    async def work(asks: bool) -> Launch:  # noqa: FBT001 - one switch
        local = replace(spot_local.place, ask=asks)
        spot = replace(spot_local, settings=settings_for(tmp_path, local, ask, limits=PLENTY))
        with files({"a.ipynb": notebook(named)}) as web:
            async with spot.launches() as launches:
                source = sources.resolve(f"{web}a.ipynb")
                launch = launches.start(spot.order(source=source, fixed=False))
                await launch.wait()
                return launch

    moved = asyncio.run(work(asks=True))
    assert (moved.state, moved.order.place.name) == ("failed", "ask")
    stays = asyncio.run(work(asks=False))
    assert (stays.landing is not None, stays.order.place.name) == (True, "local")
    assert any("has to agree" in repr(step) for step in stays.steps)


def test_what_nobody_uses_is_ended(spot_local: Spot, web: str) -> None:
    place = replace(spot_local.place, idle_s=1.0)
    spot = replace(
        spot_local, settings=replace(spot_local.settings, places={place.name: place}), told=[]
    )

    async def work() -> None:
        async with spot.launches() as launches:
            launch = launches.start(spot.order(source=sources.resolve(f"{web}plain.ipynb")))
            landing = await up(launch)
            assert landing.server
            await over(launch)
            assert "nobody used it" in str(launch.why)
            assert spot.left() == []

    asyncio.run(work())


def test_what_runs_a_cell_is_used_until_it_is_too_old(spot_local: Spot, web: str) -> None:
    place = replace(spot_local.place, idle_s=3.0, longest_s=9.0)
    settings = replace(spot_local.settings, places={place.name: place})
    spot = replace(spot_local, settings=settings, told=[])

    async def work() -> None:
        async with spot.launches() as launches:
            launch = launches.start(spot.order(source=sources.resolve(f"{web}plain.ipynb")))
            landing = await up(launch)
            await _busy(landing)
            await over(launch)
            assert "the longest here" in str(launch.why)

    asyncio.run(work())


async def _busy(landing: Landing) -> None:
    """Start a kernel with a cell that runs for long."""
    from jupyter_client.session import Session
    from websockets.asyncio.client import connect

    headers = {"Authorization": f"token {landing.token}"}
    async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as client:
        kernel = (await client.post(f"{landing.server}api/kernels", json={})).json()["id"]
    message = Session().msg("execute_request", {"code": "import time; time.sleep(600)"})
    url = landing.server.replace("http", "ws", 1)
    import json

    async with connect(
        f"{url}api/kernels/{kernel}/channels", additional_headers=headers
    ) as channel:
        await channel.send(json.dumps({**message, "channel": "shell"}, default=str))
        async for line in channel:
            if '"busy"' in str(line) and "execute_request" in str(line):
                return


def test_a_server_that_was_shut_down_from_within_is_over(spot_local: Spot, web: str) -> None:
    async def work() -> None:
        async with spot_local.launches() as launches:
            order = spot_local.order(source=sources.resolve(f"{web}plain.ipynb"))
            launch = launches.start(order)
            landing = await up(launch)
            headers = {"Authorization": f"token {landing.token}"}
            async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
                await client.post(f"{landing.server}api/shutdown")
            await over(launch)
            assert launch.why == "JupyterLab was shut down"
            assert spot_local.left() == []

    asyncio.run(work())


class Contained:
    """A target of this machine whose sessions are servers, not folders: as containers are."""

    name: Literal["local"] = "local"

    def __init__(self, cache: Cache) -> None:
        self._cache, self._stack = cache, AsyncExitStack()

    def refusal(self, env: Environment) -> str | None:  # noqa: ARG002 - see Target
        return None

    async def launch(self, env: Environment) -> AsyncGenerator[Event, None]:
        def quiet(plan: object) -> None:
            pass

        target = LocalTarget(self._cache, quiet, own_home=True)
        session = await self._stack.enter_async_context(launched(target, env, quiet))
        assert session.runtime is not None
        home = session.runtime.home
        serving = lab_over(session.runtime, home, cache=self._cache, observe=quiet, remark=quiet)
        lab = await self._stack.enter_async_context(serving)
        yield Ready(Session("local", "one", url=lab.base, token=lab.token, throwaway=True))

    async def stop(self, session: Session) -> None:  # noqa: ARG002 - there is one
        await self._stack.aclose()


def test_a_server_of_this_machine_takes_the_notebook_and_is_ended(spot_local: Spot) -> None:
    """A further target fits in: what it hands out may be a folder, or a server."""
    place = replace(spot_local.place, idle_s=1.0)
    settings, cache = spot_local.settings, spot_local.cache

    async def work() -> None:
        seating = Seating(
            spot_local.order(place=place, look=look_at(notebook())),
            Contained(cache),
            Environment(),
            None,
            None,
            settings,
            cache,
            PublicGuard(),
            lambda _: None,
        )
        landed = await here.landed(seating)
        try:
            assert (await content(landed.landing, path_of(landed.landing))).status_code == 200
            assert landed.life is not None
            assert "nobody used it" in await landed.life()
        finally:
            await landed.stop()
        assert spot_local.left() == []

    asyncio.run(work())


def test_a_notebook_beside_a_file_of_its_name(
    spot_local: Spot, tmp_path: Path, make_origin: Callable[..., Any]
) -> None:
    """A repository may hold a notebook of that name, and a link that leads out."""
    outside = tmp_path / "outside.ipynb"
    make_origin("env").commit(
        {"requirements.txt": "ipykernel\n", "a.ipynb": outside, "a-1.ipynb": "{}"}
    )
    with serving(tmp_path / "origins") as git:
        said = {"version": 1, "build": {"host": git.url, "path": "env.git"}}
        with files({"a.ipynb": notebook(said)}) as web:

            async def work() -> None:
                async with spot_local.launches() as launches:
                    source = sources.resolve(f"{web}a.ipynb")
                    landing = await up(launches.start(spot_local.order(source=source)))
                    assert path_of(landing) == "a-2.ipynb"
                    assert (await content(landing, "a-2.ipynb")).json()["content"]["cells"]

            asyncio.run(work())
    assert not outside.exists()


def test_a_strangers_repository_gets_no_credentials_of_the_person(
    spot_local: Spot, tmp_path: Path, make_origin: Callable[..., Any], monkeypatch: Any
) -> None:
    helper = tmp_path / "asked"
    config = tmp_path / "gitconfig"
    config.write_text(f'[credential]\n\thelper = "!touch {helper};:"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    make_origin("private").commit({"requirements.txt": "ipykernel\n"})
    with serving(tmp_path / "origins") as git:
        url = f"{git.url}/private.git"
        subprocess.run(
            ["git", "ls-remote", url],
            capture_output=True,
            check=False,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
        assert helper.exists()  # as a person, one is asked for them
        helper.unlink()
        said = {"version": 1, "build": {"host": git.url, "path": "private.git"}}
        with files({"a.ipynb": notebook(said)}) as web:

            async def work() -> None:
                async with spot_local.launches() as launches:
                    source = sources.resolve(f"{web}a.ipynb")
                    launch = launches.start(spot_local.order(source=source))
                    await launch.wait()
                    assert launch.state == "failed"

            asyncio.run(work())
    assert not helper.exists()


def test_a_place_that_cannot_take_it_says_so(spot_local: Spot) -> None:
    image = {"host": "https://quay.io", "path": "o/i", "hash": f"sha256:{'a' * 64}"}
    with files({"a.ipynb": notebook({"version": 1, "image": image})}) as web:

        async def work() -> None:
            async with spot_local.launches() as launches:
                source = sources.resolve(f"{web}a.ipynb")
                launch = launches.start(spot_local.order(source=source))
                await launch.wait()
                assert isinstance(launch.error, Refused)
                assert "image" in launch.error.message

        asyncio.run(work())


def test_other_sites_scripts_may_ask_only_where_the_settings_say_so(
    spot_local: Spot, web: str
) -> None:
    origin = "https://book.example.org"
    spot = replace(spot_local, settings=replace(spot_local.settings, origins=(origin,)))

    async def work() -> None:
        async with spot.launches() as launches:
            source = sources.resolve(f"{web}plain.ipynb")
            landing = await up(launches.start(spot.order(source=source)))
            for asked, allowed in ((origin, origin), ("https://book.example.org.evil.test", None)):
                headers = {"Authorization": f"token {landing.token}", "Origin": asked}
                async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
                    answer = await client.get(f"{landing.server}api/status")
                assert answer.headers.get("access-control-allow-origin") == allowed

    asyncio.run(work())
