"""What a link needs or leaves out is told; so is why there is none."""

from __future__ import annotations

import pytest
from tests.links.questions import asked, kinds, only, said

from binderclip.errors import Refused
from binderclip.links import Nowhere, Place, links
from binderclip.spec.model import Binder, Fetch, Frozen, Reference

BUILD = Reference("https://github.com", "o/env", "main")
DATA = Fetch("https://github.com", "baz/data", "v2", copy={"*.csv": "$HOME/"})
SETTINGS = Fetch("https://github.com", "baz/settings")
HOME = Place(Reference("https://github.com", "o/r", "main"), "a.ipynb")
AT_HOME = Place(BUILD, "a.ipynb")
HUBS = {"hubs": ("https://hub.example.org",)}


def test_which_kinds_there_are() -> None:
    nowhere, named = Nowhere("is nowhere"), Binder(build=BUILD)
    assert kinds(asked(named, AT_HOME)) == ["binder"]
    assert kinds(asked(named, HOME)) == ["binder-pull"]
    assert kinds(asked(named, HOME, **HUBS)) == ["binder-pull", "hub-pull"]
    assert kinds(asked(named, nowhere)) == ["binder-empty"]
    assert kinds(asked(named, nowhere, **HUBS)) == ["hub-file", "binder-empty"]
    assert kinds(asked(Binder(build=BUILD, content=DATA), AT_HOME)) == ["binder", "binder-pull"]
    assert kinds(asked(Binder(build=BUILD, content=DATA), nowhere)) == ["binder-pull"]
    assert kinds(asked(None, HOME)) == ["binder-content"]
    assert kinds(asked(None, HOME, **HUBS)) == ["hub-pull", "binder-content"]
    assert kinds(asked(Binder(files={"apt.txt": "x"}), HOME, **HUBS)) == ["hub-pull"]


def test_a_dataset_cannot_be_pulled() -> None:
    place = Place(Reference("https://doi.org", "10.5281/zenodo.3242074"), "a.ipynb")
    question = asked(Binder(build=BUILD), place, **HUBS)
    assert kinds(question) == ["hub-file", "binder-empty"]
    told = {kind: str(error) for kind, error in links(question).refused}
    assert "is a dataset" in told["binder-pull"]
    assert "is a dataset" in told["hub-pull"]


def test_repositories_that_do_not_come() -> None:
    binder = Binder(build=BUILD, content=DATA, config=SETTINGS)
    text = said(only("binder", asked(binder, AT_HOME)))
    assert "baz/data, which the notebook names as content, does not come" in text
    assert "baz/settings, which the notebook names as config, does not come" in text
    text = said(only("binder-pull", asked(binder, AT_HOME)))
    assert "baz/data, which" not in text
    assert "baz/settings, which" in text
    assert "the whole of github.com/baz/data comes, into data/" in text
    text = said(only("binder-pull", asked(binder, Nowhere("is nowhere"))))
    assert "the notebook is not opened" in text


def test_versions() -> None:
    def note(build: Reference, seen: Reference) -> str:
        return said(only("binder", asked(Binder(build=build), Place(seen, "a.ipynb"))))

    def at(ref: str | None = None, pin: str | None = None) -> Reference:
        return Reference("https://github.com", "o/env", ref, pin)

    assert note(at("main"), at("main")) == note(at(), at("main")) == note(at("main"), at()) == ""
    assert "as it is at main, not at dev" in note(at("main"), at("dev"))
    assert f"at {'a' * 12}, not at main" in note(at("main", "a" * 40), at("main"))
    assert f"at HEAD, not at {'a' * 12}" in note(at(), at(pin="a" * 40))
    pulled = Place(at("main", "b" * 40), "a.ipynb")
    link = only("hub-pull", asked(None, pulled, **HUBS))
    assert f"takes no commits: main comes, not {'b' * 12}" in said(link)
    assert "commits" not in said(only("hub-pull", asked(None, pulled, latest=True, **HUBS)))


def test_what_freezing_pinned() -> None:
    frozen = Frozen(files={"requirements.txt": "numpy==2 --hash=…"})
    link = only("binder", asked(Binder(build=BUILD, frozen=frozen), AT_HOME))
    assert "pinned are not in the link" in said(link)


@pytest.mark.parametrize(
    ("path", "ref", "lost"),
    [
        ("a b é+&.ipynb", "main", None),
        ("a#b.ipynb", "main", "#"),
        ("a?.ipynb", "main", "?"),
        ("a%20b.ipynb", "main", "%20"),
        ("100%.ipynb", "main", None),
        ("a.ipynb", "v1+b", "+"),
        ("a.ipynb", "a&b", "&"),
    ],
)
def test_what_newer_binderhubs_lose(path: str, ref: str, lost: str | None) -> None:
    place = Place(Reference("https://github.com", "o/r", ref), path)
    text = said(only("binder-pull", asked(Binder(build=BUILD), place)))
    assert ("unquote links twice" in text) == (lost is not None)
    assert lost is None or f"'{lost}' in a name or branch" in text
    assert "twice" not in said(only("hub-pull", asked(None, place, **HUBS)))


def test_all_that_stands_in_the_way_is_told_once() -> None:
    with pytest.raises(Refused) as caught:
        links(asked(None, Nowhere("is on this machine, and in no git checkout")))
    assert str(caught.value) == (
        "no launch link can be made: the notebook names no environment; the notebook is on this "
        "machine, and in no git checkout"
    )
    assert "set --build" in str(caught.value.hint)
    assert "--repo" in str(caught.value.hint)
    with pytest.raises(Refused, match="no hub was given"):
        links(asked(Binder(build=BUILD), AT_HOME, hosts=()), ["binder"])


def test_a_name_that_is_no_text() -> None:
    with pytest.raises(Refused, match="not UTF-8"):
        links(asked(None, Place(HOME.repository, "a\udcff.ipynb")))
