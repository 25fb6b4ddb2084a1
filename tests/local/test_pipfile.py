"""Pipfile and Pipfile.lock → lines of a requirements file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from binderclip.errors import Refused
from binderclip.rees import Embedded
from binderclip.targets.local.pipfile import requirement
from binderclip.targets.local.recipe import PIPFILE_LINES, recipe


def lines(files: dict[str, str]) -> list[str]:
    plan = recipe(Embedded(files), "3.11")
    assert plan.made is not None
    assert plan.texts[PIPFILE_LINES] == plan.made
    return plan.made.splitlines()


def test_a_lock_wins_and_keeps_hashes_and_markers() -> None:
    lock = {
        "_meta": {"sources": [{"url": "https://pypi.org/simple", "verify_ssl": True}]},
        "default": {
            "numpy": {
                "version": "==2.1.0",
                "hashes": ["sha256:aa", "sha256:bb"],
                "markers": "python_version >= '3.10'",
                "index": "pypi",
            }
        },
        "develop": {"pytest": {"version": "==8.0.0", "extras": ["dev"]}},
    }
    found = lines({"Pipfile": "[packages]\nscipy = '*'\n", "Pipfile.lock": json.dumps(lock)})
    assert found == [
        "numpy==2.1.0 ; python_version >= '3.10' --hash=sha256:aa --hash=sha256:bb",
        "pytest[dev]==8.0.0",
    ]


def test_a_pipfile_alone() -> None:
    text = """
    [[source]]
    url = "https://packages.example.org/simple"
    name = "ours"
    [[source]]
    url = "https://pypi.org/simple"
    [packages]
    numpy = "*"
    scipy = ">=1.10, <2"
    pandas = "2.2.0"
    requests = {version = "*", extras = ["socks", "security"]}
    colorama = {version = "*", sys_platform = "== 'win32'", markers = "os_name != 'java'"}
    tool = {git = "https://github.com/o/tool.git", ref = "v1", editable = true}
    other = {git = "git@github.com:o/other.git", subdirectory = "py"}
    here = {path = ".", editable = true}
    sub = {path = "./sub", extras = ["x"]}
    wheel = {file = "https://example.org/w-1-py3-none-any.whl"}
    [dev-packages]
    numpy = "<2"
    black = "*"
    """
    assert lines({"Pipfile": text}) == [
        "--index-url https://packages.example.org/simple",
        "numpy",
        "scipy>=1.10,<2",
        "pandas==2.2.0",
        "requests[socks,security]",
        "colorama ; sys_platform == 'win32' and (os_name != 'java')",
        "tool @ git+https://github.com/o/tool.git@v1",
        "other @ git+ssh://git@github.com/o/other.git#subdirectory=py",
        "-e ./.",
        "./sub[x]",
        "wheel @ https://example.org/w-1-py3-none-any.whl",
        "black",
    ]


def test_paths_start_at_the_pipfiles_folder() -> None:
    files = {"binder/Pipfile": "[packages]\nme = {path = '..', editable = true}\n"}
    assert lines(files) == ["-e ./."]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[packages]\nx = {hg = 'https://h/x'}", "comes from hg"),
        ("[packages]\nx = {path = '../x'}", "expected one within the repository"),
        ("[packages]\nx = {path = '/x'}", "expected one within the repository"),
        ("[packages]\nx = {git = 'ext::sh -c id'}", "expected git to be a URL"),
        ("[packages]\nx = {git = '--upload-pack=id'}", "expected git to be a URL"),
        ('[packages]\nx = "*\\n--index-url http://e"', "found the version"),
        ("[packages]\n'x; y' = '*'", "expected the name of a package"),
        ("[packages]\nx = 3", "expected a table"),
        ("[packages]\nx = {version = '*', extras = 'a'}", "expected extras"),
        ('[packages]\nx = {version = "*", markers = "a\\n-r b"}', "expected markers"),
        ("[[source]]\nurl = 'ftp://x'", "expected the URL of a package index"),
        ("[[source]]\nurl = 'https://x'\nverify_ssl = false", "verify_ssl = false"),
        ("packages = 3", "expected a table"),
        ("[packages", "is not TOML"),
    ],
)
def test_what_cannot_be_said_is_refused(text: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        recipe(Embedded({"Pipfile": text}), "3.11")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"default": []}',
        '{"default": {"x": []}}',
        '{"default": {"x": {"version": []}}}',
        '{"default": {"x": {"extras": [1]}}}',
    ],
)
def test_a_broken_lock_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"Pipfile\.lock"):
        recipe(Embedded({"Pipfile.lock": text}), "3.11")


names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9._-]{0,8}[a-zA-Z0-9]", fullmatch=True)
versions = st.sampled_from(["*", "", "==1.0", ">=1,<2", "~=1.4.2", "!=1.*", "1.2.3", ">= 1.0"])
entries = st.fixed_dictionaries(
    {"version": versions},
    optional={
        "extras": st.lists(names, max_size=3),
        "markers": st.sampled_from(
            ["python_version < '4'", "os_name == 'posix' or os_name == 'x'"]
        ),
        "sys_platform": st.sampled_from(["== 'linux'", "!= 'win32'"]),
        "hashes": st.lists(st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True), max_size=2),
        "index": names,
        "editable": st.booleans(),
    },
)


@given(names, versions | entries)
def test_every_release_becomes_a_requirement(name: str, value: object) -> None:
    line = requirement(name, value, where="Pipfile", folder="")
    assert "\n" not in line
    assert Requirement(line.partition(" --hash")[0]).name == name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
KEYS = st.sampled_from(
    ["version", "extras", "markers", "git", "ref", "path", "file", "hashes", "sys_platform", "hg"]
)


@given(st.text(), JSON | st.dictionaries(KEYS, JSON | st.text()))
def test_anything_else_is_one_line_or_refused(name: str, value: object) -> None:
    try:
        line = requirement(name, value, where="Pipfile", folder="")
    except Refused:
        return
    assert len(line.splitlines()) == 1
    assert not line.startswith("--")
