"""Links written out, and what the readers of links make of them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from binderclip.addresses import launches
from binderclip.addresses.link import parse
from binderclip.links import Asked, Link, Nowhere, Place, links, webaddress
from binderclip.links.remotes import on_the_web, same
from binderclip.spec.faults import Faults
from binderclip.spec.launch_link import read_link
from binderclip.spec.model import Binder, Fetch, Reference
from binderclip.spec.places import canonical

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "golden.toml").read_text("utf-8")
)["case"]
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])


def made(case: dict[str, Any]) -> tuple[Asked, Link]:
    place: Place | Nowhere = Nowhere("is nowhere")
    if repository := case.get("repository"):
        found = on_the_web(repository)
        assert found
        there = Reference(found.host, found.path, case.get("ref"), case.get("hash"))
        place = Place(there, case["path"])
    binder = Binder(
        build=Reference(**case["build"]) if "build" in case else None,
        content=Fetch(**case["content"]) if "content" in case else None,
    )
    asked = Asked(
        binder=binder if "build" in case else None,
        place=place,
        name=case["path"].rpartition("/")[2],
        hosts=(case.get("host", "https://mybinder.org"),),
        hubs=(case["hub"],) if "hub" in case else (),
        ui=case.get("ui"),
        servers=(case["server"],) if "server" in case else (),
        url=webaddress.fetchable(case["address"]) if "address" in case else "",
        shared="address" in case,
    )
    (link,) = links(asked, [case.get("kind", "binder")]).links
    return asked, link


@by_name
def test_the_link(case: dict[str, Any]) -> None:
    _, link = made(case)
    assert link.url == case["link"]
    assert case.get("mistake", "\0") not in link.url


@by_name
def test_what_the_reader_of_launch_links_makes_of_it(case: dict[str, Any]) -> None:
    asked, link = made(case)
    if not link.kind.startswith("binder"):
        return
    faults = Faults()
    binder, _ = read_link(link.url, faults)
    assert not faults.problems
    assert not faults.warnings
    assert binder.host[0].rstrip("/") == link.host.rstrip("/")
    source = asked.binder.build if asked.binder and link.kind != "binder-content" else None
    if source is None:
        assert isinstance(asked.place, Place)
        source = asked.place.repository
    wanted = canonical(source)
    assert binder.build
    assert (binder.build.host, binder.build.path) == (wanted.host, wanted.path)
    assert binder.build.hash == wanted.hash
    if wanted.hash is None:
        assert binder.build.ref == wanted.ref


@by_name
def test_what_the_reader_of_addresses_makes_of_it(case: dict[str, Any]) -> None:
    """The notebook is found again in the repository that it came from."""
    asked, link = made(case)
    if not isinstance(asked.place, Place) or (asked.binder and asked.binder.content):
        return
    place = asked.place
    if link.kind.endswith("-open"):
        return  # what the page at its end makes of it: test_byaddress.py
    params = parse(link.url).params
    opened = launches.opened_path(
        params
        if link.kind.startswith("binder")
        else {"urlpath": f"git-pull?{parse(link.url).query}"},
        link.url,
    )
    if isinstance(opened, str):
        assert unquote(opened) == place.path
        return
    found = on_the_web(opened.repository)
    assert found
    assert same(found, place.repository)
    assert unquote(opened.path) == place.path
    assert opened.branch == (place.repository.ref or "HEAD")
