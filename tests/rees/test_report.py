"""What a report tells beyond what repo2docker can be asked: uses, traps, includes; folders on
disk, and what stands in them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from binderclip.errors import Refused
from binderclip.rees import Embedded, FolderListing, Overlaid, Report, report

PACKAGE = '[project]\nname = "x"\nversion = "1"\n[build-system]\nrequires = []\n'
START = '#!/bin/bash\nexec "$@"\n'


def of(**files: str) -> Report:
    """Names with dots and slashes written as ``_dot_`` and ``_in_``."""
    named = {name.replace("_dot_", ".").replace("_in_", "/"): t for name, t in files.items()}
    return report(Embedded(named))


def traps(found: Report, path: str | None) -> str:
    """What is told of the file at ``path``."""
    return " / ".join(f"{one.what} | {one.instead}" for one in found.traps if one.path == path)


def why(found: Report) -> dict[str, str]:
    return {one.path: one.why for one in found.ignored}


def test_an_environment_without_surprises_has_no_traps() -> None:
    found = of(runtime_dot_txt="python-3.12\n", requirements_dot_txt="numpy\n", start=START)
    assert (found.buildpack, found.python, found.trigger) == ("python", "3.12", "runtime.txt")
    assert found.uses == ("runtime.txt", "requirements.txt", "start")
    assert (found.traps, found.ignored, found.fails) == ((), (), None)


@pytest.mark.parametrize(
    ("files", "path", "words"),
    [
        (
            {"requirements.txt": "x"},
            "requirements.txt",
            "takes 3.10 | write 'python-3.12' into run",
        ),
        ({}, None, "takes 3.10"),
        ({"environment.yml": "dependencies: [x]"}, "environment.yml", "3.10 | add 'python=3.12'"),
        (
            {"environment.yml": "dependencies: ['python>=3.11']"},
            "environment.yml",
            "'python>=3.11'",
        ),
        (
            {"environment.yml": "dependencies: [c::python=3.11]"},
            "environment.yml",
            "c::python=3.11",
        ),
        ({"Pipfile": ""}, "Pipfile", "python_version = "),
        ({"runtime.txt": "python-3"}, "runtime.txt", "takes 3.10"),
        (
            {"pyproject.toml": PACKAGE.replace("[b", 'requires-python = ">=3.11"\n[b')},
            "pyproject.toml",
            "the newest Python that requires-python allows: 3.14",
        ),
        ({"environment.yml": "", "requirements.txt": ""}, "requirements.txt", "- -r requirements"),
        ({"environment.yml": "", "runtime.txt": "python-3.12"}, "runtime.txt", "no Python | add"),
        ({"environment.yml": "", "setup.py": ""}, "setup.py", "not installed | add '- pip:'"),
        ({"Pipfile": "", "requirements.txt": ""}, "requirements.txt", "with a Pipfile"),
        ({"Pipfile": "", "runtime.txt": "python-3.12"}, "runtime.txt", "under [requires]"),
        ({"Dockerfile": "FROM x", "apt.txt": "", "start": ""}, "Dockerfile", "apt.txt, start"),
        ({"binder/apt.txt": "", "setup.py": ""}, "binder", "hides the root's setup.py, and choo"),
        ({"binder/requirements.txt": "", "requirements.txt": ""}, "binder", "'-r ../requirements"),
        ({"runtime.txt": "r-4.1"}, "runtime.txt", "no date"),
        ({"runtime.txt": "Python-3.12"}, "runtime.txt", "nothing named 'Python'"),
        ({"start": "jupyter lab"}, "start", "no '#!' line"),
        ({"start": "#!/bin/sh\r\n"}, "start", "ends as on Windows"),
        ({"start": "#!/bin/sh\nexport A=1\n"}, "start", 'does not end with exec "$@"'),
        ({"start": f"\ufeff{START}"}, "start", "byte order mark"),
        ({"postBuild": "true\r\n"}, "postBuild", "lines end as on Windows"),
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, "pyproject.toml", "without a [build-sys"),
        ({"requirements.txt": "-r gone.txt\n"}, "requirements.txt", "'gone.txt', which is not the"),
        ({"requirement.txt": ""}, "requirement.txt", "no such name | name it requirements.txt"),
        ({"binder/postbuild": ""}, "binder/postbuild", "name it postBuild"),
        ({"uv.lock": "", "setup.py": ""}, "uv.lock", "does not read it | write what it reads: `uv"),
    ],
)
def test_traps(files: dict[str, str], path: str | None, words: str) -> None:
    found = report(Embedded(files))
    assert words in traps(found, path)
    assert all(trap.instead for trap in found.traps)


@pytest.mark.parametrize(
    ("files", "message", "mend"),
    [
        (
            {"runtime.txt": "python-3.11.4"},
            "runtime.txt: asks for Python '3.11.4'",
            "'python-3.11'",
        ),
        ({"runtime.txt": "python 3.11"}, "found 'python 3.11', expected a line like", "r-YYYY"),
        ({"binder/a": "", ".binder/a": ""}, "both a 'binder' and a '.binder'", "rename one"),
        ({"environment.yml": "dependencies:\n\t- x"}, "environment.yml: is not YAML (line 2", None),
        ({"environment.yml": "dependencies:\n- python=3.*"}, "asks for Python '3.'", "3.12"),
        ({"apt.txt": "Vim"}, "apt.txt: found 'Vim'", "lower case"),
        ({"postBuild": "#!/bin/bash\r\n"}, "postBuild: its first line", "Unix line ends"),
        ({"REQUIRE": ""}, "REQUIRE: belongs to Julia before 1.0", "Project.toml"),
        ({"DESCRIPTION": "", "runtime.txt": "python-3.12"}, "for R, which has no version", "r-4.4"),
        ({"Project.toml": '[compat]\njulia = "1.6, 1.7"'}, "compat asks for Julia", "'^1.10'"),
        ({"Dockerfile": "FROM andrewosh/binder-base"}, "no longer builds", "current image"),
        ({"Dockerfile": "\ufffd"}, "not text in UTF-8", "save it"),
    ],
)
def test_what_fails_says_what_to_do(files: dict[str, str], message: str, mend: str | None) -> None:
    found = report(Embedded(files))
    assert message in str(found.fails)
    assert mend is None or mend in str(found.mend)


def test_each_ignored_file_says_why() -> None:
    found = of(
        environment_dot_yml="", environment_dot_yaml="", requirements_dot_txt="", install_dot_R=""
    )
    assert why(found) == {
        "environment.yaml": "environment.yml is there too, and wins",
        "requirements.txt": "environment.yml wins",
        "install.R": "this is no R environment: runtime.txt would have to say 'r-YYYY-MM-DD'",
    }
    found = of(binder_in_DESCRIPTION="", binder_in_requirements3_dot_txt="", setup_dot_py="")
    assert "counts in the root alone" in why(found)["binder/DESCRIPTION"]
    assert why(found)["setup.py"] == "the folder 'binder' hides the root's configuration"
    assert "before 3.7" in why(found)["binder/requirements3.txt"]


def test_old_pythons_use_their_own_requirements() -> None:
    found = of(runtime_dot_txt="python-3.6", requirements3_dot_txt="x")
    assert "requirements3.txt" in found.uses


def test_included_files_are_used() -> None:
    found = of(
        binder_in_requirements_dot_txt="-r ../base.txt # all\n--constraint=c/x.txt\n-rc/y.txt",
        base_dot_txt="-r more.txt\n-r base.txt\n-r https://example.org/x.txt\n",
        more_dot_txt="",
        binder_in_c_in_x_dot_txt="",
        binder_in_c_in_y_dot_txt="-r x.txt",
    )
    assert found.uses[1:] == ("base.txt", "binder/c/x.txt", "binder/c/y.txt", "more.txt")
    found = of(environment_dot_yml="dependencies: [{pip: ['-r a.txt']}]", a_dot_txt="")
    assert found.uses == ("environment.yml", "a.txt")


def test_a_notebook_s_files_over_a_repository() -> None:
    below = Embedded({"binder/environment.yml": "dependencies: [python=3.11]", "setup.py": ""})
    found = report(Overlaid(below, {"requirements.txt": "numpy"}, "binder"))
    assert (found.buildpack, found.python) == ("conda", "3.11")
    assert why(found)["binder/requirements.txt"] == "binder/environment.yml wins"


def test_links_are_followed_inside_the_folder_alone(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "deep").mkdir(parents=True)
    (root / "deep/requirements.txt").write_text("numpy\n")
    (root / "requirements.txt").symlink_to("deep/requirements.txt")
    (root / "binder").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    (tmp_path / "secret").write_text("x")
    (root / "apt.txt").symlink_to("../secret")
    listing = FolderListing(root)
    assert listing.read("requirements.txt") == "numpy\n"
    assert listing.read("loop") is listing.read("binder") is listing.read("deep") is None
    assert listing.read("\0") is listing.read("requirements.txt/x") is None
    assert listing.folder("deep")
    assert not listing.folder("binder")
    for path in ("apt.txt", "../secret", "/etc/passwd"):
        with pytest.raises(Refused, match="leads out of"):
            listing.read(path)


def test_pipes_and_giants_are_refused_by_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "postBuild")
    with pytest.raises(Refused, match="postBuild: is a device or pipe"):
        report(FolderListing(tmp_path))
    (tmp_path / "postBuild").unlink()
    (tmp_path / "uv.lock").write_bytes(b"x" * (1 << 20) + b"x")
    assert traps(report(FolderListing(tmp_path)), "uv.lock")
    (tmp_path / "requirements.txt").write_bytes(b"x" * (1 << 20) + b"x")
    with pytest.raises(Refused, match=r"requirements\.txt: is 1,048,577 bytes long"):
        report(FolderListing(tmp_path))


def test_hostile_yaml_is_told_and_does_not_stop_anything() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n"
        for a, b in zip("abcdefghijklmnopqrs", "bcdefghijklmnopqrst", strict=True)
    )
    assert "aliases" in str(of(environment_dot_yml=bomb).fails)
    assert "levels" in str(of(environment_dot_yml="[" * 700).fails)
    assert "TOML" in str(of(pyproject_dot_toml="x=" + "[" * 5000).fails)
    assert "JSON" in str(of(Pipfile_dot_lock="[" * 100_000).fails)


@pytest.mark.parametrize("version", ["3." + "1" * 5000, "3." + "1" * 900_000, "3." + "1" * 900])
def test_a_version_of_too_many_digits_is_none(version: str) -> None:
    found = of(runtime_dot_txt=f"python-{version}\n")
    assert found.fails is not None
    assert "runtime.txt: " in found.fails
    assert len(found.fails) < 300
    stated = PACKAGE.replace("name", f"requires-python = '>={version}'\nname", 1)
    spec = of(pyproject_dot_toml=stated)
    assert spec.fails is not None
    assert len(spec.fails) < 2000
