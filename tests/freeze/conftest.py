"""Freezers over sources made for a test, beside the real ones."""

from __future__ import annotations

import asyncio
import base64
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.local.conftest import _Backend as Backend
from tests.local.conftest import _quiet_git, make_origin, origin, serve

from binderclip.edit import Edited
from binderclip.errors import BinderclipError, ResolveError
from binderclip.freeze.freezer import Freezer
from binderclip.freeze.locking import Lockable, Locked, Locker
from binderclip.freeze.options import Options, Part
from binderclip.freeze.parts import LOCKABLE
from binderclip.spec.model import Reference

__all__ = ["_quiet_git", "make_origin", "origin", "serve"]


@dataclass
class PinningLocker:
    """Adds ``==VERSION`` to each line, and says in a comment what for."""

    versions: dict[str, str]
    asked: list[Lockable] = field(default_factory=list)
    broken: BinderclipError | None = None
    pause: asyncio.Event | None = None
    began: asyncio.Event | None = None
    texts: list[str] = field(default_factory=list)
    says: str = "locking"

    async def lock(
        self, wanted: Lockable, *, upgrade: bool, observe: Callable[[str], None]
    ) -> Locked:
        self.asked.append(wanted)
        text = (wanted.root / wanted.path).read_text("utf-8")
        self.texts.append(text)
        observe(self.says)
        if self.began:
            self.began.set()
        if self.pause:
            await self.pause.wait()
        if self.broken:
            raise self.broken
        before = dict(re.findall(r"(\w+)==(\S+)", wanted.previous or ""))
        lines = [f"# {wanted.python} {wanted.platform}"]
        for name in text.split():
            if name not in self.versions:
                raise ResolveError(f"{name}: no such package")
            version = self.versions[name] if upgrade else before.get(name, self.versions[name])
            lines.append(f"{name}=={version}")
        return Locked("\n".join(lines) + "\n", remarks=())

    def holds(self, wanted: Lockable) -> str | None:
        text = (wanted.root / wanted.path).read_text("utf-8")
        pinned = re.findall(r"(\w+)==", wanted.previous or "")
        return None if sorted(text.split()) == sorted(pinned) else "other packages are pinned"

    async def alive(self, wanted: Lockable) -> str | None:  # noqa: ARG002 - the seam's
        return None


@dataclass
class Memory:
    """Sources that know ``commits`` (by URL and ref), ``digests`` and the files of commits."""

    commits: dict[tuple[str, str], str] = field(default_factory=dict)
    digests: dict[tuple[str, str], str] = field(default_factory=dict)
    trees: dict[str, Mapping[str, str | Path]] = field(default_factory=dict)
    pinning: PinningLocker = field(default_factory=lambda: PinningLocker({"numpy": "1.0"}))
    asked: Counter[object] = field(default_factory=Counter)

    def locker(self, name: str) -> Locker:
        assert name in LOCKABLE
        return self.pinning

    async def commit(self, repository: Reference) -> str:
        key = (repository.url, repository.ref or "HEAD")
        self.asked[key] += 1
        await asyncio.sleep(0)
        if key not in self.commits:
            raise ResolveError(f"ref {key[1]!r} not found in {key[0]}", hint="Did you mean 'main'?")
        return self.commits[key]

    async def digest(self, image: Reference, platform: str | None) -> str:
        key = (image.url, image.ref or "latest")
        self.asked[key, platform] += 1
        await asyncio.sleep(0)
        if key not in self.digests:
            raise ResolveError(f"tag {key[1]!r} not found in {key[0]}")
        return self.digests[key]

    async def check_out(
        self, repository: Reference, commit: str, into: Path, run: Path
    ) -> Sequence[str]:
        self.asked["check out", repository.url, commit] += 1
        await asyncio.to_thread(self._write, commit, into, run)
        return ()

    def _write(self, commit: str, into: Path, run: Path) -> None:
        assert run.is_dir()
        into.mkdir()
        for name, content in self.trees[commit].items():
            path = into / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content)
            else:
                path.write_text(content)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def freeze(memory: Memory) -> Callable[..., Edited]:
    """One value frozen by a freezer of its own."""

    def run(value: Any, **options: Any) -> Edited:
        return together(memory, [value], **options)[0]

    return run


@pytest.fixture
def loose(memory: Memory) -> Callable[..., list[str]]:
    """What ``freeze --check`` would tell of a value."""

    async def ask(value: Any, options: Options) -> tuple[Part, ...]:
        async with Freezer(memory, options) as freezer:
            return await freezer.loose(value)

    def run(value: Any, **options: Any) -> list[str]:
        return [str(part) for part in asyncio.run(ask(value, options_of(**options)))]

    return run


def options_of(*, only: Sequence[str] = (), **options: Any) -> Options:
    return Options(frozenset(only), **{"platform": None, **options})


def together(memory: Memory, values: Sequence[Any], **options: Any) -> list[Edited]:
    """Values frozen by one freezer at the same time."""

    async def run() -> list[Edited]:
        async with Freezer(memory, options_of(**options)) as freezer:
            return list(await asyncio.gather(*map(freezer.freeze, values)))

    return asyncio.run(run())


@pytest.fixture
def guarded() -> Callable[[Path], AbstractContextManager[str]]:
    """Serves repositories to ann alone."""

    @contextmanager
    def serve_guarded(root: Path) -> Iterator[str]:
        wanted = "Basic " + base64.b64encode(b"ann:secret-of-ann").decode()

        class Guarded(Backend):
            def _run(self, body: bytes) -> None:
                if self.headers.get("Authorization") == wanted:
                    super()._run(body)
                    return
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()

        given = {"root": root, "variables": {}, "seen": []}
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Served", (Guarded,), given))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return serve_guarded
