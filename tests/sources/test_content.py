"""What comes instead of a notebook is explained."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path
from typing import Any

import pytest

from binderclip import sources
from binderclip.addresses.link import parse
from binderclip.errors import NotebookError, SourceError
from binderclip.fetch import content
from binderclip.guard import OpenGuard


def refusal(address: str) -> SourceError:
    source = sources.resolve(address)
    with pytest.raises(SourceError) as caught:
        asyncio.run(sources.fetch(source, guard=OpenGuard()))
    return caught.value


def check(data: bytes, name: str = "a.ipynb", content_type: str = "", url: str = "") -> None:
    link = parse(url or "https://example.org/a.ipynb")
    content.check(data, name=name, content_type=content_type, link=link)


def explanation(data: bytes, **options: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        check(data, **options)
    return caught.value


def test_real_notebooks_pass(corpus: Path) -> None:
    from binderclip import notebook

    sound = 0
    for path in sorted(corpus.rglob("*.ipynb")):
        data = path.read_bytes()
        try:
            notebook.parse(data, path.name)
        except NotebookError:
            continue
        check(data)
        sound += 1
    assert sound > 10


@pytest.mark.parametrize(
    "data",
    [
        b'{"cells": [], "nbformat": 4}',
        b'\xef\xbb\xbf  \r\n{"worksheets": []}',
        '{"cells": []}'.encode("utf-16"),
    ],
)
def test_notebooks_pass(data: bytes) -> None:
    check(data)
    check(data, content_type="text/html")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.py", b"# %%\nprint(1)\n"),
        ("a.md", b"---\njupyter: {}\n---\n"),
        ("a.md", b"<p align='center'>\n\n# Title"),
        ("a.Rmd", b"```{r}\n```"),
    ],
)
def test_text_notebooks_pass(name: str, data: bytes) -> None:
    check(data, name=name, content_type="text/plain")


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.ipynb", '{"cells": []}')
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the answer is empty"),
        (b" \r\n\t", "the answer is empty"),
        (zipped(), "a zip archive"),
        (gzip.compress(b"{}"), "a gzip archive"),
        (bz2.compress(b"{}"), "a bzip2 archive"),
        (lzma.compress(b"{}"), "an xz archive"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n", "a picture"),
        (b'{"message": "Not Found", "status": 404}', r"another kind \(its keys: message, status\)"),
        (b'{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}', "its keys: a, b, c, d, e, …"),
        (b'{"\\u001b[31m": 1}', r"its keys: \\x1b\[31m\)"),
        (b"{not json", "JSON of another kind, not a notebook"),
        (b"{" * 100_000, "JSON of another kind, not"),
        (b'[{"cells": []}]', "a JSON list"),
        (b"just words", "this is text"),
        (b"\x7fELF\x00\x00", "binary data"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of Git LFS"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "HTML page"),
    ],
    ids=[
        "empty",
        "blank",
        "zip",
        "gzip",
        "bz2",
        "xz",
        "pdf",
        "png",
        "keys",
        "many-keys",
        "escape",
        "cut",
        "deep",
        "list",
        "text",
        "elf",
        "lfs",
        "xml",
    ],
)
def test_explained(data: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        check(data)


def test_lfs_pointer_on_github() -> None:
    error = explanation(
        b"version https://git-lfs.github.com/spec/v1\n",
        url="https://raw.githubusercontent.com/o/r/main/a.ipynb",
    )
    expected = "https://media.githubusercontent.com/media/o/r/main/a.ipynb"
    assert error.hint == f"the file is at {expected}"


def test_html_for_a_text_notebook() -> None:
    page = b"<!DOCTYPE html><html><title>404</title></html>"
    assert "HTML page ('404')" in str(explanation(page, name="a.md"))


def html(site: Any, path: str, body: str) -> SourceError:
    return refusal(site.put(path, body.encode(), content_type="text/html; charset=utf-8"))


def test_html_page(site: Any) -> None:
    error = html(site, "/page", "<!doctype html>\n<title>\n My  &amp; page\x1b[2J</title> <p>Hello")
    assert "this is an HTML page ('My & page\\x1b[2J'), not a notebook" in str(error)
    assert "'Raw' or 'Download'" in (error.hint or "")


@pytest.mark.parametrize(
    ("body", "raw"),
    [
        ('<link rel="alternate" type="application/x-ipynb+json" href="/raw/1">', "{}/raw/1"),
        ("<link rel=alternate href='b.ipynb?x=1&amp;y=2'>", "{}/x/b.ipynb?x=1&y=2"),
        ('<a href="c.ipynb" download>Download</a><a href="/about">', "{}/x/c.ipynb"),
        ('<a href="a b%20c.ipynb">', "{}/x/a%20b%20c.ipynb"),
        (
            '<a href="https://u:p@other.example/d.ipynb?token=t">',
            "https://other.example/d.ipynb?token=***",
        ),
    ],
)
def test_raw_address_on_the_page(body: str, raw: str, site: Any) -> None:
    error = html(site, "/x/page", f"<html><body>{body}")
    assert error.hint == f"The file's raw address is {raw.format(site.url)}"


@pytest.mark.parametrize(
    "body",
    [
        '<a href="javascript:x.ipynb">',
        '<a href="ftp://example.org/x.ipynb">',
        '<a href="http://[x.ipynb">',
        '<a href="">',
        "<a",
        "<a " * 50_000,
        "<a " + "href=" * 50_000,
        "<title>" * 50_000,
    ],
)
def test_pages_that_help_nobody(body: str, site: Any) -> None:
    error = html(site, "/x/page", f"<html><body>{body}")
    assert "'Raw' or 'Download'" in (error.hint or "")


def test_page_that_links_to_several(site: Any) -> None:
    links = "".join(f'<a href="{name}.ipynb">' for name in "abcd")
    hint = html(site, "/x/", f"<html>{links}").hint
    names = ", ".join(f"{site.url}/x/{name}.ipynb" for name in "abc")
    assert hint == f"The page links to {names}, …"


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("/lab/tree/sub/a.ipynb", "/files/sub/a.ipynb"),
        ("/user/me/lab/workspaces/w/tree/a%20b.ipynb", "/user/me/files/a%20b.ipynb"),
        ("/notebooks/a.ipynb", "/files/a.ipynb"),
        ("/prefix/nbclassic/notebooks/a.ipynb", "/prefix/files/a.ipynb"),
        ("/doc/tree/a.ipynb", "/files/a.ipynb"),
    ],
)
def test_page_of_a_jupyter_server(path: str, raw: str, site: Any) -> None:
    error = html(site, path, "<!doctype html><title>JupyterLab</title>")
    assert error.hint == f"The file's raw address is {site.url}{raw}"


def test_redirect_to_a_page_that_has_a_rule(site: Any) -> None:
    site.put("/o/r/blob/main/a.ipynb", b"<html>", content_type="text/html")
    error = refusal(site.move("/short", "/o/r/blob/main/a.ipynb"))
    assert error.hint == f"The file's raw address is {site.url}/o/r/raw/main/a.ipynb"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/users/sign_in", "<html><form>"),
        ("/hub/login", "<html>"),
        ("/a", "<html><input name=p type='password'>"),
        ("/oauth2/authorize", "<html>"),
    ],
)
def test_login_page(path: str, body: str, site: Any) -> None:
    site.put(path, body.encode(), content_type="text/html")
    error = refusal(site.move("/private.ipynb", f"{path}"))
    assert "this is a login page" in str(error)
    assert "if it is private" in (error.hint or "")


def test_question_of_google_drive() -> None:
    page = b"<!DOCTYPE html><title>Google Drive - Virus scan warning</title>"
    url = "https://drive.usercontent.google.com/download?id=1AbC-dEfGhIjKlMnOp&export=download"
    assert "too large for its virus scan" in str(explanation(page, url=url))


def test_large_json_of_another_kind_is_not_parsed() -> None:
    data = json.dumps({"rows": ["x" * 100] * 50_000}).encode()
    assert str(explanation(data)).endswith("JSON of another kind, not a notebook")
