"""The local target: environments as folders of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.targets.case import IMAGE, Case, Noted, files

from binderclip import processes
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.session import Session
from binderclip.targets.local import LocalTarget, Plan


@pytest.fixture(scope="session")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Shared by the tests of one worker: an environment with a kernel takes seconds to make."""
    return Cache(tmp_path_factory.mktemp("cache") / "shared")


@pytest.fixture
def case_local(warm_cache: Cache, tmp_path: Path) -> Case:
    cache = Cache(tmp_path / "cache")
    broken = files(requirements_txt="binderclip-no-such-package @ file:///nowhere/x.whl\n")
    return Case(
        make=_over(warm_cache),
        make_fresh=_over(cache),
        good=Environment(),
        refused=(
            Environment(image=IMAGE),
            files(Dockerfile="FROM x"),
            files(apt_txt="gcc"),
            files(environment_yml="dependencies: 3"),
        ),
        failing=lambda ledger: (_over(cache)(ledger), broken),
        up=_up,
        left=lambda: _left(cache),
        noted=False,
        elsewhere=False,
    )


def _over(cache: Cache) -> Callable[[Noted], LocalTarget]:
    return lambda _: LocalTarget(cache, _yes)


def _yes(plan: Plan) -> None:
    assert plan.key


async def _up(session: Session) -> bool:
    return session.runtime is not None and session.runtime.home.is_dir()


def _left(cache: Cache) -> list[str]:
    """Environments, folders of them, sessions, processes."""
    folders = [p for part in ("envs", "sessions") for p in (cache.root / part).glob("*")]
    root = os.fsencode(cache.root)
    marked = [p for p in processes._table() if any(root in one for one in processes._environ(p))]
    return [str(one) for one in (*cache.environments(), *folders, *marked)]
