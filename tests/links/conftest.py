"""Repositories with work trees, and what pages make of links."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def browsers() -> ModuleType:
    """browsers.py, which stands beside this file; test folders are no packages."""
    path = Path(__file__).with_name("browsers.py")
    found = importlib.util.spec_from_file_location("browsers_of_links", path)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _quiet_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of whoever runs the tests."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@dataclass(frozen=True)
class Checkout:
    folder: Path

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        done = subprocess.run(
            ["git", *who, *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, name: str, text: str = "{}") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")
        return path

    def pushed(self, remote: str = "origin") -> None:
        """As after a push of the branch, without one."""
        branch = self.git("symbolic-ref", "--short", "HEAD")
        self.git("update-ref", f"refs/remotes/{remote}/{branch}", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[..., Checkout]:
    def make(remote: str | None = "https://github.com/o/r.git", branch: str = "main") -> Checkout:
        folder = tmp_path / "work"
        subprocess.run(["git", "init", "-q", "-b", branch, str(folder)], check=True)
        made = Checkout(folder)
        if remote:
            made.git("remote", "add", "origin", remote)
        return made

    return make
