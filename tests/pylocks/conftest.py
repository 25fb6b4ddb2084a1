"""An index of ours, folders to pin, and installers to try the locks with."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.pylocks.index import Index, index

from binderclip.freeze.locking import Lockable, Locked
from binderclip.freeze.requirements import RequirementsLocker
from binderclip.uvtool import uv_binary


@pytest.fixture(scope="session")
def _uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uv-cache")


@pytest.fixture(autouse=True)
def _nobodys_uv(_uv_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that holds nothing of earlier runs, and no patience with what is broken."""
    monkeypatch.setenv("UV_CACHE_DIR", str(_uv_cache))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Index]:
    """An index with a few packages."""
    with index(tmp_path / "packages") as made:
        made.add("alpha", "1.0", requires=["beta>=1"])
        made.add("beta", "1.0")
        made.add("beta", "1.5", extras={"more": ["gamma"]})
        made.add("gamma", "0.1")
        yield made


@dataclass
class Case:
    """A folder with files, and what happens when it is pinned."""

    root: Path
    path: str = "requirements.txt"
    python: str = "3.11"
    platform: str = "linux-64"
    previous: str | None = None
    allow_builds: bool = False
    told: list[str] = field(default_factory=list)

    @property
    def wanted(self) -> Lockable:
        return Lockable(self.root, self.path, self.python, self.platform, self.previous)

    @property
    def locker(self) -> RequirementsLocker:
        return RequirementsLocker(allow_builds=self.allow_builds)

    def lock(self, *, upgrade: bool = False) -> Locked:
        return asyncio.run(self.locker.lock(self.wanted, upgrade=upgrade, observe=self.told.append))

    def holds(self) -> str | None:
        return self.locker.holds(self.wanted)

    def alive(self) -> str | None:
        return asyncio.run(self.locker.alive(self.wanted))

    def after(self, previous: str) -> Case:
        return replace(self, previous=previous, told=[])

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


@pytest.fixture
def case(tmp_path: Path) -> Callable[..., Case]:
    def make(files: Mapping[str, str] | str, **given: object) -> Case:
        root = tmp_path / "work"
        root.mkdir(exist_ok=True)
        made = Case(root, **given)  # type: ignore[arg-type]  # a test's own keywords
        for name, text in (
            {"requirements.txt": files} if isinstance(files, str) else files
        ).items():
            made.write(name, text)
        return made

    return make


@pytest.fixture
def ours(packages: Index, monkeypatch: pytest.MonkeyPatch) -> Index:
    """``packages`` as the person's own index, which no file names."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", packages.url)
    return packages


@dataclass
class Installers:
    """pip and uv, each installing a lock into a folder of its own. ``bin`` is a virtual
    environment's.
    """

    prefix: Path
    scratch: Path

    def pip(self, lock: str, cwd: Path, *words: str, dry: bool = True) -> str:
        environ = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INPUT": "1"}
        command = [str(self.prefix / "bin" / "python"), "-m", "pip", "install", "--no-cache-dir"]
        return self._run([*command, *words], lock, cwd, environ, dry=dry)

    def uv(self, lock: str, cwd: Path, *words: str, dry: bool = True) -> str:
        command = [uv_binary(), "pip", "install", "--python", str(self.prefix)]
        return self._run([*command, *words], lock, cwd, dict(os.environ), dry=dry)

    def _run(
        self, command: list[str], lock: str, cwd: Path, environ: Mapping[str, str], *, dry: bool
    ) -> str:
        """Raises CalledProcessError when it cannot be installed."""
        (self.scratch / "lock.txt").write_text(lock, "utf-8")
        into = ["--dry-run"] if dry else ["--target", str(self.scratch / "installed")]
        command += [*into, "-r", str(self.scratch / "lock.txt")]
        done = subprocess.run(
            command, cwd=cwd, env=environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        return done.stdout + done.stderr


@pytest.fixture(scope="session")
def _prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    prefix = tmp_path_factory.mktemp("installers") / "env"
    command = [uv_binary(), "venv", "--quiet", "--seed", "--python", "3.11", str(prefix)]
    subprocess.run(command, check=True)
    return prefix


@pytest.fixture
def installers(_prefix: Path, tmp_path: Path) -> Installers:
    return Installers(_prefix, tmp_path)
