"""Looking, choosing, preparing, and the pages that links may ask for."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.rig import settings_for
from tests.gateway.rig_launches import files, look_at, notebook

from binderclip import sources
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.envrepo import Packed
from binderclip.errors import (
    AddressForbidden,
    BinderclipError,
    NotebookError,
    NotTrusted,
    Refused,
    SpecError,
    TooLarge,
)
from binderclip.gateway.envs.store import EnvStore
from binderclip.gateway.launches import preparing, urlpath
from binderclip.gateway.launches.choosing import place_for, refusal, stands_in
from binderclip.gateway.launches.looking import Looker, at_ref
from binderclip.gateway.launches.model import Look, Order
from binderclip.gateway.launches.wanting import PlaceGuard, token_for
from binderclip.gateway.launches.work import launches_of
from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings
from binderclip.gateway.visitors.counting import Counter
from binderclip.guard import Endpoint, PublicGuard
from binderclip.spec.model import Binder, Frozen, Reference

HERE = PlaceSettings(name="here", kind="local", title="this machine")
BINDER = PlaceSettings(
    name="binder", kind="binderhub", title="a BinderHub", url="https://binder.test/", ask=False
)
HUB = PlaceSettings(
    name="hub",
    kind="jupyterhub",
    title="a JupyterHub",
    url="http://hub.inside:8081/",
    public_url="https://hub.test/",
    login=True,
)
BUILD = Reference("https://github.com", "o/r", ref="main")
IMAGE = Reference("https://quay.io", "o/i", hash=f"sha256:{'a' * 64}")
FILES = MappingProxyType({"requirements.txt": "numpy\n"})
LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def three(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, HERE, BINDER, HUB, public_url="https://gateway.test/pre/")


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    said = {"version": 1, "build": {"host": "https://github.com", "path": "o/r", "hash": "a" * 40}}
    contents = {
        "own.ipynb": notebook(said),
        "none.ipynb": notebook(),
        "out.ipynb": notebook(binder=False),
        "wrong.ipynb": notebook({"version": 1, "biuld": 1, "build": 3}),
        "uv.ipynb": notebook(code='# /// script\n# dependencies = ["six"]\n# ///\nimport six'),
        "broken.ipynb": b'{"cells": [',
        "large.ipynb": notebook(code="x" * 100_000),
    }
    with files(contents) as url:
        yield url


def looked(settings: Settings, url: str, ref: str | None = None) -> Look:
    looker = Looker(PublicGuard(allow=LOOPBACK), settings)
    return asyncio.run(looker.look(sources.resolve(url), ref=ref))


def test_a_look_says_what_would_run(settings: Settings, web: str) -> None:
    look = looked(settings, f"{web}own.ipynb")
    assert (look.excerpt.title, look.lent, look.remarks) == ("A title", False, ())
    assert dict(look.rows)["build"][0] == "https://github.com/o/r"
    assert look.opened.environment.build is not None
    data = look.opened.notebook.data
    assert (look.digest, look.held_bytes) == (hashlib.sha256(data).hexdigest(), len(data))


@pytest.mark.parametrize("name", ["none", "out"])
def test_what_names_no_environment_gets_the_one_that_is_lent(
    settings: Settings, web: str, name: str
) -> None:
    look = looked(settings, f"{web}{name}.ipynb")
    assert look.opened.environment.bare
    assert not look.lent
    assert "plain Python" in look.remarks[0]
    lending = replace(settings, environment=Binder(build=BUILD))
    look = looked(lending, f"{web}{name}.ipynb")
    assert (look.lent, look.opened.environment.build) == (True, BUILD)
    assert "lends" in look.remarks[0]
    assert "build" in dict(look.rows)


def test_what_another_tool_says_goes_before_what_is_lent(settings: Settings, web: str) -> None:
    lending = replace(settings, environment=Binder(build=BUILD))
    look = looked(lending, f"{web}uv.ipynb")
    assert not look.lent
    assert look.opened.environment.files
    assert "says" in look.remarks[0]


@pytest.mark.parametrize(
    ("name", "error"), [("wrong", SpecError), ("broken", NotebookError), ("large", TooLarge)]
)
def test_what_cannot_be_looked_at(
    settings: Settings, web: str, name: str, error: type[Exception]
) -> None:
    settings = replace(settings, limits=Limits(notebook_bytes=90_000))
    with pytest.raises(error):
        looked(settings, f"{web}{name}.ipynb")


@pytest.mark.parametrize("address", ["-", __file__])
def test_files_of_this_machine_are_never_looked_at(settings: Settings, address: str) -> None:
    with pytest.raises(AddressForbidden):
        looked(settings, address)


def test_a_look_is_under_the_guard(settings: Settings, web: str) -> None:
    looker = Looker(PublicGuard(), settings)
    with pytest.raises(AddressForbidden):
        asyncio.run(looker.look(sources.resolve(f"{web}own.ipynb")))


def test_another_ref_of_its_repository(settings: Settings, web: str) -> None:
    look = looked(settings, f"{web}own.ipynb", ref="dev")
    build = look.opened.environment.build
    assert build is not None
    assert (build.ref, build.hash) == ("dev", None)
    assert dict(look.rows)["build"][0].endswith("at dev")
    commit = at_ref(look, "b" * 40).opened.environment.build
    assert commit is not None
    assert (commit.ref, commit.hash) == (None, "b" * 40)
    with pytest.raises(Refused, match="ref='dev'"):
        at_ref(look_at(notebook()), "dev")


def test_this_machine_fetches_a_repository_under_the_guard(tmp_path: Path) -> None:
    """A notebook's ``build`` is a stranger's address as much as the notebook's own."""
    asked: list[str] = []

    class Watched(PublicGuard):
        async def endpoints(self, host: str, port: int) -> tuple[Endpoint, ...]:
            asked.append(host)
            return await super().endpoints(host, port)

    async def work() -> None:
        settings, guard = settings_for(tmp_path, HERE), Watched()
        launches = launches_of(
            settings,
            guard=guard,
            looker=Looker(guard, settings),
            envs=EnvStore(tmp_path / "envs"),
            counter=Counter(settings.limits),
            cache=Cache(tmp_path / "cache"),
        )
        with socket.create_server(("127.0.0.1", 0)) as inside:
            inside.setblocking(False)
            build = Reference(f"http://127.0.0.1:{inside.getsockname()[1]}", "secret.git", ref="m")
            order = Order(HERE, "ada", "ada", environment=Environment(build=build))
            launch = launches.start(order)
            await launch.wait()
            assert isinstance(launch.error, AddressForbidden)
            assert asked == ["127.0.0.1"]
            with pytest.raises(BlockingIOError):
                inside.accept()
        await launches.close(0)

    asyncio.run(work())


@pytest.mark.parametrize("ref", ["--upload-pack=x", "-x", "a..b", "a b", "a\nb", "", "a" * 5000])
def test_what_can_be_no_ref_never_gets_to_git(settings: Settings, web: str, ref: str) -> None:
    with pytest.raises(Refused, match="expected a branch") as caught:
        looked(settings, f"{web}own.ipynb", ref=ref)
    assert caught.value.message.isprintable()


def test_a_look_is_kept_for_its_owner(settings: Settings, web: str) -> None:
    async def work() -> None:
        looker = Looker(PublicGuard(allow=LOOPBACK), settings)
        source = sources.resolve(f"{web}own.ipynb")
        job = looker.begin("ada", source, client="ada")
        assert await looker.settled(job, 30)
        assert job.result is not None
        assert looker.find(job.id, source.address, "ada") is job
        assert looker.find(job.id, source.address, "eve") is None
        assert looker.find(job.id, "https://other.test/", "ada") is None

    asyncio.run(work())


@pytest.mark.parametrize(
    ("said", "asked", "place", "remarks"),
    [
        ((), None, "here", 0),
        ((), "binder", "binder", 0),
        ((), "https://binder.test/v2/gh/o/r/HEAD", "binder", 0),
        ((), "https://hub.test/hub/home", "hub", 0),
        (("https://binder.test",), None, "binder", 0),
        (("https://hub.inside:8081/x",), None, "here", 1),
        (("https://mybinder.org", "https://hub.test"), None, "hub", 0),
        (("https://mybinder.org",), None, "here", 1),
        (("https://mybinder.org",), "hub", "hub", 0),
        (("javascript:alert(1)",), None, "here", 1),
    ],
)
def test_the_place_is_the_links_then_the_notebooks_then_the_default(
    three: Settings, said: tuple[str, ...], asked: str | None, place: str, remarks: int
) -> None:
    look = look_at(notebook())
    reading = look_at(notebook({"version": 1, "build": {"host": "https://x.test", "path": "o/r"}}))
    assert reading.opened.reading is not None
    binder = Binder(host=said, build=BUILD)
    opened = replace(look.opened, reading=replace(reading.opened.reading, binder=binder))
    found, told = place_for(three, replace(look, opened=opened), asked)
    assert (found.name, len(told)) == (place, remarks)


@pytest.mark.parametrize("asked", ["bindr", "https://mybinder.org/", "http://[", "x\n<script>"])
def test_a_place_that_is_none_of_ours_is_refused(three: Settings, asked: str) -> None:
    with pytest.raises(Refused) as caught:
        place_for(three, Environment(), asked)
    assert "expected one of here, binder, hub" in caught.value.message
    assert "\n" not in caught.value.message
    if asked == "bindr":
        assert "did you mean 'binder'" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("place", "env", "words"),
    [
        (HERE, Environment(), None),
        (HERE, Environment(image=IMAGE), "image"),
        (BINDER, Environment(build=BUILD), None),
        (BINDER, Environment(build=BUILD, image=IMAGE), None),
        (BINDER, Environment(files=FILES), None),
        (BINDER, Environment(image=IMAGE), None),
        (BINDER, Environment(), "names none"),
        (HUB, Environment(), None),
        (HUB, Environment(build=BUILD), "builds no environment"),
    ],
)
def test_what_a_place_refuses_is_known_before(
    three: Settings, place: PlaceSettings, env: Environment, words: str | None
) -> None:
    said = refusal(three, place, env)
    assert said is None if words is None else words in str(said)
    assert place != HUB or "--on" not in str(said)


def test_what_a_hub_has_stands_in_for_what_it_cannot_build(three: Settings) -> None:
    hub, named = replace(HUB, as_is=True), Environment(build=BUILD)
    assert refusal(three, hub, named) is None
    assert stands_in(three, hub, named)
    assert not stands_in(three, HUB, named)
    assert not stands_in(three, hub, Environment())
    images = replace(hub, options={"image": "{image}"})
    assert not stands_in(three, images, Environment(image=IMAGE))
    assert not stands_in(three, replace(BINDER, as_is=True), Environment())


def test_a_hub_elsewhere_cannot_fetch_from_this_machine_alone(three: Settings) -> None:
    alone = replace(three, public_url="http://127.0.0.1:8585/")
    assert "public" in str(refusal(alone, BINDER, Environment(files=FILES)))
    beside = replace(BINDER, url="http://127.0.0.1:9000/")
    assert refusal(alone, beside, Environment(files=FILES)) is None
    assert refusal(alone, BINDER, Environment(build=BUILD)) is None


class Shelf:
    def __init__(self) -> None:
        self.packed: list[Packed] = []

    def add(self, packed: Packed) -> str:
        self.packed.append(packed)
        return packed.key


def prepared(
    settings: Settings, env: Environment, tmp_path: Path, place: PlaceSettings = BINDER
) -> tuple[Environment, list[Packed], list[str]]:
    shelf, told = Shelf(), list[str]()
    made = asyncio.run(
        preparing.prepared(
            env,
            settings,
            place,
            shelf=shelf,
            cache=Cache(tmp_path / "cache"),
            guard=PublicGuard(),
            tell=told.append,
        )
    )
    return made, shelf.packed, told


@pytest.mark.parametrize(
    "env",
    [
        Environment(files=FILES),
        Environment(image=IMAGE),
        Environment(frozen=Frozen(platform="linux-64", files={"requirements.txt": "numpy==2\n"})),
    ],
)
def test_what_is_no_repository_becomes_one_the_same_each_time(
    three: Settings, tmp_path: Path, env: Environment
) -> None:
    made, (packed,), told = prepared(three, env, tmp_path)
    assert made == Environment(
        build=Reference("https://gateway.test", f"pre/env/{packed.key}.git", hash=packed.commit)
    )
    assert made.build is not None
    assert made.build.url == f"https://gateway.test/pre/env/{packed.key}.git"
    assert packed.commit[:12] in told[-1]
    assert prepared(three, env, tmp_path)[0] == made


@pytest.mark.parametrize("image", [None, IMAGE])
def test_a_repository_is_launched_as_it_is(
    three: Settings, tmp_path: Path, image: Reference | None
) -> None:
    env = Environment(build=BUILD, image=image)
    assert prepared(three, env, tmp_path) == (Environment(build=BUILD), [], [])


def test_other_places_get_what_the_notebook_says(three: Settings, tmp_path: Path) -> None:
    env = Environment(files=FILES, image=IMAGE)
    for place in (HERE, HUB):
        assert prepared(three, env, tmp_path, place) == (env, [], [])


def test_a_hub_that_cannot_fetch_it_is_not_asked(three: Settings, tmp_path: Path) -> None:
    alone = replace(three, public_url="http://localhost:8585/")
    with pytest.raises(Refused, match="public"):
        prepared(alone, Environment(files=FILES), tmp_path)


def test_whose_token_a_place_gets() -> None:
    assert token_for(replace(HERE, token="ours"), "theirs") == "ours"
    assert token_for(replace(HUB, token="ours"), "theirs") == "theirs"
    with pytest.raises(NotTrusted):
        token_for(replace(HUB, token="ours"), None)


class Forbidding:
    personal = False

    async def endpoints(self, host: str, port: int) -> tuple[Endpoint, ...]:
        raise AddressForbidden(f"{host}:{port}")


def test_the_operators_own_place_is_let_through_and_nothing_beside_it() -> None:
    place = replace(HUB, url="http://127.0.0.1:8081/", public_url="https://localhost/")
    guard = PlaceGuard(place, Forbidding())
    assert asyncio.run(guard.endpoints("127.0.0.1", 8081)) == (("127.0.0.1", 8081),)
    assert asyncio.run(guard.endpoints("LOCALHOST", 443))
    for host, port in (("127.0.0.1", 8080), ("127.0.0.2", 8081), ("localhost", 8081)):
        with pytest.raises(AddressForbidden):
            asyncio.run(guard.endpoints(host, port))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("/", None),
        ("lab", "lab"),
        ("/lab/tree/a b.ipynb", "lab/tree/a%20b.ipynb"),
        ("lab/tree/ä%20b.ipynb", "lab/tree/%C3%A4%20b.ipynb"),
        ("git-pull?repo=https%3A%2F%2Fx.test%2Fr", "git-pull?repo=https%3A%2F%2Fx.test%2Fr"),
        ("lab/tree/RTC:x.ipynb", "lab/tree/RTC:x.ipynb"),
    ],
)
def test_pages_of_a_server(asked: str | None, expected: str | None) -> None:
    assert urlpath.checked(asked) == expected


BAD = [
    "//evil.test/",
    "///evil.test",
    "/%2Fevil.test",
    "%2F%2Fevil.test",
    "\\\\evil.test",
    "/\\evil.test",
    "%5c%5cevil.test",
    "https://evil.test",
    "https:evil.test",
    "javascript:alert(1)",
    "JavaScript%3Aalert(1)",
    "lab/../../x",
    "..",
    "lab/%2e%2e/x",
    "lab/%252e%252e/x",
    "lab/%25252e%25252e/x",
    "%25252525252525252e",
    "lab\r\nSet-Cookie: x=1",
    "lab%0d%0aX: 1",
    "lab%00",
    "lab#x",
    "lab?token=x",
    "lab?a=1&TOKEN=x",
    "x" * 3000,
]


@pytest.mark.parametrize("asked", BAD)
def test_what_would_lead_elsewhere_is_refused(asked: str) -> None:
    with pytest.raises(Refused) as caught:
        urlpath.checked(asked)
    assert len(caught.value.message) < 300
    assert caught.value.message.isprintable()


_WORDS = st.lists(
    st.sampled_from(["/", "//", "\\", "..", ".", "%2f", "%2e", "%5c", "%25", "a", ":", "?", "é"])
    | st.text(max_size=3)
).map("".join)


@given(_WORDS)
def test_whatever_passes_stays_on_the_server(asked: str) -> None:
    server = "https://s.test/user/ada/"
    try:
        path = urlpath.checked(asked)
    except BinderclipError:
        return
    if path is None:
        return
    assert path.isascii()
    assert quote(unquote(path), safe="") or path
    for seen in (path, unquote(path), unquote(unquote(path))):
        landed = urlsplit(urljoin(server, seen))
        assert (landed.scheme, landed.netloc) == ("https", "s.test")
        assert landed.path.startswith("/user/ada/")
