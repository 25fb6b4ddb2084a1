"""What each tool really writes, and what comes of it."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from binderclip import importing, notebook, spec
from binderclip.importing import TABLE, TOOLS, Imported
from binderclip.notebook import Notebook
from binderclip.spec.model import Reference, joined

GITHUB = "https://github.com"
MYBINDER = ("https://mybinder.org",)


def of(path: Path) -> Sequence[Imported]:
    return importing.from_notebook(notebook.read(path).notebook)


def one(path: Path) -> Imported:
    (found,) = of(path)
    return found


def script(path: Path) -> Notebook:
    """A script among the fixtures, which there ends in ``.txt``."""
    return notebook.parse(path.read_bytes(), path.stem)


def files(found: Imported) -> dict[str, str]:
    return {name: joined(text) for name, text in found.binder.files.items()}


def test_every_tool_has_a_row_and_a_fixture(fixtures: Path) -> None:
    assert set(TABLE) == set(TOOLS)
    assert {path.name for path in fixtures.iterdir() if path.is_dir()} == set(TOOLS)
    readme = (fixtures / "README.md").read_text("utf-8")
    assert all(f"| `{tool}` |" in readme for tool in TOOLS)


def test_all_can_be_written_and_are_told_the_same_twice(fixtures: Path) -> None:
    tools = set()
    for path in sorted(fixtures.rglob("*")):
        again = [
            importing.from_folder(path)
            if path.is_dir()
            else of(path)
            if path.suffix == ".ipynb"
            else importing.from_notebook(script(path))
            if path.name.endswith(".py.txt")
            else ()
            for _ in range(2)
        ]
        assert again[0] == again[1]
        for found in again[0]:
            tools.add(found.tool)
            assert not spec.problems(spec.write(found.binder))
    assert tools == set(TOOLS)


def test_juv(fixtures: Path) -> None:
    found = one(fixtures / "juv/added.ipynb")
    assert (found.tool, found.where) == ("juv", "cell 1")
    stated = "httpx[http2]>=0.28.1 ; sys_platform != 'win32'\nrich>=13\n"
    assert files(found) == {"requirements.txt": stated, "runtime.txt": "python-3.11\n"}
    assert found.binder.frozen is None
    assert found.remarks == ("requires-python '>=3.11' is said as one version: Python 3.11",)


def test_juv_locked(fixtures: Path) -> None:
    found = one(fixtures / "juv/locked.ipynb")
    assert files(found) == files(one(fixtures / "juv/added.ipynb"))
    assert found.binder.frozen is not None
    assert found.binder.frozen.platform is None, "the lock is for every platform"
    pinned = joined(found.binder.frozen.files["requirements.txt"])
    assert "h2==4.4.1 ; sys_platform != 'win32' \\\n    --hash=sha256:" in pinned
    assert "\nrich==" in pinned


def test_script_header_of_a_text_notebook(fixtures: Path) -> None:
    (found,) = importing.from_notebook(script(fixtures / "pep723/percent.py.txt"))
    assert (found.tool, found.where) == ("pep723", "its header")
    assert files(found)["requirements.txt"] == "numpy>=2\nrequests>=2.34.2\n"


def test_marimo(fixtures: Path, tmp_path: Path) -> None:
    path = fixtures / "marimo/notebook.py.txt"
    (found,) = importing.from_notebook(script(path))
    assert found.tool == "marimo"
    assert files(found)["requirements.txt"].endswith("rich>=13\n")
    assert importing.is_marimo(script(path))
    assert not importing.is_marimo(script(fixtures / "pep723/percent.py.txt"))
    shutil.copy(path, tmp_path / "notebook.py")
    (beside,) = importing.from_folder(tmp_path)
    assert beside.binder == found.binder
    assert beside.where.endswith("notebook.py")


def test_nteract(fixtures: Path) -> None:
    found = one(fixtures / "nteract/2-uv-inline.ipynb")
    assert (found.tool, found.where) == ("nteract", "metadata.runt.uv")
    assert files(found) == {"requirements.txt": "requests\n", "runtime.txt": "python-3.10\n"}


def test_nteract_with_uv_and_conda(fixtures: Path) -> None:
    uv, conda = of(fixtures / "nteract/4-both-deps.ipynb")
    assert (uv.where, conda.where) == ("metadata.runt.uv", "metadata.runt.conda")
    content = yaml.safe_load(files(conda)["environment.yml"])
    assert content == {"channels": ["conda-forge"], "dependencies": ["numpy"]}


def test_nteract_s_script_header(fixtures: Path) -> None:
    found = one(fixtures / "nteract/13-pep723.ipynb")
    assert (found.tool, files(found)["requirements.txt"]) == ("juv", "httpx\n")


def test_thoth(fixtures: Path) -> None:
    found = one(fixtures / "thoth/thoth.ipynb")
    assert (found.tool, found.where) == ("thoth", "metadata.requirements")
    pipfile = tomllib.loads(files(found)["Pipfile"])
    assert pipfile["packages"] == {"requests": ">=2.30", "colorama": "==0.4.6"}
    assert pipfile["requires"] == {"python_version": "3.11"}
    lock: dict[str, Any] = yaml.safe_load(files(found)["Pipfile.lock"])
    assert {"certifi", "requests", "colorama"} <= set(lock["default"])
    assert found.remarks == ()


def test_conda_env(fixtures: Path) -> None:
    found = one(fixtures / "conda-env/notebook_with_env.ipynb")
    assert (found.tool, found.where) == ("conda-env", "metadata.environment")
    content = yaml.safe_load(files(found)["environment.yml"])
    assert content == {"name": "stats", "dependencies": ["ipython-notebook=3.2.0=py27_0"]}
    assert found.remarks == ("it names exact builds, which are those of one platform",)


def test_nbenv(fixtures: Path) -> None:
    found = one(fixtures / "nbenv/nbenv.ipynb")
    assert (found.tool, found.where) == ("nbenv", "metadata.conda_environment")
    content = yaml.safe_load(files(found)["environment.yml"])
    assert content["channels"] == ["defaults", "conda-forge"]
    assert "python=3.5.4=h72f0b78_15" in content["dependencies"]
    assert content["dependencies"][-1]["pip"][-1] == "pytest==3.2.2"
    assert "prefix" not in content


def test_vertex(fixtures: Path) -> None:
    found = one(fixtures / "vertex/Untitled.ipynb")
    assert (found.tool, found.where) == ("vertex", "metadata.environment.uri")
    place = "deeplearning-platform-release/gcr.io/workbench-notebooks"
    assert found.binder.image == Reference("https://us-docker.pkg.dev", place, "m137")


def test_nbreproduce(fixtures: Path) -> None:
    found = one(fixtures / "nbreproduce/nbreproduce.ipynb")
    assert found.where == "metadata.docker_image"
    assert found.binder.image == Reference(
        "https://docker.io", "econark/econ-ark-notebook", "latest"
    )


@pytest.mark.parametrize(
    ("folder", "hosts", "path", "ref"),
    [
        ("pangeo-gallery/icepyx", MYBINDER, "icesat2py/icepyx", "master"),
        (
            "pangeo-gallery/xgcm-examples",
            ("https://binder.pangeo.io",),
            "xgcm/xgcm-examples",
            "master",
        ),
        ("myst/docs", MYBINDER, "jupyter-book/thebe-binder-base", None),
        ("myst/thebe", MYBINDER, "jupyter-book/mystmd", None),
        ("jupyter-book", MYBINDER, "executablebooks/jupyter-book", "master"),
        ("thebe", MYBINDER, "executablebooks/thebe-binder-base", None),
    ],
)
def test_project_files(
    fixtures: Path, folder: str, hosts: tuple[str, ...], path: str, ref: str | None
) -> None:
    (found,) = importing.from_folder(fixtures / folder)
    assert found.tool == folder.partition("/")[0]
    assert found.binder.host == hosts
    assert found.binder.build == Reference(GITHUB, path, ref)
    assert found.remarks == ()
