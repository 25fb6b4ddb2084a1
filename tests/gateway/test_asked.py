"""Addresses that strangers ask for: of the web alone, and whole, however they are quoted."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from binderclip.errors import AddressForbidden, Refused
from binderclip.gateway.asked import quoted_rest, source_of

BEFORE = "/build/notebook/"


def asked(raw: str, query: str = "") -> HTTPConnection:
    path = raw.encode("ascii")
    scope = {"type": "http", "path": "/other", "raw_path": path, "query_string": query.encode()}
    return HTTPConnection({**scope, "headers": []})


@pytest.mark.parametrize(
    "address",
    [
        *("/etc/passwd", "~/x.ipynb", "x.ipynb", "-", "file:///etc/passwd", "ftp://h/x.ipynb", ""),
        *("javascript:alert(1)", "data:text/html,x", "//host/x.ipynb", "\\\\host\\x.ipynb"),
        "https://example.org/" + "x" * 9000,
    ],
)
def test_what_is_not_of_the_web_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        source_of(address)


def test_a_file_that_is_named_like_an_address_is_not_read(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    monkeypatch.chdir(folder)
    for name in ("doi:10.5281", "s3:x.ipynb"):
        (folder / name).write_text("{}")
        with pytest.raises(Refused):
            source_of(name)


def test_passwords_are_refused_and_not_repeated() -> None:
    with pytest.raises(AddressForbidden) as raised:
        source_of("https://ada:s3cret@example.org/x.ipynb")
    assert "s3cret" not in f"{raised.value} {raised.value.hint}"


@pytest.mark.parametrize("address", ["s3://bucket/x.ipynb", "doi:10.5281/zenodo.42"])
def test_what_leads_to_the_web_is_taken(address: str) -> None:
    assert source_of(address).kind == "url"


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_whatever_is_quoted_comes_out_whole(text: str) -> None:
    address = f"https://example.org/{text}"
    assert quoted_rest(asked(BEFORE + quote(address, safe="")), BEFORE) == address
    assert quoted_rest(asked("/prefix" + BEFORE + quote(address, safe="")), BEFORE) == address


def test_it_is_unquoted_once() -> None:
    twice = quote(quote("https://h/a%2Fb.ipynb", safe=""), safe="")
    assert quoted_rest(asked(BEFORE + twice), BEFORE) == "https%3A%2F%2Fh%2Fa%252Fb.ipynb"


def test_slashes_that_nobody_quoted_and_a_proxy_made_one() -> None:
    assert quoted_rest(asked(BEFORE + "https:/h/a.ipynb"), BEFORE) == "https://h/a.ipynb"
    assert quoted_rest(asked(BEFORE + "https://h/a.ipynb?x=1"), BEFORE) == "https://h/a.ipynb"


@pytest.mark.parametrize("raw", [BEFORE, "/build/other/x", BEFORE + "%ff%fe", BEFORE + "a" * 99999])
def test_what_is_no_address_is_refused(raw: str) -> None:
    with pytest.raises(Refused):
        quoted_rest(asked(raw), BEFORE)
