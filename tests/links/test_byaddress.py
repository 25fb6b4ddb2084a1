"""Links that open a notebook by its address: it arrives as it was, whoever takes the link apart,
or a note says who loses it; the page of a forge is found again; no secret is published unsaid.
"""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.links.questions import asked, kinds, only, said

from binderclip import sources
from binderclip.errors import Refused, SourceError
from binderclip.links import Asked, Kind, Link, Nowhere, Place, links, open_page, webaddress
from binderclip.links.located import at_address
from binderclip.spec.grammar import fits
from binderclip.spec.model import Binder, Fetch, Reference
from binderclip.spec.places import canonical

thorough = settings(max_examples=150, deadline=None, database=None)

BUILD = Reference("https://github.com", "o/env", "main")
HOME = Place(Reference("https://github.com", "o/r", "main"), "a.ipynb")
NOWHERE = Nowhere("is on this machine, and in no git checkout")
HUB, SERVER, HOST = "https://hub.example.org", "http://server.example.org/x", "https://mybinder.org"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
GIST = "0123456789abcdef0123456789abcdef"
SIGNED = "https://bucket.example.org/a.ipynb?X-Amz-Signature=sekrit&X-Amz-Expires=60"
NEEDED = "binderclip's extension"

segments = st.one_of(
    st.text("ab #?%+&=;,@:()[]'\"<>*_`~!$^{}|\u00e9\u6570 -", min_size=1, max_size=8),
    st.sampled_from(["%20", "a%2Fb", "100%", "#", "x y", "50%25", "a&branch=b", "été", "b+c"]),
)
paths = (
    st.lists(segments, max_size=2)
    .flatmap(lambda folders: segments.map(lambda last: [*folders, f"{last}.ipynb"]))
    .map("/".join)
    .filter(lambda path: path.strip("/ ") == path)
)
refs = st.one_of(
    st.sampled_from([None, "main", "feature/x/y", "issue#7", "größe", "v1.0+b", "100%", "a&b"]),
    st.text("abc/#%+&=é._-", min_size=1, max_size=8),
    st.just(COMMIT),
).filter(lambda ref: ref is None or fits("ref", ref))
repositories = st.sampled_from(
    [
        ("https://github.com", "o/r"),
        ("https://gitlab.com", "g/sub/p"),
        ("https://gitlab.corp.example:8443", "g/p"),
        ("https://codeberg.org", "o/r"),
        ("https://gitea.corp.example", "o/r"),
        ("https://bitbucket.org", "w/r"),
        ("https://huggingface.co", "datasets/o/r"),
    ]
)


def place(where: tuple[str, str], ref: str | None, path: str) -> Place:
    return Place(canonical(Reference(*where, ref)), path)


places = st.builds(place, repositories, refs, paths)
addresses = st.one_of(
    paths.map(lambda path: f"https://example.org/{path}"),
    st.tuples(paths, st.text("ab=&+%#?;é ", max_size=12)).map(
        lambda both: f"https://example.org/{both[0]}?x={both[1]}"
    ),
    st.sampled_from(
        [
            "https://www.dropbox.com/scl/fi/x/a%20b.ipynb?rlkey=a&dl=0",
            "https://bücher.example/ü b.ipynb",
            f"https://gist.github.com/{GIST}#file-a-ipynb",
            "https://mybinder.org/v2/gh/o/r/main?labpath=a%20b%23.ipynb",
        ]
    ),
).filter(lambda address: address.isprintable() and address == address.strip())


def leads_to(address: str) -> tuple[str | None, str | None]:
    source = sources.resolve(address)
    return source.url, source.pick


@thorough
@given(places)
def test_the_page_of_a_place_is_that_place(where: Place) -> None:
    address = webaddress.file_page(where)
    source = sources.resolve(address)
    assert source.kind == "url"
    assert webaddress.fetchable(address) == address
    ref = where.repository.ref
    found = at_address(
        source.address, origin=source.origin, url=source.url, refs=[ref] if ref else []
    )
    assert isinstance(found, Place)
    if where.repository.host == "https://huggingface.co" and where.repository == canonical(
        Reference(where.repository.host, where.repository.path)
    ):
        assert found.repository.ref == "main"  # it knows no HEAD
    else:
        assert found.repository == where.repository
    assert found.path == where.path


@pytest.mark.parametrize(
    ("where", "raw"),
    [
        (
            Place(Reference("https://github.com", "o/r", "feature/x"), "d/a b#.ipynb"),
            "https://raw.githubusercontent.com/o/r/feature/x/d/a%20b%23.ipynb",
        ),
        (
            Place(Reference("https://github.com", "o/r", "refs/tags/v1", COMMIT), "a.ipynb"),
            f"https://raw.githubusercontent.com/o/r/{COMMIT}/a.ipynb",
        ),
        (
            Place(Reference("https://gitlab.com", "g/h/p"), "a.ipynb"),
            "https://gitlab.com/g/h/p/-/raw/HEAD/a.ipynb",
        ),
        (
            Place(Reference("https://codeberg.org", "o/r.git", hash=COMMIT), "a.ipynb"),
            f"https://codeberg.org/o/r/raw/commit/{COMMIT}/a.ipynb",
        ),
        (
            Place(Reference("https://huggingface.co", "spaces/o/r"), "a.ipynb"),
            "https://huggingface.co/spaces/o/r/resolve/main/a.ipynb",
        ),
        (
            Place(Reference("https://doi.org", "10.5281/zenodo.12"), "a b.ipynb"),
            "https://zenodo.org/records/12/files/a%20b.ipynb?download=1",
        ),
        (
            Place(Reference("https://www.hydroshare.org", f"resource/{GIST}"), "d/a.ipynb"),
            f"https://www.hydroshare.org/resource/{GIST}/data/contents/d/a.ipynb",
        ),
    ],
)
def test_the_page_of_a_place_leads_to_the_raw_file(where: Place, raw: str) -> None:
    assert sources.resolve(webaddress.file_page(where)).url == raw


def test_a_gist_is_asked_for_the_file_at_its_commit() -> None:
    where = Place(Reference("https://gist.github.com", f"u/{GIST}", hash=COMMIT), "a b.ipynb")
    source = sources.resolve(webaddress.file_page(where))
    assert (source.lookup, source.pick) == ("gist", "a b.ipynb")
    assert source.url == f"https://api.github.com/gists/{GIST}/{COMMIT}"
    raw = f"https://gist.githubusercontent.com/u/{GIST}/raw/{'b' * 40}/a%20b.ipynb"
    assert at_address(source.address, origin=source.origin, url=raw) == where


@pytest.mark.parametrize(
    "where",
    [
        Reference("https://git.corp.example", "o/r"),
        Reference("https://git.corp.example", "r"),
        Reference("https://doi.org", "10.6084/m9.figshare.9782777.v1"),
        Reference("https://demo.ckan.org", "dataset/some-data"),
    ],
)
def test_a_forge_that_is_not_known(where: Reference) -> None:
    with pytest.raises(Refused, match="is not known") as caught:
        webaddress.file_page(Place(where, "a.ipynb"))
    assert where.url in caught.value.message
    assert "--url" in str(caught.value.hint)


def sent(address: str, kind: Kind, ui: str, hub: str = HUB) -> Link:
    question = asked(Binder(build=BUILD), NOWHERE, hubs=(hub,), url=address, shared=True, ui=ui)
    return only(kind, question)


@thorough
@given(
    addresses,
    st.sampled_from(["lab", "notebook", "retro", "classic"]),
    st.sampled_from([HUB, "http://127.0.0.1:8000/jupyter"]),
)
def test_the_very_address_arrives_on_a_hub(
    browsers: ModuleType, address: str, ui: str, hub: str
) -> None:
    link = sent(address, "hub-open", ui, hub)
    there = browsers.asked_to_open(browsers.redirected(link.url, hub))
    assert there == {"url": address, "app": ui}


@thorough
@given(addresses, st.sampled_from(["lab", "notebook", "retro", "classic"]))
def test_the_very_address_arrives_on_a_binderhub(
    browsers: ModuleType, address: str, ui: str
) -> None:
    link = sent(address, "binder-open", ui)
    there = browsers.asked_to_open(browsers.opened(link.url, newer=False))
    assert there == {"url": address, "app": ui}
    if "unquote links twice" in said(link):
        return
    there = browsers.asked_to_open(browsers.opened(link.url, newer=True))
    assert there["app"] == ui
    try:
        wanted = leads_to(address)
    except SourceError:
        assume(False)
    assert leads_to(there["url"]) == wanted


def test_the_page_may_be_told_where_to_save() -> None:
    page = open_page("https://example.org/a.ipynb", path="my folder/é", ui="lab")
    assert page == (
        "binderclip/open?url=https%3A%2F%2Fexample.org%2Fa.ipynb&path=my%20folder%2F%C3%A9&app=lab"
    )


def test_what_shows_it_is_the_server_s_to_say() -> None:
    """A parameter would go before what its operator chose."""
    for kind in ("hub-open", "binder-open"):
        question = asked(Binder(build=BUILD), NOWHERE, hubs=(HUB,), url=SIGNED, shared=True)
        assert "app" not in only(kind, question).url.partition("open")[2]
    assert Asked(binder=None, place=NOWHERE, name="a", hosts=()).shown_in == "lab"


def test_where_they_are_offered() -> None:
    named = Binder(build=BUILD)
    knows = {"hubs": (HUB,), "opening": frozenset({HUB})}
    assert kinds(asked(named, HOME, hubs=(HUB,))) == ["binder-pull", "hub-pull"]
    assert kinds(asked(named, HOME, **knows)) == ["binder-pull", "hub-open", "hub-pull"]
    assert kinds(asked(named, NOWHERE, **knows)) == ["hub-file", "binder-empty"]
    dataset = Place(Reference("https://doi.org", "10.5281/zenodo.3242074"), "a.ipynb")
    assert kinds(asked(named, dataset, **knows)) == ["hub-open", "binder-empty"]
    both = {**knows, "hubs": (HUB, "https://other.example.org")}
    found = links(asked(named, dataset, **both)).links
    assert [(link.kind, link.host) for link in found] == [
        ("hub-open", HUB),
        ("hub-file", "https://other.example.org"),
        ("binder-empty", HOST),
    ]
    assert kinds(asked(named, HOME, servers=(SERVER,))) == ["binder-pull", "hub-open"]
    hosts = {"hosts": (HOST, "https://b.example.org"), "opening": frozenset({HOST})}
    found = links(asked(named, dataset, **hosts)).links
    assert [(link.kind, link.host) for link in found] == [
        ("binder-open", HOST),
        ("binder-empty", "https://b.example.org"),
    ]
    stated = {"url": "https://example.org/a.ipynb", "shared": True}
    assert kinds(asked(named, NOWHERE, hubs=(HUB,), **stated)) == ["binder-open", "hub-open"]
    pasted = {"url": "https://example.org/a.ipynb"}
    assert kinds(asked(named, NOWHERE, hubs=(HUB,), **pasted)) == ["hub-file", "binder-empty"]


def test_what_has_to_be_so() -> None:
    data = Fetch("https://github.com", "baz/data", "v2")
    settings_ = Fetch("https://github.com", "baz/settings")
    binder = Binder(build=BUILD, content=data, config=settings_)
    for kind, where in (("hub-open", "hub's servers"), ("binder-open", "environment")):
        one: Kind = "hub-open" if kind == "hub-open" else "binder-open"
        text = said(only(one, asked(binder, HOME, hubs=(HUB,))))
        assert f"the {where}" in text
        assert NEEDED in text
        assert "baz/data, which the notebook names as content, is fetched too" in text
        assert "baz/settings, which the notebook names as config, does not come" in text
        knows = frozenset({HUB, HOST})
        assert NEEDED not in said(only(one, asked(binder, HOME, hubs=(HUB,), opening=knows)))
    text = said(only("hub-open", asked(binder, HOME, hubs=(HUB,))))
    assert "the hub's own environment stands in" in text
    text = said(only("hub-open", asked(binder, HOME, servers=(SERVER,))))
    assert "the server has to have" in text
    assert "the server's own environment stands in" in text
    doubtful = Place(HOME.repository, "a.ipynb", ("not pushed",))
    assert "not pushed" in said(only("hub-open", asked(None, doubtful, hubs=(HUB,))))


def test_the_latest() -> None:
    where = Place(Reference("https://github.com", "o/r", "main", COMMIT), "a.ipynb")
    question = asked(Binder(build=BUILD), where, hubs=(HUB,))
    assert f"blob%2F{COMMIT}%2F" in only("hub-open", question).url
    question = asked(Binder(build=BUILD), where, hubs=(HUB,), latest=True)
    assert "blob%2Fmain%2F" in only("hub-open", question).url


def test_there_is_no_hub_or_no_address() -> None:
    with pytest.raises(Refused, match="no JupyterHub was given"):
        only("hub-open", asked(None, HOME))
    with pytest.raises(Refused, match="in no git checkout") as caught:
        only("hub-open", asked(None, NOWHERE, hubs=(HUB,)))
    assert "--url" in str(caught.value.hint)
    with pytest.raises(Refused, match="names no environment"):
        only("binder-open", asked(None, HOME))


@pytest.mark.parametrize(
    "address",
    [
        SIGNED,
        "https://ada:sekrit@example.org/a.ipynb",
        "https://github.com/o/r/raw/main/a.ipynb?token=sekrit",
        "https://example.org/a.ipynb;jsessionid=sekrit",
        "https://nbviewer.org/urls/example.org/a.ipynb%3Ftoken=sekrit",
        "https://colab.research.google.com/#fileId=https%3A//example.org/a.ipynb%3Ftoken%3Dsekrit",
        f"https://example.org/a.ipynb?{'x=1&' * 200}token=sekrit",
    ],
)
def test_a_secret_is_published_only_where_somebody_says_so(address: str) -> None:
    assert webaddress.secret(address)
    question = asked(None, NOWHERE, hubs=(HUB,), url=address)
    assert "sekrit" not in repr(question)
    with pytest.raises(Refused, match="holds what looks like a secret") as caught:
        only("hub-open", question)
    assert "sekrit" not in f"{caught.value.message} {caught.value.hint}"
    link = only("hub-open", asked(None, HOME, hubs=(HUB,), url=address))
    assert "sekrit" not in link.url
    assert "url=https%3A%2F%2Fgithub.com%2Fo%2Fr%2Fblob%2Fmain%2Fa.ipynb" in link.url
    assert "the secret in the notebook's address is left out" in said(link)
    link = only("hub-open", asked(None, NOWHERE, hubs=(HUB,), url=address, shared=True))
    assert "sekrit" in link.url
    assert "whoever sees the link has it too" in said(link)
    assert "sekrit" not in said(link)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/o/r/blob/main/a.ipynb",
        "https://example.org/a%20b.ipynb?version=2;x=1&",
        "https://example.org/a.ipynb?",
        "https://drive.google.com/file/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456/view",
        f"https://gist.github.com/{GIST}#file-analysis-of-2024-with-a-long-name-ipynb",
        "https://colab.research.google.com/github/o/r/blob/main/a.ipynb",
    ],
)
def test_what_holds_no_secret(address: str) -> None:
    assert not webaddress.secret(address)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://localhost:8000/a.ipynb", True),
        ("http://127.0.0.1/a.ipynb", True),
        ("http://[::1]/a.ipynb", True),
        ("http://192.168.1.2/a.ipynb", True),
        ("http://fileserver/a.ipynb", True),
        ("https://nas.local/a.ipynb", True),
        ("https://example.org/a.ipynb", False),
        ("https://93.184.216.34/a.ipynb", False),
    ],
)
def test_an_address_at_home(address: str, told: bool) -> None:  # noqa: FBT001 - a column
    link = only("hub-open", asked(None, NOWHERE, hubs=(HUB,), url=address))
    assert ("in a network of yours" in said(link)) == told


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("-", "of this machine"),
        (__file__, "of this machine"),
        ("example.org/a.ipynb", "no such file"),
        ("https://github.com/o/r", "a repository or a folder"),
        ("git@github.com:o/r.git", "a repository or a folder"),
    ],
)
def test_what_no_server_can_fetch(address: str, why: str) -> None:
    with pytest.raises(SourceError, match=why):
        webaddress.fetchable(address)


def test_no_password_where_it_would_not_be_sent() -> None:
    address = "https://ada:sekrit@example.org/a.ipynb"
    assert webaddress.fetchable(address) == address
    with pytest.raises(SourceError, match="a user or password") as caught:
        webaddress.fetchable(address, anonymous=True)
    assert "sekrit" not in str(caught.value)
