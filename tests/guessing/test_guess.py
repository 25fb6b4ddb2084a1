"""From modules to distributions, with a real environment to look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.flow.conftest import Shell

from binderclip import guessing
from binderclip.errors import Refused
from binderclip.guessing import Installed
from binderclip.guessing import installed as pythons
from binderclip.notebook import Notebook

NotebookOf = Callable[..., Notebook]


def install(site: Path, name: str, version: str, *files: str) -> None:
    """A distribution as pip leaves it."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    for file in files:  # readers of metadata pass over what is listed and not there
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).touch()


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """An environment with a few things in it."""
    prefix = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(prefix)], check=True)
    (site,) = prefix.glob("lib/python3.*/site-packages")
    install(site, "PyYAML", "6.0.1", "yaml/__init__.py", "yaml/loader.py")
    install(site, "opencv-python-headless", "4.9", "cv2/__init__.py", "cv2/cv2.abi3.so")
    install(site, "google-cloud-storage", "2.1", "google/cloud/storage/__init__.py")
    install(site, "google-cloud-core", "2.3", "google/cloud/client/__init__.py")
    (site / "broken-1.dist-info").mkdir()
    return prefix


def lines(found: guessing.Guess, *, pin: bool = False) -> list[str]:
    return [one.line(pin=pin) for one in found.distributions]


CODE = "import yaml, cv2\nfrom google.cloud import storage"


def test_what_is_installed_is_what_is_meant(notebook_of: NotebookOf, venv: Path) -> None:
    python = pythons.of_prefix(venv)
    assert python
    found = guessing.guess(notebook_of(CODE), installed=Installed(python))
    assert lines(found, pin=True) == [
        "google-cloud-storage==2.1",
        "opencv-python-headless==4.9",
        "pyyaml==6.0.1",
    ]
    assert lines(found) == ["google-cloud-storage", "opencv-python-headless", "pyyaml"]
    assert all(one.sure for one in found.distributions)


def test_a_named_interpreter_says_where_its_packages_are(venv: Path) -> None:
    by_folder = pythons.stated(str(venv))
    by_program = pythons.stated(str(venv / "bin" / "python"))
    assert set(by_folder.paths) <= set(by_program.paths)
    assert Installed(by_program).version("pyyaml") == "6.0.1"


@pytest.mark.parametrize("text", ["nowhere", "."])
def test_no_python(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused, match=r"expected"):
        pythons.stated(str(tmp_path / text))


def test_a_program_that_is_none(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    with pytest.raises(Refused, match="could not be asked"):
        pythons.stated(str(program))


def test_what_lies_beside_is_never_run(venv: Path) -> None:
    """A stranger's folder may hold any program: only its files are read."""
    python = venv / "bin" / "python"
    python.unlink()
    python.write_text(f"#!/bin/sh\ntouch {venv}/ran\n")
    python.chmod(0o755)
    found = pythons.beside(venv.parent)
    assert found
    assert Installed(found).version("pyyaml")
    assert not (venv / "ran").exists()


def test_what_it_installs_itself_comes_first(notebook_of: NotebookOf) -> None:
    notebook = notebook_of(
        "%pip install opencv-contrib-python 'scikit_learn<2' dask[array]; python_version > '3'",
        "import cv2, sklearn, dask",
    )
    assert lines(guessing.guess(notebook)) == [
        "dask[array]",
        "opencv-contrib-python",
        "scikit-learn<2",
    ]


def test_conda_names_are_not_sure(notebook_of: NotebookOf) -> None:
    (one,) = guessing.guess(notebook_of("%conda install pytables")).distributions
    assert (one.distribution, one.sure) == ("pytables", False)


NO_TABLE = """
import sys
sys.modules["pigar"] = None
import importlib.util
from binderclip.cli import main
main(sys.argv[1:])
"""


def test_without_the_table(written: Callable[..., Path], tmp_path: Path) -> None:
    """Names are taken as they are, and not sure; and nothing unsure is written."""
    path = written("import hdfs, yaml, google.colab, google.maps")
    before = path.read_bytes()

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", NO_TABLE, "guess", str(path), *words],
            env={**os.environ, "BINDERCLIP_STATE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    done = call()
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("? hdfs")
    assert "✓ pyyaml" in done.stdout
    assert "✗ google.maps" in done.stdout
    assert "Google Colab alone" in done.stderr
    assert "pip install 'binderclip[guess]'" in done.stderr
    done = call("--write", "--yes", "--unsure")
    assert done.returncode == 21
    assert "pip install 'binderclip[guess]'" in done.stderr
    assert path.read_bytes() == before
    done = call("--write", "--yes")
    assert done.returncode == 0
    assert "left out, since they are not sure: hdfs" in done.stdout
    assert json.loads(path.read_bytes())["metadata"]["binder"]["files"] == {
        "requirements.txt": ["pyyaml\n"]
    }


def test_writing(written: Callable[..., Path], run: Callable[..., Any], binder_of: Any) -> None:
    path = written("import yaml, cv2")
    before = path.read_bytes()
    done = run("guess", "a.ipynb", "--write")
    assert done.code == 2
    assert "--yes" in done.err
    assert path.read_bytes() == before
    done = run("guess", "a.ipynb", "--write", "--yes")
    assert (done.code, "2 packages" in done.out) == (0, True)
    assert binder_of(path) == {
        "version": 1,
        "files": {"requirements.txt": ["opencv-python\n", "pyyaml\n"]},
    }


MIXED = (
    "import yaml, utils\n%load_ext sql\ntry:\n    import cupy\nexcept ImportError:\n    cupy = 0"
)


def test_only_what_is_sure_is_written(
    written: Callable[..., Path], run: Callable[..., Any], binder_of: Any
) -> None:
    path = written(MIXED)
    done = run("guess", "a.ipynb", "--write", "--yes")
    assert done.code == 0
    assert "✗ utils                    unknown: a file that was beside the notebook?" in done.out
    assert "left out, since they are not sure: cupy, jupysql (--unsure" in done.out
    assert "left out, since nothing is known of them: utils" in done.out
    assert binder_of(path)["files"]["requirements.txt"] == ["pyyaml\n"]
    assert run("guess", "a.ipynb", "--write", "--yes", "--unsure", "--force").code == 0
    assert binder_of(path)["files"]["requirements.txt"] == ["cupy\n", "jupysql\n", "pyyaml\n"]


def test_nothing_sure(written: Callable[..., Path], run: Callable[..., Any]) -> None:
    path = written("%load_ext sql")
    before = path.read_bytes()
    done = run("guess", "a.ipynb", "--write", "--yes")
    assert (done.code, "--unsure" in done.err) == (21, True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("typed", "lines"),
    [("y", ["pyyaml\n"]), ("a", ["cupy\n", "jupysql\n", "pyyaml\n"]), ("", None)],
)
def test_a_person_is_asked(
    written: Callable[..., Path],
    tmp_path: Path,
    binder_of: Any,
    typed: str,
    lines: list[str] | None,
) -> None:
    path = written(MIXED)
    done = Shell(tmp_path, os.environ).type("guess", path, "--write", answers={"[N]o:": typed})
    assert done.code == 0
    assert "with 1 package into" in done.out
    assert "[a]ll 3" in done.out
    assert (binder_of(path) or {}).get("files", {}).get("requirements.txt") == lines


def test_a_list_that_is_there_stays(
    written: Callable[..., Path], run: Callable[..., Any], binder_of: Any
) -> None:
    binder = {"version": 1, "files": {"requirements.txt": "mine\n"}}
    path = written("import yaml", binder=binder)
    done = run("guess", "a.ipynb", "--write", "--yes")
    assert done.code == 12
    assert "--force" in done.err
    assert binder_of(path) == binder
    assert run("guess", "a.ipynb", "--write", "--yes", "--force").code == 0
    assert binder_of(path)["files"]["requirements.txt"] == ["pyyaml\n"]


def test_an_opt_out_stays(written: Callable[..., Path], run: Callable[..., Any]) -> None:
    path = written("import yaml", binder=False)
    before = path.read_bytes()
    assert run("guess", "a.ipynb", "--write", "--yes").code == 12
    assert path.read_bytes() == before


def test_a_file_that_wins_is_told(written: Callable[..., Path], run: Callable[..., Any]) -> None:
    written("import yaml", binder={"version": 1, "files": {"environment.yml": "a: 1\n"}})
    assert "environment.yml" in run("guess", "a.ipynb", "--write", "--yes").err


def test_json_and_pins(written: Callable[..., Path], run: Callable[..., Any], venv: Path) -> None:
    written("import yaml, sklearn, graph_tool")
    answer = run("guess", "a.ipynb", "--pin", "--json").answer
    assert answer["python"] == str(venv)
    assert [one["line"] for one in answer["distributions"]] == ["pyyaml==6.0.1", "scikit-learn"]
    assert [one["module"] for one in answer["unknown"]] == ["graph_tool"]
    assert "not pinned: scikit-learn" in " ".join(answer["notes"])
    assert answer["written"] is False


def test_nothing_to_pin_to(written: Callable[..., Path], run: Callable[..., Any]) -> None:
    written("import yaml")
    done = run("guess", "a.ipynb", "--pin")
    assert done.code == 21
    assert "--python" in done.err


def test_an_empty_notebook(written: Callable[..., Path], run: Callable[..., Any]) -> None:
    written()
    done = run("guess", "a.ipynb")
    assert (done.code, done.out) == (0, "no imports that need a package\n")
    assert run("guess", "a.ipynb", "--write", "--yes").code == 21


def test_more_imports_than_anybody_writes(notebook_of: Callable[..., Notebook]) -> None:
    cell = f"import {', '.join(f'm{number}' for number in range(6000))}"
    with pytest.raises(Refused, match="imports 6,000 modules, expected at most 5,000"):
        guessing.guess(notebook_of(cell))


def test_many_imports_are_looked_up_together(notebook_of: Callable[..., Notebook]) -> None:
    """The table of names is read once, however many there are."""
    cell = f"import {', '.join(f'm{number}' for number in range(4000))}, cv2, requests"
    found = guessing.guess(notebook_of(cell), installed=Installed(pythons.Python("none", ())))
    assert {"opencv-python", "requests"} <= {one.distribution for one in found.distributions}


def test_names_of_many_parts(notebook_of: Callable[..., Notebook]) -> None:
    found = guessing.guess(
        notebook_of(f"import requests{'.a' * 9_000}, google.cloud.storage{'.a' * 9000}")
    )
    assert {one.distribution for one in found.distributions} == {
        "google-cloud-storage",
        "requests",
    }
