"""Globs, against Python's own on real folders."""

from __future__ import annotations

import glob
import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.copying.globs import Glob


@pytest.mark.parametrize(
    ("text", "taken", "left"),
    [
        ("*.ipynb", ["a.ipynb"], ["sub/a.ipynb", ".a.ipynb", "a.ipynb.bak", "a.IPYNB"]),
        ("**/*.ipynb", ["a.ipynb", "x/y/a.ipynb"], [".x/a.ipynb", "x/.a.ipynb"]),
        ("data", ["data", "data/x", "data/.hidden/x"], ["data2", "my/data"]),
        ("data/**", ["data/x", "data/.hidden", "data/y/z"], ["data", "datax/y"]),
        ("data/*", ["data/x", "data/y/z", "data/y/.z"], ["data", "data/.x"]),
        ("**", ["a", ".a", "x/.y/z"], []),
        ("*", ["a", "x/y", "x/.y"], [".a", ".x/y"]),
        ("**/**/a", ["a", "x/a", "x/y/a/b"], ["xa"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["b", "x/a/b", "a/.x/b"]),
        ("?.txt", ["a.txt", "é.txt"], ["ab.txt", ".txt"]),
        ("[ab]*", ["a", "bb", "a/c"], ["c", "[ab]"]),
        ("[!a]*", ["b"], ["a", ".b"]),
        ("[", ["["], ["a"]),
        (".*", [".a", ".x/y"], ["a", "x/.y"]),
        (".jupyter", [".jupyter/x"], ["jupyter/x"]),
        ("a**b", ["ab", "axxb"], ["a/b"]),
        ("results (final)/fig+1.png", ["results (final)/fig+1.png"], ["results (final)/fig1.png"]),
    ],
)
def test_what_a_glob_takes(text: str, taken: list[str], left: list[str]) -> None:
    found = Glob(text)
    assert [path for path in [*taken, *left] if found.matches(path)] == taken


@pytest.mark.parametrize(
    ("text", "taken", "left"),
    [
        ("data", ["data/x", "data/y/z"], ["data/.x", "data/.git/config", "data/y/.z"]),
        ("data/**", ["data/x", "data/y/z"], ["data/.x", "data/.y/z", "data"]),
        ("*", ["a", "x/y"], ["x/.y", ".a"]),
        (".a", [".a", ".a/x"], [".a/.x"]),
        ("a/.[xy]*", ["a/.x", "a/.y/z"], ["a/.y/.z", "a/.z"]),
        ("**/.x/*", [".x/a", "y/.x/a"], [".y/.x/a", ".x/.a", "y/.x/a/.b"]),
        ("**/**/a", ["a", "x/a", "x/y/a/b"], ["x/a/.b", ".x/a"]),
    ],
)
def test_without_what_is_hidden(text: str, taken: list[str], left: list[str]) -> None:
    found = Glob(text)
    assert [path for path in [*taken, *left] if found.matches(path, hidden=False)] == taken
    for path in taken:
        for folder in list(Path(path).parents)[:-1]:
            assert found.enters(folder.as_posix()), folder


@pytest.mark.parametrize(
    ("text", "folder"),
    [("data/*.csv", "other"), ("data", "data/.git"), ("*", ".git"), ("a/b", "a/b2"), ("a", "b/a")],
)
def test_folders_that_need_not_be_looked_into(text: str, folder: str) -> None:
    assert not Glob(text).enters(folder)


@pytest.mark.parametrize(
    ("text", "path", "placed"),
    [
        ("data/*.csv", "data/a.csv", "a.csv"),
        ("data/a.csv", "data/a.csv", "a.csv"),
        ("data", "data/sub/a.csv", "data/sub/a.csv"),
        ("data/sub", "data/sub/a.csv", "sub/a.csv"),
        ("data/**", "data/sub/a.csv", "sub/a.csv"),
        ("**/*.csv", "data/sub/a.csv", "data/sub/a.csv"),
        ("data/*/a.csv", "data/sub/a.csv", "sub/a.csv"),
        ("data/**/*.csv", "data/a.csv", "a.csv"),
        ("*", "data/a.csv", "data/a.csv"),
    ],
)
def test_what_is_matched_keeps_its_path_below_the_leading_folder(
    text: str, path: str, placed: str
) -> None:
    found = Glob(text)
    assert found.matches(path)
    assert found.below(path) == placed


NAMES = st.text("ab.é-", min_size=1, max_size=3).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PARTS = st.one_of(
    NAMES,
    st.just("**"),
    st.text("ab.*?[]!-é", min_size=1, max_size=5).filter(lambda p: p not in {".", "..", "**"}),
)
GLOBS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


def _by_python(root: Path, text: str, files: list[str]) -> set[str]:
    """The same by ``glob.glob``: what it finds, and all files below folders that it finds. Its
    ``**`` at the end leaves out hidden ones and finds the folder itself, so that is left aside.
    """
    folder = re.sub(r"(?:(?:^|/)\*\*)+$", "", text)
    # Path.glob takes [!x] and hidden names otherwise.
    found = glob.glob(folder, root_dir=root, recursive=True) if folder else [""]  # noqa: PTH207
    if folder != text:
        found = [path for path in found if Path(root, path).is_dir()]
    tops = {"" if path in {"", "."} else path.rstrip("/") for path in found}
    return {f for f in files if any(f == top or not top or f.startswith(f"{top}/") for top in tops)}


@given(paths=st.lists(PATHS, min_size=1, max_size=6), text=GLOBS)
def test_it_agrees_with_python_s_own(paths: list[str], text: str) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for path in paths:
            with suppress(OSError):  # a file may be where another path has a folder
                Path(root, path).parent.mkdir(parents=True, exist_ok=True)
                Path(root, path).touch()
        files = [str(p.relative_to(root)) for p in Path(root).rglob("*") if p.is_file()]
        found = Glob(text)
        assert {f for f in files if found.matches(f)} == _by_python(root, text, files)


@given(path=PATHS, text=st.text("a*?[]/.", max_size=12).filter(lambda t: t.strip("/")))
def test_nothing_makes_it_fail(path: str, text: str) -> None:
    Glob(text).matches(path)
