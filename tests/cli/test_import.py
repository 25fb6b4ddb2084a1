"""``binderclip import``: what is taken, what is left alone, and what is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from binderclip import spec

Run: TypeAlias = Callable[..., Any]
Make: TypeAlias = Callable[..., Path]
Binder: TypeAlias = Callable[[Path], Any]

FIXTURES = Path(__file__).resolve().parents[1] / "importing/fixtures"
UV = {"uv": {"dependencies": ["numpy", "./mine"], "requires-python": "==3.12.*"}}
CONDA = {"conda": {"dependencies": ["numpy"]}}
REQUIREMENTS = {"requirements.txt": ["numpy\n"], "runtime.txt": ["python-3.12\n"]}


def test_a_notebook_and_nothing_else_in_it(run: Run, notebook: Make, binder_of: Binder) -> None:
    kept = {"colab": {"provenance": []}, "kaggle": {"accelerator": "gpu"}}
    path = notebook(runt=UV, **kept)
    before = path.read_bytes()
    done = run("import", "a.ipynb")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "✓ a.ipynb: changed files",
        "    from nteract (metadata.runt.uv)",
        "    the dependency './mine' is left out: it is no requirement like 'numpy>=2'",
    ]
    assert binder_of(path) == {"version": 1, "files": REQUIREMENTS}
    run("strip", "a.ipynb")
    assert path.read_bytes() == before


def test_again_changes_nothing(run: Run, notebook: Make, binder_of: Binder) -> None:
    path = notebook(runt=UV)
    run("import", "a.ipynb")
    before = path.read_bytes()
    done = run("import", "a.ipynb")
    assert done.code == 0
    assert "unchanged" in done.out
    assert "--force" in done.out
    done = run("import", "a.ipynb", "--force")
    assert "unchanged" in done.out
    assert path.read_bytes() == before
    assert binder_of(path)["files"] == REQUIREMENTS


@pytest.mark.parametrize("binder", [False, {"version": 1, "host": "https://x.org"}, {"version": 3}])
def test_what_is_there_stays(run: Run, notebook: Make, binder: Any) -> None:
    path = notebook(runt=UV, binder=binder)
    before = path.read_bytes()
    assert run("import", "a.ipynb").code == 0
    assert path.read_bytes() == before


def test_force(run: Run, notebook: Make, binder_of: Binder) -> None:
    notebook("newer.ipynb", runt=UV, binder={"version": 2, "what": 1})
    wrong = notebook("wrong.ipynb", runt=UV, binder={"version": 1, "host": 3})
    out = notebook("out.ipynb", runt=UV, binder=False)
    done = run("import", ".", "--force")
    assert done.code == 12
    assert "newer.ipynb" in done.err
    assert done.out.count("what was there before is gone") == 2
    assert binder_of(wrong) == binder_of(out) == {"version": 1, "files": REQUIREMENTS}


def test_of_several_tools_the_best_is_taken(run: Run, notebook: Make, binder_of: Binder) -> None:
    path = notebook(runt=UV | CONDA, docker_image="o/image:1")
    done = run("import", "a.ipynb", "--dry-run")
    assert "would change files" in done.out
    assert "nteract says something too (metadata.runt.conda); it is not used" in done.out
    assert "nbreproduce says something too" in done.out
    assert binder_of(path) is None
    run("import", "a.ipynb", "--from", "nbreproduce")
    assert binder_of(path)["image"]["path"] == "o/image"


def test_nothing_to_take(run: Run, notebook: Make) -> None:
    notebook()
    done = run("import", "a.ipynb")
    assert done.code == 0
    assert "unchanged" in done.out
    assert "no other tool says anything" in done.out
    assert "juv says nothing here" in run("import", "a.ipynb", "--from", "juv").out
    notebook(docker_image="NOT AN IMAGE")
    assert "nbreproduce (metadata.docker_image) cannot be used" in run("import", "a.ipynb").out


def test_a_folder_with_a_project_s_file(
    run: Run, notebook: Make, binder_of: Binder, tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    shutil.copy(FIXTURES / "jupyter-book/_config.yml", tmp_path / "_config.yml")
    plain, own = notebook("book/plain.ipynb"), notebook("book/own.ipynb", docker_image="o/i:1")
    done = run("import", "book", "--json")
    assert done.code == 0
    assert (done.answer["changed"], done.answer["refused"]) == (2, 0)
    notes = {one["path"]: one["notes"] for one in done.answer["notebooks"]}
    assert notes["book/plain.ipynb"] == ["from jupyter-book (_config.yml: launch_buttons)"]
    assert binder_of(plain)["build"]["path"] == "executablebooks/jupyter-book"
    assert "image" in binder_of(own)
    assert "build" not in binder_of(own)


def test_list(run: Run, notebook: Make, binder_of: Binder, tmp_path: Path) -> None:
    path = notebook(runt=UV | CONDA, docker_image=3)
    notebook("b.ipynb")
    (tmp_path / "broken.ipynb").write_text("{")
    done = run("import", ".", "--list")
    assert done.code == 10
    assert "broken.ipynb" in done.err
    assert "    nteract (metadata.runt.conda): environment.yml\n" in done.out
    assert "    nbreproduce (metadata.docker_image): cannot be used: it names no image" in done.out
    assert binder_of(path) is None
    answer = run("import", "a.ipynb", "--list", "--json").answer
    (entry,) = answer["notebooks"]
    tools = [one["tool"] for one in entry["found"]]
    assert tools == ["nteract", "nteract", "nbreproduce"]
    assert not spec.problems(entry["found"][0]["binder"])
    assert run("import", "a.ipynb", "--list", "--dry-run").code == 2


def test_text_notebooks(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "percent.py"
    shutil.copy(FIXTURES / "pep723/percent.py.txt", script)
    body = script.read_text().partition("# %%")[2]
    assert run("import", "percent.py").code == 0
    assert script.read_text().endswith(body)
    assert "#   binder:\n" in script.read_text()


def test_marimo_has_no_metadata(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    shutil.copy(FIXTURES / "marimo/notebook.py.txt", script)
    before = script.read_bytes()
    done = run("import", "app.py")
    assert done.code == 10
    assert "`marimo export ipynb app.py -o app.ipynb`" in done.err
    assert (
        "marimo (its header): requirements.txt, runtime.txt"
        in run("import", "app.py", "--list").out
    )
    assert script.read_bytes() == before


@pytest.mark.parametrize("verb", ["run", "open"])
def test_marimo_is_not_run_as_another_script(run: Run, tmp_path: Path, verb: str) -> None:
    (tmp_path / "sub").mkdir()
    shutil.copy(FIXTURES / "marimo/notebook.py.txt", tmp_path / "sub/app.py")
    done = run(verb, "sub/app.py")
    assert done.code == 10
    assert "a notebook of marimo's" in done.err
    assert "`marimo export ipynb sub/app.py -o sub/app.ipynb`" in done.err


def test_what_marimo_s_export_makes_is_imported(
    run: Run, notebook: Make, binder_of: Binder, tmp_path: Path
) -> None:
    """It lies beside the script, whose header is found."""
    shutil.copy(FIXTURES / "marimo/notebook.py.txt", tmp_path / "app.py")
    path = notebook("app.ipynb")
    assert run("import", "app.ipynb").code == 0
    assert set(binder_of(path)["files"]) == {"requirements.txt", "runtime.txt"}


def test_what_is_left_out_has_a_name(run: Run, notebook: Make) -> None:
    notebook(runt={"uv": {"dependencies": ["numpy", "foo @ git+ssh://git@example.org/foo"]}})
    out = run("import", "a.ipynb").out
    assert "the dependency 'foo' is left out: it comes from this machine, or over ssh" in out


def test_every_real_notebook(run: Run, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES, tmp_path / "all")
    done = run("import", "all", "--json")
    assert done.code == 0
    for one in done.answer["notebooks"]:
        assert one["status"] == "changed", one
        path = tmp_path / one["path"]
        metadata = json.loads(path.read_text("utf-8"))["metadata"]
        real = json.loads((FIXTURES / path.relative_to(tmp_path / "all")).read_text("utf-8"))
        assert metadata == {**real["metadata"], "binder": one["binder"]}
    assert run("check", "all").code == 0
