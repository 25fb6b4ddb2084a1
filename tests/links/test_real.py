"""Links followed on a real JupyterHub with JupyterLab, Notebook 7 and nbgitpuller: what browsers.py
takes for granted of them. What the script on nbgitpuller's page asks is asked here.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote, unquote, urljoin

import httpx
import pytest
from tests.links.questions import followed
from tests.local.conftest import serving

from binderclip.links import KINDS, UIS, Asked, Place, links
from binderclip.links.remotes import on_the_web
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

    Browser: TypeAlias = tuple[httpx.Client, Callable[[str], httpx.Response]]

pytestmark = pytest.mark.slow

NAMES = ["a.ipynb", "my data/a #1? 50%25 & b+c é 数.ipynb"]
NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one with NAMES on the branch ``feature/a+b#1``."""
    root = tmp_path_factory.mktemp("git")
    work = root / "work"
    subprocess.run(["git", "init", "-q", "-b", "feature/a+b#1", str(work)], check=True)
    for name in NAMES:
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(NOTEBOOK)
    who = ["git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*who, "add", "-A"], check=True)
    subprocess.run([*who, "commit", "-q", "-m", "x"], check=True)
    subprocess.run(
        ["git", "clone", "-q", "--bare", str(work), str(root / "o" / "r.git")], check=True
    )
    with serving(root) as server:
        yield f"{server.url}/o/r.git"


@pytest.fixture(scope="module")
def browser(lab_hub: Hub) -> Iterator[Browser]:
    """Somebody who is logged in and has a running server, and how they follow a link."""
    user = lab_hub.user()
    lab_hub.start_server(user)
    with httpx.Client(timeout=60, trust_env=False) as client:
        client.get(f"{lab_hub.url}hub/login")
        token = next(c.value for c in client.cookies.jar if c.name == "_xsrf")
        form = {"username": user, "password": "x", "_xsrf": str(token)}
        client.post(f"{lab_hub.url}hub/login", data=form)
        yield client, partial(followed, client)


def shown(answer: httpx.Response) -> str:
    """The path of the notebook that the page shows."""
    assert answer.status_code == http.client.OK
    found = re.search(
        r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', answer.text, re.DOTALL
    )
    assert found, answer.url
    config = json.loads(found[1])
    return str(config.get("treePath") or config["notebookPath"])


def link(kind: str, place: Place, hub: str, ui: str, name: str = "x.ipynb") -> str:
    asked = Asked(
        binder=None,
        place=place,
        name=name,
        hosts=("https://mybinder.org",),
        hubs=(hub,),
        ui=next(one for one in UIS if one == ui),
    )
    (only,) = links(asked, [one for one in KINDS if one == kind]).links
    return only.url


@pytest.mark.parametrize("ui", ["lab", "notebook"])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_at_home(
    lab_hub: Hub,
    browser: Browser,
    name: str,
    ui: str,
) -> None:
    place = Place(Reference("https://github.com", "o/r"), "x.ipynb")
    assert shown(browser[1](link("hub-file", place, lab_hub.url, ui, name))) == name


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_pulled_and_opened(
    lab_hub: Hub,
    browser: Browser,
    repository: str,
    name: str,
) -> None:
    client, follow = browser
    where = on_the_web(repository)
    assert where
    there = Place(Reference(where.host, where.path, "feature/a+b#1"), name)
    page = follow(link("hub-pull", there, lab_hub.url, "lab"))
    data = {key: unquote(value) for key, value in re.findall(r'data-([\w-]+)="([^"]*)"', page.text)}
    assert data["repo"] == repository
    assert (data["branch"], data["targetpath"]) == ("feature/a+b#1", "r")
    base = urljoin(lab_hub.url, data["base-url"])
    wanted = {name: data[name] for name in ("repo", "branch", "targetpath")}
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in wanted.items())
    with client.stream("GET", f"{base}git-pull/api?{query}") as stream:
        events = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
    assert events[-1]["phase"] == "finished", events
    # As the script's window.location: a browser escapes what is not ASCII, and leaves "%" alone.
    assert shown(follow(base + quote(data["path"], safe="/%?#&=+,:;@!$'()*~"))) == f"r/{name}"
    model = client.get(f"{base}api/contents/{quote(f'r/{name}')}?content=0").json()
    assert model["type"] == "notebook"
