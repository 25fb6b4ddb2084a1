"""What a launch will do, worked out from the files alone."""

from __future__ import annotations

import sys

import pytest
from packaging import specifiers

from binderclip import pythons
from binderclip.errors import Refused
from binderclip.rees import Embedded
from binderclip.targets.local.recipe import KEPT, Recipe, recipe

PACKAGE = '[project]\nname = "x"\nrequires-python = "{}"\n[build-system]\nrequires = []\n'


def of(files: dict[str, str]) -> Recipe:
    return recipe(Embedded(files), "3.11")


def test_the_bare_environment_has_a_kernel() -> None:
    plan = of({})
    assert plan.commands == (
        "uv venv --seed --python 3.11",
        "uv pip install ipykernel",
    )
    assert not plan.stated
    assert not plan.texts


def test_requirements_and_everything_they_include_are_shown() -> None:
    files = {
        "binder/requirements.txt": "numpy\n-r more/a.txt\n--constraint=c.txt\n-rd.txt\n",
        "binder/more/a.txt": "-r b.txt  # nested\n-r https://example.org/x.txt\n",
        "binder/more/b.txt": "six\n-r ../requirements.txt\n",
        "binder/c.txt": "numpy<3\n",
        "binder/d.txt": "",
        "setup.py": "",
    }
    plan = of(files)
    assert set(plan.texts) == set(files) - {"setup.py"}
    assert plan.installs == (("-r", "binder/requirements.txt", "ipykernel"),)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("-r ../x.txt", "outside of the environment"),
        ("-r /etc/passwd", "outside of the environment"),
        ("-r gone.txt", "which is not there"),
    ],
)
def test_an_include_must_be_in_the_environment(line: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        of({"requirements.txt": f"{line}\n"})


@pytest.mark.parametrize(
    "line",
    [
        "-r ${PWD}/hidden.txt",
        "-r file:///proc/self/cwd/hidden.txt",
        "-r a b.txt",
        '-r "hidden.txt"',
        "-r hid\\\nden.txt",
        "-r a\x0bb.txt",
        "-r a/../hidden.txt",
        "-r https://example.org/x b.txt",
    ],
)
def test_an_include_that_uv_reads_otherwise_than_it_looks_is_refused(line: str) -> None:
    decoys = dict.fromkeys(("a", '"hidden.txt"', "hid\\", "b.txt"), "")
    with pytest.raises(Refused, match="expected a plain path"):
        of({**decoys, "requirements.txt": f"{line}\n", "hidden.txt": "six\n"})


@pytest.mark.parametrize(
    "text",
    [
        "-r hidden.txt#x\n",
        "--no-index -r hidden.txt\n",
        "# a comment goes no further \\\n-r hidden.txt\n",
        "\ufeff-r hidden.txt\n",
    ],
)
def test_no_include_is_overlooked(text: str) -> None:
    files = {"requirements.txt": text, "hidden.txt": "six\n", "hidden.txt#x": ""}
    assert set(of(files).texts) == {"requirements.txt", "hidden.txt"}


def test_requirements_in_another_encoding_are_refused() -> None:
    text = "-r hidden.txt\n".encode("utf-16").decode("utf-8", "replace")
    with pytest.raises(Refused, match="another encoding"):
        of({"requirements.txt": text, "hidden.txt": "six\n"})


@pytest.mark.parametrize(
    "line", ["-e ./sub", "--editable=sub/", "./sub[x]", "x @ ./sub", "x @ file:./sub", "sub/ # y"]
)
def test_what_builds_a_package_in_a_folder_is_shown_as_a_script(line: str) -> None:
    plan = of({"binder/requirements.txt": f"{line}\n", "sub/setup.py": "setup()"})
    assert plan.scripts == ("sub/setup.py",)


def test_so_is_that_of_a_pipfile() -> None:
    pipfile = "[packages]\nx = {path = '.', editable = true}\n"
    assert of({"Pipfile": pipfile, "setup.py": "setup()"}).scripts == ("setup.py",)


def test_a_build_backend_of_the_repository_is_a_script() -> None:
    build = '[project]\n[build-system]\nbuild-backend = "own.it:be"\nbackend-path = ["tools"]\n'
    plan = of({"pyproject.toml": build, "tools/own/it.py": "print()"})
    assert plan.scripts == ("tools/own/it.py",)


@pytest.mark.parametrize("value", ["[" * 5000 + "]" * 5000, "1" * 5000])
def test_toml_beyond_all_bounds_is_refused(value: str) -> None:
    with pytest.raises(Refused, match="is not TOML"):
        of({"pyproject.toml": f"a = {value}"})


def test_a_package_is_installed_after_its_requirements_and_setup_py_counts_as_a_script() -> None:
    plan = of({"setup.py": "setup()", "requirements.txt": "numpy", "postBuild": "#!/bin/sh\n"})
    assert plan.installs == (("-r", "requirements.txt", ".", "ipykernel"),)
    assert plan.scripts == ("setup.py", "postBuild")
    assert plan.commands[-1] == "./postBuild"


def test_the_kernel_comes_after_requirements_that_must_all_have_hashes() -> None:
    plan = of({"requirements.txt": "--require-hashes\nsix==1 --hash=sha256:00\n"})
    assert plan.installs == (
        ("-r", "requirements.txt"),
        ("--constraint", KEPT, "ipykernel"),
    )


def test_start_needs_an_interpreter_and_is_a_script() -> None:
    assert of({"start": '#!/bin/sh\nexec "$@"\n'}).scripts == ("start",)
    with pytest.raises(Refused, match="start: found no '#!' line"):
        of({"start": 'exec "$@"\n'})


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_windows_line_ends_are_told_before_they_hide_the_interpreter(name: str) -> None:
    with pytest.raises(Refused, match=f"{name}: its first line ends as on Windows"):
        of({name: "#!/bin/bash\r\necho hello\r\n"})


@pytest.mark.parametrize(
    ("files", "python", "stated"),
    [
        ({"runtime.txt": "python-3.12"}, "3.12", True),
        ({"runtime.txt": "python-3"}, "3.11", False),
        ({"pyproject.toml": PACKAGE.format(">=3.9")}, "3.11", False),
        ({"pyproject.toml": PACKAGE.format(">=3.12,<3.13")}, "3.12", False),
        ({"pyproject.toml": PACKAGE.format("==3.10.*")}, "3.10", False),
        ({"binder/x": "", "pyproject.toml": PACKAGE.format(">=3.12")}, "3.11", False),
        ({"Pipfile": '[requires]\npython_version = "3.12"\n'}, "3.12", True),
        ({"Pipfile": '[requires]\npython_full_version = "3.12.4"\n'}, "3.12", True),
        ({"Pipfile": "", "Pipfile.lock": '{"_meta": {"requires": {"python_version": "3.9"}}}'},
         "3.9", True),
    ],
)  # fmt: skip
def test_which_python(files: dict[str, str], python: str, stated: bool) -> None:  # noqa: FBT001
    plan = of(files)
    assert (plan.python, plan.stated) == (python, stated)


@pytest.mark.parametrize(
    ("files", "message", "hint"),
    [
        ({"runtime.txt": "python-3.11.4"}, "found 'python-3.11.4'", "write 'python-3.11'"),
        ({"runtime.txt": "python-2.7"}, "found 'python-2.7'", "no Python 2"),
        (
            {"runtime.txt": "python-3.9", "pyproject.toml": PACKAGE.format(">=3.10")},
            "excludes the 3.9 of runtime.txt",
            "",
        ),
        ({"pyproject.toml": PACKAGE.format(">=4")}, "allows no Python", ""),
        ({"pyproject.toml": PACKAGE.format("three")}, "found 'three'", ""),
        ({"pyproject.toml": "[project]\nrequires-python = 3\n"}, "expected a string", ""),
        ({"Dockerfile": "FROM x"}, "Dockerfile: the local target builds no images", "BinderHub"),
        ({"Project.toml": ""}, "Project.toml: .* not Julia", "BinderHub"),
        ({"REQUIRE": ""}, "REQUIRE", "Project.toml"),
        ({"default.nix": ""}, "default.nix", "BinderHub"),
        ({"runtime.txt": "r-2024-01-31"}, "runtime.txt: .* not R", "BinderHub"),
        ({"runtime.txt": "r-4.1"}, "found 'r-4.1'", "BinderHub"),
        ({"DESCRIPTION": ""}, "DESCRIPTION: .* not R", "container"),
        ({"install.R": ""}, "install.R: .* not R", "BinderHub"),
        ({"apt.txt": "gcc"}, "apt.txt: .* system packages", "BinderHub"),
        ({"binder/apt.txt": "gcc"}, "binder/apt.txt: .* system packages", "BinderHub"),
    ],
)
def test_what_cannot_be_honoured_is_refused_in_words(
    files: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(Refused, match=message) as caught:
        of(files)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("spec", "version", "expected"),
    [
        (">=3.8", "3.11", True),
        (">=3.11.4", "3.11", True),
        ("<3.11", "3.11", False),
        ("<=3.11", "3.11", True),
        (">3.11", "3.11", True),
        ("~=3.9", "3.12", True),
        ("~=3.9.1", "3.12", False),
        ("~=3.9.1", "3.9", True),
        ("!=3.11.*", "3.11", False),
        ("!=3.11.2", "3.11", True),
        ("==3.*", "3.8", True),
        (" >= 3.8 , < 4 ", "3.13", True),
        (">=3.12.0rc1", "3.12", True),
    ],
)
def test_specifiers(spec: str, version: str, expected: bool) -> None:  # noqa: FBT001
    assert pythons.allows(spec, version) is expected


def test_specifiers_agree_with_packaging() -> None:
    for text in (">=3.8", "<3.11", "~=3.9", "!=3.11.*", ">=3.10,<3.12", "==3.11.7", ">3.11"):
        for minor in range(8, 15):
            release = f"3.{minor}.{sys.version_info.micro}"
            expected = release in specifiers.SpecifierSet(text)
            assert pythons.satisfied(text, tuple(map(int, release.split(".")))) is expected
