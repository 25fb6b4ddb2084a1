"""What is said of hosts, commits, images and locks, asked of real servers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from binderclip.liveness import Sign, worst
from binderclip.spec.model import Binder, Fetch, Frozen, Reference

if TYPE_CHECKING:
    from tests.hubs.rig import Hub
    from tests.liveness.conftest import Look
    from tests.local.conftest import Origin, Served
    from tests.pylocks.index import Index
    from tests.registries.rig import Registry

Serve = Callable[..., AbstractContextManager["Served"]]
NOBODY = "http://127.0.0.1:9"
GONE = "sha256:" + "0" * 64


def build(url: str, ref: str | None, pin: str | None) -> Binder:
    return Binder(build=Reference(url, "origin.git", ref, pin))


def test_commits(origin: Origin, serve: Serve, look: Look) -> None:
    first = origin.commit({"requirements.txt": "six\n"})
    last = origin.commit({"requirements.txt": "six>1\n"})
    with serve(origin.path.parent) as there:
        found = look(
            build(there.url, "main", last),
            build(there.url, "main", first),
            build(there.url, "main", "1" * 40),
            build(there.url, "main", None),
            build(there.url, "mian", None),
            build(there.url, "left", first),
        )
    signs = [one["build"] for one in found]
    assert [sign.state for sign in signs] == ["well", "moved", "gone", "loose", "gone", "moved"]
    assert signs[1].ahead == 1
    assert "1 commit ahead" in signs[1].said
    assert signs[2].now == last
    assert "Did you mean" not in signs[4].said
    assert "'mian' not found" in signs[4].said
    assert first[:12] in signs[5].said
    assert "'left' not found" in signs[5].said


def test_a_repository_that_is_gone_and_one_that_is_silent(
    origin: Origin, serve: Serve, look: Look
) -> None:
    commit = origin.commit({"a": ""})
    with serve(origin.path.parent) as there:
        gone = Binder(content=Fetch(there.url, "none.git", "main", commit))
        silent = build(NOBODY, "main", commit)
        found = look(gone, silent)
    assert found[0]["content"].state == "gone"
    assert found[1]["build"].state == "silent"


def test_what_many_name_is_asked_once(origin: Origin, serve: Serve, look: Look) -> None:
    origin.commit({"a": ""})
    last = origin.commit({"a": "1"})
    with serve(origin.path.parent) as there:
        look(build(there.url, "main", last))
        alone = len(there.seen)
        look(*(build(there.url, "main", last) for _ in range(20)))
        assert len(there.seen) == 2 * alone


def test_images(images: Registry, look: Look) -> None:
    old = images.push("a/b", "2026.10.01", content="old")
    images.push("a/b", "2026.11.01", content="new")
    images.push("a/b", "latest", content="new")
    kept = images.push("a/c", "1", content="kept")
    images.push("a/c", "1", content="other")
    gone = images.push("a/d", "1", content="gone")
    images.remove("a/d", gone)
    images.push("a/e", "1.0", content="one")

    def image(path: str, ref: str | None, pin: str | None) -> Binder:
        return Binder(image=Reference(images.url, path, ref, pin))

    signs = [
        one["image"]
        for one in look(
            image("a/b", "2026.10.01", old),
            image("a/c", "1", kept),
            image("a/d", "1", gone),
            image("a/e", "1.0", None),
            image("a/e", "2.0", None),
            image("a/e", "1.0", GONE),
            image("no/body", None, GONE),
        )
    ]
    states = [sign.state for sign in signs]
    assert states == ["newer", "moved", "gone", "loose", "gone", "gone", "gone"]
    assert signs[0].newer == ("2026.11.01",)
    assert signs[2].now is None
    assert signs[5].now is not None


def test_an_image_that_nobody_answers_for(look: Look) -> None:
    (found,) = look(Binder(image=Reference(NOBODY, "a/b", "1", GONE)))
    assert found["image"].state == "silent"


def lock(name: str, digest: str, version: str = "1.0") -> Binder:
    text = f"{name}=={version} --hash=sha256:{digest}\n"
    return Binder(
        files={"requirements.txt": f"{name}\n"},
        frozen=Frozen(platform="linux-64", files={"requirements.txt": text}),
    )


def test_locks(packages: Index, look: Look) -> None:
    here = packages.add("alpha", "1.0")
    packages.add("alpha", "2.0")
    taken = packages.add("beta", "1.0")
    packages.add("beta", "1.1")
    before = packages.add("gamma", "1.0")
    packages.remove("beta", "1.0")
    packages.replace("gamma", "1.0")
    found = look(lock("alpha", here), lock("beta", taken), lock("gamma", before))
    signs = [one["frozen.requirements.txt"] for one in found]
    assert [sign.state for sign in signs] == ["well", "gone", "gone"]
    assert "beta" in signs[1].said
    assert "gamma" in signs[2].said


def test_files_that_are_not_pinned(packages: Index, look: Look) -> None:
    here = packages.add("alpha", "1.0")
    (bare,) = look(Binder(files={"requirements.txt": "alpha\n", "apt.txt": "curl\n"}))
    assert [(sign.part, sign.state) for sign in bare.values()] == [("requirements.txt", "loose")]
    stale = replace(lock("alpha", here), files={"requirements.txt": "alpha>1\n"})
    (found,) = look(stale)
    assert found["frozen.requirements.txt"].state == "loose"
    assert "no longer right" in found["frozen.requirements.txt"].said


def test_a_frozen_python_decides_too(packages: Index, look: Look) -> None:
    """Two notebooks that differ in nothing else are two questions."""
    digest = packages.add("alpha", "1.0", requires_python=">=3.12")
    found = []
    for python in ("3.11", "3.12"):
        one = lock("alpha", digest)
        assert one.frozen
        frozen = {**one.frozen.files, "runtime.txt": f"python-{python}\n"}
        found.append(replace(one, frozen=replace(one.frozen, files=frozen)))
    signs = [one["frozen.requirements.txt"] for one in look(*found)]
    assert signs[0].state != "well"
    assert signs[1].state == "well"


def test_a_host_that_is_something_else(packages: Index, look: Look) -> None:
    (found,) = look(Binder(host=(packages.origin,)))
    assert found["host"].state == "gone"
    assert "is no" in found["host"].said


@pytest.mark.slow
def test_hosts(hub: Hub, look: Look) -> None:
    (found,) = look(Binder(host=(hub.url,)))
    assert found["host"].state == "well"
    (found,) = look(Binder(host=(NOBODY,)))
    assert found["host"].state == "silent"


def test_the_worst_is_what_counts() -> None:
    signs = [Sign("host", "x", "well", ""), Sign("build", "x", "moved", "")]
    assert worst(signs) == "moved"
    assert worst([]) == "well"
