"""How far a branch has moved on, asked of real git servers of several kinds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

from binderclip.errors import ResolveError, Unreachable
from binderclip.repositories import Repository
from binderclip.repositories.history import Standing, exists, standing

if TYPE_CHECKING:
    from tests.local.conftest import Origin, Served

Open = Callable[..., Repository]
Serve = Callable[..., AbstractContextManager["Served"]]

KINDS = {
    "filters": ({"uploadpack.allowFilter": "true"}, {}),
    "no filters": ({"uploadpack.allowFilter": "false"}, {}),
    "protocol 0": ({}, {"GIT_PROTOCOL": ""}),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, origin: Origin) -> dict[str, str]:
    settings, variables = KINDS[request.param]
    for name, value in settings.items():
        origin.git(f"--git-dir={origin.path}", "config", name, value)
    return variables


def test_a_branch_that_moved_on(
    origin: Origin, serve: Serve, open_repository: Open, kind: dict[str, str]
) -> None:
    origin.commit({"a.txt": "0"})
    first = origin.commit({"a.txt": "1"})
    origin.git("tag", "v1")
    last = [origin.commit({"a.txt": str(n)}) for n in range(2, 5)][-1]
    with serve(origin.path.parent, variables=kind) as server:
        repository = open_repository(f"{server.url}/origin.git")
        there = asyncio.run(standing(repository, first, "main"))
        assert there == Standing(exists=True, now=last, ahead=3)
        assert asyncio.run(standing(repository, last, "HEAD")).ahead == 0
        assert asyncio.run(standing(repository, first, "v1")) == Standing(
            exists=True, now=first, ahead=0
        )


def test_merges_are_counted(origin: Origin, serve: Serve, open_repository: Open) -> None:
    first = origin.commit({"a.txt": "1"})
    origin.git("checkout", "-q", "-b", "side")
    origin.commit({"b.txt": "1"})
    origin.git("checkout", "-q", "main")
    origin.commit({"a.txt": "2"})
    origin.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    origin.publish()
    with serve(origin.path.parent) as server:
        repository = open_repository(f"{server.url}/origin.git")
        assert asyncio.run(standing(repository, first, "main")).ahead == 3


def test_a_commit_that_is_gone(
    origin: Origin, serve: Serve, open_repository: Open, kind: dict[str, str]
) -> None:
    last = origin.commit({"a.txt": "1"})
    with serve(origin.path.parent, variables=kind) as server:
        repository = open_repository(f"{server.url}/origin.git")
        there = asyncio.run(standing(repository, "0" * 40, "main"))
        assert there == Standing(exists=False, now=last, ahead=None)
        assert not asyncio.run(exists(repository, "0" * 40))
        assert asyncio.run(exists(repository, last))


def test_a_branch_that_was_rewritten(origin: Origin, serve: Serve, open_repository: Open) -> None:
    origin.commit({"a.txt": "0"})
    old = origin.commit({"a.txt": "1"})
    origin.git("tag", "kept")
    origin.git("reset", "-q", "--hard", "HEAD~1")
    now = origin.commit({"a.txt": "2"})
    with serve(origin.path.parent) as server:
        repository = open_repository(f"{server.url}/origin.git")
        there = asyncio.run(standing(repository, old, "main"))
        assert there == Standing(exists=True, now=now, ahead=None, rewritten=True)


def test_a_commit_of_sha256(make_origin: Callable[..., Origin], open_repository: Open) -> None:
    origin = make_origin("wide", kind="sha256")
    first = origin.commit({"a.txt": "1"})
    origin.commit({"a.txt": "2"})
    repository = open_repository(f"file://{origin.path}")
    assert asyncio.run(standing(repository, first, "main")).ahead == 1


def test_what_cannot_be_asked(origin: Origin, serve: Serve, open_repository: Open) -> None:
    commit = origin.commit({"a.txt": "1"})
    with serve(origin.path.parent) as server:
        repository = open_repository(f"{server.url}/origin.git")
        with pytest.raises(ResolveError, match="mian"):
            asyncio.run(standing(repository, commit, "mian"))
        with pytest.raises(ResolveError):
            asyncio.run(exists(open_repository(f"{server.url}/none.git"), commit))
    with pytest.raises(Unreachable):
        asyncio.run(exists(repository, commit))
