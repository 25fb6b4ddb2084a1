"""A lock's lines are those that uv itself exports, whatever the platform and the Python."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from binderclip import importing
from binderclip.importing import script, uvlock
from binderclip.notebook import Notebook
from binderclip.spec.model import joined
from binderclip.uvtool import uv_binary

PLACES = [
    {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
]
PYTHONS = ["3.11.2", "3.11.9", "3.12.1", "3.13.0", "3.14.0"]
FORKED = """\
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "jsonschema[format-nongpl]",
#   "jupyter-client; python_version < '3.14'",
#   "numpy<2.2; python_version < '3.12'",
#   "numpy>=2.2; python_version >= '3.12'",
#   "beautifulsoup4",
# ]
# ///
"""


def uv(*arguments: str, folder: Path) -> str:
    command = [uv_binary(), "--quiet", "--no-config", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def parsed(text: str) -> list[tuple[Requirement, frozenset[str]]]:
    rows = [row for row in text.replace("\\\n", " ").splitlines() if not row.startswith("#")]
    found = []
    for row in filter(str.strip, rows):
        line, *hashes = row.split("--hash=")
        found.append((Requirement(line), frozenset(one.strip() for one in hashes)))
    return found


def chosen(text: str, python: str, place: dict[str, str]) -> dict[str, frozenset[str]]:
    version = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    around = {**place, **version, "extra": ""}
    return {
        f"{one.name}{one.specifier}": hashes
        for one, hashes in parsed(text)
        if one.marker is None or one.marker.evaluate(dict(around))
    }


def agree(ours: str, theirs: str) -> None:
    for python, place in itertools.product(PYTHONS, PLACES):
        assert chosen(ours, python, place) == chosen(theirs, python, place)


def exported(source: str, lock: str, folder: Path) -> str:
    (folder / "s.py").write_text(source)
    (folder / "s.py.lock").write_text(lock)
    return uv(
        "export",
        "--script",
        "s.py",
        "--frozen",
        "--offline",
        "--no-annotate",
        "--no-header",
        folder=folder,
    )


def test_what_juv_locked(fixtures: Path, tmp_path: Path) -> None:
    content = json.loads((fixtures / "juv/locked.ipynb").read_text("utf-8"))
    source, lock = "".join(content["cells"][0]["source"]), content["metadata"]["uv.lock"]
    agree(uvlock.locked(lock).text, exported(f"{source}\n", lock, tmp_path))


def test_forks_extras_and_markers(tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text(FORKED)
    uv("lock", "--script", "s.py", folder=tmp_path)
    lock = (tmp_path / "s.py.lock").read_text()
    ours = uvlock.locked(lock).text
    agree(ours, exported(FORKED, lock, tmp_path))
    assert sum(one.name == "numpy" for one, _ in parsed(ours)) > 1


def test_a_lock_of_other_dependencies_is_left_out(made: Callable[..., Notebook]) -> None:
    lock = 'version = 1\n[manifest]\nrequirements = [{ name = "six" }]\n[[package]]\n'
    lock += f'name = "six"\nversion = "1.16.0"\n{PYPI}'
    cell = '# /// script\n# dependencies = ["idna"]\n# ///'
    (found,) = importing.from_notebook(made(cell, **{"uv.lock": lock}))
    assert found.binder.frozen is None
    assert found.remarks == ("uv.lock is left out: it was made for other dependencies than these",)
    (alone,) = importing.from_notebook(made(**{"uv.lock": lock}))
    assert joined(alone.binder.files["requirements.txt"]) == "six\n"
    assert alone.binder.frozen is not None
    assert joined(alone.binder.frozen.files["requirements.txt"]) == "six==1.16.0\n"


PACKAGE = '[[package]]\nname = "a"\nversion = "1"\n'
MANIFEST = 'version = 1\n[manifest]\nrequirements = [{ name = "a" }]\n'
PYPI = 'source = { registry = "https://pypi.org/simple" }\n'
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_git_has_no_hash_so_nothing_has() -> None:
    text = (
        'version = 1\n[manifest]\nrequirements = [{ name = "a" }, { name = "b" }]\n'
        f'{PACKAGE}source = {{ git = "https://github.com/o/a?rev=v1&subdirectory=py#{COMMIT}" }}\n'
        f'[[package]]\nname = "b"\nversion = "2"\n{PYPI}'
        f'sdist = {{ url = "https://x.example.org/b.tar.gz", hash = "sha256:{"ab" * 32}" }}\n'
    )
    assert uvlock.locked(text).text == (
        f"a @ git+https://github.com/o/a@{COMMIT}#subdirectory=py\nb==2\n"
    )


def test_other_indexes_are_named() -> None:
    text = f'{MANIFEST}{PACKAGE}source = {{ registry = "https://x.example.org/simple" }}\n'
    assert uvlock.locked(text).text == "--extra-index-url https://x.example.org/simple\na==1\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("version = 2", "its version is '2', expected 1"),
        ("version = [", "it is not TOML"),
        (MANIFEST, "it lacks the package 'a'"),
        (f'{MANIFEST}{PACKAGE}source = {{ editable = "../a" }}', "comes from a folder"),
        (f'{MANIFEST}{PACKAGE}source = {{ registry = "../simple" }}', "a folder"),
        (f'{MANIFEST}{PACKAGE}source = {{ url = "https://u:p@x.example.org/a" }}', "credentials"),
        (f'{MANIFEST}{PACKAGE}source = {{ git = "https://x.example.org/a" }}', "its commit"),
        (f'{MANIFEST}{PACKAGE}{PYPI}sdist = {{ hash = "sha256:zz" }}', "a hash that is none"),
        (f"{MANIFEST}{PACKAGE}{PYPI}{PACKAGE}{PYPI}", "twice"),
        ('version = 1\n[manifest]\nrequirements = [{ name = "a", marker = "x" }]', "a marker"),
        ("version = 1\npackage = 3", "the shape"),
        ("version = 1\nconflicts = []", "conflicts"),
    ],
)
def test_what_cannot_be_said_is_not_said_halfway(text: str, why: str) -> None:
    if '"a", marker' in text:
        text = f"{text}\n{PACKAGE}{PYPI}"
    with pytest.raises(uvlock.Unsayable) as caught:
        uvlock.locked(text)
    assert why in str(caught.value)


def test_a_lock_of_too_many_cases() -> None:
    """Each package has two ways to the next, with markers of their own."""
    rows = ['version = 1\n[manifest]\nrequirements = [{ name = "p0" }]\n']
    for number in range(40):
        edges = ", ".join(
            f'{{ name = "p{number + 1}", marker = "python_version != \'{side}.{number}\'" }}'
            for side in (3, 4)
        )
        rows.append(
            f'[[package]]\nname = "p{number}"\nversion = "1"\n{PYPI}dependencies = [{edges}]\n'
        )
    rows.append(f'[[package]]\nname = "p40"\nversion = "1"\n{PYPI}')
    with pytest.raises(uvlock.Unsayable, match="too many cases"):
        uvlock.locked("".join(rows))


def test_a_script_s_own_text_is_read_as_uv_reads_it() -> None:
    assert script.parsed(script.block(FORKED) or "")["requires-python"] == ">=3.11"
