"""What a launch with an environment.yml will do, worked out from the files alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.errors import Refused
from binderclip.rees import Embedded
from binderclip.spec.model import Reference
from binderclip.targets.local import LocalTarget
from binderclip.targets.local.recipe import Recipe, recipe

CHANNELS = "channels: [main, nodefaults]\n"


def of(files: dict[str, str]) -> Recipe:
    return recipe(Embedded(files), "3.11")


def written(*dependencies: str) -> str:
    return CHANNELS + "dependencies:\n" + "".join(f"  - {one}\n" for one in dependencies)


def test_what_is_installed_from_where_is_said() -> None:
    plan = of({"environment.yml": written("numpy=2.1", "other::scipy>=1"), "postBuild": "x"})
    assert plan.commands == (
        "conda install --channel main numpy=2.1 'other::scipy>=1' python=3.11 pip ipykernel",
        "./postBuild",
    )
    assert plan.texts == {
        "environment.yml": written("numpy=2.1", "other::scipy>=1"),
        "postBuild": "x",
    }
    assert plan.scripts == ("postBuild",)


@pytest.mark.parametrize(
    ("spec", "python", "stated"),
    [
        ("numpy", "3.11", False),
        ("python-dateutil", "3.11", False),
        ("python", "of any version", True),
        ("python=3.9", "3.9", True),
        ("python=3.12.4", "3.12", True),
        ("python ==3.12.4", "3.12", True),
        ("conda-forge::python 3.10.*", "3.10", True),
        ("python==3.12.4=h1_0[sha256=00]", "3.12", True),
        ('"python>=3.9"', ">=3.9", True),
        ("python=3", "=3", True),
        ("\"python[version='>=3.9']\"", "[version='>=3.9']", True),
    ],
)
def test_which_python(spec: str, python: str, stated: bool) -> None:  # noqa: FBT001 - a table's column
    plan = of({"environment.yml": written(spec)})
    assert (plan.python, plan.stated) == (python, stated)
    assert ("python=3.11" in plan.commands[0].split()) is not stated


def test_what_the_pip_list_includes_is_shown_from_the_files_own_folder() -> None:
    pip = "pip: [-r more/a.txt, -e ../sub, ./own, --no-deps]"
    files = {
        "binder/environment.yml": written(pip),
        "binder/more/a.txt": "-r b.txt\n-e ./other\n",
        "binder/more/b.txt": "six\n",
        "binder/own/setup.py": "own",
        "binder/other/setup.py": "other",
        "sub/setup.py": "sub",
        "own/setup.py": "not this",
        "binder/requirements.txt": "nor this",
    }
    plan = of(files)
    lines = "-r more/a.txt\n-e ../sub\n./own\n--no-deps\n"
    assert plan.texts == {
        "binder/environment.yml": files["binder/environment.yml"],
        "binder/environment.yml pip:": lines,
        **{name: files[name] for name in files if name.endswith(("a.txt", "b.txt"))},
        **{name: files[name] for name in plan.scripts},
    }
    assert set(plan.scripts) == {"binder/own/setup.py", "binder/other/setup.py", "sub/setup.py"}
    assert plan.installs == (("-r", "binder/environment.yml pip:"),)
    assert plan.folder == "binder"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("-r ../../x.txt", "outside of the environment"),
        ("-r /etc/passwd", "outside of the environment"),
        ("-r gone.txt", "which is not there"),
        ("-r environment.yml pip:", "expected a plain path"),
        ("six\\n-r hid${X}den.txt", "expected a plain path"),
    ],
)
def test_an_include_must_be_in_the_environment(line: str, why: str) -> None:
    files = {"environment.yml": written(f'pip: ["{line}"]'), "hidden.txt": "six"}
    with pytest.raises(Refused, match=why):
        of(files)


def test_a_file_named_like_the_list_is_no_other_way_in() -> None:
    files = {"environment.yml": written("pip: [six]"), "environment.yml pip:": "evil"}
    assert of(files).texts["environment.yml pip:"] == "six\n"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"environment.yml": ""}, r"environment\.yml: found nothing"),
        ({"environment.yml": "dependencies: 3"}, r"environment\.yml: dependencies: found"),
        ({"environment.yml": "["}, r"environment\.yml: is not YAML"),
        ({"environment.yml": written("x"), "apt.txt": "gcc"}, r"apt\.txt: .* system packages"),
        ({"environment.yaml": "channels: ['https://a:b@example.org/c']"}, "a password or token"),
        ({"environment.yml": written("x"), "start": "exec"}, r"start: found no '#!' line"),
    ],
)
def test_what_cannot_be_honoured_is_refused_in_words(files: dict[str, str], message: str) -> None:
    with pytest.raises(Refused, match=message):
        of(files)


def test_as_in_repo2docker_other_files_do_not_count_beside_it() -> None:
    others = {"requirements.txt": "six", "runtime.txt": "r-4.1", "setup.py": "setup()"}
    plan = of({"environment.yaml": written("numpy"), **others})
    assert set(plan.texts) == {"environment.yaml"}
    assert not plan.scripts


def test_the_target_takes_it_alone_and_over_a_repository(fresh_cache: Cache) -> None:
    target = LocalTarget(fresh_cache, lambda _: None)
    files = {"environment.yml": written("numpy")}
    assert target.refusal(Environment(files=files)) is None
    build = Reference("https://github.com", "o/r")
    assert target.refusal(Environment(build=build, files=files)) is None


WITHOUT = """
import sys
sys.modules["rattler"] = None
from pathlib import Path
from binderclip.cache import Cache
from binderclip.diagnosis import diagnose
from binderclip.environment import Environment
from binderclip.spec.model import Reference
from binderclip.targets.local import LocalTarget
target = LocalTarget(Cache(Path(sys.argv[1])), lambda _: None)
files = {"environment.yml": "dependencies: [numpy]"}
build = Reference("https://github.com", "o/r")
print(target.refusal(Environment(files=files)))
print(target.refusal(Environment(files=files, build=build)))
print([check.remedy for check in diagnose() if check.name == "py-rattler"])
"""


def test_without_py_rattler_it_is_refused_with_what_brings_it(tmp_path: object) -> None:
    command = [sys.executable, "-c", WITHOUT, f"{tmp_path}/cache"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *reasons, remedy = done.stdout.splitlines()
    assert len(reasons) == 2
    for reason in reasons:
        assert "py-rattler" in reason
        assert "pip install 'binderclip[conda]'" in reason
    assert remedy == "[\"pip install 'binderclip[conda]'\"]"


def test_packages_go_with_everything_unless_they_are_being_used(fresh_cache: Cache) -> None:
    package = fresh_cache.conda / "packages" / "x"
    package.mkdir(parents=True)
    with fresh_cache.using_conda(), Cache(fresh_cache.root).using_conda():
        fresh_cache.prune(everything=True)
        assert package.is_dir()
    fresh_cache.prune(older_than_s=0)
    assert package.is_dir()
    fresh_cache.prune(everything=True)
    assert not fresh_cache.conda.exists()
