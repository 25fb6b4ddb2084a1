"""The ``uv.lock`` for juv: made without running anything, and without what is ours in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.pylocks.index import Index, index

from binderclip.errors import ResolveError
from binderclip.exporting.lockplaces import public

SECRET = "hunter2"
Run = Callable[..., Any]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with index(tmp_path / "packages") as made:
        made.add("alpha", "1.0")
        yield made


def write(notebook: Any, text: str, frozen: str | None = None) -> None:
    files = {"requirements.txt": text, "runtime.txt": "python-3.11\n"}
    pinned = {"files": {"requirements.txt": frozen or text}}
    notebook(binder={"version": 1, "files": files, "frozen": pinned})


@pytest.mark.parametrize("words", ["--no-binary dyn", "--no-binary :all:", "--only-binary :none:"])
@pytest.mark.parametrize("line", ["dyn==1", "dyn @ {0}/files/dyn-1.tar.gz"])
def test_nothing_runs(
    tmp_path: Path, packages: Index, run: Run, notebook: Any, *, words: str, line: str
) -> None:
    mark = tmp_path / "ran"
    packages.add("dyn", "1", sdist_only=True, setup=f"open({str(mark)!r}, 'w').close()")
    text = f"--index-url {packages.url}\n{words}\n{line.format(packages.origin)}\n"
    write(notebook, text)
    done = run("export", "a.ipynb", "--to", "juv", "-o", "b.ipynb")
    assert done.code == 17, done.err
    assert "uv could not lock" in done.err
    assert not mark.exists()
    done = run("export", "a.ipynb", "--to", "juv", "-o", "b.ipynb", "--accept-loss")
    assert done.code == 0, done.err
    assert not mark.exists()
    if words == "--no-binary dyn":  # for whoever runs it
        cell = "".join(json.loads((tmp_path / "b.ipynb").read_text())["cells"][0]["source"])
        assert 'no-binary-package = [\n#     "dyn",' in cell


@pytest.mark.parametrize(
    "line",
    [
        "x @ {0}/${{TOP_SECRET}}/x-1-py3-none-any.whl",
        "x @ git+{0}/${{TOP_SECRET}}/x.git",
        "x @ file:///etc/x-1.tar.gz",
        "x @ git+file:///etc/x",
    ],
)
def test_nothing_is_asked_of_this_machine(
    packages: Index, run: Run, notebook: Any, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("TOP_SECRET", SECRET)
    write(notebook, f"--index-url {packages.url}\n{line.format(packages.origin)}\n")
    done = run("export", "a.ipynb", "--to", "juv", "-o", "b.ipynb")
    assert done.code == 21, done.err
    assert not packages.seen
    assert SECRET not in done.err


def test_an_index_that_the_notebook_names(
    tmp_path: Path, packages: Index, run: Run, notebook: Any
) -> None:
    write(notebook, f"--index-url {packages.url}\nalpha==1.0\n")
    done = run("export", "a.ipynb", "--to", "juv", "-o", "b.ipynb")
    assert done.code == 0, done.err
    lock = json.loads((tmp_path / "b.ipynb").read_text())["metadata"]["uv.lock"]
    assert f'registry = "{packages.url}"' in lock or f'"{packages.url.rstrip("/")}"' in lock


def test_a_mirror_of_ours_does_not_get_in(
    tmp_path: Path, packages: Index, run: Run, notebook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages.login = f"ada:{SECRET}"
    monkeypatch.setenv("UV_DEFAULT_INDEX", packages.url.replace("://", f"://ada:{SECRET}@"))
    write(notebook, "alpha==1.0\n")
    done = run("export", "a.ipynb", "--to", "juv", "-o", "b.ipynb")
    assert done.code == 17
    assert "alpha from an index of your own settings" in done.err
    assert SECRET not in done.err
    done = run("export", "a.ipynb", "--to", "juv", "-o", "b.ipynb", "--accept-loss")
    assert done.code == 0, done.err
    written = (tmp_path / "b.ipynb").read_text()
    assert packages.origin not in written
    assert SECRET not in written


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("login", ["ada:{0}@127.0.0.1:9/simple", "127.0.0.1:9/simple?token={0}"])
def test_what_uv_says_is_masked(
    run: Run, notebook: Any, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{login.format(SECRET)}")
    write(notebook, "alpha==1.0\n")
    done = run("export", "a.ipynb", "--to", "juv", "-o", "b.ipynb")
    assert done.code == 25
    assert SECRET not in done.err


DIGEST = "0" * 60
LOCK = """version = 1
[[package]]
name = "six"
version = "1.15.0"
source = {{ registry = "{registry}" }}
sdist = {{ url = "{files}/packages/6b/34/{digest}/six-1.15.0.tar.gz", hash = "sha256:aa" }}
wheels = [
    {{ url = "{files}/packages/ee/ff/{digest}/six-1.15.0-py3-none-any.whl", hash = "sha256:bb" }},
]
"""
PYPI = {"registry": "https://pypi.org/simple", "files": "https://files.pythonhosted.org"}


def lock(**given: str) -> str:
    return LOCK.format(digest=DIGEST, **given)


@pytest.mark.parametrize("files", ["https://mirror.example/pypi", PYPI["files"]])
def test_a_mirror_is_written_as_what_it_mirrors(files: str) -> None:
    mirrored = lock(registry="https://mirror.example/pypi/simple/", files=files)
    assert public(mirrored, ()) == lock(**PYPI)


def test_what_is_named_stays_as_it_is() -> None:
    own = lock(registry="https://own.example/simple", files="https://cdn.example/x")
    assert public(own, ["https://own.example/simple/"]) == own
    with pytest.raises(ResolveError, match="index of your own settings"):
        public(own, ["https://other.example/simple"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('registry = "https://pypi.org/simple"', 'path = "/home/ada/six.whl"'),
        ('registry = "https://pypi.org/simple"', 'directory = "../six"'),
        ("https://files", f"https://ada:{SECRET}@files"),
        ("6b/34", f"6b?token={SECRET}"),
    ],
)
def test_other_places_are_refused(old: str, new: str) -> None:
    with pytest.raises(ResolveError) as caught:
        public(lock(**PYPI).replace(old, new), ())
    assert SECRET not in str(caught.value)
