"""Repositories with a notebook's files laid over them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
from tests.envrepo.conftest import git, sound

from binderclip.environment import Environment
from binderclip.envrepo import Limits, Packed, Remote, needs_none, part, push
from binderclip.errors import Refused, TooLarge
from binderclip.spec.model import Frozen, Reference

if TYPE_CHECKING:
    from tests.copying.conftest import Hostile
    from tests.local.conftest import Origin

Pack: TypeAlias = Callable[..., Packed]

OWN = {"requirements.txt": "numpy\n", "postBuild": "#!/bin/sh\n"}
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
FILE, LINK, FOLDER = "100644", "120000", "40000"


@pytest.fixture
def laid(packed: Pack, origin: Origin) -> Pack:
    """What is packed of the origin with files over it."""

    def make(files: Mapping[str, str] = OWN, **named: object) -> Packed:
        return packed(Environment(build=origin.reference, files=files), **named)

    return make


def contents(found: Packed) -> dict[str, str]:
    return {file.path: file.content.decode() for file in found.files}


@pytest.mark.parametrize("at", ["", "binder/", ".binder/"])
def test_files_are_laid_where_repo2docker_looks(
    laid: Pack, origin: Origin, tmp_path: Path, at: str
) -> None:
    theirs = {f"{at}requirements.txt": "old\n", f"{at}apt.txt": "git\n", "data/x.csv": "1,2\n"}
    origin.commit(theirs)
    found = laid()
    assert contents(found) == {**theirs, **{f"{at}{name}": text for name, text in OWN.items()}}
    assert {file.path for file in found.files if file.executable} == {f"{at}postBuild"}
    assert found.buildpack == "python"
    assert found.remarks == ()
    sound(found, tmp_path / "sound")


def test_the_repository_s_commit_decides_and_not_how_it_is_named(
    laid: Pack, packed: Pack, origin: Origin
) -> None:
    commit = origin.commit({"x.txt": "1"})
    found = laid()
    assert found.environment.build == replace(origin.reference, hash=commit)
    pinned = Environment(build=replace(origin.reference, hash=commit, ref="main"), files=OWN)
    again = packed(pinned)
    assert (again.commit, again.key) == (found.commit, found.key)
    origin.commit({"x.txt": "2"})
    assert packed(pinned).commit == found.commit
    assert laid().commit != found.commit


def test_the_same_tree_is_the_same_commit_whatever_the_repository(
    packed: Pack, make_origin: Callable[..., Origin]
) -> None:
    """Also from one that names its objects by SHA-256."""
    found = []
    for kind in ("sha1", "sha256"):
        there = make_origin(f"of-{kind}", kind=kind)
        there.commit({"requirements.txt": "old\n", "a/b.txt": "1"})
        found.append(packed(Environment(build=there.reference, files=OWN)))
    found.append(packed(Environment(files={**OWN, "a/b.txt": "1"})))
    assert len({one.commit for one in found}) == 1
    assert len({one.key for one in found}) == 3


def test_frozen_files_are_laid_too(packed: Pack, origin: Origin) -> None:
    origin.commit({"requirements.txt": "numpy\n", "apt.txt": "git\n"})
    frozen = Frozen(platform="linux-64", files={"requirements.txt": "numpy==2\n"})
    found = packed(Environment(build=origin.reference, frozen=frozen))
    assert contents(found) == {"requirements.txt": "numpy==2\n", "apt.txt": "git\n"}


def test_published_and_named_as_the_build_it_is_the_same_commit(
    packed: Pack, origin: Origin
) -> None:
    first = packed(Environment(files=OWN))
    asyncio.run(push(first, Remote.parse(str(origin.path)), "env"))
    build = replace(origin.reference, hash=first.commit)
    assert packed(Environment(build=build, files=OWN)).commit == first.commit
    image = packed(Environment(image=Reference("https://quay.io", "o/i")))
    asyncio.run(push(image, Remote.parse(str(origin.path)), "image"))
    both = Environment(build=replace(build, hash=image.commit), image=image.environment.image)
    assert packed(both).commit == image.commit
    assert needs_none(part(both, prefer="build"))


def test_modes(laid: Pack, origin: Origin) -> None:
    origin.commit({"run.sh": "#!/bin/sh\n", "x.txt": ""})
    (origin.work / "run.sh").chmod(0o755)
    (origin.work / "x.txt").chmod(0o600)
    origin.git("commit", "-qam", "modes")
    origin.publish()
    found = laid()
    assert {file.path: file.mode for file in found.files} == {
        "postBuild": "100755",
        "requirements.txt": "100644",
        "run.sh": "100755",
        "x.txt": "100644",
    }


def test_links_become_what_they_lead_to(laid: Pack, origin: Origin, tmp_path: Path) -> None:
    origin.commit(
        {
            "env/environment.yml": "dependencies: [pip]\n",
            "binder": Path("env"),
            "top.yml": Path("binder/environment.yml"),
            "out": Path("/etc/passwd"),
            "up": Path("../x"),
            "gone": Path("nothing"),
            "round": Path("round"),
        }
    )
    found = laid({"apt.txt": "git\n"})
    assert contents(found) == {
        "binder/apt.txt": "git\n",
        "binder/environment.yml": "dependencies: [pip]\n",
        "env/environment.yml": "dependencies: [pip]\n",
        "top.yml": "dependencies: [pip]\n",
    }
    assert found.buildpack == "conda"
    said = "\n".join(found.remarks)
    assert "left out gone (a link that leads to nothing)" in said
    assert "left out out, up (a link that leads out of the repository)" in said
    assert "left out round (a link that leads round in a circle)" in said
    assert "links have become what they lead to: binder, top.yml" in said
    sound(found, tmp_path / "sound")


def test_a_configuration_file_that_leads_out(laid: Pack, origin: Origin) -> None:
    origin.commit({"environment.yml": Path("/etc/passwd")})
    with pytest.raises(Refused, match="leads out of the repository"):
        laid()


def submodule(origin: Origin, path: str) -> None:
    """Commits one, as another's repository would be; it can be fetched from nowhere."""
    module = f'[submodule "s"]\n\tpath = {path}\n\turl = https://example.invalid/s.git\n'
    (origin.work / ".gitmodules").write_text(module)
    origin.git("add", ".gitmodules")
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{'4' * 40},{path}")
    origin.git("commit", "-qm", "a submodule")
    origin.publish()


def test_a_submodule_that_the_build_does_not_read(
    laid: Pack, origin: Origin, checked_out: Callable[[Packed], Path]
) -> None:
    origin.commit({"x.txt": "1", "apt.txt": "libs/subversion\n"})
    submodule(origin, "libs/sub")
    found = laid()
    assert set(contents(found)) == {"x.txt", "apt.txt", *OWN}
    said = "\n".join(found.remarks)
    assert "left out .gitmodules (git's own" in said
    assert "left out libs/sub (a submodule)" in said
    checked_out(found)  # where git is asked to fetch all submodules, and there is none


@pytest.mark.parametrize(
    ("path", "files", "needs"),
    [
        ("lib", {"postBuild": "#!/bin/sh\nmake -C lib\n"}, "postBuild"),
        ("lib", {"requirements.txt": "-e ./lib\n"}, "requirements.txt"),
        ("lib", {"requirements.txt": "-e .\n"}, "the package in"),
        ("lib", {"Dockerfile": "FROM python\nCOPY . .\n"}, "Dockerfile"),
        ("lib", {"setup.py": "import setuptools\n"}, "setup.py"),
        ("binder", {"requirements.txt": "x\n"}, "repo2docker, for its configuration,"),
        (".binder", {"requirements.txt": "x\n"}, "repo2docker, for its configuration,"),
    ],
)
def test_a_submodule_that_the_build_may_read(
    laid: Pack, origin: Origin, path: str, files: dict[str, str], needs: str
) -> None:
    origin.commit({"x.txt": "1"})
    submodule(origin, path)
    with pytest.raises(Refused, match=f"submodule '{path}', which {needs}"):
        laid(files)


def test_a_file_in_a_submodule_s_place(laid: Pack, origin: Origin) -> None:
    origin.commit({"x.txt": "1"})
    submodule(origin, "sub")
    for name in ("sub", "sub/requirements.txt"):
        with pytest.raises(Refused, match="has a folder or a submodule where"):
            laid({name: ""})


def test_a_file_in_a_folder_s_place_and_the_other_way_round(laid: Pack, origin: Origin) -> None:
    origin.commit({"a/b": "1", "c": "2"})
    for name in ("a", "c/d"):
        with pytest.raises(Refused, match=f"{name}: .* has a folder"):
            laid({name: ""})


def test_pointers_are_told(laid: Pack, origin: Origin, checked_out: Callable[..., Path]) -> None:
    attributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n*.txt eol=crlf\n"
    config = "[lfs]\n\turl = https://example.invalid/lfs\n"
    files = {"a.bin": POINTER, "x.txt": "1\n", ".gitattributes": attributes, ".lfsconfig": config}
    origin.commit(files)
    found = laid()
    assert contents(found) == {"a.bin": POINTER, "x.txt": "1\n", **OWN}
    said = "\n".join(found.remarks)
    assert "left out .gitattributes, .lfsconfig (git's own; files are checked out as they" in said
    assert "what Git LFS keeps is not in the commit: a.bin" in said
    # Byte for byte, since nothing tells git to convert anything.
    assert (checked_out(found) / "x.txt").read_bytes() == b"1\n"


def test_a_pointer_that_the_build_reads(laid: Pack, origin: Origin) -> None:
    origin.commit({"apt.txt": POINTER})
    with pytest.raises(Refused, match=r"apt\.txt is kept in Git LFS"):
        laid()


def test_a_version_that_history_tells(laid: Pack, origin: Origin) -> None:
    project = '[project]\nname = "x"\ndynamic = ["version"]\n'
    system = '[build-system]\nrequires = ["setuptools-scm"]\nbuild-backend = "x"\n'
    origin.commit({"pyproject.toml": project + system})
    assert "takes its version from git's history" in "\n".join(laid().remarks)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (b"a\nb", "control characters"),
        (b"caf\xe9", "bytes that are not UTF-8"),
        (b"a\\b", "a backslash"),
        (b".git\\config", "a backslash"),
        ("a\u202eb".encode(), "control characters"),
        (b"...", "dots and blanks"),
        (".git\u200cmodules".encode(), "git's own"),
        (b"GITMOD~1", "git's own"),
        (b".GITMODULES", "git's own"),
        (b".gitAttributes", "git's own"),
    ],
)
def test_names_that_are_left_out(
    laid: Pack, hostile: Hostile, tmp_path: Path, name: bytes, said: str
) -> None:
    blob = hostile.blob()
    inner = hostile.tree([(FILE, name, blob), (FILE, b"z.txt", blob)])
    hostile.publish(hostile.tree([(FOLDER, b"folder", inner)]))
    found = laid()
    assert set(contents(found)) == {"folder/z.txt", *OWN}
    assert said in "\n".join(found.remarks)
    assert "\x1b" not in "".join(found.remarks)
    sound(found, tmp_path / "sound")


@pytest.mark.parametrize(
    "name", [b"..", b".", b".git", b".GIT", b"git~1", b".git ", ".g\u200cit".encode(), b"../x"]
)
@pytest.mark.parametrize("inside", [False, True])
def test_names_that_git_would_not_write(
    laid: Pack, hostile: Hostile, name: bytes, *, inside: bool
) -> None:
    blob = hostile.blob()
    tree = hostile.tree([(FILE, name, blob)])
    if inside:
        tree = hostile.tree([(FOLDER, name, hostile.tree([(FILE, b"x", blob)]))])
    hostile.publish(hostile.tree([(FILE, b"a.txt", blob), (FOLDER, b"folder", tree)]))
    with pytest.raises(Refused, match="expected a path that git itself would write"):
        laid()


@pytest.mark.parametrize("kinds", [(FILE, FILE), (FILE, FOLDER), (LINK, FOLDER)])
def test_one_name_twice(laid: Pack, hostile: Hostile, kinds: Sequence[str]) -> None:
    inner = hostile.tree([(FILE, b"x", hostile.blob())])
    objects = {FILE: hostile.blob(), LINK: hostile.blob(b"b"), FOLDER: inner}
    rows = [(kind, b"a", objects[kind]) for kind in kinds]
    hostile.publish(hostile.tree([*rows, (FOLDER, b"b", inner)]))
    with pytest.raises(Refused, match=r"another file|two files or folders of one name"):
        laid()


def test_files_that_make_a_repository_of_theirs(laid: Pack, origin: Origin) -> None:
    origin.commit({"x/objects/a": "", "x/refs/a": "", "x/config": "[core]\n"})
    with pytest.raises(Refused, match="make a git repository of 'x'"):
        laid({"x/HEAD": "ref: refs/heads/main\n"})


def test_a_tree_that_unfolds_without_end(laid: Pack, hostile: Hostile) -> None:
    tree = hostile.tree([(FILE, b"x", hostile.blob())])
    for _ in range(20):
        tree = hostile.tree([(FOLDER, b"a", tree), (FOLDER, b"b", tree)])
    hostile.publish(tree)
    with pytest.raises(TooLarge, match="more than 1000 files and folders"):
        laid(limits=Limits(listed=1000))


def test_large_files(laid: Pack, origin: Origin) -> None:
    origin.commit({"data.bin": "x" * 5000, "other.bin": "y" * 5000})
    with pytest.raises(TooLarge, match=r"found 5\.0 kB in 'data\.bin', expected at most 4\.0 kB"):
        laid(limits=Limits(file_bytes=4000))
    with pytest.raises(TooLarge, match=r"found 10\.0 kB in 4 files, expected at most 9\.0 kB"):
        laid(limits=Limits(total_bytes=9000))
    with pytest.raises(TooLarge, match="found 4 files, expected at most 3"):
        laid(limits=Limits(files=3))


def test_both_configuration_folders(laid: Pack, origin: Origin) -> None:
    origin.commit({"binder/apt.txt": "", ".binder/apt.txt": ""})
    with pytest.raises(Refused, match=r"both a 'binder' and a '\.binder' folder"):
        laid()


def test_nothing_of_it_runs(
    laid: Pack, origin: Origin, tmp_path: Path, checked_out: Callable[[Packed], Path]
) -> None:
    mark = tmp_path / "ran"
    script = f"#!/bin/sh\ntouch '{mark}'\n"
    origin.commit({"setup.py": f"open({os.fspath(mark)!r}, 'w')\n", "hooks/post-checkout": script})
    found = laid({"postBuild": script, "start": script})
    folder = checked_out(found)
    assert not mark.exists()
    assert git(folder, "status", "--porcelain") == ""
