"""``fill``: what becomes of a notebook's metadata."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import nbformat
import pytest
from hypothesis import given
from tests.filling.strategies import COMMIT, DIGEST, OTHER_COMMIT, hooked
from tests.filling.strategies import facts as any_facts
from tests.filling.strategies import metadata as any_metadata

from binderclip import edit, spec
from binderclip.filling import POLICIES, Facts, fill
from binderclip.spec.model import Frozen, Reference

HERE = Facts(
    host=("https://mybinder.org",),
    image=Reference("https://quay.io", "o/base", "2026.1", DIGEST),
    build=Reference("https://github.com", "o/r", "main", COMMIT),
)
BUILD = {"host": "https://github.com", "path": "o/r", "ref": "main", "hash": COMMIT}
ENTRY = {
    "version": 1,
    "host": "https://mybinder.org",
    "image": {"host": "https://quay.io", "path": "o/base", "ref": "2026.1", "hash": DIGEST},
    "build": BUILD,
    "auto": True,
}
ELSEWHERE: dict[str, Any] = {
    "version": 1,
    "host": ["https://hub.example.org", "https://mybinder.org"],
    "build": {"host": "https://github.com", "path": "o/old", "hash": OTHER_COMMIT},
    "auto": True,
}
MANAGED = replace(HERE, policy="managed")


def binder_of(metadata: Any, facts: Facts) -> Any:
    return fill(metadata, facts)["binder"]


def test_an_empty_notebook_gets_what_is_known() -> None:
    before: dict[str, Any] = {"kernelspec": {"name": "python3"}}
    after = fill(before, HERE)
    assert after == {"kernelspec": {"name": "python3"}, "binder": ENTRY}
    assert before == {"kernelspec": {"name": "python3"}}
    assert list(binder_of({}, HERE)) == list(ENTRY)


def test_several_hosts_are_a_list() -> None:
    here = replace(HERE, host=("https://a.example", "https://b.example"), image=None)
    assert binder_of({}, here)["host"] == ["https://a.example", "https://b.example"]
    assert "image" not in binder_of({}, here)


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        Facts(host=("https://mybinder.org",)),
        replace(HERE, policy="never"),
        replace(HERE, host=("https://user:pw@mybinder.org",)),
        replace(HERE, image=Reference("https://quay.io", "../o")),
    ],
    ids=["nothing", "a host alone", "never", "a host that is none", "an image that is none"],
)
@pytest.mark.parametrize("value", [None, ELSEWHERE])
def test_nothing_is_written(facts: Facts, value: Any) -> None:
    metadata = {} if value is None else {"binder": value}
    assert fill(metadata, facts) is metadata


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "value",
    [
        False,
        None,
        True,
        "https://mybinder.org/v2/gh/o/r/HEAD",
        "anything",
        [],
        {},
        {"auto": True},
        {**ELSEWHERE, "auto": False},
        {key: part for key, part in ELSEWHERE.items() if key != "auto"},
        {**ELSEWHERE, "auto": 1},
        {**ELSEWHERE, "version": 2},
        {**ELSEWHERE, "version": 0},
        {**ELSEWHERE, "version": True},
        {**ELSEWHERE, "host": "mybinder.org"},
        {**ELSEWHERE, "build": {"host": "https://github.com"}},
        {**ELSEWHERE, "files": {"requirements.txt": "numpy\n"}},
        {**ELSEWHERE, "frozen": {"at": "2026-11-22T20:00:00Z"}},
        {"binder_url": "https://mybinder.org", "binder_repo": "o/r", "auto": True},
        {"version": 0, "host": "https://mybinder.org", "auto": True},
    ],
)
def test_a_person_s_is_not_touched(value: Any, policy: Any) -> None:
    metadata = {"binder": value}
    assert fill(metadata, replace(HERE, policy=policy)) is metadata


def test_missing_does_not_rewrite_what_a_hook_wrote() -> None:
    metadata = {"binder": ELSEWHERE}
    assert fill(metadata, HERE) is metadata


def test_managed_follows_the_notebook() -> None:
    content = {"host": "https://github.com", "path": "o/c", "copy": {"*.ipynb": "$HOME/"}}
    config = {"host": "https://github.com", "path": "o/d", "ref": "main"}
    kept = {"content": content, "x-mine": [1, {"a": 2}], "config": config, "unknown": None}
    before: dict[str, Any] = {"a": 1, "binder": {**ELSEWHERE, **kept}, "b": 2}
    unchanged = copy.deepcopy(before)
    after: Any = fill(before, MANAGED)
    assert after["binder"] == {**ENTRY, **kept}
    assert list(after) == ["a", "binder", "b"]
    assert before == unchanged
    after["binder"]["content"]["copy"].clear()
    after["binder"]["x-mine"].clear()
    assert before == unchanged
    assert fill(after, MANAGED) is after


def test_managed_drops_what_is_not_so_here() -> None:
    here = Facts(policy="managed", image=HERE.image)
    image = ENTRY["image"]
    assert binder_of({"binder": ELSEWHERE}, here) == {"version": 1, "auto": True, "image": image}


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY,
        {**ENTRY, "version": 1.0},
        {**ENTRY, "host": ["https://mybinder.org"]},
        {**ENTRY, "build": {**BUILD, "x-seen": 12}},
    ],
)
def test_managed_leaves_what_says_the_same(entry: Any) -> None:
    metadata = {"binder": entry}
    assert fill(metadata, MANAGED) is metadata


def test_whoever_freezes_an_entry_makes_it_theirs() -> None:
    """Freezing takes ``auto`` away, so that ``managed`` leaves it alone."""
    files = Frozen(files={"requirements.txt": "numpy==2.4.0\n"})
    for hashes, pinned in (({}, files), ({"build": COMMIT}, None), ({"build": COMMIT}, files)):
        metadata: Any = {"binder": edit.frozen(ELSEWHERE, hashes, pinned).value}
        assert "auto" not in metadata["binder"]
        assert fill(metadata, MANAGED) is metadata


def test_notebook_nodes_and_dicts() -> None:
    node = nbformat.from_dict({"metadata": {"binder": ELSEWHERE, "a": {"b": 1}}}).metadata
    after: Any = fill(node, MANAGED)
    assert after == {"binder": ENTRY, "a": {"b": 1}}
    assert node.binder.build.path == "o/old"
    assert type(after["binder"]) is dict
    assert type(after["binder"]["build"]) is dict
    full = nbformat.from_dict({"binder": ENTRY})
    assert fill(full, MANAGED) is full


def test_what_is_changed_afterwards_is_not_what_the_next_save_gets() -> None:
    here = replace(HERE, host=("https://a.example", "https://b.example"))
    first = binder_of({}, here)
    first["host"].append("https://evil.example")
    first["image"]["path"] = "evil"
    first.clear()
    assert binder_of({}, here)["host"] == ["https://a.example", "https://b.example"]
    assert binder_of({}, here)["image"] == ENTRY["image"]


def test_unknown_keys_nested_too_deep_stay() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    metadata = {"binder": {**ELSEWHERE, "x-deep": deep}}
    assert fill(metadata, MANAGED) is metadata
    while deep:  # or the interpreter would end in taking it apart
        deep = deep.pop()


@given(any_metadata, any_facts)
def test_twice_is_once(metadata: Any, facts: Facts) -> None:
    once = fill(metadata, facts)
    assert fill(once, facts) is once
    assert fill(metadata, facts) == once


@given(any_metadata, any_facts)
def test_nothing_but_binder_changes(metadata: Any, facts: Facts) -> None:
    before = copy.deepcopy(metadata)
    after = fill(metadata, facts)
    assert metadata == before
    assert {k: v for k, v in after.items() if k != "binder"} == {
        k: v for k, v in before.items() if k != "binder"
    }


@given(any_metadata, any_facts)
def test_who_may_be_written_over(metadata: Any, facts: Facts) -> None:
    after: Any = fill(metadata, facts)
    if after is metadata:
        return
    assert facts.policy != "never"
    if "binder" not in metadata:
        return
    old, new = metadata["binder"], after["binder"]
    assert facts.policy == "managed"
    assert old["auto"] is True
    reading = spec.read(old)
    assert reading.dialect == "v1"
    assert not reading.newer
    for key in old.keys() - {"host", "image", "build"}:
        assert new[key] == old[key]


@given(any_metadata, any_facts)
def test_what_is_written_is_valid_and_reads_back(metadata: Any, facts: Facts) -> None:
    after: Any = fill(metadata, facts)
    if after is metadata:
        return
    assert not spec.problems(after["binder"])
    binder = spec.read(json.loads(json.dumps(after["binder"]))).binder
    assert binder
    assert (binder.host, binder.auto) == (facts.host, True)
    for found, stated in ((binder.image, facts.image), (binder.build, facts.build)):
        assert (found and replace(found, extra={})) == (stated and replace(stated, extra={}))


@given(hooked, any_facts)
def test_managed_says_what_is_so_here(entry: dict[str, Any], facts: Facts) -> None:
    facts = replace(facts, policy="managed")
    after: Any = fill({"binder": entry}, facts)["binder"]
    if facts.value is None:
        assert after is entry
        return
    reading = spec.read(after)
    assert reading.binder
    assert (reading.binder.host, reading.binder.auto) == (facts.host, True)
    assert (reading.binder.image, reading.binder.build) == (facts.image, facts.build)
    others = entry.keys() - {"host", "image", "build"}
    assert {key: after[key] for key in others} == {key: entry[key] for key in others}


@given(any_metadata, any_facts)
def test_where_nothing_is_something_is_written(metadata: Any, facts: Facts) -> None:
    metadata.pop("binder", None)
    known = facts.policy != "never" and (facts.image or facts.build)
    assert ("binder" in fill(metadata, facts)) == bool(known)
