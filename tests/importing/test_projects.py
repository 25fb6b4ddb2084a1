"""Project files beside notebooks: how far up they are looked for, and all their forms."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from binderclip import importing
from binderclip.importing import Found, Imported, Projects
from binderclip.importing.folders import FILES
from binderclip.notebook import Notebook
from binderclip.spec.model import Reference

GALLERY = "binder_url: https://hub.example.org\nbinder_repo: o/r\nbinder_ref: main\n"
GITHUB = "https://github.com"


def read(name: str, text: str) -> list[Found]:
    return list(FILES[name](text, name))


def build(name: str, text: str) -> Reference | None:
    (found,) = read(name, text)
    assert isinstance(found, Imported), found
    return found.binder.build


@pytest.fixture
def book(tmp_path: Path, made: Callable[..., Notebook]) -> Path:
    """A repository with a book in ``docs/``, a gallery's file at its root, and one above it."""
    root = tmp_path / "above/repository"
    (root / "docs/deep").mkdir(parents=True)
    (root / ".git").mkdir()
    (tmp_path / "above/binder-gallery.yaml").write_text(GALLERY.replace("o/r", "not/mine"))
    (root / "binder-gallery.yaml").write_text(GALLERY)
    (root / "docs/myst.yml").write_text("project: {github: o/book, jupyter: true}\n")
    (root / "docs/deep/a.ipynb").write_bytes(made("1").data)
    return root


def test_from_the_notebook_s_folder_up_to_the_repository_s_root(book: Path) -> None:
    found = importing.beside(book / "docs/deep/a.ipynb")
    assert [one.tool for one in found] == ["myst", "pangeo-gallery"]
    assert [one.binder.build and one.binder.build.path for one in found] == ["o/book", "o/r"]


def test_without_a_repository_only_the_folder_counts(book: Path) -> None:
    shutil.rmtree(book / ".git")
    assert importing.beside(book / "docs/deep/a.ipynb") == ()
    (book / "docs/deep/binder-gallery.yaml").write_text(GALLERY)
    (found,) = importing.beside(book / "docs/deep/a.ipynb")
    assert found.tool == "pangeo-gallery"


def test_the_notebook_s_own_comes_first(book: Path, made: Callable[..., Notebook]) -> None:
    path = book / "docs/deep/a.ipynb"
    path.write_bytes(made("1", docker_image="o/image:1").data)
    assert next(one.tool for one in importing.beside(path)) == "nbreproduce"


def test_pages_and_scripts_of_the_notebook_s_name(book: Path, fixtures: Path) -> None:
    folder = book / "docs/deep"
    shutil.copy(fixtures / "thebe/binder.html", folder / "a.html")
    shutil.copy(fixtures / "marimo/notebook.py.txt", folder / "a.py")
    shutil.copy(fixtures / "marimo/notebook.py.txt", folder / "other.py")
    found = Projects().above(folder / "a.ipynb")
    assert [one.tool for one in found][:2] == ["thebe", "marimo"]
    assert [one.tool for one in importing.beside(folder / "b.ipynb")] == ["myst", "pangeo-gallery"]
    assert len(importing.from_folder(folder)) == 3


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "myst.yml").mkdir()
    (tmp_path / "_config.yml").write_bytes(b"\xff\xfe")
    (tmp_path / "binder-gallery.yaml").write_text("x" * ((1 << 20) + 1))
    (tmp_path / "thebe.json").symlink_to("thebe.json")
    assert importing.from_folder(tmp_path) == ()
    assert importing.from_folder(tmp_path / "nowhere") == ()
    assert importing.beside(tmp_path / "nowhere/a.ipynb") == ()


def test_each_file_is_read_once(book: Path) -> None:
    projects = Projects()
    first = projects.above(book / "docs/deep/a.ipynb")
    (book / "docs/myst.yml").unlink()
    assert projects.above(book / "docs/deep/b.ipynb") == first


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ("jupyter: true", "o/r"),
        ("thebe: true", "o/r"),
        ("jupyter: binder", "o/r"),
        ("jupyter: {binder: true}", "o/r"),
        ("jupyter: {lite: false, binder: {url: 'https://mybinder.org/'}}", "o/r"),
        ("jupyter: {binder: {repo: x/y}}", "x/y"),
        ("jupyter: {binder: {repo: 'https://github.com/x/y.git'}}", "x/y"),
        ("jupyter: {binder: {repo: x/y, provider: GitHub}}", "x/y"),
    ],
)
def test_myst(stated: str, path: str) -> None:
    text = f"project:\n  github: https://github.com/o/r/tree/main/docs\n  {stated}\n"
    (found,) = read("myst.yml", text)
    assert isinstance(found, Imported)
    assert found.binder.build == Reference(GITHUB, path)
    assert found.binder.host == ("https://mybinder.org",)
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("options", "reference"),
    [
        (
            "repo: g/s/p, provider: gitlab, ref: dev",
            Reference("https://gitlab.com", "g/s/p", "dev"),
        ),
        (
            "repo: 'https://git.example.org/p', provider: git",
            Reference("https://git.example.org", "p"),
        ),
        ("repo: me/0a1b2c, provider: gist", Reference("https://gist.github.com", "me/0a1b2c")),
        (
            "repo: 10.5281/zenodo.3242074, provider: zenodo",
            Reference("https://doi.org", "10.5281/zenodo.3242074"),
        ),
        ("repo: o/r, ref: HEAD", Reference(GITHUB, "o/r")),
        ("repo: o/r, ref: 'v1.0'", Reference(GITHUB, "o/r", "v1.0")),
    ],
)
def test_providers(options: str, reference: Reference) -> None:
    assert build("myst.yml", f"project: {{jupyter: {{binder: {{{options}}}}}}}") == reference


def test_refs_that_yaml_takes_for_numbers() -> None:
    assert build("binder-gallery.yaml", "binder_repo: o/r\nbinder_ref: 0123456\n") == Reference(
        GITHUB, "o/r", "0123456"
    )
    text = (
        "repository:\n  url: https://github.com/o/r\n  branch: 1.0\nlaunch_buttons: {thebe: true}"
    )
    assert build("_config.yml", text) == Reference(GITHUB, "o/r", "1.0")


def test_what_myst_says_and_no_binder_can() -> None:
    server = "server: {url: 'https://hub.example.org', token: hunter2}"
    (found,) = read("myst.yml", f"project: {{jupyter: {{{server}, binder: {{repo: o/r}}}}}}")
    assert isinstance(found, Imported)
    assert "server is left out" in found.remarks[0]
    (found,) = read("myst.yml", f"project: {{jupyter: {{{server}}}}}")
    assert not isinstance(found, Imported)
    (found,) = read("myst.yml", "project: {jupyter: lite}")
    assert not isinstance(found, Imported)
    assert "hunter2" not in repr(found)
    (found,) = read("myst.yml", "project: {jupyter: true}")
    assert isinstance(found, Imported)
    assert "thebe-binder-base" in found.remarks[0]
    for nothing in ("project: {}", "project: {jupyter: false}", "site: {}", "3", "[", ""):
        assert read("myst.yml", nothing) == []


def test_a_launch_link_in_myst_s_project() -> None:
    link = "https://hub.example.org/v2/gh/o/r/main?labpath=a.ipynb"
    (found,) = read("myst.yml", f"project: {{binder: '{link}'}}")
    assert isinstance(found, Imported)
    assert found.binder.host == ("https://hub.example.org",)
    assert found.binder.build == Reference(GITHUB, "o/r", "main")
    assert len(found.remarks) == 1


def test_jupyter_book_and_jekyll() -> None:
    book = "repository: {url: 'https://github.com/o/r', path_to_book: docs}\n"
    hub = "launch_buttons: {binderhub_url: 'https://hub.example.org'}\n"
    (found,) = read("_config.yml", book + hub)
    assert isinstance(found, Imported)
    assert found.binder.build == Reference(GITHUB, "o/r", "master")
    assert found.binder.host == ("https://hub.example.org",)
    assert read("_config.yml", "title: A blog\nrepository: o/r\n") == []
    assert read("_config.yml", book + "launch_buttons: {colab_url: 'https://x.example.org'}") == []
    (found,) = read("_config.yml", book + "launch_buttons: {jupyterhub_url: 'https://x.org'}")
    assert not isinstance(found, Imported)
    (found,) = read("_config.yml", hub)
    assert not isinstance(found, Imported)
    assert found.why == "it names no repository"


CONFIG = """\
// comes before thebe
{
\trequestKernel: true, /* at once: {yes} */
\tbinderOptions: {
\t\trepo:"o/r", // the repository
\t\tref: 'v1',
\t\tbinderUrl: "https://hub.example.org",
\t\trepoProvider: 'github',
\t},
}
"""


def test_thebe_s_configuration_as_javascript_has_it() -> None:
    page = f"<html><SCRIPT id='x' type='text/x-thebe-config'>{CONFIG}</SCRIPT></html>"
    assert build(".html", page) == Reference(GITHUB, "o/r", "v1")
    assert build("thebe.json", CONFIG) == Reference(GITHUB, "o/r", "v1")
    as_json = json.dumps({"binderOptions": {"repo": "https://gitlab.com/g/p"}})
    assert build("thebe.json", as_json) == Reference("https://gitlab.com", "g/p")
    assert read(".html", "<html><p>x-thebe-config</p></html>") == []
    assert read("thebe.json", "{useJupyterLite: true}") == []
    (found,) = read("thebe.json", "{binderOptions: [options(")
    assert not isinstance(found, Imported)
