"""Files into a notebook and back: exactly, or refused by name."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rees.kit import laid

from binderclip import spec
from binderclip.embedding import NotText, chosen, embedded, extracted, text
from binderclip.errors import BinderclipError, Refused, SpecError
from binderclip.spec.grammar import fits
from binderclip.spec.model import Binder, Text, joined, lined

PROJECT = '[project]\nname = "x"\nversion = "1"\n[build-system]\nrequires = []\n'


def read(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refused(*paths: Path, everything: bool = False) -> str:
    with pytest.raises(SpecError) as caught:
        chosen(paths, everything=everything)
    return str(caught.value)


@given(st.text())
def test_lines_are_split_at_newlines_alone(content: str) -> None:
    found = lined(content)
    assert "".join(found) == content
    assert all(line.endswith("\n") for line in found[:-1])
    assert not any("\n" in line[:-1] for line in found)
    assert all(found)


@pytest.mark.parametrize("data", [b"\xff", b"a\0b", "x".encode("utf-16")])
def test_what_is_no_text(data: bytes) -> None:
    with pytest.raises(NotText):
        text(data)


part = st.text(
    st.characters(
        codec="utf-8", exclude_characters="/\\", exclude_categories=["Cc", "Cf", "Zl", "Zp"]
    ),
    min_size=1,
    max_size=12,
)
names = st.one_of(part, st.builds("{}/{}".format, part, part)).filter(lambda n: fits("name", n))
contents = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "\n", "a\r\nb\r", "a\x0cb\x0b\n", "\u2028\x85\n", "\ufeffx", "no newline"]
    ),
).filter(lambda content: "\0" not in content)


@settings(max_examples=100)
@given(st.dictionaries(names, contents, max_size=6))
def test_the_round_trip_is_exact(files: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        fitting: dict[str, str] = {}
        for name, content in files.items():
            path = root / "in" / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("x", encoding="utf-8", newline="") as stream:
                    stream.write(content)
            except OSError:  # the name of a folder, or too long for this file system
                continue
            fitting[name] = content
        (root / "in").mkdir(exist_ok=True)
        carried = {name: lined(text((root / "in" / name).read_bytes())) for name in fitting}
        value = spec.write(Binder(files=carried))
        assert (spec.read(value).binder or Binder()).files == carried
        extracted(carried, root / "out")
        there = root / "out"
        assert (read(there) if fitting else {}) == read(root / "in")


def test_a_folder_gives_what_repo2docker_would_use(tmp_path: Path) -> None:
    files = {
        "README.md": "x",
        "analysis.ipynb": "{}",
        "requirements.txt": "-r deep/more.txt\n",
        "deep/more.txt": "scipy",
        "deep/other.txt": "",
        "postBuild": "#!/bin/sh\r\ntrue",
        "data.csv": "1",
    }
    laid(files, tmp_path)
    found = embedded([tmp_path])
    assert {name: joined(content) for name, content in found.items()} == {
        name: files[name] for name in ("requirements.txt", "postBuild", "deep/more.txt")
    }
    assert found["postBuild"] == ("#!/bin/sh\r\n", "true")


def test_the_configuration_folder_is_what_counts(tmp_path: Path) -> None:
    files = {"setup.py": "", "binder/environment.yml": "dependencies: []", "binder/x.txt": ""}
    laid(files, tmp_path)
    assert list(embedded([tmp_path])) == ["environment.yml"]
    assert list(embedded([tmp_path / "binder"])) == ["environment.yml"]
    assert sorted(chosen([tmp_path], everything=True).files) == ["environment.yml", "x.txt"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"setup.py": ""}, "installs itself (setup.py)"),
        ({"pyproject.toml": PROJECT}, "installs itself (pyproject.toml)"),
        ({"DESCRIPTION": ""}, "installs itself (DESCRIPTION)"),
        ({"requirements.txt": "-e .[dev]\n"}, "install a package from '.'"),
        ({"requirements.txt": "./lib\n"}, "install a package from './lib'"),
        ({"requirements.txt": "file:lib/x\n"}, "install a package from 'lib/x'"),
        ({"environment.yml": "dependencies: [{pip: [-e .]}]"}, "install a package from '.'"),
        ({"Pipfile": '[packages]\nx = {path = "."}\n'}, "install a package from '.'"),
        ({"binder/requirements.txt": "-r ../base.txt", "base.txt": ""}, "need 'base.txt', outside"),
        ({"requirements.txt": "-r ../base.txt"}, "need '../base.txt', outside of it"),
        ({"binder/Dockerfile": "FROM x\nCOPY data.csv /x/", "data.csv": ""}, "copies 'data.csv'"),
        ({"README.md": ""}, "no environment files in its root"),
    ],
)
def test_what_is_more_than_environment_files(
    tmp_path: Path, files: dict[str, str], words: str
) -> None:
    laid(files, tmp_path)
    assert words in refused(tmp_path)


def test_a_folder_that_says_nothing_of_a_build(tmp_path: Path) -> None:
    laid({"binder/a": "", ".binder/a": ""}, tmp_path)
    with pytest.raises(Refused, match=r"both a 'binder' and a '\.binder'"):
        chosen([tmp_path])


def test_urls_and_packages_of_an_index_are_no_folders(tmp_path: Path) -> None:
    packages = "numpy[x]>=1 ; python_version<'4'\ngit+https://example.org/a/b\n-e git+https://x/y\n"
    more = "--find-links https://example.org/x/\na @ https://example.org/a.whl\n"
    laid({"requirements.txt": packages + more}, tmp_path)
    assert list(embedded([tmp_path])) == ["requirements.txt"]


def test_a_dockerfile_brings_what_it_copies(tmp_path: Path) -> None:
    docker = 'FROM x\nCOPY --chown=1:1 a.txt \\\n  b.txt /x/\nADD ["c.txt", "/"]\nCOPY . .\n'
    docker += "COPY --from=y d.txt .\nCOPY gone.txt https://x/e.txt *.md ./\n"
    files = {"Dockerfile": docker, "requirements.txt": ""}
    laid({**files, **dict.fromkeys(["a.txt", "b.txt", "c.txt", "d.txt", "e.md"], "")}, tmp_path)
    assert sorted(embedded([tmp_path])) == ["Dockerfile", "a.txt", "b.txt", "c.txt"]


def test_everything_is_what_git_would_take(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "requirements.txt": "x",
        "helper.py": "",
        "deep/Größe.txt": "é",
        "a.ipynb": "{}",
        ".hidden": "",
        ".hide/x": "",
        "ignored.log": "",
        "picture.png": b"\x89PNG\0",
        "latin.txt": b"\xe9",
        ".gitignore": "*.log\n",
    }
    laid(files, tmp_path)
    plain = chosen([tmp_path], everything=True)
    expected = ["deep/Größe.txt", "helper.py", "ignored.log", "requirements.txt"]
    assert sorted(plain.files) == expected
    assert sorted(plain.left_out) == [
        "latin.txt is not text in UTF-8 (byte 0 is not)",
        "picture.png is not text in UTF-8 (byte 0 is not)",
    ]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "add", "helper.py"], check=True)
    expected.remove("ignored.log")
    assert sorted(chosen([tmp_path], everything=True).files) == expected
    config = tmp_path / ".git/config"
    config.write_text("[broken")
    with pytest.raises(Refused, match="git does not tell what it ignores"):
        chosen([tmp_path], everything=True)
    # Nothing that a checkout brings is run.
    config.write_text(f'[core]\n\tfsmonitor = "touch {tmp_path}/ran; false"\n')
    chosen([tmp_path], everything=True)
    assert not (tmp_path / "ran").exists()


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    laid({"run.sh": "", "bad.txt": b"\xff", "binary": b"\0", "large": b"x" * (1 << 21)}, tmp_path)
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "link").symlink_to("bad.txt")
    (tmp_path / "-x").touch()
    os.mkfifo(tmp_path / "pipe")
    paths = [*sorted(tmp_path.iterdir()), tmp_path / "gone", tmp_path / "bad.txt"]
    message = refused(*paths)
    for words in (
        "run.sh: found an executable file, expected only postBuild and start to be such",
        "bad.txt: found not text in UTF-8 (byte 0 is not)",
        "binary: found a binary file",
        "large: found 2097152 bytes, expected at most 1048576 in all",
        "link: found a link, expected a file (it leads to 'bad.txt')",
        "-x: found a name that a notebook cannot carry",
        "pipe: found a device or pipe",
        "gone: found No such file or directory",
        "bad.txt: found a second file named 'bad.txt'",
    ):
        assert words in message


def test_links_in_a_folder_are_refused(tmp_path: Path) -> None:
    laid({"deep/more.txt": "", "requirements.txt": "-r linked/more.txt\n"}, tmp_path)
    (tmp_path / "linked").symlink_to("deep")
    assert "linked/more.txt: found a link, expected a file (it leads to 'deep')" in refused(
        tmp_path
    )


def test_a_folder_may_be_named_by_a_link(tmp_path: Path) -> None:
    laid({"env/requirements.txt": ""}, tmp_path)
    (tmp_path / "link").symlink_to("env")
    assert list(embedded([tmp_path / "link"])) == ["requirements.txt"]


def test_limits(tmp_path: Path) -> None:
    laid({f"f{number:03}.txt": "" for number in range(65)}, tmp_path)
    assert "found 65 files, expected at most 64" in refused(tmp_path, everything=True)
    assert "found 65 files, expected at most 64" in refused(*tmp_path.iterdir())
    half = {"a": "x" * (1 << 19), "b": "y" * (1 << 19) + "y"}
    laid(half, tmp_path / "big")
    assert "1048577 bytes, expected at most" in refused(*(tmp_path / "big").iterdir())


def test_a_huge_folder_is_not_walked_to_its_end(tmp_path: Path) -> None:
    for number in range(101):
        folder = tmp_path / f"d{number}"
        folder.mkdir()
        for inner in range(100):
            (folder / f"{inner}").touch()
    assert "more than 10000 files" in refused(tmp_path, everything=True)


def test_extracting_makes_scripts_executable_and_is_repeatable(tmp_path: Path) -> None:
    files: dict[str, Text] = {"postBuild": "#!/bin/sh\n", "start": "", "é.txt": "\r\n"}
    files["deep/x.txt"] = ("a\n", "b")
    into = tmp_path / "new/env"
    assert sorted(extracted(files, into)) == sorted(into / name for name in files)
    for name in files:
        executable = bool((into / name).stat().st_mode & stat.S_IXUSR)
        assert executable == (name in {"postBuild", "start"})
    assert extracted(files, into) == ()
    (into / "start").chmod(0o644)
    assert extracted(files, into) == (into / "start",)
    assert (into / "start").stat().st_mode & stat.S_IXUSR
    assert sorted(path.name for path in into.iterdir()) == ["deep", "postBuild", "start", "é.txt"]


def test_other_content_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    laid({"a.txt": "mine", "b.txt": "same"}, tmp_path)
    (tmp_path / "link").symlink_to("b.txt")
    files = {"a.txt": "yours", "b.txt": "same", "c.txt": "new", "link": "x"}
    before = read(tmp_path)
    with pytest.raises(Refused, match=r"found other content in a\.txt, link; nothing was written"):
        extracted(files, tmp_path)
    assert read(tmp_path) == before
    assert len(extracted(files, tmp_path, replace=True)) == 3
    assert not (tmp_path / "link").is_symlink()
    assert {n: d.decode() for n, d in read(tmp_path).items()} == files


@pytest.mark.parametrize("replace", [False, True])
def test_nothing_is_written_through_links_or_over_folders(tmp_path: Path, replace: bool) -> None:  # noqa: FBT001 - a parameter of pytest's
    (tmp_path / "outside").mkdir()
    into = tmp_path / "in"
    into.mkdir()
    (into / "deep").symlink_to(tmp_path / "outside")
    (into / "file").touch()
    (into / "folder").mkdir()
    for name in ("deep/x.txt", "file/x.txt", "folder"):
        with pytest.raises(Refused, match="expected a f"):
            extracted({"a.txt": "", name: "x"}, into, replace=replace)
    assert not list((tmp_path / "outside").iterdir())
    assert not (into / "a.txt").exists()


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    laid({"env/a.txt": "old", "env/z/keep": ""}, tmp_path)
    before = read(tmp_path)
    too_long = "x" * 300
    with pytest.raises(BinderclipError, match="cannot be written"):
        extracted({"a.txt": "new", "m/b.txt": "", too_long: ""}, tmp_path / "env", replace=True)
    assert read(tmp_path) == before
    with pytest.raises(BinderclipError, match="cannot be written"):
        extracted({"a.txt": "new", too_long: ""}, tmp_path / "fresh/deep")
    assert not (tmp_path / "fresh").exists()
    with pytest.raises(BinderclipError, match="cannot be written"):
        extracted({"b.txt": ""}, tmp_path / "env/a.txt")


def test_what_is_set_aside_does_not_meet_what_is_new(tmp_path: Path) -> None:
    laid({"a.txt": "mine", "b.txt": "mine"}, tmp_path)
    files = {"a.txt": "1", "b.txt": "2", ".old-0": "3", "old/0": "4", "new/0": "5", "0": "6"}
    extracted(files, tmp_path, replace=True)
    assert {n: d.decode() for n, d in read(tmp_path).items()} == files


@pytest.mark.parametrize(
    "names",
    [
        ("HEAD", "config", "objects/x", "refs/x"),
        ("a/head", "a/OBJECTS/x", "a/Refs/x"),
        ("a/b/HEAD", "a/b/commondir"),
    ],
)
def test_a_bare_repository_is_not_made(tmp_path: Path, names: tuple[str, ...]) -> None:
    files = dict.fromkeys(("requirements.txt", *names), "x")
    with pytest.raises(Refused, match="would become a git repository"):
        extracted(files, tmp_path / "out", replace=True)
    assert not (tmp_path / "out").exists()
    laid(files, tmp_path / "in")
    assert "a git repository in" in refused(tmp_path / "in", everything=True)


def test_parts_of_one_are_only_files(tmp_path: Path) -> None:
    extracted({"HEAD": "x", "a/objects/x": "", "a/refs": "", "refs/x": ""}, tmp_path)
