"""Real servers for everything that a notebook can name, and a way to look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn, TypeAlias

import pytest
from tests.cli.conftest import Run, run
from tests.local.conftest import _quiet_git, make_origin, origin, serve
from tests.pylocks.index import Index, index
from tests.registries.rig import Registry, registry

from binderclip.cache import Cache
from binderclip.cli.signs import looking
from binderclip.freeze.sources import NetworkSources
from binderclip.guard import OpenGuard
from binderclip.liveness import Sign
from binderclip.spec.model import Binder

__all__ = ["Run", "_quiet_git", "make_origin", "origin", "run", "serve"]

Look: TypeAlias = Callable[..., list[Mapping[str, Sign]]]


@pytest.fixture
def images(tmp_path: Path, lacking: Callable[[str, str], NoReturn]) -> Iterator[Registry]:
    with registry(tmp_path / "registry", lacking) as there:
        yield there


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index that uv asks, with a cache of its own."""
    with index(tmp_path / "index") as there:
        monkeypatch.setenv("UV_INDEX_URL", there.url)
        monkeypatch.setenv("UV_DEFAULT_INDEX", there.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
        yield there


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """What is said of some environments, asked for together: signs by part."""

    def call(*binders: Binder) -> list[Mapping[str, Sign]]:
        async def go() -> list[Mapping[str, Sign]]:
            cache = Cache(tmp_path / "cache")
            async with (
                NetworkSources(cache, OpenGuard()) as sources,
                looking(sources, cache, 4) as ours,
            ):
                found = await asyncio.gather(*(ours.signs(binder) for binder in binders))
            return [{sign.part: sign for sign in signs} for signs in found]

        return asyncio.run(go())

    return call
