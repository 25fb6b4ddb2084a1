"""Each dialect: the examples of the proposal and the addresses that people write."""

from __future__ import annotations

from typing import Any

import pytest

from binderclip import spec
from binderclip.spec import Binder, Fetch, Reference
from binderclip.spec.providers import PROVIDERS, provider_of, reference_of

SHA = "0123456789abcdef0123456789abcdef01234567"
PANGEO = Reference("https://github.com", "pangeo-gallery/default-binder", "master")
HUB = ("https://binder.pangeo.io",)

EXAMPLES: list[tuple[spec.Dialect, Any, Binder]] = [
    (
        "components",
        {
            "binder_url": "https://binder.pangeo.io",
            "binder_repo": "pangeo-gallery/default-binder",
            "binder_ref": "master",
        },
        Binder(host=HUB, build=PANGEO),
    ),
    (
        "environment-url",
        {
            "binder_url": "https://binder.pangeo.io",
            "environment_url": "https://github.com/pangeo-gallery/default-binder/tree/master",
        },
        Binder(host=HUB, build=PANGEO),
    ),
    (
        "url",
        "https://binder.pangeo.io/v2/gh/pangeo-gallery/default-binder/master",
        Binder(host=HUB, build=PANGEO),
    ),
    (
        "v0",
        {
            "version": 0,
            "binder": {"host": "https://binder.pangeo.io"},
            "image": {
                "host": "https://registry.dockerhub.com",
                "path": "a/built-container",
                "ref": "master",
                "hash": "sha256:" + "a" * 64,
            },
            "build": {
                "host": "https://github.com",
                "path": "foo/a-big-environment",
                "ref": "master",
                "hash": SHA,
            },
            "config": {
                "host": "https://github.com",
                "path": "bar/our-configuration",
                "ref": "master",
                "files": {"jupyter_config.json": "$HOME/.jupyter/etc/"},
            },
            "content": {
                "host": "https://github.com",
                "path": "baz/my-content",
                "ref": "master",
                "files": {"*.ipynb": "$HOME/"},
            },
        },
        Binder(
            host=HUB,
            image=Reference(
                "https://registry.dockerhub.com",
                "a/built-container",
                "master",
                "sha256:" + "a" * 64,
            ),
            build=Reference("https://github.com", "foo/a-big-environment", "master", SHA),
            config=Fetch(
                "https://github.com",
                "bar/our-configuration",
                "master",
                copy={"jupyter_config.json": "$HOME/.jupyter/etc/"},
            ),
            content=Fetch(
                "https://github.com", "baz/my-content", "master", copy={"*.ipynb": "$HOME/"}
            ),
        ),
    ),
]


@pytest.mark.parametrize(("dialect", "value", "binder"), EXAMPLES)
def test_examples_are_read_and_written(dialect: spec.Dialect, value: Any, binder: Binder) -> None:
    reading = spec.read(value)
    assert (reading.binder, reading.dialect, reading.warnings) == (binder, dialect, ())
    assert spec.write(binder, dialect) == value
    assert spec.detect(value) == dialect


def test_the_second_form_as_it_was_proposed() -> None:
    value: Any = {
        "binder_url": "https://binder.pangeo.io",
        "environment_url": "https://github.com/pangeo-gallery/default-binder/branch/master",
    }
    assert spec.read(value).binder == Binder(host=HUB, build=PANGEO)


@pytest.mark.parametrize(
    "host",
    [
        {"host": "https://binder.pangeo.io"},
        {"binder": "https://binder.pangeo.io"},
        {"binder": {"host": "https://binder.pangeo.io"}},
    ],
)
def test_the_third_form_with_its_placeholders(host: Any) -> None:
    """The proposal's hashes are no hashes; they are set aside with a warning."""
    placeholder = "abcd1234" * 4
    value: Any = {
        "version": 0,
        **host,
        "image": {"host": "https://quay.io", "path": "a/b", "ref": "v", "hash": placeholder},
        "build": {"host": "https://github.com", "path": "a/b", "ref": "x", "hash": placeholder},
    }
    reading = spec.read(value)
    assert reading.binder == Binder(
        host=HUB,
        image=Reference("https://quay.io", "a/b", "v"),
        build=Reference("https://github.com", "a/b", "x"),
    )
    assert list(map(str, reading.warnings)) == [
        (
            f"binder.image.hash: found 32 hex digits in '{placeholder}', expected 'sha256:' and "
            "64 lower-case hex digits (set aside: the ref decides)"
        ),
        (
            f"binder.build.hash: found 32 hex digits in '{placeholder}', expected a commit of 40 "
            "or 64 lower-case hex digits (set aside: the ref decides)"
        ),
    ]


def test_version_0_may_leave_out_the_name_of_the_digest() -> None:
    image: Any = {"host": "https://quay.io", "path": "a/b", "hash": "a" * 64}
    binder = spec.read({"version": 0, "image": image}).binder
    assert binder is not None
    assert binder.image == Reference("https://quay.io", "a/b", None, "sha256:" + "a" * 64)


def test_unknown_keys_survive_in_old_dialects_and_upgrades() -> None:
    first: Any = {"binder_url": "https://h", "binder_repo": "o/r", "binder_ref": "x", "note": [1]}
    third: Any = {"version": 0, "binder": {"host": "https://h", "region": "eu"}, "note": [1]}
    for value in (first, third):
        reading = spec.read(value)
        assert spec.write(reading.binder, reading.dialect) == value
        upgraded = spec.write(reading.binder)
        assert spec.read(upgraded).binder == reading.binder


def test_the_opt_out() -> None:
    reading = spec.read(False)
    assert (reading.binder, reading.dialect) == (None, "v1")
    assert all(spec.write(None, dialect) is False for dialect in spec.DIALECTS)


def github(ref: str | None = None, pin: str | None = None) -> Reference:
    return Reference("https://github.com", "o/r", ref, pin)


ADDRESSES: list[tuple[str, Reference]] = [
    ("https://github.com/o/r", github()),
    ("https://github.com/o/r.git", github()),
    ("https://github.com/o/r/", github()),
    ("https://www.github.com/o/r", github()),
    ("https://github.com/o/r/tree/HEAD", github()),
    ("https://github.com/o/r/tree/main", github("main")),
    ("https://github.com/o/r/branch/main", github("main")),
    ("https://github.com/o/r/tree/feature/x", github("feature/x")),
    ("https://github.com/o/r/tree/feature%2Fx%231", github("feature/x#1")),
    ("https://github.com/o/r/tree/gr%C3%B6%C3%9Fe", github("größe")),
    ("https://github.com/o/r/releases/tag/v1.0", github("v1.0")),
    (f"https://github.com/o/r/commit/{SHA}", github(None, SHA)),
    (f"https://github.com/o/r/tree/{SHA}", github(None, SHA)),
    ("https://github.com/o/r/commit/0123abc", github("0123abc")),
    ("https://github.com/tree/main", Reference("https://github.com", "tree/main")),
    ("https://gist.github.com/u/0123abc", Reference("https://gist.github.com", "u/0123abc")),
    (
        f"https://gist.github.com/u/0123abc/{SHA}",
        Reference("https://gist.github.com", "u/0123abc", None, SHA),
    ),
    ("https://gist.github.com/0123abc", Reference("https://gist.github.com", "0123abc")),
    ("https://gitlab.com/g/s/p", Reference("https://gitlab.com", "g/s/p")),
    ("https://gitlab.com/g/s/p/-/tree/a/b", Reference("https://gitlab.com", "g/s/p", "a/b")),
    ("https://gitlab.com/g/p/-/tags/v1", Reference("https://gitlab.com", "g/p", "v1")),
    (f"https://gitlab.com/g/p/-/commit/{SHA}", Reference("https://gitlab.com", "g/p", None, SHA)),
    ("https://gitlab.com/g/p/tree/main", Reference("https://gitlab.com", "g/p", "main")),
    (
        "https://gitlab.example.org/a/g/p/-/tree/main",
        Reference("https://gitlab.example.org", "a/g/p", "main"),
    ),
    (
        "https://codeberg.org/o/r/src/branch/main",
        Reference("https://codeberg.org", "o/r", "main"),
    ),
    ("https://codeberg.org/o/r/src/tag/v1", Reference("https://codeberg.org", "o/r", "v1")),
    (
        f"https://git.example.org/o/r/src/commit/{SHA}",
        Reference("https://git.example.org", "o/r", None, SHA),
    ),
    ("https://bitbucket.org/o/r/src/main", Reference("https://bitbucket.org", "o/r", "main")),
    (
        f"https://bitbucket.org/o/r/commits/{SHA}",
        Reference("https://bitbucket.org", "o/r", None, SHA),
    ),
    ("https://git.example.org/r.git", Reference("https://git.example.org", "r.git")),
    (
        "http://127.0.0.1:3000/r.git/tree/main",
        Reference("http://127.0.0.1:3000", "r.git", "main"),
    ),
    ("10.5281/zenodo.123", Reference("https://doi.org", "10.5281/zenodo.123")),
    ("doi:10.7910/DVN/TJCLKP", Reference("https://doi.org", "10.7910/DVN/TJCLKP")),
    ("https://doi.org/10.5281/zenodo.123", Reference("https://doi.org", "10.5281/zenodo.123")),
    ("http://dx.doi.org/10.5281/zenodo.123", Reference("https://doi.org", "10.5281/zenodo.123")),
    ("https://zenodo.org/records/123", Reference("https://doi.org", "10.5281/zenodo.123")),
    ("https://zenodo.org/record/123", Reference("https://doi.org", "10.5281/zenodo.123")),
    (
        "https://dataverse.harvard.edu/dataset.xhtml?persistentId=doi:10.7910/DVN/TJCLKP",
        Reference("https://doi.org", "10.7910/DVN/TJCLKP"),
    ),
    (
        "https://demo.ckan.org/dataset/some-data",
        Reference("https://demo.ckan.org", "dataset/some-data"),
    ),
    (
        "https://demo.ckan.org/dataset/some-data?activity_id=ab-12",
        Reference("https://demo.ckan.org", "dataset/some-data/history/ab-12"),
    ),
    (
        "https://www.hydroshare.org/resource/8f7c2f0341ef4180b0dbe97f59130756/",
        Reference("https://www.hydroshare.org", "resource/8f7c2f0341ef4180b0dbe97f59130756"),
    ),
]


@pytest.mark.parametrize(("address", "build"), ADDRESSES)
def test_addresses_of_repositories(address: str, build: Reference) -> None:
    binder = Binder(build=build)
    assert spec.read({"environment_url": address}).binder == binder
    written = spec.write(binder, "environment-url")
    assert spec.read(written).binder == binder
    in_parts: Any = {"binder_repo": address}
    assert spec.read(in_parts).binder == binder
    assert spec.read(spec.write(binder, "components")).binder == binder


def test_a_ref_beside_an_address() -> None:
    value: Any = {"binder_repo": "https://gitlab.com/g/s/p", "binder_ref": SHA}
    binder = Binder(build=Reference("https://gitlab.com", "g/s/p", None, SHA))
    assert spec.read(value).binder == binder
    assert spec.write(binder, "components") == value


HYDROSHARE = "8f7c2f0341ef4180b0dbe97f59130756"
LINKS: list[tuple[str, Reference]] = [
    ("gh/o/r/HEAD", github()),
    ("gh/o/r/main", github("main")),
    ("gh/o/r/feature/x", github("feature/x")),
    ("gh/o/r/feature/x%231", github("feature/x#1")),
    ("gh/o/r/gr%C3%B6%C3%9Fe", github("größe")),
    ("gh/o/r/100%25", github("100%")),
    (f"gh/o/r/{SHA}", github(None, SHA)),
    ("gl/group%2Fsub%2Fproject/a/b", Reference("https://gitlab.com", "group/sub/project", "a/b")),
    (
        "git/https%3A%2F%2Fgit.example.org%3A8443%2Fa%2Fr.git/main",
        Reference("https://git.example.org:8443", "a/r.git", "main"),
    ),
    (
        "git/http%3A%2F%2F127.0.0.1%2Fa%2520b/HEAD",
        Reference("http://127.0.0.1", "a%20b"),
    ),
    (
        "git/https%3A%2F%2Fgit.example.org%2Fdataset%2Fx/HEAD",
        Reference("https://git.example.org", "dataset/x", "HEAD"),
    ),
    ("gist/u/0123abc/HEAD", Reference("https://gist.github.com", "u/0123abc")),
    (f"gist/u/0123abc/{SHA}", Reference("https://gist.github.com", "u/0123abc", None, SHA)),
    ("zenodo/10.5281/zenodo.3242074", Reference("https://doi.org", "10.5281/zenodo.3242074")),
    (
        "figshare/10.6084/m9.figshare.9782777.v1",
        Reference("https://doi.org", "10.6084/m9.figshare.9782777.v1"),
    ),
    ("dataverse/10.7910/DVN/TJCLKP", Reference("https://doi.org", "10.7910/DVN/TJCLKP")),
    (
        f"hydroshare/{HYDROSHARE}",
        Reference("https://www.hydroshare.org", f"resource/{HYDROSHARE}"),
    ),
    (
        "ckan/https%3A%2F%2Fdemo.ckan.org%2Fdataset%2Fsome-data",
        Reference("https://demo.ckan.org", "dataset/some-data"),
    ),
    (
        "ckan/https%3A%2F%2Fdemo.ckan.org%2Fdata%2Fdataset%2Fx%2Fhistory%2Fab-12",
        Reference("https://demo.ckan.org", "data/dataset/x/history/ab-12"),
    ),
]


@pytest.mark.parametrize(("path", "build"), LINKS)
def test_every_provider_both_ways(path: str, build: Reference) -> None:
    provider, _, quoted = path.partition("/")
    assert provider_of(build) == (provider, quoted)
    assert reference_of(provider, quoted) == build
    for host in ("https://mybinder.org", "https://hub.example.org/services/binder"):
        link = f"{host}/v2/{path}"
        assert spec.read(link).binder == Binder(host=(host,), build=build)
        assert spec.write(Binder(host=(host,), build=build), "url") == link


def test_every_provider_is_tried() -> None:
    assert {path.partition("/")[0] for path, _ in LINKS} == set(PROVIDERS)


@pytest.mark.parametrize(
    ("path", "build"),
    [
        ("gh/o/r.git/main", github("main")),
        ("gh/o/r/main/", github("main")),
        ("gist/u/0123abc", Reference("https://gist.github.com", "u/0123abc")),
        ("git/https%3A%2F%2Fgithub.com%2Fo%2Fr/main", github("main")),
        (f"hydroshare/https%3A%2F%2Fwww.hydroshare.org%2Fresource%2F{HYDROSHARE}", None),
        ("zenodo/https://doi.org/10.5281/zenodo.1", None),
        (
            "ckan/https%3A%2F%2Fdemo.ckan.org%2Fdataset%2Fx%3Factivity_id%3Dab-12",
            Reference("https://demo.ckan.org", "dataset/x/history/ab-12"),
        ),
    ],
)
def test_other_ways_to_write_a_link(path: str, build: Reference | None) -> None:
    binder = spec.read(f"https://mybinder.org/v2/{path}").binder
    assert binder is not None
    assert binder.build is not None
    assert build is None or binder.build == build


@pytest.mark.parametrize(
    ("reference", "link"),
    [
        (Reference("https://zenodo.org", "records/123"), "zenodo/10.5281/zenodo.123"),
        (Reference("https://zenodo.org", "doi/10.5281/zenodo.123"), "zenodo/10.5281/zenodo.123"),
        (Reference("https://doi.org", f"10.4211/hs.{HYDROSHARE}"), f"hydroshare/{HYDROSHARE}"),
        (Reference("https://github.com/", "o/r.git", "x", SHA), f"gh/o/r/{SHA}"),
        (Reference("https://GitHub.com/o", "r"), "gh/o/r/HEAD"),
        (Reference("https://github.com", "o"), "git/https%3A%2F%2Fgithub.com%2Fo/HEAD"),
        (Reference("https://gitlab.com/g", "p", "m"), "gl/g%2Fp/m"),
    ],
)
def test_one_place_written_in_other_ways(reference: Reference, link: str) -> None:
    assert "/".join(provider_of(reference)) == link


def test_what_a_link_opens() -> None:
    link = "https://mybinder.org/v2/gh/o/r/main?labpath=a%20b%2Fc.ipynb&urlpath=tree%3Fx%3D1"
    reading = spec.read(link)
    assert reading.opens == {"labpath": "a b/c.ipynb", "urlpath": "tree?x=1"}
    assert reading.warnings == ()
    written = spec.write(reading.binder, "url", opens=reading.opens)
    assert spec.read(written).opens == reading.opens
    assert (
        written == "https://mybinder.org/v2/gh/o/r/main?labpath=a%20b/c.ipynb&urlpath=tree%3Fx%3D1"
    )


def test_a_doi_that_does_not_tell_its_keeper() -> None:
    reading = spec.read("https://mybinder.org/v2/zenodo/10.1234/abc")
    assert list(map(str, reading.warnings)) == [
        (
            "binder: found the provider zenodo, which the DOI does not tell, expected dataverse, "
            "as a new link would say"
        )
    ]
