"""What would be copied, and what people are told about it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from binderclip.copying import Copies, Limits
from binderclip.environment import Environment
from binderclip.errors import Refused, ResolveError, TooLarge, Unreachable
from binderclip.spec.model import Binder, Fetch, Reference

if TYPE_CHECKING:
    from tests.copying.conftest import Copying
    from tests.local.conftest import Origin, Served

FILES: dict[str, str | Path] = {
    "a.ipynb": "{}",
    "data/x.csv": "1\n",
    "data/sub/y.csv": "22\n",
    "data/.hidden": "",
    "README.md": "read",
}


def placed(copies: Copies) -> dict[str, str]:
    """Where each file goes → where it comes from."""
    return {file.path: file.source for file in copies.files}


def test_nothing_named_is_nothing_to_do(copying: Copying) -> None:
    assert copying.prepare() == Copies()
    assert copying.told == []


def test_globs_say_where_files_go(copying: Copying, origin: Origin) -> None:
    commit = origin.commit(FILES)
    copy = {"*.ipynb": "$HOME/", "data/*.csv": "$HOME/in/", "data/sub": "$HOME/in"}
    copies = copying.prepare(content=copying.fetch(ref="main", copy=copy))
    assert placed(copies) == {
        "a.ipynb": "a.ipynb",
        "in/x.csv": "data/x.csv",
        "in/sub/y.csv": "data/sub/y.csv",
    }
    assert copies.described == (
        f"content  {copying.url}/origin.git at main {commit[:12]}: 3 files, 7 B",
        "         *.ipynb → $HOME/: 1 file",
        "         data/*.csv → $HOME/in/: 1 file",
        "         data/sub → $HOME/in/: 1 file",
    )
    assert re.fullmatch("[0-9a-f]{64}", copies.digest)
    assert copies.remarks == ()
    assert copying.told == [
        f"content: main of {copying.url}/origin.git",
        f"content: {copying.url}/origin.git at {commit[:12]}",
    ]


def test_without_copy_all_of_it_goes_to_a_folder_of_its_name(
    copying: Copying, make_origin: Callable[..., Origin]
) -> None:
    make_origin("my%20content").commit(FILES)  # the server decodes nothing
    copies = copying.prepare(content=copying.fetch("my%20content.git"))
    assert placed(copies) == {f"my content/{name}": name for name in FILES}
    assert copies.described[1] == "         everything → $HOME/my content/: 5 files"


@pytest.mark.parametrize("path", ["o/%2e%2e%2fx", "o/.git", "o/%2Fetc", "o/a%0Ab"])
def test_a_folder_s_name_must_be_one(copying: Copying, path: str) -> None:
    with pytest.raises(Refused, match=r"binder\.content: found .* the name of a folder") as caught:
        copying.prepare(content=copying.fetch(path))
    assert "copy" in (caught.value.hint or "")


def test_an_empty_copy_copies_nothing_and_fetches_nothing(copying: Copying, web: Served) -> None:
    copies = copying.prepare(content=copying.fetch(copy={}))
    assert copies == Copies(remarks=("content: copy names nothing to copy",))
    assert web.seen == []


def test_a_hash_wins_over_the_ref_unless_the_latest_is_wanted(
    copying: Copying, origin: Origin
) -> None:
    old = origin.commit({"a": "old"})
    new = origin.commit({"a": "new"})
    fetch = copying.fetch(ref="main", hash=old)
    pinned = copying.prepare(content=fetch)
    latest = copying.prepare(content=fetch, latest=True)
    assert [pinned.files[0].origin.commit, latest.files[0].origin.commit] == [old, new]
    assert pinned.digest != latest.digest
    assert f"at main {old[:12]}:" in pinned.described[0]
    assert latest.digest == copying.prepare(content=replace(fetch, hash=new)).digest
    assert latest.digest == copying.prepare(content=replace(fetch, hash=None)).digest


def test_consent_is_bound_to_commits_maps_and_places(
    copying: Copying, make_origin: Callable[..., Origin]
) -> None:
    one, other = make_origin("one"), make_origin("other")
    for made in (one, other):
        made.commit({"a": "1", "b": "2"})
    first = copying.fetch("one.git", copy={"a": "$HOME/"})
    digests = [
        copying.prepare(content=first).digest,
        copying.prepare(config=first).digest,
        copying.prepare(content=copying.fetch("one.git", copy={"a": "$HOME/x"})).digest,
        copying.prepare(content=copying.fetch("one.git", copy={"[a]": "$HOME/"})).digest,
        copying.prepare(content=copying.fetch("one.git")).digest,
        copying.prepare(content=copying.fetch("other.git", copy={"a": "$HOME/"})).digest,
        copying.prepare(content=first, config=copying.fetch("other.git")).digest,
    ]
    assert len(set(digests)) == len(digests)
    assert copying.prepare(content=first).digest == digests[0]
    one.commit({"c": "3"})
    assert copying.prepare(content=first).digest not in digests


def test_nothing_found_is_nothing_to_consent_to(copying: Copying, origin: Origin) -> None:
    origin.commit(FILES)
    copies = copying.prepare(content=copying.fetch(copy={"*.txt": "$HOME/"}))
    assert copies.digest == ""
    assert copies.files == ()


@pytest.mark.parametrize(
    ("glob", "meant"),
    [
        ("*.IPYNB", "a.ipynb"),
        ("readme.md", "README.md"),
        ("*.csv", "data/sub/y.csv"),
        ("dta/x.csv", "data/x.csv"),
        ("zzzzzz", None),
    ],
)
def test_a_glob_that_names_nothing_is_told(
    copying: Copying, origin: Origin, glob: str, meant: str | None
) -> None:
    origin.commit(FILES)
    copies = copying.prepare(content=copying.fetch(copy={glob: "$HOME/", "a.ipynb": "$HOME/"}))
    near = f" (did you mean '{meant}'?)" if meant else ""
    place = f"{copying.url}/origin.git"
    assert copies.remarks == (f"content: copy's '{glob}' names nothing in {place}{near}",)
    assert list(placed(copies)) == ["a.ipynb"]


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("https://doi.org", "10.5281/zenodo.3242074"),
        ("https://zenodo.org", "records/3242074"),
        ("https://www.hydroshare.org", "resource/8f7c2f0341ef4180b0dbe97f59130756"),
        ("https://demo.ckan.org", "dataset/name"),
    ],
)
def test_deposits_are_refused_in_words(copying: Copying, host: str, path: str) -> None:
    with pytest.raises(Refused, match=r"found a deposit, .*, expected a Git repository") as caught:
        copying.prepare(config=Fetch(host, path))
    assert "download" in (caught.value.hint or "")


def test_links_are_followed_within_the_repository(copying: Copying, origin: Origin) -> None:
    links = {
        "link": Path("data/x.csv"),
        "data/up": Path("../README.md"),
        "folder": Path("data/sub"),
        "chain": Path("folder/y.csv"),
        "twice": Path("link"),
        "many": Path("links"),
        "links/to-file": Path("../a.ipynb"),
        "links/to-folder": Path("../data"),
        "absolute": Path("/etc/hostname"),
        "outside": Path("../../secret"),
        "round/and": Path("round"),
        "round/round": Path("and"),
        "gone": Path("nothing"),
        "through": Path("a.ipynb/x"),
        "here": Path(),
        "data/above": Path("../data"),
    }
    origin.commit(FILES | links)
    copies = copying.all()
    found = {file.path: origin.work.joinpath(file.path).read_text() for file in copies.files}
    assert found == {
        **FILES,
        "link": "1\n",
        "twice": "1\n",
        "data/up": "read",
        "folder/y.csv": "22\n",
        "chain": "22\n",
        "links/to-file": "{}",
        "links/to-folder/x.csv": "1\n",
        "links/to-folder/sub/y.csv": "22\n",
        "links/to-folder/.hidden": "",
        "links/to-folder/up": "read",
        "many/to-file": "{}",
    }
    assert sorted(copies.remarks) == sorted(
        f"content: left out {paths} ({why})"
        for paths, why in (
            ("absolute, outside", "a link that leads out of the repository"),
            (
                "data/above, here, links/to-folder/above",
                "a link that leads to a folder that it lies in",
            ),
            ("gone, through", "a link that leads to nothing"),
            ("many/to-folder", "a link to a folder, in a folder that a link leads to"),
            ("round/and, round/round", "a link that leads round in a circle"),
        )
    )


def test_only_what_a_glob_takes_is_remarked_upon(copying: Copying, origin: Origin) -> None:
    origin.commit({**FILES, "gone": Path("nothing")})
    assert copying.prepare(content=copying.fetch(copy={"*.md": "$HOME"})).remarks == ()


def test_submodules_are_left_out(copying: Copying, make_origin: Callable[..., Origin]) -> None:
    part, whole = make_origin("part"), make_origin("whole")
    part.commit({"inner.txt": "1"})
    whole.commit({"a": "1", "link": Path("sub/inner.txt")})
    whole.git("submodule", "--quiet", "add", f"{copying.url}/part.git", "sub")
    whole.commit({})
    copies = copying.prepare(content=copying.fetch("whole.git"))
    assert list(placed(copies)) == ["whole/a"]
    assert copies.remarks == (
        "content: left out link (a link that leads into a submodule)",
        "content: left out sub (a submodule)",
    )


def test_scripts_stay_executable(copying: Copying, origin: Origin) -> None:
    (origin.work / "run.sh").write_text("#!/bin/sh\n")
    (origin.work / "run.sh").chmod(0o755)
    origin.commit({"a": "1", "link": Path("run.sh")})
    found = {file.path: file.executable for file in copying.all().files}
    assert found == {"a": False, "run.sh": True, "link": True}


def test_both_keys_at_once_and_from_one_repository(copying: Copying, origin: Origin) -> None:
    commit = origin.commit({"jupyter_config.json": "{}", "a.ipynb": "{}"})
    copies = copying.prepare(
        config=copying.fetch(copy={"jupyter_config.json": "$HOME/.jupyter/"}),
        content=copying.fetch(copy={"*.ipynb": "$HOME"}),
    )
    assert [(f.path, f.origin.name) for f in copies.files] == [
        (".jupyter/jupyter_config.json", "config"),
        ("a.ipynb", "content"),
    ]
    assert copies.files[0].hidden
    assert not copies.files[1].hidden
    at = f"{copying.url}/origin.git at HEAD {commit[:12]}: 1 file, 2 B"
    assert copies.described[::2] == (f"config   {at}", f"content  {at}")


def test_two_commits_of_one_repository(copying: Copying, origin: Origin) -> None:
    old = origin.commit({"a": "1"})
    new = origin.commit({"b": "1"})
    copies = copying.prepare(
        config=copying.fetch(hash=old, copy={"*": "$HOME/old"}),
        content=copying.fetch(hash=new, copy={"*": "$HOME/new"}),
    )
    assert list(placed(copies)) == ["new/a", "new/b", "old/a"]


def test_the_same_file_from_two_places_is_one(
    copying: Copying, make_origin: Callable[..., Origin]
) -> None:
    make_origin("one").commit({"a": "1", "b/a": "1"})
    make_origin("two", kind="sha256").commit({"a": "1"})
    copies = copying.prepare(
        config=copying.fetch("one.git", copy={"a": "$HOME", "b/a": "$HOME"}),
        content=copying.fetch("two.git", copy={"a": "$HOME"}),
    )
    assert list(placed(copies)) == ["a"]


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_two_files_for_one_place_are_refused(
    copying: Copying, make_origin: Callable[..., Origin], kind: str
) -> None:
    make_origin("one").commit({"a": "1"})
    make_origin("two", kind=kind).commit({"x/a": "2"})
    with pytest.raises(Refused) as caught:
        copying.prepare(
            config=copying.fetch("one.git", copy={"a": "$HOME/d"}),
            content=copying.fetch("two.git", copy={"x/*": "$HOME/d/"}),
        )
    assert str(caught.value) == (
        f"$HOME/d/a: found two files for it, 'a' of {copying.url}/one.git and 'x/a' of "
        f"{copying.url}/two.git, which differ"
    )


def test_a_file_and_a_folder_for_one_place_are_refused(
    copying: Copying, make_origin: Callable[..., Origin]
) -> None:
    make_origin("one").commit({"a": "1"})
    make_origin("two").commit({"b": "1"})
    with pytest.raises(Refused, match=r"\$HOME/a: found a file for it, .* and a folder, for 'b'"):
        copying.prepare(
            config=copying.fetch("one.git", copy={"a": "$HOME"}),
            content=copying.fetch("two.git", copy={"b": "$HOME/a"}),
        )


@pytest.mark.parametrize("names", [("README", "readme"), ("é", "e\u0301"), ("ß/x", "SS/x")])
def test_names_that_are_one_on_some_machines_are_refused(
    copying: Copying, origin: Origin, names: tuple[str, str]
) -> None:
    origin.commit(dict.fromkeys(names, "1"))
    with pytest.raises(Refused, match="differ in more than the case of letters"):
        copying.all()
    first = copying.fetch(copy={min(names): "$HOME"})
    assert len(copying.prepare(content=first).files) == 1, "one of them can be asked for"


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        (Limits(file_bytes=3), "found 4 B in 'b' of .*, expected at most 3 B in a file"),
        (Limits(total_bytes=5), "found 6 B in 2 files to copy, expected at most 5 B"),
        (Limits(files=1), "found 2 files to copy, expected at most 1"),
        (Limits(listed=2), "found more than 2 files and folders in the repository"),
    ],
)
def test_what_is_too_much_is_told_before_anything_is_copied(
    copying: Copying, origin: Origin, limits: Limits, found: str
) -> None:
    origin.commit({"a": "22", "b": "4444", "c/d": "x" * 100})
    copy = {"[ab]": "$HOME"}
    with pytest.raises(TooLarge, match=found):
        copying.prepare(content=copying.fetch(copy=copy), limits=limits)


def test_limits_count_both_repositories_together(
    copying: Copying, make_origin: Callable[..., Origin]
) -> None:
    for name in ("one", "two"):
        make_origin(name).commit({"a": name})
    with pytest.raises(TooLarge, match="found 6 B in 2 files"):
        copying.prepare(
            config=copying.fetch("one.git"),
            content=copying.fetch("two.git"),
            limits=Limits(total_bytes=5),
        )


def test_a_ref_that_is_not_there_is_told_with_what_is(
    copying: Copying, make_origin: Callable[..., Origin]
) -> None:
    make_origin("one").commit({"a": "1"})
    make_origin("two").commit({"a": "1"})
    with pytest.raises(ResolveError, match=r"'mian' not found in .*two.git") as caught:
        copying.prepare(
            config=copying.fetch("one.git"), content=copying.fetch("two.git", ref="mian")
        )
    assert caught.value.hint == "Did you mean 'main'?"


def test_without_the_network_what_is_known_is_used_and_told(
    copying: Copying, origin: Origin
) -> None:
    commit = origin.commit({"a": "1"})
    fetch = copying.fetch(ref="main")
    with pytest.raises(Unreachable, match="without the network"):
        copying.prepare(content=fetch, offline=True)
    online = copying.prepare(content=fetch)
    copying.told.clear()
    offline = copying.prepare(content=fetch, offline=True)
    assert offline.digest == online.digest
    assert copying.told[-1] == (
        f"content: offline; going on with main as it was last time, {commit[:12]}"
    )
    shutil.rmtree(copying.cache.root / "repositories")
    with pytest.raises(Unreachable):
        copying.prepare(content=replace(fetch, hash=commit), offline=True)


def test_it_never_makes_another_environment() -> None:
    build = Reference("https://github.com", "o/r", ref="main")
    plain = Binder(build=build, files={"requirements.txt": "numpy"})
    fetch = Fetch("https://github.com", "o/content", ref="main", copy={"*": "$HOME"})
    with_both = replace(plain, config=fetch, content=replace(fetch, hash="0" * 40))
    assert Environment.of(with_both) == Environment.of(plain)
    assert Environment.of(with_both).key == Environment.of(plain).key
