"""What is read from an environment.yml, and what is refused, with its place."""

from __future__ import annotations

import string
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip import conda
from binderclip.conda import CondaFile, specs
from binderclip.errors import Refused

FULL = """\
name: pangeo
channels:
  - bioconda
  - conda-forge/label/dev
  - https://example.org/channel/
dependencies:
  - python=3.11
  - numpy>=1.26,<2   # [linux]
  - "conda-forge::xarray[version='>=2024',build=py*]"
  - pip
  - pip:
    - -r requirements.txt
    - zarr==2.18
prefix: /home/me/envs/pangeo
variables:
  GRID: 4
  DEBUG: true
"""


def test_everything_that_conda_reads() -> None:
    file = conda.read(FULL, "environment.yml")
    assert file.name == "pangeo"
    assert file.channels == (
        "bioconda",
        "conda-forge/label/dev",
        "https://example.org/channel",
        "conda-forge",
    )
    assert file.specs == (
        "python=3.11",
        "numpy>=1.26,<2",
        "conda-forge::xarray[version='>=2024',build=py*]",
        "pip",
    )
    assert file.pip == ("-r requirements.txt", "zarr==2.18")
    assert file.variables == {"GRID": "4", "DEBUG": "true"}
    assert file.python == "3.11"


@pytest.mark.parametrize(
    ("spec", "python"),
    [
        ("python=3.11", "3.11"),
        ("python==3.11.4", "3.11"),
        ("python = 3.12.*", "3.12"),
        ("python=3.11.9=h955ad1f_0", "3.11"),
        ("python=3", "3.10"),
        ("python=", None),
        ("python", None),
        ("python>=3.9", None),
        ("python 3.11", None),
        ("conda-forge::python=3.11", None),
        ("python-dateutil=2.8", None),
    ],
)
def test_the_python_is_what_repo2docker_reads(spec: str, python: str | None) -> None:
    assert conda.read(f"dependencies: ['{spec}']", "e").python == python


@pytest.mark.parametrize(
    ("stated", "asked"),
    [
        ("", ("conda-forge",)),
        ("channels:", ("conda-forge",)),
        ("channels: [defaults]", ("defaults", "conda-forge")),
        ("channels: [conda-forge, defaults]", ("conda-forge", "defaults")),
        ("channels: [bioconda, nodefaults]", ("bioconda",)),
        ("channels: [a, b, a]", ("a", "b", "conda-forge")),
    ],
)
def test_conda_forge_is_asked_last_as_repo2docker_has_it(
    stated: str, asked: tuple[str, ...]
) -> None:
    assert conda.read(f"{stated}\ndependencies: [numpy]", "e").channels == asked


def test_a_pip_list_brings_pip() -> None:
    assert conda.read("dependencies: [{pip: [x]}]", "e").specs == ("pip",)
    assert conda.read("dependencies: [conda-forge::pip>=24, {pip: [x]}]", "e").specs == (
        "conda-forge::pip>=24",
    )
    assert conda.read("dependencies: [numpy, {pip: }]", "e").specs == ("numpy",)


FAULTS = {
    "": "environment.yml: found nothing, expected a mapping",
    "- numpy": "environment.yml: found a list",
    "dependencies: numpy": "dependencies: found text, expected a list",
    "dependencies: [1.0]": "dependencies[0]: found '1.0', expected a package",
    "dependencies: [numpy, null]": "dependencies[1]: found nothing",
    "dependencies: ['']": "dependencies[0]",
    "dependencies: ['/tmp/x.conda']": "dependencies[0]: found '/tmp/x.conda', expected a package",
    "dependencies: ['https://e.org/c/noarch/x-1-0.conda']": "not by its file's address",
    "dependencies: ['x[url=https://e.org/x.conda, md5=a]']": "not by its file's address",
    "dependencies: ['x[version=1']": "dependencies[0]: 'x[version=1'",
    "dependencies: ['x[spam]']": "brackets that hold no fields",
    "dependencies: [{npm: [x]}]": "dependencies[0]: found 'npm', expected 'pip'",
    "dependencies: [{pip: x}]": "dependencies[0].pip: found text",
    "dependencies: [{pip: [[x]]}]": "dependencies[0].pip[0]: found a list",
    "channels: conda-forge": "channels: expected a list",
    "channels: [[a]]": "channels[0]: expected a channel",
    "channels: ['']": "channels[0]: expected a channel",
    "channels: [local]": "channels[0]: found 'local'",
    "channels: [./mine]": "channels[0]: found './mine', expected a channel's name or address",
    "channels: [a/../b]": "expected a channel's name or address",
    "channels: ['ftp://e.org/c']": "expected https://, http:// or file:///",
    "variables: [A]": "variables: found a list",
    "variables: {A-B: 1}": "variables: found 'A-B', expected a variable's name",
    "variables: {A: [1]}": "variables.A: found a list",
    "a: b: c": "environment.yml: is not YAML",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_named_with_its_place(text: str) -> None:
    with pytest.raises(Refused) as caught:
        conda.read(text, "environment.yml")
    assert FAULTS[text] in caught.value.message
    assert caught.value.message.startswith("environment.yml: ")


SECRETS = (
    "channels: ['https://me:hunter2@e.org/c']",
    "channels: ['https://hunter2@e.org/c']",
    "channels: ['https://e.org/t/hunter2/c']",
    "channels: ['t/hunter2/c']",
    "channels: ['https://e.org/c?token=hunter2']",
    "channels: ['https://e.org/${hunter2}/c']",
    "dependencies: ['https://me:hunter2@e.org/c::x']",
    "dependencies: ['https://e.org/t/hunter2/c/linux-64::x']",
    "dependencies: [\"x[channel='https://me:hunter2@e.org/c']\"]",
    "dependencies: ['https://me:hunter2@e.org/c/noarch/x-1-0.conda']",
)


@pytest.mark.parametrize("text", SECRETS)
def test_credentials_are_refused_and_never_shown(text: str) -> None:
    with pytest.raises(Refused) as caught:
        conda.read(text, "environment.yml")
    said = f"{caught.value.message} {caught.value.hint}"
    assert "hunter2" not in said
    assert (
        "password or token" in said or "token" in said or "variable" in said or "its file" in said
    )


_WORDS = st.text(
    string.ascii_letters + string.digits + "_-.:/[]=<>,'\"# *@$%\\é\u2028", max_size=40
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)
_FILES = st.fixed_dictionaries(
    {},
    optional={
        "name": _VALUES,
        "channels": _VALUES | st.lists(_WORDS, max_size=4),
        "dependencies": _VALUES | st.lists(_WORDS | st.fixed_dictionaries({"pip": _VALUES})),
        "variables": _VALUES,
        "prefix": _VALUES,
    },
)


@given(_FILES)
def test_any_mapping_is_read_or_refused(value: dict[str, object]) -> None:
    import yaml

    text = yaml.safe_dump(value, allow_unicode=True)
    file = _read(text)
    assert file is None or all(specs.name_of(one) for one in file.specs)


@given(st.text(max_size=200) | st.text("channels:[]{}-dpi \n'\"&*", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    _read(text)


def _read(text: str) -> CondaFile | None:
    try:
        return conda.read(text, "e")
    except Refused as error:
        said = error.message
    assert said.startswith("e: ")
    assert said.isprintable()
    return None


@given(_WORDS)
def test_any_match_spec_is_parsed_or_refused(text: str) -> None:
    """What we take apart, py-rattler reads, or an error of ours says that it does not."""
    try:
        one = specs.split(text)
        found = specs.parsed(
            "e", one.text(channel="https://example.org/c" if one.channel else None)
        )
    except (ValueError, Refused):
        return
    assert found.name.normalized == one.name


def test_importing_is_cheap() -> None:
    """Reading needs no py-rattler, and importing none of its like."""
    code = (
        "import sys; from binderclip import conda; conda.read('dependencies: [x]', 'e');"
        "print(*(m for m in ('rattler', 'httpx', 'rich', 'jsonschema') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
