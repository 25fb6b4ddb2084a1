"""Repositories, registries, repo2docker and the command line; and ways to pack environments."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# Their own suites keep them.
from tests.cli.conftest import notebook, run, spawn  # noqa: F401 - pytest looks for them
from tests.copying.conftest import hostile  # noqa: F401 - as above
from tests.local.conftest import (  # noqa: F401 - as above
    _quiet_git,
    make_origin,
    open_repository,
    origin,
    serve,
)
from tests.rees.conftest import repo2docker  # noqa: F401 - as above
from tests.registries.conftest import new_registry  # noqa: F401 - as above

from binderclip.environment import Environment
from binderclip.envrepo import Packed, pack, pack_file

if TYPE_CHECKING:
    from binderclip.repositories import Repository
    from binderclip.spec.model import Reference

DIGEST = f"sha256:{'ab' * 32}"


@dataclass
class Known:
    """A ``Sources`` that asks nobody for digests, and gives repositories from beside the test."""

    open_repository: Callable[..., Repository]
    digests: list[tuple[str, str]] = field(default_factory=list)

    async def digest(self, image: Reference, platform: str) -> str:
        self.digests.append((image.ref or "latest", platform))
        return image.hash or DIGEST

    async def fetched(self, build: Reference) -> tuple[Repository, str]:
        found = self.open_repository(build.url)
        commit = build.hash or await found.resolve(build.ref or "HEAD")
        await found.fetch(commit)
        return found, commit


@pytest.fixture
def sources(open_repository: Callable[..., Repository]) -> Known:  # noqa: F811 - pytest's way
    return Known(open_repository)


@pytest.fixture
def packed(sources: Known) -> Callable[..., Packed]:
    def make(env: Environment, **named: Any) -> Packed:
        return asyncio.run(pack(env, sources, **named))

    return make


def git(folder: Path, *words: str, data: bytes = b"") -> str:
    """What git prints, in a repository at ``folder``; nothing of whoever runs the tests."""
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        input=data,
        env={**os.environ, **alone},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def sound(found: Packed, folder: Path) -> Path:
    """A repository that holds it, which git is content with."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "--bare", ".")
    git(folder, "unpack-objects", "-q", "--strict", data=pack_file(found.objects))
    git(folder, "update-ref", "refs/heads/main", found.commit)
    git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    said = git(folder, "fsck", "--strict", "--no-progress", "--unreachable")
    assert said == ""
    return folder


@pytest.fixture
def checked_out(tmp_path: Path) -> Callable[[Packed], Path]:
    """A clone, as a builder makes it: https://repo2docker.readthedocs.io (contentproviders/git)"""

    def make(found: Packed) -> Path:
        into = tmp_path / found.commit / "clone"
        if into.exists():
            return into
        bare = sound(found, tmp_path / found.commit / "bare.git")
        git(tmp_path, "clone", "-q", "--no-checkout", str(bare), str(into))
        git(into, "reset", "-q", "--hard", found.commit)
        git(into, "submodule", "update", "--init", "--recursive")
        return into

    return make
