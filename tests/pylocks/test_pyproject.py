"""The package in the root: what it needs is pinned, itself it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.pylocks.conftest import Case

from binderclip.errors import Refused

PROJECT = '[project]\nname = "mine"\nversion = "1"\n'
DYNAMIC = '[project]\nname = "mine"\ndynamic = ["version", "dependencies"]\n'
BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@pytest.mark.usefixtures("ours")
def test_its_dependencies(case: Callable[..., Case]) -> None:
    made = case({"pyproject.toml": f'{PROJECT}dependencies = ["alpha"]\n'}, path="pyproject.toml")
    lock = made.lock()
    assert lock.text.startswith("# Pinned by binderclip from pyproject.toml for")
    assert "alpha==1.0" in lock.text
    assert "beta==1.5" in lock.text
    assert "mine" not in lock.text
    assert made.after(lock.text).holds() is None
    made.write("pyproject.toml", f'{PROJECT}dependencies = ["alpha", "gamma"]\n')
    assert made.after(lock.text).holds() == "gamma is missing"


@pytest.mark.usefixtures("ours")
def test_together_with_requirements(case: Callable[..., Case]) -> None:
    made = case(
        {
            "requirements.txt": "beta<1.5\n",
            "pyproject.toml": f'{PROJECT}dependencies = ["alpha"]\n{BUILD}',
        }
    )
    lock = made.lock().text
    assert lock.startswith("# Pinned by binderclip from requirements.txt, pyproject.toml for")
    assert "alpha==1.0" in lock
    assert "beta==1.0" in lock
    made.write("pyproject.toml", f'{PROJECT}dependencies = ["alpha"]\n')
    assert "alpha" not in made.lock().text, "repo2docker installs no project without a build system"


@pytest.mark.usefixtures("ours")
def test_not_from_another_folder(case: Callable[..., Case]) -> None:
    files = {
        "binder/requirements.txt": "gamma\n",
        "pyproject.toml": f'{PROJECT}dependencies = ["alpha"]\n{BUILD}',
    }
    assert "alpha" not in case(files, path="binder/requirements.txt").lock().text
    files["environment.yml.pip.txt"] = "gamma\n"
    assert "alpha" not in case(files, path="environment.yml.pip.txt").lock().text


@pytest.mark.parametrize(("spec", "fine"), [(">=3.9", True), (">=3.12", False), ("<3.11", False)])
@pytest.mark.usefixtures("ours")
def test_requires_python(case: Callable[..., Case], spec: str, *, fine: bool) -> None:
    text = f'{PROJECT}requires-python = "{spec}"\ndependencies = ["beta"]\n'
    made = case({"pyproject.toml": text}, path="pyproject.toml")
    if fine:
        assert "beta==1.5" in made.lock().text
    else:
        with pytest.raises(Refused, match=r"requires-python is .* Python 3\.11"):
            made.lock()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "has no .project. table"),
        ("[project", "is not TOML"),
        (f"{PROJECT}dependencies = 3", "expected a list of strings"),
        (f'{PROJECT}dependencies = ["a b"]', r"project.dependencies\[0\]: found 'a b'"),
        (f'{PROJECT}dependencies = ["x @ file:///etc"]', "leads outside"),
        (f"{PROJECT}requires-python = 3", "requires-python is '3'"),
        (f'{PROJECT}requires-python = "three"', "requires-python: found 'three'"),
    ],
)
def test_bad_ones(case: Callable[..., Case], text: str, match: str) -> None:
    with pytest.raises(Refused, match=match):
        case({"pyproject.toml": text}, path="pyproject.toml").lock()


SETUP = """
from pathlib import Path
Path({mark!r}).touch()
"""


@pytest.mark.usefixtures("ours")
def test_setup_py_is_not_run(case: Callable[..., Case], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    made = case({"requirements.txt": "beta", "setup.py": SETUP.format(mark=str(mark))})
    lock = made.lock()
    assert lock.remarks == (
        "setup.py: what it needs is known only by running it, and is not pinned",
    )
    assert "beta==1.5" in lock.text
    assert not mark.exists()


BACKEND = """
from pathlib import Path
import zipfile
Path({mark!r}).touch()
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(Path(folder, "mine-1-py3-none-any.whl"), "w") as made:
        made.writestr("mine-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: mine\\n"
                      "Version: 1\\nRequires-Dist: alpha\\n")
        made.writestr("mine-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n"
                      "Tag: py3-none-any\\n")
        made.writestr("mine-1.dist-info/RECORD", "")
    return "mine-1-py3-none-any.whl"
"""


@pytest.mark.usefixtures("ours")
def test_dependencies_that_code_tells(case: Callable[..., Case], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    made = case(
        {
            "pyproject.toml": DYNAMIC + BUILD,
            "backend.py": BACKEND.format(mark=str(mark)),
            "requirements.txt": "gamma",
        }
    )
    lock = made.lock()
    assert lock.remarks == (
        "pyproject.toml: what it needs is known only by running it, and is not pinned",
    )
    assert "alpha" not in lock.text
    assert not mark.exists()
    made.allow_builds = True
    lock = made.lock()
    assert lock.remarks == ()
    assert "alpha==1.0 \\\n    --hash" in lock.text
    assert "mine" not in lock.text
    assert mark.exists()
    assert made.after(lock.text).holds() is None
    made.allow_builds = False
    assert made.after(lock.text).holds() is None, "it pins more than would be pinned now"
    less = made.lock().text
    assert made.after(less).holds() is None
    made.allow_builds = True
    assert made.after(less).holds() == "requirements.txt changed since it was pinned"
