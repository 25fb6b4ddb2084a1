"""Links to binderclip's own service, which launches notebooks by their address."""

from __future__ import annotations

import pytest

from binderclip.errors import Refused
from binderclip.links import FORMS, Asked, Nowhere, Place, links, written
from binderclip.spec import Binder, Reference

GATEWAY = "https://gateway.example.org/prefix/"
URL = "https://example.org/a b.ipynb?x=1&y=2#z"
FILES = Binder(files={"requirements.txt": "numpy\n"})


def asked(url: str = URL, **more: object) -> Asked:
    words = {
        "binder": FILES,
        "place": Nowhere("lies nowhere"),
        "name": "a b.ipynb",
        "hosts": ("https://hub.example.org",),
        "gateways": (GATEWAY,),
        "url": url,
        **more,
    }
    return Asked(**words)  # type: ignore[arg-type] # each is of its kind


def test_it_takes_what_no_binderhub_takes() -> None:
    found = links(asked())
    (link,) = found.links
    assert (link.kind, link.host) == ("gateway", GATEWAY)
    quoted = "https%3A%2F%2Fexample.org%2Fa%20b.ipynb%3Fx%3D1%26y%3D2%23z"
    assert link.url == f"{GATEWAY}v2/notebook?url={quoted}"
    assert {kind for kind, _ in found.refused} == {"binder", "binder-pull", "binder-empty"}


def test_its_badge_is_the_gateways_own() -> None:
    (link,) = links(asked(), ["gateway"]).links
    for form in set(FORMS) - {"text"}:
        assert f"{GATEWAY}badge.svg" in written(link, form, name="a.ipynb")


def test_a_place_in_a_repository_is_as_good_as_an_address() -> None:
    place = Place(Reference("https://github.com", "o/r", ref="main"), "a.ipynb")
    (link,) = links(asked("", place=place), ["gateway"]).links
    assert link.url.endswith("url=https%3A%2F%2Fgithub.com%2Fo%2Fr%2Fblob%2Fmain%2Fa.ipynb")


def test_a_secret_goes_into_no_link() -> None:
    with pytest.raises(Refused, match="secret"):
        links(asked("https://example.org/a.ipynb?token=0123456789abcdef"), ["gateway"])


def test_without_one_there_is_none() -> None:
    with pytest.raises(Refused, match="no gateway was given"):
        links(asked(gateways=()), ["gateway"])
