"""What a notebook brings along: fetched under the guard, told, and placed by the click."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.jupyter.rig import Served, notebook, served
from tests.jupyter.shelf import Site, click, look, put, shelf, told
from tests.local.conftest import Origin, make_origin, serving

# Servers and programs that start for each.
pytestmark = pytest.mark.slow

__all__ = ["make_origin"]

FILES = {
    "data/rain.csv": "1,2\n",
    "data/deep/sun.csv": "3\n",
    "helper.py": "x = 1\n",
    "dot/.hidden": "no\n",
    "sitecustomize.py": "no\n",
}
CONFIG = 'c.Binderclip.allowed_networks = ["127.0.0.0/8"]'


@pytest.fixture
def site() -> Iterator[Site]:
    with shelf() as one:
        yield one


@pytest.fixture
def repository(make_origin: Callable[..., Origin]) -> Iterator[dict[str, Any]]:
    """The value of ``content`` for a repository on loopback."""
    origin = make_origin("course")
    origin.commit(FILES)
    with serving(origin.path.parent) as git:
        yield {"host": git.url, "path": "course.git", "ref": "main"}


def naming(content: object, **copy: str) -> dict[str, Any]:
    value = {**content, "copy": copy} if copy and isinstance(content, dict) else content
    return notebook(binder={"version": 1, "content": value})


@pytest.fixture(scope="module")
def own(jupyter_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for this file, since its home is what this is about: each test has its folder."""
    with served(jupyter_python, tmp_path_factory.mktemp("own") / "root", config=CONFIG) as one:
        yield one


def home_of(server: Served) -> Path:
    return server.folder / "home"


def test_told_and_placed(own: Served, site: Site, repository: dict[str, Any]) -> None:
    copy = {"data/**": "$HOME/course/", "*.py": "$HOME/", "dot": "$HOME/", "none*": "$HOME/"}
    url = put(site, "/a.ipynb", naming(repository, **copy))
    home = home_of(own)
    answer, form = look(own, url, app="lab")
    assert answer.status == 200
    for words in ("course.git", "at main (", "$HOME/course/rain.csv", "$HOME/course/deep/sun.csv",
                  "$HOME/helper.py", "none*", "2 files left out"):  # fmt: skip
        assert words in form.text, words
    assert "begins with a dot" in form.text
    assert "module sitecustomize" in form.text
    assert not (home / "course").exists()
    assert not (home / "helper.py").exists()
    assert click(own, form).headers["location"] == "/lab/tree/a.ipynb"
    assert (home / "course/rain.csv").read_text() == "1,2\n"
    assert (home / "course/deep/sun.csv").exists()
    assert (home / "helper.py").exists()
    assert not (home / "sitecustomize.py").exists()
    assert not (home / "dot").exists()
    assert not (home / ".hidden").exists()


def test_what_is_there_stays_and_is_told(
    own: Served, site: Site, repository: dict[str, Any], tmp_path: Path
) -> None:
    home = home_of(own) / "stays"
    home.mkdir()
    (home / "helper.py").write_text("mine\n")
    (tmp_path / "elsewhere").mkdir()
    (home / "course").symlink_to(tmp_path / "elsewhere")
    copy = {"helper.py": "$HOME/stays/", "data/**": "$HOME/stays/course/"}
    _, form = look(own, put(site, "/b.ipynb", naming(repository, **copy)), app="lab")
    answer = click(own, form)
    assert answer.status == 200
    assert "The notebook is saved" in answer.text
    assert "left alone what was there already" in answer.text
    assert "a folder above it is a file or a link" in answer.text
    assert 'href="/lab/tree/b.ipynb"' in answer.text
    assert (own.root / "b.ipynb").exists()
    assert (home / "helper.py").read_text() == "mine\n"
    assert not list((tmp_path / "elsewhere").iterdir())


def test_it_opens_without_content_that_cannot_be_had(
    own: Served, site: Site, repository: dict[str, Any]
) -> None:
    missing = {**repository, "path": "nothing.git"}
    _, form = look(own, put(site, "/c.ipynb", naming(missing)), app="lab")
    assert "Not to be had" in form.text
    assert click(own, form).headers["location"] == "/lab/tree/c.ipynb"
    private = {"host": "http://10.0.0.1", "path": "o/r"}
    url = put(site, "/d.ipynb", naming(private))
    said = told(own, url).json()
    assert said["state"] == "ready"
    assert said["content_error"]["code"] == "address-forbidden"


def test_content_is_bound_to_what_was_shown(
    own: Served, site: Site, repository: dict[str, Any], tmp_path: Path
) -> None:
    url = put(site, "/e.ipynb", naming(repository, **{"helper.py": "$HOME/bound/"}))
    _, form = look(own, url)
    moved = Origin(tmp_path / "origins/course-work", tmp_path / "origins/course.git")
    moved.commit({"helper.py": "changed\n"})
    del form.fields["job"]
    answer = click(own, form)
    assert answer.status == 409
    assert not (own.root / "e.ipynb").exists()


def test_what_is_there_is_told_before(own: Served, site: Site, repository: dict[str, Any]) -> None:
    folder = home_of(own) / "before"
    folder.mkdir()
    (folder / "rain.csv").write_text("1,2\n")
    (folder / "helper.py").write_text("mine\n")
    url = put(
        site,
        "/f.ipynb",
        naming(repository, **{"data/**": "$HOME/before/", "helper.py": "$HOME/before/"}),
    )
    _, form = look(own, url, app="lab")
    assert form.button == "Save with 1 file and open in JupyterLab"
    assert "there already" in form.text
    assert "another is there, and stays" in form.text
    states = {one["path"]: one["state"] for one in told(own, url).json()["content"]}
    assert states == {
        "before/rain.csv": "same",
        "before/helper.py": "other",
        "before/deep/sun.csv": "new",
    }
    click(own, form)
    url = put(site, "/f.ipynb", naming(repository, **{"data/**": "$HOME/before/"}))
    _, form = look(own, url, path="new/", app="lab")
    assert form.button == "Save and open in JupyterLab"


def test_what_links_fetched_is_dropped_when_nobody_used_it(
    own: Served, site: Site, repository: dict[str, Any]
) -> None:
    stores = home_of(own) / ".cache/binderclip/repositories"
    before = set(stores.iterdir()) if stores.exists() else set()
    _, form = look(own, put(site, "/g.ipynb", naming(repository, **{"helper.py": "$HOME/g/"})))
    assert form.button
    (mine,) = set(stores.iterdir()) - before
    persons = stores / "of-the-person"
    (persons / "sha1.git").mkdir(parents=True)
    long_ago = time.time() - 10 * 24 * 3600
    for folder in (mine, persons):
        os.utime(folder, (long_ago, long_ago))
    other = {**repository, "path": "nothing.git"}
    look(own, put(site, "/h.ipynb", naming(other)))
    assert not mine.exists()
    assert persons.exists()
