"""What servers of BinderHubs are told, as binderhub/builder.py tells it."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from tests.filling.strategies import COMMIT, OTHER_COMMIT

from binderclip.filling import Facts, Stated
from binderclip.filling.gather import gather
from binderclip.filling.known import PUBLIC
from binderclip.spec.model import Reference
from binderclip.spec.places import MYBINDER

Told: TypeAlias = "tuple[str, str, str | None, str | None]"
LONG = "0123456789abcdef" * 4
HYDROSHARE = "8f7c2f0341ef4180b0dbe97f59130756"


def told(asked: str = "", resolved: str = "", host: str = "", known: str = "") -> Facts:
    environ = {
        "BINDER_REQUEST": asked,
        "BINDER_PERSISTENT_REQUEST": resolved,
        "BINDER_LAUNCH_HOST": host,
        "BINDERCLIP_FILL_KNOWN_HOSTS": known,
    }
    return gather(Stated(), environ, shipped=())


@pytest.mark.parametrize(
    ("asked", "resolved", "expected"),
    [
        ("gh/o/r/main", f"gh/o/r/{COMMIT}", ("https://github.com", "o/r", "main", COMMIT)),
        ("gh/o/r/HEAD", f"gh/o/r/{COMMIT}", ("https://github.com", "o/r", None, COMMIT)),
        ("gh/o/r/a/b%23c", f"gh/o/r/{COMMIT}", ("https://github.com", "o/r", "a/b#c", COMMIT)),
        ("gh/o/r.git/main", f"gh/o/r/{COMMIT}", ("https://github.com", "o/r", "main", COMMIT)),
        (f"gh/o/r/{COMMIT}", f"gh/o/r/{COMMIT}", ("https://github.com", "o/r", None, COMMIT)),
        ("gh/O/R/main", f"gh/o/r/{COMMIT}", ("https://github.com", "O/R", "main", COMMIT)),
        (
            "gl/g%2Fs%2Fp/v1",
            f"gl/g%2Fs%2Fp/{COMMIT}",
            ("https://gitlab.com", "g/s/p", "v1", COMMIT),
        ),
        (
            "git/https%3A%2F%2Fgit.example.org%2Fa%2Fb/feature%2Fx",
            f"git/https%3A%2F%2Fgit.example.org%2Fa%2Fb/{LONG}",
            ("https://git.example.org", "a/b", "feature/x", LONG),
        ),
        (
            "gist/o/abc/HEAD",
            f"gist/o/abc/{COMMIT}",
            ("https://gist.github.com", "o/abc", None, COMMIT),
        ),
        (
            "zenodo/10.5281/zenodo.100",
            "zenodo/10.5281/zenodo.105",
            ("https://doi.org", "10.5281/zenodo.105", None, None),
        ),
        (
            "figshare/10.6084/m9.figshare.9782777",
            "figshare/10.6084/m9.figshare.9782777.v3",
            ("https://doi.org", "10.6084/m9.figshare.9782777.v3", None, None),
        ),
        (
            "dataverse/10.7910/DVN/TJCLKP",
            "dataverse/10.7910/DVN/TJCLKP",
            ("https://doi.org", "10.7910/DVN/TJCLKP", None, None),
        ),
        (
            f"hydroshare/{HYDROSHARE}",
            f"hydroshare/https://www.hydroshare.org/resource/{HYDROSHARE}",
            ("https://www.hydroshare.org", f"resource/{HYDROSHARE}", None, None),
        ),
        (
            "ckan/https%3A%2F%2Fdemo.ckan.org%2Fdataset%2Fname",
            "ckan/https://demo.ckan.org/dataset/name",
            ("https://demo.ckan.org", "dataset/name", None, None),
        ),
    ],
)
def test_every_provider(asked: str, resolved: str, expected: Told) -> None:
    facts = told(f"v2/{asked}", f"v2/{resolved}")
    assert facts.build == Reference(*expected)
    assert (facts.host, facts.image, facts.remarks) == ((), None, ())
    assert facts.value


def test_one_request_alone() -> None:
    facts = told("v2/gh/o/r/main")
    assert facts.build == Reference("https://github.com", "o/r", "main")
    assert facts.sources == {"build": "BINDER_REQUEST"}
    facts = told(resolved=f"v2/gh/o/r/{COMMIT}")
    assert facts.build == Reference("https://github.com", "o/r", None, COMMIT)
    assert facts.sources == {"build": "BINDER_PERSISTENT_REQUEST"}


def test_a_persistent_request_without_a_commit_is_no_pin() -> None:
    for word in ("dev", COMMIT[:39], COMMIT.upper(), f"{COMMIT}/x"):
        facts = told("v2/gh/o/r/main", f"v2/gh/o/r/{word}")
        assert facts.build == Reference("https://github.com", "o/r", "main")


@pytest.mark.parametrize(
    ("asked", "resolved"),
    [
        ("gh/o/r/main", f"gh/o/other/{COMMIT}"),
        ("gh/o/r/main", f"gl/o%2Fr/{COMMIT}"),
        ("gh/o/r/main", f"git/https%3A%2F%2Fgithub.com%2Fo%2Fr/{COMMIT}"),
        (f"gh/o/r/{COMMIT}", f"gh/o/r/{OTHER_COMMIT}"),
        ("zenodo/10.5281/zenodo.1", "zenodo/10.9999/zenodo.1"),
    ],
)
def test_requests_that_contradict_each_other(asked: str, resolved: str) -> None:
    facts = told(f"v2/{asked}", f"v2/{resolved}")
    assert facts.build is None
    (remark,) = facts.remarks
    assert "do not name one repository and commit" in remark


@pytest.mark.parametrize(
    "request_",
    [
        "gh/o/r/main",
        "v2/gh/o/r",
        "v2/gh/o/../r/main",
        "v2/gh/o/r/-x",
        "v2/gh/o/r/a b",
        "v2/gh/o/r/%FF",
        "v2/gh/o/r/%0A",
        "v2/gh/o/r/main?urlpath=lab",
        "v2/nobody/o/r/main",
        "v2/git/ssh%3A%2F%2Fgit%40x.org%2Fr/main",
        "v2/git/https%3A%2F%2Fada%3Asekrit%40x.org%2Fr/main",
        "v2/git/file%3A%2F%2F%2Fetc/main",
        "v2/gh/o/r/\udcff",
        f"v2/gh/o/r/{'x' * 300}",
        f"v2/gh/{'x/' * 9000}",
        "\x1b[31m",
    ],
)
@pytest.mark.parametrize("other", ["", "v2/gh/o/r/main"])
def test_a_request_that_is_none(request_: str, other: str) -> None:
    for facts in (told(request_, other), told(other, request_)):
        assert facts.build is None
        (remark,) = facts.remarks
        assert remark.isprintable()
        assert len(remark) <= 301
        assert "sekrit" not in remark


def test_the_commit_is_no_ref_with_more_behind_it() -> None:
    facts = told("v2/gh/o/r/main", f"v2/gh/o/r/{COMMIT}%2F")
    assert facts.build is None or facts.build.hash in {None, COMMIT}


@pytest.mark.parametrize("member", PUBLIC)
@pytest.mark.parametrize(
    "form", ["{}", "{}/", "{}:443/", "{}//", "HTTPS://{}", "http://{}", "http://{}:80/"]
)
def test_the_federation_is_mybinder(member: str, form: str) -> None:
    word = form.format(member)
    if "://" in form:
        word = form.format(member.partition("://")[2].upper())
    facts = told(host=word)
    assert facts.host == (MYBINDER,)
    assert facts.sources == {"host": "BINDER_LAUNCH_HOST"}
    assert not facts.remarks


@pytest.mark.parametrize(
    "word",
    [
        "https://evil.example/",
        "https://mybinder.org.evil.example/",
        "https://mybinder.org@evil.example/",
        "https://evil.example#mybinder.org",
        "https://mybinder.org:8443/",
        "https://mybinder.org/evil/",
        "https://other.mybinder.org/",
        "https://mybinder.org\\.evil.example/",
        "https://evil.example/?https://mybinder.org/",
        "https://mybinder.org\x00/",
        "https://mybinder.org\r\nX: y",
        "mybinder.org",
        "ftp://mybinder.org/",
        "http://169.254.169.254/",
        "https://xn--mybinder-.org/",
        "https://myb\u0131nder.org/",
        "x" * 100_000,
    ],
)
def test_a_hostile_launch_host(word: str) -> None:
    facts = told("v2/gh/o/r/main", host=word, known="https://known.example")
    assert facts.host == ()
    (remark,) = facts.remarks
    assert remark.startswith("BINDER_LAUNCH_HOST: ")
    assert "no host is filled in" in remark
    assert remark.isprintable()
    assert len(remark) <= 301
    assert facts.build


@pytest.mark.parametrize(
    ("word", "known", "host"),
    [
        ("https://b.example/", "https://b.example", "https://b.example"),
        ("http://b.example/hub/", "https://b.example/hub", "https://b.example/hub"),
        ("https://b.example/hub/", "https://b.example", None),
        ("https://b.example/", "https://b.example/hub", None),
        ("https://b.example/Hub/", "https://b.example/hub", None),
        ("http://b.example:8080/", "http://b.example:8080", "http://b.example:8080"),
        (
            "https://bücher.example/",
            "https://xn--bcher-kva.example",
            "https://xn--bcher-kva.example",
        ),
        (
            "https://gesis.mybinder.org/",
            "https://gesis.mybinder.org/",
            "https://gesis.mybinder.org",
        ),
    ],
)
def test_hosts_that_an_operator_knows(word: str, known: str, host: str | None) -> None:
    for facts in (
        told(host=word, known=f"https://a.example {known}"),
        gather(Stated(known_hosts=(known,)), {"BINDER_LAUNCH_HOST": word}, shipped=()),
    ):
        assert facts.host == ((host,) if host else ())
        assert bool(facts.remarks) == (host is None)


def test_known_hosts_that_are_none_are_told() -> None:
    facts = told(host="https://b.example", known="b.example https://b.example")
    assert facts.host == ("https://b.example",)
    (remark,) = facts.remarks
    assert remark.startswith("BINDERCLIP_FILL_KNOWN_HOSTS: found 'b.example'")
