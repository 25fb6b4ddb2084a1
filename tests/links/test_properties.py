"""For any notebook: the link leads to it, whoever takes the link apart, or a note says who loses
it.
"""

from __future__ import annotations

from types import ModuleType
from urllib.parse import unquote

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from binderclip.addresses.launches import Pulled, opened_path
from binderclip.addresses.link import parse
from binderclip.links import KINDS, UIS, Asked, Link, Place, links
from binderclip.links.remotes import same
from binderclip.spec.faults import Faults
from binderclip.spec.grammar import fits
from binderclip.spec.launch_link import read_link
from binderclip.spec.model import Binder, Reference
from binderclip.spec.places import canonical

thorough = settings(max_examples=100, deadline=None, database=None)

hosts = st.sampled_from(
    ["https://mybinder.org", "https://hub.example.org/pre/fix/", "http://[2001:db8::1]:8443/b"]
)
hubs = st.sampled_from(["https://hub.example.org", "http://127.0.0.1:8000/jupyter"])
letters = st.characters(blacklist_categories=["C", "Z"], blacklist_characters="/\\")
segments = st.one_of(
    st.text("ab #?%+&=;,@:()[]'\"<>*_`~!$^{}|\u00e9\u6570 .-", min_size=1, max_size=8),
    st.sampled_from(["%20", "a%2Fb", "100%", "#", "x y", "50%25", "a&branch=b", "été"]),
    st.text(letters, min_size=1, max_size=6),
)
paths = (
    st.lists(segments, max_size=2)
    .flatmap(lambda folders: segments.map(lambda last: [*folders, f"{last}.ipynb"]))
    .map("/".join)
    .filter(lambda path: not set(path.split("/")) & {".", ".."} and path.strip("/ ") == path)
    # A name that begins so stands for a drive of JupyterLab's.
    .filter(lambda path: not path.lower().startswith(("rtc:", "drive:")))
)
refs = st.one_of(
    st.sampled_from([None, "main", "feature/x/y", "issue#7", "größe", "v1.0+b", "100%", "a&b"]),
    st.text("abc/#%+&=é._-", min_size=1, max_size=8),
).filter(lambda ref: ref is None or fits("ref", ref))
repositories = st.sampled_from(
    [
        ("https://github.com", "o/r"),
        ("https://gitlab.com", "g/sub/p"),
        ("https://gist.github.com", "u/0123456789abcdef0123456789abcdef"),
        ("https://codeberg.org", "o/r"),
        ("https://bitbucket.org", "w/r"),
        ("https://git.example.org:8443", "scm/o/r.git"),
    ]
)
datasets = st.sampled_from(
    [
        ("https://doi.org", "10.5281/zenodo.3242074"),
        ("https://doi.org", "10.6084/m9.figshare.9782777.v1"),
        ("https://doi.org", "10.7910/DVN/TJCLKP"),
        ("https://www.hydroshare.org", "resource/8f7c2f0341ef4180b0dbe97f59130756"),
        ("https://demo.ckan.org", "dataset/some-data"),
    ]
)


def reference(place: tuple[str, str], ref: str | None) -> Reference:
    return Reference(*place, ref)


git = st.builds(reference, repositories, refs)
anything = st.one_of(git, datasets.map(lambda place: Reference(*place)))
uis = st.sampled_from(UIS)


def test_the_models_of_pages_know_their_scripts(browsers: ModuleType) -> None:
    """As node ran them: wouter 3.13 and binderhub-client of April 2026."""
    start = "https://mybinder.org/v2/gh/o/r/main?"
    for query, newer, older in (
        ("labpath=a%20b.ipynb", "doc/tree/a%20b.ipynb", "doc/tree/a%20b.ipynb"),
        ("urlpath=doc/tree/a%2523b.ipynb", "doc/tree/a", "doc/tree/a%23b.ipynb"),
        (
            "labpath=%C3%A9/50%25.ipynb",
            "doc/tree/%C3%A9/50%25.ipynb",
            "doc/tree/%C3%A9/50%25.ipynb",
        ),
        ("labpath=x/a%2Bb%26c%3D.ipynb", "doc/tree/x/a+b&c=.ipynb", "doc/tree/x/a+b&c=.ipynb"),
        ("labpath=a%2520b.ipynb", "doc/tree/a%20b.ipynb", "doc/tree/a%2520b.ipynb"),
    ):
        assert browsers.opened(start + query, newer=True) == newer
        assert browsers.opened(start + query, newer=False) == older


@thorough
@given(hosts, anything, paths, uis)
def test_a_notebook_in_its_repository(
    browsers: ModuleType, host: str, build: Reference, path: str, ui: str
) -> None:
    link = only("binder", build, Place(build, path), ui=ui, host=host)
    read = read_link(link.url, faults := Faults())[0]
    assert not faults.problems
    assert not faults.warnings
    assert read.host[0].rstrip("/") == host.rstrip("/")
    assert read.build == canonical(build)
    assert browsers.notebook(browsers.opened(link.url, newer=False)) == path
    if not warned(link):
        assert browsers.notebook(browsers.opened(link.url, newer=True)) == path
    opened = opened_path(parse(link.url).params, link.url)
    assert isinstance(opened, str)
    assert unquote(opened) == path


@thorough
@given(host=hosts, build=anything, content=git, path=paths, ui=uis)
def test_a_notebook_pulled_into_an_environment(
    *, browsers: ModuleType, host: str, build: Reference, content: Reference, path: str, ui: str
) -> None:
    assume(not same(build, content))
    link = only("binder-pull", build, Place(content, path), ui=ui, host=host)
    read = read_link(link.url, faults := Faults())[0]
    assert not faults.problems
    assert read.build == canonical(build)
    right = brought(browsers, browsers.opened(link.url, newer=False), content, path)
    assert right
    if not warned(link):
        assert brought(browsers, browsers.opened(link.url, newer=True), content, path)
    found_again(opened_path(parse(link.url).params, link.url), content, path)


@thorough
@given(hubs, git, paths, uis)
def test_a_notebook_pulled_into_a_jupyterhub(
    browsers: ModuleType, hub: str, content: Reference, path: str, ui: str
) -> None:
    link = only("hub-pull", None, Place(content, path), ui=ui, hub=hub)
    assert brought(browsers, browsers.redirected(link.url, hub), content, path)
    query = parse(link.url).query
    found_again(opened_path({"urlpath": f"git-pull?{query}"}, link.url), content, path)


@thorough
@given(hubs, segments.map("{}.ipynb".format), uis)
def test_a_file_on_a_jupyterhub(browsers: ModuleType, hub: str, name: str, ui: str) -> None:
    anywhere = Place(Reference("https://github.com", "o/r"), "x.ipynb")
    link = only("hub-file", None, anywhere, ui=ui, hub=hub, name=name)
    assert browsers.notebook(browsers.redirected(link.url, hub)) == name


def only(
    kind: str,
    build: Reference | None,
    place: Place,
    *,
    ui: str,
    host: str = "https://mybinder.org",
    hub: str | None = None,
    name: str = "x.ipynb",
) -> Link:
    asked = Asked(
        binder=Binder(build=build) if build else None,
        place=place,
        name=name,
        hosts=(host,),
        hubs=(hub,) if hub else (),
        ui=next(one for one in UIS if one == ui),
    )
    (link,) = links(asked, [one for one in KINDS if one == kind]).links
    assert parse(link.url).url == link.url, "a browser would write it differently"
    return link


def warned(link: Link) -> bool:
    return any("unquote links twice" in note for note in link.notes)


def brought(browsers: ModuleType, address: str, content: Reference, path: str) -> bool:
    """Whether nbgitpuller brings the repository at its ref and goes on to the notebook in it."""
    repository, branch, folder, goes_on = browsers.pulled(address)
    wanted = canonical(content)
    there = (repository.removesuffix(".git"), branch) == (
        wanted.url.removesuffix(".git"),
        wanted.ref,
    )
    return there and browsers.notebook(goes_on) == f"{folder}/{path}"


def found_again(opened: str | Pulled, content: Reference, path: str) -> None:
    assert isinstance(opened, Pulled)
    assert opened.repository.removesuffix(".git") == canonical(content).url.removesuffix(".git")
    assert opened.branch == (canonical(content).ref or "HEAD")
    assert unquote(opened.path) == path
