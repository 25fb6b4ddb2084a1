"""uv and juv themselves take what is written for them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from binderclip.inheritance import inherited
from binderclip.uvtool import uv_binary


def uv(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [uv_binary(), *words],
        cwd=folder,
        env=inherited(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def frozen(folder: Path) -> dict[str, Any]:
    """An old pair of versions, pinned with hashes."""
    (folder / "in.txt").write_text("six==1.15.0\nhumanize==4.9.0\n")
    words = ("pip", "compile", "-q", "--no-header", "--generate-hashes", "in.txt")
    return {"platform": "linux-64", "files": {"requirements.txt": uv(folder, *words)}}


FILES = {"requirements.txt": "six\nhumanize<5\n", "runtime.txt": "python-3.11\n"}
CODE = "import six\n%matplotlib inline\nfiles = !ls\nif True:\n    !ls\nprint(six.__version__)"


@pytest.mark.slow
def test_uv_runs_the_script(tmp_path: Path, run: Callable[..., Any], notebook: Any) -> None:
    path = notebook(binder={"version": 1, "files": {"requirements.txt": "six==1.15.0\n"}})
    body = json.loads(path.read_text())
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
    }
    body["cells"] = [
        {**cell, "id": "a", "source": CODE},
        {**cell, "id": "b", "source": "%%bash\nls"},
    ]
    path.write_text(json.dumps(body))
    assert run("export", "a.ipynb", "--to", "pep723", "-o", "a.py").code == 0
    assert uv(tmp_path, "run", "-q", "a.py") == "1.15.0\n"


@pytest.mark.slow
def test_juv_takes_the_notebook(tmp_path: Path, run: Callable[..., Any], notebook: Any) -> None:
    notebook(binder={"version": 1, "files": FILES})
    assert run("export", "a.ipynb", "--to", "juv", "-i").code == 0
    out = uv(tmp_path, "tool", "run", "-q", "juv@0.5.0", "tree", "a.ipynb")
    assert re.search(r"^humanize v4\.", out, re.MULTILINE)
    uv(tmp_path, "tool", "run", "-q", "juv@0.5.0", "exec", "a.ipynb")


@pytest.mark.slow
def test_the_lock_holds_what_was_frozen(
    tmp_path: Path, run: Callable[..., Any], notebook: Any
) -> None:
    notebook(binder={"version": 1, "files": FILES, "frozen": frozen(tmp_path)})
    done = run("export", "a.ipynb", "--to", "juv", "-o", "b.ipynb")
    assert done.code == 0, done.err
    out = uv(tmp_path, "tool", "run", "-q", "juv@0.5.0", "tree", "b.ipynb")
    assert out.split("\n")[:2] == ["six v1.15.0", "humanize v4.9.0"]
    from binderclip import notebook as notebooks
    from binderclip.importing import from_notebook

    (back,) = from_notebook(notebooks.read(tmp_path / "b.ipynb").notebook)
    pinned = back.binder.frozen
    assert pinned
    text = "".join(pinned.files["requirements.txt"])
    assert set(re.findall(r"^[\w.-]+==[\w.]+", text, re.MULTILINE)) == {
        "six==1.15.0",
        "humanize==4.9.0",
    }
    said = frozen(tmp_path)["files"]["requirements.txt"]
    assert set(re.findall(r"sha256:\w+", text)) == set(re.findall(r"sha256:\w+", said))


@pytest.mark.slow
def test_versions_that_are_gone(tmp_path: Path, run: Callable[..., Any], notebook: Any) -> None:
    gone = {"files": {"requirements.txt": "six==99.0\n"}}
    notebook(binder={"version": 1, "files": FILES, "frozen": gone})
    done = run("export", "a.ipynb", "--to", "juv", "-o", "b.ipynb")
    assert done.code == 17
    assert "uv could not lock" in done.err
    assert not (tmp_path / "b.ipynb").exists()
    done = run("export", "a.ipynb", "--to", "juv", "-o", "b.ipynb", "--accept-loss")
    assert done.code == 0
    assert "uv could not lock" in done.err
