"""Real repositories over loopback http, hostile ones made by hand, and homes to put files into."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.local.conftest import (
    Origin,
    Served,
    make_origin,
    origin,
    serve,
)
from tests.servers.conftest import folder, jupyter, on_jupyter

from binderclip.cache import Cache
from binderclip.copying import Copies, Home, Limits, place, prepare
from binderclip.events import Event, Progress
from binderclip.spec.model import Binder, Fetch

# pytest finds fixtures among the names of a conftest.
__all__ = ["folder", "jupyter", "make_origin", "on_jupyter", "origin", "serve"]


@pytest.fixture(autouse=True)
def _quiet_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of whoever runs the tests."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def web(tmp_path: Path, serve: Callable[..., AbstractContextManager[Served]]) -> Iterator[Served]:
    """The folder of all origins, over http."""
    (tmp_path / "origins").mkdir(exist_ok=True)
    with serve(tmp_path / "origins") as server:
        yield server


@dataclass
class Copying:
    """Prepares and places, and remembers what was told."""

    cache: Cache
    url: str
    told: list[str] = field(default_factory=list)

    def observe(self, event: Event) -> None:
        assert isinstance(event, Progress)
        self.told.append(event.message)

    def fetch(self, path: str = "origin.git", **named: object) -> Fetch:
        return Fetch(self.url, path, **named)  # type: ignore[arg-type] # named as its fields

    def prepare(
        self,
        *,
        content: Fetch | None = None,
        config: Fetch | None = None,
        latest: bool = False,
        offline: bool = False,
        limits: Limits | None = None,
    ) -> Copies:
        return asyncio.run(
            prepare(
                Binder(content=content, config=config),
                cache=self.cache,
                latest=latest,
                offline=offline,
                observe=self.observe,
                limits=limits,
            )
        )

    def all(self, **named: object) -> Copies:
        """Everything of the origin, into the home itself."""
        return self.prepare(content=self.fetch(copy={"**": "$HOME"}), **named)  # type: ignore[arg-type] # as above

    def place(self, copies: Copies, home: Home) -> tuple[str, ...]:
        return asyncio.run(place(copies, home, observe=self.observe))


@pytest.fixture
def copying(cache: Cache, web: Served) -> Copying:
    return Copying(cache, web.url)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@dataclass(frozen=True)
class Hostile:
    """Makes objects that git's own commands would not write."""

    origin: Origin

    def blob(self, content: bytes = b"x") -> str:
        return self._object("blob", content)

    def tree(self, entries: Sequence[tuple[str, bytes, str]]) -> str:
        """Of (mode, name, object). https://git-scm.com/book/en/v2/Git-Internals-Git-Objects"""
        raw = b"".join(
            mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries
        )
        return self._object("tree", raw)

    def publish(self, tree: str) -> str:
        """A commit of ``tree`` as the main branch."""
        commit = self.origin.git("commit-tree", tree, "-m", "made by hand")
        self.origin.git("update-ref", "refs/heads/main", commit)
        self.origin.publish()
        return commit

    def _object(self, kind: str, content: bytes) -> str:
        command = ["hash-object", "-t", kind, "-w", "--stdin", "--literally"]
        done = subprocess.run(
            ["git", "-C", str(self.origin.work), *command],
            input=content,
            check=True,
            capture_output=True,
        )
        return done.stdout.decode().strip()


@pytest.fixture
def hostile(origin: Origin) -> Hostile:
    return Hostile(origin)
