"""Is what a notebook names what this server has?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.filling.strategies import COMMIT, DIGEST, OTHER_COMMIT, builds, images
from tests.filling.strategies import facts as any_facts

from binderclip.environment import Environment
from binderclip.filling import Facts, match
from binderclip.spec.model import Frozen, Reference

OTHER_DIGEST = "sha256:" + "cd" * 32
FILES = {"requirements.txt": "numpy\n"}


def image(ref: str | None = None, pin: str | None = None, path: str = "o/base") -> Reference:
    return Reference("https://quay.io", path, ref, pin)


def build(ref: str | None = None, pin: str | None = None, path: str = "o/r") -> Reference:
    return Reference("https://github.com", path, ref, pin)


@pytest.mark.parametrize(
    ("wanted", "here", "verdict"),
    [
        (image("1"), image("1"), "same"),
        (image("1"), image("2"), "other"),
        (image("1", DIGEST), image("2", DIGEST), "same"),
        (image("1", DIGEST), image("1", OTHER_DIGEST), "other"),
        (image(), image("latest"), "same"),
        (image("latest"), image(), "same"),
        (image(), image(None, DIGEST), "unknown"),
        (image(None, DIGEST), image("1"), "unknown"),
        (image("1", DIGEST), image("1"), "unknown"),
        (image("1", DIGEST), image("2"), "other"),
        (image("1"), image("1", DIGEST), "same"),
        (image("1"), image("1", path="o/other"), "other"),
        (Reference("https://quay.io/", "o/base", "1"), image("1"), "same"),
        (
            Reference("https://index.docker.io", "python", "3"),
            Reference("https://docker.io", "library/python", "3"),
            "same",
        ),
        (image(COMMIT), image(COMMIT, DIGEST), "same"),
    ],
)
def test_images(wanted: Reference, here: Reference, verdict: str) -> None:
    assert match(Environment(image=wanted), Facts(image=here)).verdict == verdict


@pytest.mark.parametrize(
    ("wanted", "here", "verdict"),
    [
        (build("main", COMMIT), build("dev", COMMIT), "same"),
        (build(None, COMMIT), build("main", OTHER_COMMIT), "other"),
        (build(COMMIT), build(None, COMMIT), "same"),
        (build("main"), build("main", COMMIT), "same"),
        (build("main"), build("dev", COMMIT), "other"),
        (build(), build(None, COMMIT), "same"),
        (build("HEAD"), build(), "same"),
        (build("main"), build(None, COMMIT), "unknown"),
        (build("main"), build(), "unknown"),
        (build(), build("main", COMMIT), "unknown"),
        (build(None, COMMIT), build("main"), "unknown"),
        (build("main", COMMIT), build("main"), "unknown"),
        (build("main", path="O/R.git"), build("main"), "same"),
        (build("main", path="o/other"), build("main"), "other"),
        (
            Reference("https://zenodo.org", "records/3242074"),
            Reference("https://doi.org", "10.5281/zenodo.3242074"),
            "same",
        ),
    ],
)
def test_builds(wanted: Reference, here: Reference, verdict: str) -> None:
    assert match(Environment(build=wanted), Facts(build=here)).verdict == verdict


@pytest.mark.parametrize(
    ("environment", "facts", "verdict"),
    [
        (Environment(), Facts(), "same"),
        (Environment(), Facts(image=image("1")), "same"),
        (Environment(image=image("1")), Facts(), "unknown"),
        (Environment(image=image("1")), Facts(host=("https://mybinder.org",)), "unknown"),
        (Environment(files=FILES), Facts(image=image("1"), build=build("main")), "unknown"),
        (Environment(frozen=Frozen(files=FILES)), Facts(build=build("main")), "unknown"),
        (Environment(image=image("1")), Facts(build=build("main")), "unknown"),
        (Environment(build=build("main")), Facts(image=image("1")), "unknown"),
        (Environment(build=build("main"), files=FILES), Facts(build=build("main")), "unknown"),
        (Environment(build=build("main"), files=FILES), Facts(build=build("dev")), "other"),
        (Environment(image=image("1"), files=FILES), Facts(image=image("1")), "same"),
    ],
)
def test_what_is_compared(environment: Environment, facts: Facts, verdict: str) -> None:
    assert match(environment, facts).verdict == verdict


def test_image_and_build_are_two_ways_to_one_environment() -> None:
    here = Facts(image=image("1"), build=build("main", COMMIT))
    pinned, moved = build("main", COMMIT), build("main", OTHER_COMMIT)
    assert match(Environment(image=image("2"), build=pinned), here).verdict == "same"
    assert match(Environment(image=image("1"), build=moved), here).verdict == "other"
    assert match(Environment(image=image("1"), build=build("dev")), here).verdict == "same"
    assert match(Environment(image=image("2"), build=build("main")), here).verdict == "same"


@pytest.mark.parametrize(
    ("environment", "facts", "why"),
    [
        (
            Environment(image=image("2026.2")),
            Facts(image=image("2026.1")),
            "this server has quay.io/o/base:2026.1, and the notebook wants quay.io/o/base:2026.2",
        ),
        (
            Environment(image=image("1", DIGEST)),
            Facts(image=image("1", DIGEST)),
            "this server has quay.io/o/base:1@sha256:abababababab…, as the notebook wants",
        ),
        (
            Environment(build=build("main")),
            Facts(build=build("main", COMMIT)),
            (
                "this server has github.com/o/r at main (commit 0123456789ab), and the notebook "
                "wants github.com/o/r at main: the same by name"
            ),
        ),
        (
            Environment(build=build(None, COMMIT)),
            Facts(image=image("1")),
            (
                "the notebook wants github.com/o/r at commit 0123456789ab, and this server does "
                "not say what it was built from"
            ),
        ),
        (
            Environment(build=build("main"), files=FILES),
            Facts(build=build("main")),
            "the notebook adds files of its own to github.com/o/r at main, which this server has",
        ),
        (
            Environment(),
            Facts(),
            "the notebook names no environment, so there is nothing to be missed",
        ),
    ],
)
def test_why(environment: Environment, facts: Facts, why: str) -> None:
    assert match(environment, facts).why == why


@given(st.none() | images, st.none() | builds, any_facts)
def test_any(image: Reference | None, build: Reference | None, facts: Facts) -> None:
    found = match(Environment(image=image, build=build), facts)
    assert found.verdict in {"same", "other", "unknown"}
    assert found.why.isprintable()
    own = match(Environment(image=facts.image, build=facts.build), facts)
    # A digest without a tag, and nothing else, may have had any: but here it is the same one.
    assert own.verdict == "same"
