"""What is asked, what is written, and what stays, over sources in memory."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.freeze.conftest import together

from binderclip import edit, spec
from binderclip.edit import Edited
from binderclip.errors import FreezeFailed, Refused, SpecError
from binderclip.freeze.freezer import Freezer
from binderclip.freeze.options import Options
from binderclip.freeze.parts import loose as loose_parts
from binderclip.notebook import MISSING
from binderclip.platforms import this_platform

if TYPE_CHECKING:
    from tests.freeze.conftest import Memory

HERE = this_platform()
A, B, C = "a" * 40, "b" * 40, "c" * 40
DIGEST = f"sha256:{'d' * 64}"
REPO = "https://example.org/o/r"

Freeze = Callable[..., Edited]
Loose = Callable[..., list[str]]


def repo(path: str = "o/r", **more: Any) -> dict[str, Any]:
    return {"host": "https://example.org", "path": path, "ref": "main", **more}


@pytest.fixture(autouse=True)
def _known(memory: Memory) -> None:
    memory.commits |= {(REPO, "main"): A, (REPO, "HEAD"): A, ("https://example.org/o/c", "main"): C}
    memory.digests |= {("https://example.org/i", "1"): DIGEST}
    memory.trees |= {A: {"README": "hi"}, B: {"README": "hi"}}


def whole() -> dict[str, Any]:
    return {
        "version": 1,
        "image": {"host": "https://example.org", "path": "i", "ref": "1"},
        "build": repo(),
        "content": repo("o/c", copy={"*.csv": "$HOME/"}),
        "files": {"requirements.txt": ["numpy\n"], "postBuild": "#!/bin/sh\n"},
    }


def test_everything_gets_its_hash_and_what_was_written_stays(freeze: Freeze) -> None:
    value = whole()
    found = freeze(value, python="3.12")
    written: Any = found.value
    assert written["image"] == {**value["image"], "hash": DIGEST}
    assert written["build"] == {**value["build"], "hash": A}
    assert written["content"]["hash"] == C
    assert written["files"] == value["files"]
    frozen = written["frozen"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", frozen["at"])
    assert frozen["platform"] == HERE
    assert frozen["files"] == {
        "requirements.txt": [f"# 3.12 {HERE}\n", "numpy==1.0\n"],
        "runtime.txt": ["python-3.12\n"],
    }
    assert found.changes == ("image", "build", "content", "frozen")
    assert found.notes == (
        f"image: 1 → {DIGEST[:19]}",
        f"build: main → {A[:12]}",
        f"content: main → {C[:12]}",
        f"requirements.txt: pinned for Python 3.12 on {HERE}",
        "runtime.txt: Python 3.12, for which packages are pinned",
    )
    assert spec.problems(written) == ()
    assert edit.thawed(written).value == value


def test_twice_changes_nothing_and_asks_nothing(freeze: Freeze, memory: Memory) -> None:
    once = freeze(whole())
    asked = memory.asked.copy()
    memory.pinning.versions["numpy"] = "2.0"
    assert freeze(once.value) == Edited(once.value)
    assert memory.asked == asked
    assert len(memory.pinning.asked) == 1


def test_the_python_and_platform_of_the_first_time_stay(freeze: Freeze, memory: Memory) -> None:
    first = freeze(whole(), python="3.13", platform="osx-arm64")
    assert freeze(first.value).value == first.value
    assert len(memory.pinning.asked) == 1
    again: Any = freeze(first.value, platform="linux-64").value
    assert again["frozen"]["platform"] == "linux-64"
    assert again["frozen"]["files"]["requirements.txt"][0] == "# 3.13 linux-64\n"
    other: Any = freeze(first.value, python="3.11").value
    assert other["frozen"]["files"]["runtime.txt"] == ["python-3.11\n"]
    assert other["frozen"]["files"]["requirements.txt"][0] == "# 3.11 osx-arm64\n"


def test_upgrade_asks_again_and_keeps_what_did_not_move(freeze: Freeze, memory: Memory) -> None:
    first = freeze(whole())
    assert freeze(first.value, upgrade=True) == Edited(first.value)
    memory.commits[REPO, "main"] = B
    memory.pinning.versions["numpy"] = "2.0"
    second = freeze(first.value, upgrade=True)
    written: Any = second.value
    assert written["build"]["hash"] == B
    assert written["frozen"]["files"]["requirements.txt"][1] == "numpy==2.0\n"
    assert second.changes == ("build", "frozen")
    assert second.notes[0] == f"build: main moved on, {A[:12]} → {B[:12]}"


def test_upgrade_leaves_a_commit_without_a_ref(freeze: Freeze) -> None:
    value: Any = {"version": 1, "build": {"host": "https://example.org", "path": "o/r", "hash": B}}
    found = freeze(value, upgrade=True)
    assert found.value == value
    assert found.notes == (
        f"build: stays at {B[:12]}, for you named no ref to follow (--only build takes HEAD)",
    )


def test_what_was_frozen_without_a_ref_follows_the_default_one(
    freeze: Freeze, memory: Memory
) -> None:
    memory.commits[REPO, "HEAD"] = A
    plain: Any = {"version": 1, "build": {"host": "https://example.org", "path": "o/r"}}
    first = freeze(plain).value
    memory.commits[REPO, "HEAD"] = B
    assert freeze(first).value == first
    written: Any = freeze(first, upgrade=True).value
    assert written["build"] == {**plain["build"], "hash": B}
    del memory.commits[REPO, "HEAD"]
    gone = freeze(written, upgrade=True)
    assert gone.value == written
    assert "there is no HEAD" in gone.notes[0]


def test_only_takes_what_it_names(freeze: Freeze) -> None:
    written: Any = freeze(whole(), only=["image"]).value
    assert [key for key in ("image", "build", "content") if "hash" in written[key]] == ["image"]
    assert set(written["frozen"]) == {"at"}
    files: Any = freeze(written, only=["requirements.txt"]).value
    assert "hash" not in files["build"]
    assert set(files["frozen"]["files"]) == {"requirements.txt", "runtime.txt"}


def test_every_failure_is_told_by_its_key(freeze: Freeze, memory: Memory) -> None:
    value = whole()
    value["build"]["ref"] = "mian"
    value["image"]["ref"] = "9"
    value["files"]["requirements.txt"] = "numpi\n"
    with pytest.raises(FreezeFailed) as caught:
        freeze(value)
    assert str(caught.value).splitlines() == [
        "binder.image: tag '9' not found in https://example.org/i",
        f"binder.build: ref 'mian' not found in {REPO} (Did you mean 'main'?)",
        "binder.files['requirements.txt']: numpi: no such package",
    ]
    memory.pinning.broken = Refused("includes a file that is not there")
    with pytest.raises(FreezeFailed) as caught:
        freeze(value)
    assert [failure.path for failure in caught.value.failures] == ["binder.image", "binder.build"]


def test_what_several_name_is_asked_once(memory: Memory) -> None:
    found = together(memory, [whole() for _ in range(20)])
    assert len({json.dumps(one.value) for one in found}) == 1
    assert set(memory.asked.values()) == {1}
    assert len(memory.pinning.asked) == 1


def test_one_that_fails_does_not_stop_others(memory: Memory) -> None:
    async def run() -> list[Edited | BaseException]:
        async with Freezer(memory, Options()) as freezer:
            values: list[Any] = [{**whole(), "content": repo("o/gone")}, whole()]
            return list(await asyncio.gather(*map(freezer.freeze, values), return_exceptions=True))

    failed, done = asyncio.run(run())
    assert isinstance(failed, FreezeFailed)
    assert isinstance(done, Edited)


def test_cancelling_ends_what_goes_on_and_leaves_no_folder(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[os.DirEntry[str]] = []

    async def frozen() -> None:
        async with Freezer(memory, Options()) as freezer:
            await freezer.freeze(whole())

    async def run() -> None:
        memory.pinning.pause, memory.pinning.began = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(frozen())
        await memory.pinning.began.wait()
        seen.extend(os.scandir(tmp_path))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())
    assert len(seen) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "note"),
    [
        (MISSING, "nothing to freeze: it names no environment"),
        (False, "nothing to freeze: it opts out"),
        (
            {"version": 1, "host": "https://hub.example.org"},
            "nothing to freeze: it names nothing that could be pinned",
        ),
    ],
)
def test_nothing_to_freeze(freeze: Freeze, value: Any, note: str) -> None:
    assert freeze(value) == Edited(value, notes=(note,))


def test_a_newer_version_and_a_wrong_value_are_left_alone(freeze: Freeze) -> None:
    values: list[Any] = [{"version": 2, "build": repo()}, {"version": 1, "build": {"host": "x"}}]
    for value in values:
        with pytest.raises(SpecError):
            freeze(value)
        with pytest.raises(SpecError):
            edit.thawed(value)


def test_a_deposit_has_no_commits(freeze: Freeze, loose: Loose) -> None:
    for place in (
        {"host": "https://doi.org", "path": "10.5281/zenodo.123"},
        {"host": "https://zenodo.org", "path": "records/123"},
        {"host": "https://figshare.com", "path": "articles/dataset/x/1"},
    ):
        value = {"version": 1, "build": place, "files": {"requirements.txt": "numpy\n"}}
        found = freeze(value)
        assert found.notes[-1] == "build: not frozen, for it is a deposit, which has no commits"
        assert found.changes == ("frozen",)
        assert loose(found.value) == []


def test_old_forms_become_v1_where_they_cannot_say_it(freeze: Freeze) -> None:
    old = {"binder_url": "https://h.org", "binder_repo": REPO, "binder_ref": "main"}
    found = freeze(old)
    written: Any = found.value
    assert written["build"] == repo(hash=A)
    assert found.notes[-1] == "the form was components, it is v1 now"
    pinned: Any = {**old, "binder_ref": A}
    assert freeze(pinned) == Edited(pinned)
    link = "https://h.org/v2/git/https%3A%2F%2Fexample.org%2Fo%2Fr/main?labpath=a.ipynb"
    assert freeze(link).notes[-1] == (
        "the form was url, it is v1 now, which does not say what to open (labpath=a.ipynb)"
    )


@pytest.mark.parametrize("host", [{"binder": {"host": "https://h.org"}}, {"host": "https://h.org"}])
def test_version_0_says_hashes_itself(freeze: Freeze, host: dict[str, Any]) -> None:
    old = {"build": repo(), "version": 0, **host, "content": repo("o/c", files={"*": "$HOME/"})}
    found = freeze(old)
    written: Any = found.value
    assert written == {**old, "build": repo(hash=A), "content": {**old["content"], "hash": C}}
    assert list(written) == list(old)
    thawed: Any = edit.thawed(written).value
    assert thawed == old


def test_auto_goes_as_with_any_edit(freeze: Freeze) -> None:
    found = freeze({"version": 1, "build": repo(), "auto": True})
    assert "auto" not in json.dumps(found.value)
    assert found.notes[-1].startswith("auto is gone")
    done: Any = {"version": 1, "build": repo(hash=A), "auto": True}
    assert freeze(done) == Edited(done)


def test_check_tells_what_is_not_frozen_and_asks_nothing(loose: Loose, memory: Memory) -> None:
    assert loose(whole()) == [
        "image: not frozen, at 1",
        "build: not frozen, at main",
        "content: not frozen, at main",
        "requirements.txt: not pinned",
    ]
    assert loose(whole(), only=["files"]) == ["requirements.txt: not pinned"]
    assert not memory.asked


def test_check_of_what_is_frozen(freeze: Freeze, loose: Loose, memory: Memory) -> None:
    written: Any = freeze(whole()).value
    assert loose(written) == []
    assert loose(written, upgrade=True) == []
    assert loose(written, platform="osx-64") == [
        f"requirements.txt: pinned for {HERE}, not for osx-64"
    ]
    memory.commits[REPO, "main"] = B
    memory.pinning.versions["numpy"] = "2.0"
    assert loose(written) == []
    assert [line.partition(":")[0] for line in loose(written, upgrade=True)] == [
        "build",
        "requirements.txt",
    ]
    written["files"]["requirements.txt"] = "numpy scipy\n"
    assert loose(written) == ["requirements.txt: other packages are pinned"]


def test_a_part_for_another_platform_than_the_rest_is_refused(freeze: Freeze) -> None:
    value = {
        "version": 1,
        "files": {"requirements.txt": "numpy\n", "environment.yml": "numpy\n"},
        "frozen": {"platform": "osx-64", "files": {"environment.yml": "numpy==1.0\n"}},
    }
    with pytest.raises(FreezeFailed, match=r"environment\.yml pinned for osx-64, and linux-64"):
        freeze(value, only=["requirements.txt"], platform="linux-64")


def test_shown_as_frozen_is_what_check_says(freeze: Freeze) -> None:
    binder = spec.read(whole()).binder
    assert binder
    assert loose_parts(binder) == ("image", "build", "content", "requirements.txt")
    frozen = spec.read(freeze(whole()).value).binder  # type: ignore[arg-type] # no MISSING here
    assert frozen
    assert loose_parts(frozen) == ()


def test_thaw_in_part(freeze: Freeze) -> None:
    written = freeze(whole()).value
    part: Any = edit.thawed(written, ["files"]).value
    assert set(part["frozen"]) == {"at"}
    assert part["image"]["hash"] == DIGEST
    assert edit.thawed(part, ["image", "build", "content"]).value == whole()
    image: Any = edit.thawed(written, ["image"]).value
    assert "hash" not in image["image"]
    assert image["frozen"] == written["frozen"]  # type: ignore[index,call-overload]
    assert edit.thawed(whole()) == Edited(whole())


def test_thaw_tells_what_a_hash_alone_meant() -> None:
    value: Any = {
        "version": 1,
        "image": {"host": "https://example.org", "path": "i", "hash": DIGEST},
        "build": {"host": "https://example.org", "path": "o/r", "hash": A},
    }
    found = edit.thawed(value)
    assert found.notes == (
        f"image: {DIGEST[:19]} had no ref beside it, so latest is meant now",
        f"build: {A[:12]} had no ref beside it, so HEAD is meant now",
    )
