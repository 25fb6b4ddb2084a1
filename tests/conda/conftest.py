"""A channel of hand-made packages, and nobody's conda settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conda.channel import ChannelFolder, channel

from binderclip import conda
from binderclip.conda import CondaFile, Solution


@pytest.fixture(autouse=True)
def _nobodys_conda(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONDARC", str(tmp_path / "condarc"))
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(tmp_path / "no-credentials.json"))
    for name in ("CONDA_CHANNEL_ALIAS", "CONDA_OVERRIDE_GLIBC", "CONDA_OVERRIDE_CUDA"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def ch(tmp_path: Path) -> Iterator[ChannelFolder]:
    """A channel with ``tool`` 1.0, which depends on ``part``, which has a 1.0."""
    with channel(tmp_path / "channel") as made:
        made.add("part", "1.0", files={"share/part": b"one"}, indexed=False)
        made.add("tool", "1.0", depends=["part"], files={"bin/tool": b"#!/bin/sh\necho tool\n"})
        yield made


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


class Steps:
    """What the tests do all the time."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.said: list[str] = []

    def solve(self, file: CondaFile | str, *extra: str, **options: object) -> Solution:
        read = conda.read(file, "environment.yml") if isinstance(file, str) else file
        options = {"platform": "linux-64", "observe": self.said.append, **options}
        work = conda.solve(read, cache=self.cache, extra_specs=extra, **options)  # type: ignore[arg-type] # as tests say them
        return asyncio.run(work)

    def install(self, solution: Solution, prefix: Path, **options: object) -> Path:
        options = {"observe": self.said.append, **options}
        asyncio.run(conda.install(solution, prefix, cache=self.cache, **options))  # type: ignore[arg-type] # as tests say them
        return prefix


@pytest.fixture
def steps(cache: Path) -> Steps:
    return Steps(cache)


def written(channels: str, *dependencies: str) -> str:
    """An environment.yml that asks these channels alone."""
    entries = "".join(f"- {one}\n" for one in dependencies)
    return f"channels: [{channels}, nodefaults]\ndependencies:\n{entries}"
