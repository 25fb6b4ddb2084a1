"""Repositories under a guard: names that lead where a test says, servers that mean harm."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import pytest
from tests.local.conftest import Served, make_origin, origin, serve, tls
from tests.repositories.hostile import Hostile, started

from binderclip.cache import Cache
from binderclip.guard import Endpoint, PublicGuard
from binderclip.repositories import Repository
from binderclip.repositories.bounds import Bounds
from binderclip.repositories.cached import cached

# pytest finds fixtures among the names of a conftest.
__all__ = ["Served", "make_origin", "origin", "serve", "tls"]

LOOPBACK = "127.0.0.0/8"


@dataclass
class Names:
    """A resolver. A name leads to 127.0.0.1, or to what ``answers`` has for it: one answer a time,
    the last again and again.
    """

    answers: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> tuple[Endpoint, ...]:
        self.asked.append(host)
        if "." not in host and ":" not in host:
            raise OSError("no such name")
        left = self.answers.get(host, [("127.0.0.1",)])
        answer = left.pop(0) if len(left) > 1 else left[0]
        return tuple((address, port) for address in answer)


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@dataclass
class Asking:
    """Opens repositories under a guard."""

    cache: Cache
    names: Names
    networks: tuple[str, ...] = (LOOPBACK,)

    @property
    def guard(self) -> PublicGuard:
        return PublicGuard(self.names, allow=[ip_network(one) for one in self.networks])

    def open(self, url: str, *, offline: bool = False, bounds: Bounds | None = None) -> Repository:
        return cached(url, self.cache, guard=self.guard, offline=offline, bounds=bounds)

    @property
    def kept(self) -> list[str]:
        """What lies in the cache of repositories."""
        root = self.cache.root / "repositories"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


@pytest.fixture
def asking(cache: Cache, names: Names) -> Asking:
    return Asking(cache, names)


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    with started() as server:
        yield server


@pytest.fixture
def start_server() -> Iterator[Callable[..., Hostile]]:
    """Servers at addresses of one's own; stopped at the end."""
    with ExitStack() as stack:
        yield lambda address="127.0.0.1": stack.enter_context(started(address))


@pytest.fixture
def trap(start_server: Callable[..., Hostile]) -> Hostile:
    """Where nothing may ever come."""
    return start_server()


@pytest.fixture
def a_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a git first on the path that does something before it is the real one."""

    def make(first: str) -> None:
        script = tmp_path / "bin" / "git"
        script.parent.mkdir()
        script.write_text(f'#!/bin/sh\n{first}\nexec {shutil.which("git")} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")

    return make
