"""repo2docker's table of which file wins."""

from __future__ import annotations

import pytest

from binderclip.errors import Refused
from binderclip.rees import Embedded, Overlaid, choose, config_folder, is_package

PROJECT = '[project]\nname = "x"\n'
BOTH = PROJECT + '[build-system]\nrequires = ["hatchling"]\n'


@pytest.mark.parametrize(
    ("files", "buildpack", "trigger"),
    [
        ({}, "python", None),
        ({"README.md": "x"}, "python", None),
        ({"requirements.txt": ""}, "python", "requirements.txt"),
        ({"setup.py": ""}, "python", "setup.py"),
        ({"pyproject.toml": BOTH}, "python", "pyproject.toml"),
        ({"pyproject.toml": PROJECT}, "python", None),
        ({"runtime.txt": "python-3.11"}, "python", "runtime.txt"),
        ({"Pipfile": "", "requirements.txt": ""}, "pipfile", "Pipfile"),
        ({"Pipfile": "", "Pipfile.lock": "{}"}, "pipfile", "Pipfile.lock"),
        ({"Pipfile": "", "runtime.txt": "python-3.11"}, "pipfile", "Pipfile"),
        ({"Pipfile": "", "runtime.txt": "r-4.1"}, "python", None),
        (
            {"environment.yml": "", "Pipfile": "", "requirements.txt": ""},
            "conda",
            "environment.yml",
        ),
        ({"environment.yaml": ""}, "conda", "environment.yaml"),
        ({"DESCRIPTION": "", "environment.yml": ""}, "r", "DESCRIPTION"),
        ({"runtime.txt": "r-2024-01-31", "environment.yml": ""}, "r", "runtime.txt"),
        ({"runtime.txt": "r-4.3-2024-01-31"}, "r", "runtime.txt"),
        ({"default.nix": "", "DESCRIPTION": ""}, "nix", "default.nix"),
        ({"REQUIRE": "", "default.nix": ""}, "julia-require", "REQUIRE"),
        ({"REQUIRE": "", "Project.toml": ""}, "julia", "Project.toml"),
        ({"JuliaProject.toml": ""}, "julia", "JuliaProject.toml"),
        ({"Dockerfile": "", "Project.toml": "", "requirements.txt": ""}, "docker", "Dockerfile"),
        ({"binder/requirements.txt": "", "Dockerfile": ""}, "python", "binder/requirements.txt"),
        ({".binder/Dockerfile": "", "requirements.txt": ""}, "docker", ".binder/Dockerfile"),
        ({"binder/x": "", "setup.py": "", "DESCRIPTION": ""}, "python", None),
        ({"binder": "a file", "requirements.txt": ""}, "python", "requirements.txt"),
    ],
)
def test_which_file_wins(files: dict[str, str], buildpack: str, trigger: str | None) -> None:
    choice = choose(Embedded(files))
    assert (choice.buildpack, choice.trigger) == (buildpack, trigger)


def test_two_configuration_folders_are_refused() -> None:
    with pytest.raises(Refused, match=r"both a 'binder' and a '\.binder'"):
        choose(Embedded({"binder/a": "", ".binder/b": ""}))


@pytest.mark.parametrize("text", ["python3.11", "python-", "-3.11", "r-4.1-x-y-z", "a-b-c", ""])
def test_a_runtime_that_repo2docker_refuses_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"expected a line like 'python-3\.12'"):
        choose(Embedded({"runtime.txt": text}))


def test_a_package_is_installed_only_from_a_root_that_configures() -> None:
    files = Embedded({"pyproject.toml": BOTH})
    assert is_package(files, "") == "pyproject.toml"
    assert is_package(files, "binder") is None


def test_bad_toml_is_named() -> None:
    with pytest.raises(Refused, match=r"pyproject\.toml: is not TOML"):
        choose(Embedded({"pyproject.toml": "=", "requirements.txt": ""}))


def test_files_are_laid_over_the_configuration_folder() -> None:
    below = Embedded({"binder/requirements.txt": "old", "binder/apt.txt": "x", "data.csv": "1"})
    both = Overlaid(below, {"requirements.txt": "new", "sub/more.txt": "m"}, config_folder(below))
    assert both.read("binder/requirements.txt") == "new"
    assert both.read("binder/sub/more.txt") == "m"
    assert both.read("binder/apt.txt") == "x"
    assert both.read("requirements.txt") is None
    assert both.read("data.csv") == "1"
    assert both.folder("binder/sub")
