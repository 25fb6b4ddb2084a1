"""Gists, DOIs and archives: asked over TLS, under their own names, on loopback."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from binderclip import sources
from binderclip.errors import SourceError
from binderclip.guard import OpenGuard
from binderclip.sources import Fetched

ID = "0123456789abcdef0123456789abcdef"
GIST = f"https://gist.github.com/u/{ID}"


class Web:
    """The archives' servers, and fetches that reach nothing but them."""

    def __init__(self, site: Any, guard: OpenGuard, notebook: bytes) -> None:
        self.site = site
        self.guard = guard
        self.notebook = notebook

    def fetch(self, address: str) -> Fetched:
        return asyncio.run(sources.fetch(sources.resolve(address), guard=self.guard))

    def refusal(self, address: str) -> SourceError:
        with pytest.raises(SourceError) as caught:
            self.fetch(address)
        return caught.value

    def paths(self) -> list[str]:
        return [f"{seen.host}{seen.path}" for seen in self.site.requests]


@pytest.fixture
def web(secure: Any, make_resolver: Any, notebook: bytes) -> Web:
    return Web(secure, OpenGuard(make_resolver((("127.0.0.1", secure.port),))), notebook)


def gist(web: Web, *names: str, html_url: str = GIST) -> None:
    start = f"https://gist.githubusercontent.com/u/{ID}/raw/0"
    files = {name: {"filename": name, "raw_url": f"{start}/{n}"} for n, name in enumerate(names)}
    web.site.put_json(f"api.github.com/gists/{ID}", {"files": files, "html_url": html_url})
    for n, name in enumerate(names):
        data = json.dumps({"cells": [], "metadata": {"name": name}, "nbformat": 4}).encode()
        web.site.put(f"gist.githubusercontent.com/u/{ID}/raw/0/{n}", data)


def test_gist(web: Web) -> None:
    gist(web, "README.md", "analysis.ipynb")
    fetched = web.fetch(GIST)
    assert b"analysis.ipynb" in fetched.data
    assert fetched.source.name == "analysis.ipynb"
    assert fetched.source.origin == f"https://api.github.com/gists/{ID}"
    assert fetched.url == f"https://gist.githubusercontent.com/u/{ID}/raw/0/1"


def test_gist_with_a_text_notebook(web: Web) -> None:
    gist(web, "x.py", "data.csv")
    web.site.put(f"gist.githubusercontent.com/u/{ID}/raw/0/0", b"# %%\n", content_type="text/plain")
    assert web.fetch(GIST).source.name == "x.py"


def test_gist_with_several_notebooks(web: Web) -> None:
    gist(web, "a.ipynb", "my_other one.ipynb", "x.csv")
    error = web.refusal(GIST)
    assert "has 2 notebooks" in str(error)
    assert f"a.ipynb: {GIST}#file-a-ipynb" in str(error)
    assert f"my_other one.ipynb: {GIST}#file-my_other-one-ipynb" in str(error)
    assert "x.csv" not in str(error)
    assert web.fetch(f"{GIST}#file-my_other-one-ipynb").source.name == "my_other one.ipynb"
    nbviewer = f"https://nbviewer.org/gist/u/{ID}/a.ipynb"
    assert web.fetch(nbviewer).source.name == "a.ipynb"


def test_gist_without_notebook_or_without_that_one(web: Web) -> None:
    gist(web, "x.csv")
    assert "has no notebook; found there:\n  x.csv" in str(web.refusal(GIST))
    error = web.refusal(f"{GIST}#file-b-ipynb")
    assert "has no single file 'file-b-ipynb'" in str(error)


def test_gist_with_many_files(web: Web) -> None:
    gist(web, *(f"{n}.ipynb" for n in range(30)))
    assert "and 20 more" in str(web.refusal(GIST))


def test_hostile_names_in_a_gist(web: Web) -> None:
    gist(web, "../../x\x1b[2J.ipynb", html_url="https://u:pw@evil.example/")
    assert web.fetch(GIST).source.name == "x_[2J.ipynb"
    gist(web, "a\x1b[2J.ipynb", "b.ipynb", html_url="https://u:pw@evil.example/")
    error = str(web.refusal(GIST))
    assert "\x1b" not in error
    assert "pw" not in error


@pytest.mark.parametrize(
    "raw_url", ["file:///etc/passwd", "/etc/passwd", "http://gist.githubusercontent.com/x"]
)
def test_gist_that_leads_elsewhere(raw_url: str, web: Web) -> None:
    answer = {"files": {"a.ipynb": {"raw_url": raw_url}}}
    web.site.put_json(f"api.github.com/gists/{ID}", answer)
    web.refusal(GIST)
    assert len(web.site.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"{}",
        b'{"files": 3}',
        b"<html>",
        b"{" * 200_000,
        b'{"files": {"a": {}}}',
        b"\xff",
    ],
)
def test_answers_that_no_service_gives(answer: bytes, web: Web) -> None:
    web.site.put(f"api.github.com/gists/{ID}", answer)
    assert "the answer is not what this service" in str(web.refusal(GIST))


def record(web: Web, number: int, *names: str) -> None:
    files = [{"key": name, "links": {"self": "ignored"}} for name in names]
    web.site.put_json(f"zenodo.org/api/records/{number}", {"id": number, "files": files})
    for name in names:
        path = f"zenodo.org/records/{number}/files/{name.replace(' ', '%20')}?download=1"
        web.site.put(path, web.notebook, content_type="application/octet-stream")


def test_zenodo_record(web: Web) -> None:
    record(web, 7, "data.csv", "my analysis.ipynb")
    fetched = web.fetch("https://zenodo.org/records/7")
    assert fetched.data == web.notebook
    assert fetched.source.name == "my analysis.ipynb"


def test_zenodo_concept_redirects_to_the_newest(web: Web) -> None:
    record(web, 9, "a.ipynb")
    web.site.move("zenodo.org/api/records/8", "/api/records/9")
    assert web.fetch("https://zenodo.org/doi/10.5281/zenodo.8").data == web.notebook


def test_zenodo_with_several_notebooks(web: Web) -> None:
    record(web, 7, "a.ipynb", "b.ipynb")
    error = web.refusal("https://zenodo.org/records/7")
    assert "b.ipynb: https://zenodo.org/records/7/files/b.ipynb" in str(error)
    assert web.fetch("https://zenodo.org/records/7/files/b.ipynb").source.name == "b.ipynb"


def test_zenodo_with_a_zip_of_a_repository(web: Web) -> None:
    record(web, 7, "o/r-v1.zip")
    assert "in the zip" in (web.refusal("https://zenodo.org/records/7").hint or "")


def test_invenio_entries(web: Web) -> None:
    files = {"entries": {"a.ipynb": {"key": "a.ipynb"}}}
    web.site.put_json("zenodo.org/api/records/7", {"id": "7", "files": files})
    web.site.put("zenodo.org/records/7/files/a.ipynb?download=1", web.notebook)
    assert web.fetch("https://zenodo.org/records/7").data == web.notebook


def doi(web: Web, name: str, value: object) -> None:
    values = [
        {"type": "HS_ADMIN", "data": {"format": "admin", "value": {"handle": "10.x"}}},
        {"type": "URL", "data": {"format": "string", "value": value}},
    ]
    web.site.put_json(f"doi.org/api/handles/{name}", {"responseCode": 1, "values": values})


@pytest.mark.parametrize("form", ["https://doi.org/{}", "doi:{}", "{}", "http://dx.doi.org/{}"])
def test_doi_of_a_record(form: str, web: Web) -> None:
    doi(web, "10.5281/zenodo.7", "https://zenodo.org/record/7")
    record(web, 7, "a.ipynb")
    fetched = web.fetch(form.format("10.5281/zenodo.7"))
    assert fetched.source.name == "a.ipynb"
    assert fetched.source.origin == "https://doi.org/api/handles/10.5281/zenodo.7"
    assert web.paths() == [
        "doi.org/api/handles/10.5281/zenodo.7",
        "zenodo.org/api/records/7",
        "zenodo.org/records/7/files/a.ipynb?download=1",
    ]


def test_launch_link_of_a_record_picks_its_file(web: Web) -> None:
    doi(web, "10.5281/zenodo.7", "https://zenodo.org/records/7")
    record(web, 7, "a.ipynb", "b.ipynb")
    address = "https://mybinder.org/v2/zenodo/10.5281/zenodo.7/?labpath=b.ipynb"
    fetched = web.fetch(address)
    assert fetched.source.name == "b.ipynb"
    assert fetched.source.launch == address


def test_doi_of_figshare(web: Web) -> None:
    doi(web, "10.6084/m9.figshare.12345.v2", "https://figshare.com/articles/software/T/12345/2")
    files = [
        {"name": "x.csv", "download_url": "https://figshare.com/ndownloader/files/1"},
        {"name": "a.ipynb", "download_url": "https://figshare.com/ndownloader/files/2"},
    ]
    web.site.put_json("api.figshare.com/v2/articles/12345/versions/2", {"files": files})
    web.site.put("figshare.com/ndownloader/files/2", web.notebook)
    assert web.fetch("https://doi.org/10.6084/m9.figshare.12345.v2").source.name == "a.ipynb"


def test_doi_of_dataverse(web: Web) -> None:
    base = "dataverse.example.org/dv"
    doi(web, "10.7910/DVN/ABC", f"https://{base}/citation?persistentId=doi:10.7910/DVN/ABC")
    files = [
        {"label": "a", "dataFile": {"id": 5, "filename": "a.ipynb"}},
        {"label": "b", "dataFile": {"id": 6, "filename": "b.tab"}},
    ]
    web.site.put_json(
        f"{base}/api/datasets/:persistentId/?persistentId=doi:10.7910/DVN/ABC",
        {"status": "OK", "data": {"latestVersion": {"files": files}}},
    )
    web.site.put(f"{base}/api/access/datafile/5?format=original", web.notebook)
    assert web.fetch("https://doi.org/10.7910/DVN/ABC").source.name == "a.ipynb"


def test_dataverse_with_several_notebooks(web: Web) -> None:
    files = [{"dataFile": {"id": n, "filename": f"{n}.ipynb"}} for n in (5, 6)]
    web.site.put_json(
        "dataverse.example.org/api/datasets/:persistentId/?persistentId=doi:10.1/x",
        {"data": {"latestVersion": {"files": files}}},
    )
    address = "https://dataverse.example.org/dataset.xhtml?persistentId=doi:10.1/x"
    error = web.refusal(address)
    listed = "https://dataverse.example.org/file.xhtml?fileId=6"
    assert f"6.ipynb: {listed}" in str(error)
    web.site.put("dataverse.example.org/api/access/datafile/6?format=original", web.notebook)
    assert web.fetch(listed).data == web.notebook


def test_doi_of_some_other_page(web: Web) -> None:
    doi(web, "10.1234/x", "https://secure.example.org/paper")
    web.site.put("secure.example.org/paper", b"<html><a href='/n.ipynb'>", content_type="text/html")
    error = web.refusal("doi:10.1234/x")
    assert error.hint == "The file's raw address is https://secure.example.org/n.ipynb"


@pytest.mark.parametrize("value", ["file:///etc/passwd", "/etc/passwd", "ftp://x.org/a", 7, None])
def test_doi_that_leads_elsewhere(value: object, web: Web) -> None:
    doi(web, "10.1234/x", value)
    web.refusal("doi:10.1234/x")
    assert len(web.site.requests) == 1


def test_doi_that_leads_to_itself(web: Web) -> None:
    doi(web, "10.1234/x", "https://doi.org/10.1234/x")
    assert "one look-up led to another" in str(web.refusal("doi:10.1234/x"))


def test_doi_that_nobody_registered(web: Web) -> None:
    assert "not found (404)" in str(web.refusal("doi:10.1234/none"))
