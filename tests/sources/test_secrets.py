"""Whatever is pasted: only SourceError, only http(s), and no secret in anything that is shown."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip import sources
from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked, printable
from binderclip.errors import SourceError

SECRET = "hunter2Zq"

HOSTS = st.sampled_from(
    [
        "github.com",
        "raw.githubusercontent.com",
        "gist.github.com",
        "gitlab.com",
        "bitbucket.org",
        "huggingface.co",
        "www.dropbox.com",
        "drive.google.com",
        "onedrive.live.com",
        "1drv.ms",
        "x.sharepoint.com",
        "colab.research.google.com",
        "nbviewer.org",
        "molab.marimo.io",
        "mybinder.org",
        "zenodo.org",
        "doi.org",
        "figshare.com",
        "dataverse.harvard.edu",
        "example.org:8000",
        "[::1]",
        "",
    ]
)
# fmt: off
WORDS = st.sampled_from([
    "o", "r", "blob", "raw", "tree", "main", "a.ipynb", "scl", "fi", "file", "d", "view", "drive",
    "github", "gist", "url", "urls", "v2", "gh", "gl", "git", "zenodo", "records", "files",
    "10.5281", "zenodo.1", "articles", "dataset.xhtml", "src", "branch", "-", "..", "%2e%2e",
    "0123456789abcdef0123456789abcdef", "u!aHR0cHM6Ly8xZHJ2Lm1z", "", "git-pull", "%", "é",
])
KEYS = st.sampled_from([
    "rlkey", "token", "access_token", "private_token", "X-Amz-Signature", "X-Goog-Signature", "sig",
    "Signature", "key", "resourcekey", "authkey", "api_key", "password", "st", "e", "code", "jwt",
    "%74oken",
])
PLAIN = st.sampled_from(
    ["dl", "id", "urlpath", "labpath", "filepath", "repo", "url", "branch", "persistentId", "x"]
)
# fmt: on
# With an "@" before a slash nobody can say where the password ends.
BREAKING = st.text(alphabet="/?#:;&=%\\ .\t\x1b[]<>é", max_size=6)
NOISE = st.text(alphabet="/?#@:;&=%\\ .\t\x1b[]<>é", max_size=6)


@st.composite
def queries(draw: st.DrawFn) -> str:
    pairs = draw(st.lists(st.tuples(PLAIN, WORDS), max_size=2))
    text = [f"{key}={value}" for key, value in pairs]
    if draw(st.booleans()):
        text.append(f"{draw(KEYS)}={SECRET}")
    return "&".join(draw(st.permutations(text)))


@st.composite
def addresses(draw: st.DrawFn, depth: int = 2) -> str:
    user = draw(st.sampled_from(["", "", f"{SECRET}@", f"me:{SECRET}@", f"{SECRET}:x@"]))
    parts = draw(st.lists(WORDS, max_size=6))
    if depth and draw(st.booleans()):
        inner = draw(addresses(depth=depth - 1))
        parts.insert(draw(st.integers(0, len(parts))), quote(inner, safe=""))
    if depth and draw(st.booleans()):
        inner = draw(addresses(depth=depth - 1))
        query = f"{draw(PLAIN)}={quote(inner, safe=draw(st.sampled_from(['', '/:'])))}"
    else:
        query = draw(queries())
    scheme = draw(st.sampled_from(["https://", "http://", "HTTPS://", "ssh://"]))
    return f"{scheme}{user}{draw(HOSTS)}/{'/'.join(parts)}" + (f"?{query}" if query else "")


def told(address: str) -> tuple[sources.Source | None, str]:
    """The source, if it is one, and everything that a person or a log may get to see of it."""
    try:
        source = sources.resolve(address)
    except SourceError as error:
        return None, f"{error!r} {error.hint}"
    return source, " ".join(
        (repr(source), source.shown, source.origin, source.how, source.name, str(source.launch))
    )


@given(addresses())
def test_no_secret_is_shown(address: str) -> None:
    source, text = told(address)
    assert SECRET not in text
    if source:
        assert source.kind == "url"
        assert parse(source.url or "").scheme in {"http", "https"}


@given(st.text(max_size=60) | st.tuples(st.sampled_from(["https://", "http:"]), NOISE).map("".join))
def test_any_text_resolves_or_says_why(text: str) -> None:
    source, seen = told(text)
    assert seen.isprintable()
    if source:
        assert source.name
        assert "/" not in source.name
    if source and source.kind == "url":
        assert parse(source.url or "").scheme in {"http", "https"}


@given(BREAKING, BREAKING, NOISE, NOISE)
def test_damaged_addresses_hide_their_users(a: str, b: str, c: str, d: str) -> None:
    """Not even when the password breaks the address apart."""
    _, text = told(f"https://me:{a}{SECRET}{b}@{c}example.org{d}")
    assert SECRET not in text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://u:p@example.org/a.ipynb?x=1", "https://***@example.org/a.ipynb?x=1"),
        ("https://example.org/a?token=abc&v=2", "https://example.org/a?token=***&v=2"),
        ("https://example.org/a?%74oken=abc", "https://example.org/a?%74oken=***"),
        ("https://example.org/a#access_token=abc", "https://example.org/a#***"),
        ("https://example.org/a#file-a-ipynb", "https://example.org/a#file-a-ipynb"),
        ("https://h/a?q=Zm9vYmFyYmF6cXV4cXV1eDEyMzQ1", "https://h/a?q=***"),
        (
            "https://h/a?id=1AbC-dEfGhIjKlMnOpQrStUvWxYz12",
            "https://h/a?id=1AbC-dEfGhIjKlMnOpQrStUvWxYz12",
        ),
        ("https://h/a?url=https%3A%2F%2Fu%3Ap%40g%2Fx", "https://h/a?url=https://g/x"),
        ("https://u:p\\w@h/a", "https://***"),
        ("https://u:p?w@h/a", "https://***"),
        ("https://u:p@w@h/a", "https://***@h/a"),
        ("https://u:p/w@h/a", "https://***"),
        ("me:secret@host:repo", "***@host:repo"),
        ("ftp://u:p@h/a", "ftp://***@h/a"),
        ("plain/path.ipynb", "plain/path.ipynb"),
        ("https://h/\x1b[31m", "https://h/\\x1b[31m"),
    ],
)
def test_masked(address: str, expected: str) -> None:
    assert masked(address) == expected


def test_long_texts_are_cut() -> None:
    assert len(printable("x" * 10_000)) < 400


def test_repr() -> None:
    source = sources.resolve(f"https://me:{SECRET}@example.org/a.ipynb?sig={SECRET}")
    assert repr(source) == (
        "Source('https://***@example.org/a.ipynb?sig=***', kind='url', name='a.ipynb')"
    )
    assert SECRET in (source.url or "")
