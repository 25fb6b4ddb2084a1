"""Repositories that somebody made by hand, to do harm."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from binderclip.copying import Limits, LocalHome
from binderclip.copying.names import fault, folded, trap
from binderclip.errors import Refused, ResolveError, TooLarge

if TYPE_CHECKING:
    from tests.copying.conftest import Copying, Hostile
    from tests.local.conftest import Origin

FILE, LINK, FOLDER = "100644", "120000", "40000"


@pytest.mark.parametrize(
    "name",
    [
        b"..",
        b".",
        b".git",
        b".GIT",
        b".git ",
        b".git.",
        b".git::$INDEX_ALLOCATION",
        b"git~1",
        ".g\u200cit".encode(),
        b"../x",
        b"/etc/x",
        b"a//b",
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_paths_that_git_would_not_write_are_refused(
    copying: Copying, hostile: Hostile, name: bytes, *, inside: bool
) -> None:
    """Wherever they are: nobody made them by mistake."""
    blob = hostile.blob()
    tree = hostile.tree([(FILE, name, blob)])
    if inside:
        tree = hostile.tree([(FOLDER, name, hostile.tree([(FILE, b"x", blob)]))])
    top = hostile.tree([(FILE, b"a.txt", blob), (FOLDER, b"folder", tree)])
    hostile.publish(top)
    with pytest.raises(Refused, match="expected a path that git itself would write") as caught:
        copying.prepare(content=copying.fetch(copy={"a.txt": "$HOME"}))
    assert "do not use it" in (caught.value.hint or "")


def test_one_name_twice_is_refused(copying: Copying, hostile: Hostile) -> None:
    one, two = hostile.blob(b"1"), hostile.blob(b"2")
    hostile.publish(hostile.tree([(FILE, b"a", one), (FILE, b"a", two)]))
    with pytest.raises(Refused, match="another file in the path 'a'"):
        copying.all()


@pytest.mark.parametrize("kind", [FILE, LINK])
def test_a_file_that_is_a_folder_too_is_refused(
    copying: Copying, hostile: Hostile, kind: str, home: Path, tmp_path: Path
) -> None:
    """The way to write through a link, where somebody makes links."""
    (tmp_path / "outside").mkdir()
    link = hostile.blob(str(tmp_path / "outside").encode())
    inner = hostile.tree([(FILE, b"x", hostile.blob())])
    hostile.publish(hostile.tree([(kind, b"a", link), (FOLDER, b"a", inner)]))
    if kind == FILE:
        with pytest.raises(Refused, match="found a file for it"):
            copying.all()
    else:
        copying.place(copying.all(), LocalHome(home))
        assert (home / "a" / "x").read_text() == "x"
        assert not (home / "a").is_symlink()
    assert not list((tmp_path / "outside").iterdir())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (b"a\nb", "control characters"),
        (b"Icon\r", "control characters"),
        (b"a\x1b[2Jb", "control characters"),
        ("a\u202etxt.exe".encode(), "control characters"),
        (b"caf\xe9", "bytes that are not UTF-8"),
        (b"a\\b", "a backslash"),
        (b"x" * 256, "a name of more than 255 bytes"),
    ],
)
def test_names_that_not_every_machine_can_have(
    copying: Copying, hostile: Hostile, name: bytes, found: str
) -> None:
    """People make them by mistake: what is asked for without them comes."""
    blob = hostile.blob()
    hostile.publish(hostile.tree([(FILE, b"0.txt", blob), (FILE, name, blob)]))
    with pytest.raises(Refused, match=found) as caught:
        copying.all()
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)
    assert len(copying.prepare(content=copying.fetch(copy={"*.txt": "$HOME"})).files) == 1


def _nested(hostile: Hostile, innermost: str, levels: int, width: int) -> str:
    tree = innermost
    for _ in range(levels):
        tree = hostile.tree([(FOLDER, f"d{n:03}".encode(), tree) for n in range(width)])
    return tree


@pytest.mark.parametrize("empty", [False, True])
def test_a_few_objects_that_list_as_billions(
    copying: Copying, hostile: Hostile, *, empty: bool
) -> None:
    files = [] if empty else [(FILE, b"x", hostile.blob())]
    hostile.publish(_nested(hostile, hostile.tree(files), levels=12, width=10))
    with pytest.raises(TooLarge, match="found more than 1000 files and folders"):
        copying.prepare(content=copying.fetch(), limits=Limits(listed=1000))


def test_folders_without_end_in_one_another(copying: Copying, hostile: Hostile) -> None:
    inner = hostile.tree([(FILE, b"x", hostile.blob())])
    hostile.publish(_nested(hostile, inner, levels=120, width=1))
    with pytest.raises(Refused, match="more than 100 folders in one another"):
        copying.all()


def test_paths_without_end(copying: Copying, hostile: Hostile) -> None:
    tree = hostile.tree([(FILE, b"x", hostile.blob())])
    for _ in range(20):
        tree = hostile.tree([(FOLDER, b"d" * 250, tree)])
    hostile.publish(tree)
    with pytest.raises(Refused, match="more than 4096 characters"):
        copying.all()


def test_links_that_unfold_without_end(copying: Copying, origin: Origin) -> None:
    files: dict[str, str | Path] = {f"many/{n}": "" for n in range(30)}
    files |= {f"links/{n}": Path("../many") for n in range(30)}
    origin.commit(files)
    with pytest.raises(TooLarge, match="with its links followed"):
        copying.prepare(content=copying.fetch(), limits=Limits(listed=500))


def test_a_link_s_text_may_be_anything(copying: Copying, hostile: Hostile) -> None:
    texts = [b"", b"\xff", b"a\0b", b"x" * 5000, b"../" * 50, b"./" * 500 + b"a", b"a/", b"//a"]
    entries = [(LINK, f"l{n}".encode(), hostile.blob(text)) for n, text in enumerate(texts)]
    hostile.publish(hostile.tree([(FILE, b"a", hostile.blob(b"1")), *entries]))
    copies = copying.all()
    assert [file.path for file in copies.files] == ["a", "l5"]
    assert sum(f"l{n}" in " ".join(copies.remarks) for n in range(len(texts))) == len(texts) - 1


def test_a_hash_that_is_no_commit(copying: Copying, hostile: Hostile, origin: Origin) -> None:
    blob = hostile.blob()
    hostile.publish(hostile.tree([(FILE, b"x", blob)]))
    origin.git("update-ref", "refs/heads/blob-is-there", "main")
    subprocess.run(["git", "-C", str(origin.path), "tag", "it", blob], check=True)
    with pytest.raises(ResolveError):
        copying.prepare(content=copying.fetch(hash=blob))


def test_nothing_of_it_is_run(
    copying: Copying,
    origin: Origin,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even what the person's own settings would run for its attributes."""
    touch = f"touch {tmp_path}/ran; cat"
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f'[filter "evil"]\n\tsmudge = "{touch}"\n\trequired = true\n'
        f'[core]\n\tautocrlf = true\n\tfsmonitor = "{touch}"\n'
    )
    origin.commit({"a": "1\n", ".gitattributes": "* filter=evil ident eol=crlf\n"})
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    copying.place(copying.all(), LocalHome(home))
    assert (home / "a").read_bytes() == b"1\n"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "path", ["a", ".gitignore", ".github/x", "a.git/x", "git", "gits~1", "..a", "é", "a b", "-x"]
)
def test_honest_names(path: str) -> None:
    assert trap(path) is None
    assert fault(path) is None


def test_names_that_are_one_where_case_does_not_count() -> None:
    assert folded("É") == folded("e\u0301")
    assert folded("a/B.txt") == folded("A/b.TXT")
    assert folded("a") != folded("b")
