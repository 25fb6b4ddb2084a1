"""The schema and the badges, for pages of others."""

from __future__ import annotations

import asyncio
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from tests.gateway.rig import Client, inside, settings_for
from tests.gateway.rig_api import notebook, shelf

from binderclip import spec
from binderclip.errors import SourceError
from binderclip.gateway.api import badges
from binderclip.gateway.api.badges import Badges
from binderclip.gateway.asked import source_of
from binderclip.gateway.context import Gateway
from binderclip.gateway.launches.model import Look
from binderclip.gateway.settings.model import Limits, Settings

BUILD = {"host": "https://github.com", "path": "o/r", "ref": "main"}
PINNED: dict[str, Any] = {"version": 1, "build": {**BUILD, "hash": "0" * 40}}
FILES = {
    "frozen.ipynb": notebook(PINNED),
    "loose.ipynb": notebook({"version": 1, "build": BUILD}),
    "none.ipynb": notebook(),
    "out.ipynb": notebook(binder=False),
    "wrong.ipynb": notebook({"version": 1, "build": {"path": "o/r"}}),
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


def title(svg: str) -> str:
    return str(ET.fromstring(svg).findtext("{http://www.w3.org/2000/svg}title"))


async def badge(client: Client, url: str) -> tuple[str, str]:
    """Its words, and for how long they may be kept."""
    answer = await client.get("badge/notebook.svg", params={"url": url})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    return title(answer.text), answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("frozen", "launch: binder, frozen"),
        ("loose", "launch: binder, not frozen"),
        ("none", "launch: binder"),
        ("out", "launch: binder"),
        ("wrong", "launch: binder: wrong metadata"),
        ("nothing", "launch: binder"),
    ],
)
def test_a_badge_says_what_is_known(settings: Settings, name: str, words: str) -> None:
    async def main(base: str) -> None:
        async with inside(settings) as client:
            assert (await badge(client, f"{base}{name}.ipynb"))[0] == words

    with shelf(FILES) as (base, _):
        asyncio.run(main(base))


def test_an_environment_that_is_lent_is_not_shown_as_the_notebooks(settings: Settings) -> None:
    settings = replace(settings, environment=spec.read(PINNED).binder)

    async def main(base: str) -> None:
        async with inside(settings) as client:
            assert (await badge(client, f"{base}none.ipynb"))[0] == "launch: binder"

    with shelf(FILES) as (base, _):
        asyncio.run(main(base))


def test_a_notebook_is_looked_at_once_for_many(settings: Settings) -> None:
    async def main(base: str) -> None:
        async with inside(replace(settings, limits=Limits(badges="1/minute"))) as client:
            url = f"{base}loose.ipynb"
            found = await asyncio.gather(*(badge(client, url) for _ in range(5)))
            assert set(found) == {("launch: binder, not frozen", "public, max-age=300")}
            other = await badge(client, f"{base}frozen.ipynb")
            assert other == ("launch: binder", "no-cache"), "too often: nothing is said of it"

    with shelf(FILES) as (base, asked):
        asyncio.run(main(base))
    assert asked == ["loose.ipynb"]


def test_addresses_inside_are_not_asked(tmp_path: Path) -> None:
    """Fails without the guard."""

    async def main(base: str) -> None:
        async with inside(settings_for(tmp_path, allowed_networks=())) as client:
            assert (await badge(client, f"{base}loose.ipynb"))[0] == "launch: binder"

    with shelf(FILES) as (base, asked):
        asyncio.run(main(base))
    assert asked == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("?urls=x", 400), ("?url=/etc/passwd", 422), ("?url=https://a:b@e.org/x", 403)],
)
def test_what_can_be_no_address_is_told(settings: Settings, query: str, status: int) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            answer = await client.get(f"badge/notebook.svg{query}")
            assert answer.status_code == status
            assert "code" in answer.json()["error"]

    asyncio.run(main())


class Looks:
    """As slow as a test says."""

    def __init__(self, look: Look | None = None) -> None:
        self.go = asyncio.Event()
        self.number = 0
        self._look = look

    async def look(self, _source: object, **_given: object) -> Look:
        self.number += 1
        await self.go.wait()
        if self._look is None:
            raise SourceError("nobody answers")
        return self._look


def test_badges_are_no_looks_of_those_who_see_them(tmp_path: Path) -> None:
    """A site full of badges would use up its visitors' looks here."""
    settings = settings_for(tmp_path, limits=Limits(looks="1/hour", badges="2/hour"))

    async def main(base: str) -> None:
        async with inside(settings) as client:
            for name in ("loose", "frozen"):
                assert (await badge(client, f"{base}{name}.ipynb"))[0] != "launch: binder"
            assert (await badge(client, f"{base}wrong.ipynb"))[0] == "launch: binder"
            asked = {"url": f"{base}loose.ipynb"}
            assert (await client.get("api/v1/resolve", params=asked)).is_success

    with shelf(FILES) as (base, _):
        asyncio.run(main(base))


def test_what_is_known_is_forgotten_after_a_while(settings: Settings) -> None:
    now = [0.0]

    async def main(base: str) -> None:
        async with inside(settings) as client:
            gateway: Gateway = client.app.state.gateway
            source = source_of(f"{base}loose.ipynb")
            look = await gateway.looker.look(source)
            looks = Looks(look)
            looks.go.set()
            gateway = replace(gateway, looker=looks)  # type: ignore[arg-type] # the part that is used
            known = Badges(lambda: now[0])
            for at, number in ((0.0, 1), (badges.FRESH_S - 1, 1), (badges.FRESH_S, 2)):
                now[0] = at
                assert await known.of(gateway, "me", source) == (badges.LOOSE, True)
                assert looks.number == number

    with shelf(FILES) as (base, _):
        asyncio.run(main(base))


def test_the_badge_for_everybody(settings: Settings) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            answer = await client.get("badge.svg")
            assert title(answer.text) == "launch: binder"
            assert "max-age=86400" in answer.headers["cache-control"]
            again = await client.get("badge.svg", headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")

    asyncio.run(main())


@pytest.mark.parametrize(
    "path", ["badge.svg", "badge/notebook.svg?url=https://127.0.0.1:1/x", "schema/v1.json"]
)
def test_pages_of_others_may_show_them(settings: Settings, path: str) -> None:
    """Fails without what these answers set themselves: the rest is for our own pages alone."""

    async def main() -> None:
        async with inside(settings) as client:
            answer = await client.get(path, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 200
            assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "set-cookie" not in answer.headers

    asyncio.run(main())


def test_the_schema_is_the_normative_one(settings: Settings) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            answer = await client.get("schema/v1.json")
            assert answer.headers["content-type"] == "application/schema+json"
            assert answer.text == spec.schema_text()
            assert json.loads(answer.text)["$schema"].endswith("2020-12/schema")

    asyncio.run(main())


def test_all_badges_are_drawn() -> None:
    drawn = MappingProxyType(
        {one.title: one.svg for one in (badges.PLAIN, badges.FROZEN, badges.LOOSE, badges.WRONG)}
    )
    assert len(drawn) == 4
    assert all(title(svg) == words for words, svg in drawn.items())
