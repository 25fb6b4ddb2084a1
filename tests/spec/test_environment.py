"""The environment's key: stable, and blind to what does not change the environment."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.environment import Environment
from binderclip.spec import Binder, Fetch, Frozen, Reference

SHA = "0123456789abcdef0123456789abcdef01234567"
BUILD = Reference("https://github.com", "pangeo-gallery/default-binder", "master", SHA)
IMAGE = Reference("https://quay.io", "pangeo/base-notebook", "2026.10.01")
BINDER = Binder(
    host=("https://mybinder.org",),
    image=IMAGE,
    build=BUILD,
    files={"requirements.txt": ("numpy\n", "matplotlib\n"), "postBuild": "#!/bin/bash\n"},
    frozen=Frozen("2026-11-22T20:00:00Z", "linux-64", {"requirements.txt": "numpy==2.4.0\n"}),
)


def key(binder: Binder) -> str:
    return Environment.of(binder).key


def test_keys_never_change() -> None:
    """Caches, pools and records of trust go by them."""
    assert key(Binder()) == hashlib.sha256(b"{}").hexdigest()
    files = Binder(files={"requirements.txt": "numpy\n"})
    canonical = b'{"files":{"requirements.txt":"numpy\\n"}}'
    assert key(files) == hashlib.sha256(canonical).hexdigest()
    assert key(files) == "812f3c09228fbf1c4644ad16ee268a5952ef5a88d024ccaf6c6d71fd956d624e"
    assert key(BINDER) == "0aad03cf2825d9cb68525b0479e265fa5527b42e1e1189174a1062a89b31bcc3"


@pytest.mark.parametrize(
    "same",
    [
        replace(BINDER, host=("https://other.example.org", "https://b")),
        replace(BINDER, host=()),
        replace(BINDER, config=Fetch("https://h", "x", copy={"*": "$HOME/"})),
        replace(BINDER, content=Fetch("https://h", "x", "main")),
        replace(BINDER, auto=True),
        replace(BINDER, extra={"x-note": 1}),
        replace(BINDER, build=replace(BUILD, extra={"x-note": 1})),
        replace(BINDER, build=replace(BUILD, ref="another-name-of-it")),
        replace(BINDER, build=replace(BUILD, host="https://github.com/")),
        replace(BINDER, files=dict(sorted(BINDER.files.items(), reverse=True))),
        replace(BINDER, files={**BINDER.files, "requirements.txt": "numpy\nmatplotlib\n"}),
        replace(BINDER, frozen=replace(BINDER.frozen, at=None) if BINDER.frozen else None),
        replace(BINDER, image=replace(IMAGE, ref="2026.10.01")),
    ],
)
def test_what_leaves_the_environment_alone_leaves_the_key_alone(same: Binder) -> None:
    assert key(same) == key(BINDER)


@pytest.mark.parametrize(
    "other",
    [
        replace(BINDER, image=None),
        replace(BINDER, image=replace(IMAGE, ref=None)),
        replace(BINDER, build=replace(BUILD, hash=SHA[::-1])),
        replace(BINDER, build=replace(BUILD, hash=None)),
        replace(BINDER, build=replace(BUILD, path="other/repo")),
        replace(BINDER, files={"requirements.txt": "numpy\n"}),
        replace(BINDER, frozen=None),
        replace(BINDER, frozen=replace(BINDER.frozen, platform=None) if BINDER.frozen else None),
    ],
)
def test_what_changes_the_environment_changes_the_key(other: Binder) -> None:
    assert key(other) != key(BINDER)


def test_defaults_are_what_they_stand_for() -> None:
    assert key(Binder(build=replace(BUILD, hash=None, ref="HEAD"))) == key(
        Binder(build=replace(BUILD, hash=None, ref=None))
    )
    assert key(Binder(image=replace(IMAGE, ref="latest"))) == key(
        Binder(image=replace(IMAGE, ref=None))
    )
    unpinned = Binder(frozen=Frozen("2026-11-22T20:00:00Z", "linux-64"))
    assert key(unpinned) == key(Binder()), "a platform for which nothing was pinned"


@given(st.dictionaries(st.text(), st.text(), min_size=1))
def test_the_canonical_form_is_one_that_every_language_can_write(files: dict[str, str]) -> None:
    plain = json.dumps({"files": files}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert key(Binder(files=files)) == hashlib.sha256(plain.encode()).hexdigest()


def test_frozen_files_stand_in_where_they_were_pinned() -> None:
    environment = Environment.of(BINDER)
    assert environment.realised_files("linux-64") == {
        "requirements.txt": "numpy==2.4.0\n",
        "postBuild": "#!/bin/bash\n",
    }
    assert environment.realised_files("osx-arm64") == {
        "requirements.txt": "numpy\nmatplotlib\n",
        "postBuild": "#!/bin/bash\n",
    }
    anywhere = replace(environment, frozen=Frozen(files={"apt.txt": ("git\n",)}))
    assert anywhere.realised_files("osx-arm64")["apt.txt"] == "git\n"


def test_bare() -> None:
    assert Environment().bare
    assert Environment(frozen=Frozen(platform="linux-64")).bare
    assert not Environment(frozen=Frozen(files={"requirements.txt": ""})).bare
    assert not Environment(build=BUILD).bare
    assert not Environment(files={"requirements.txt": ""}).bare
