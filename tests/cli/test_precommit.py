"""The hooks of ``.pre-commit-hooks.yaml`` under the real pre-commit, in a real repository."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Make: TypeAlias = Callable[..., Path]

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
WRONG = {"version": 1, "build": {"host": "ftp://x", "path": "o/r"}}
GOOD = {"version": 1, "build": {"host": "https://github.com", "path": "o/r"}}


def published() -> list[dict[str, Any]]:
    hooks: list[dict[str, Any]] = importlib.import_module("yaml").safe_load(
        (ROOT / ".pre-commit-hooks.yaml").read_text()
    )
    return hooks


def shell(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PRE_COMMIT"))}
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={
            **env,
            "PATH": f"{BIN}:{env['PATH']}",
            "PRE_COMMIT_HOME": str(cwd.parent / "pre-commit"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def commit(folder: Path) -> str:
    shell("git", "init", "-q", "-b", "main", cwd=folder)
    shell("git", "add", "-A", cwd=folder)
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    done = shell("git", *identity, "commit", "-q", "--no-verify", "-m", "x", cwd=folder)
    assert done.returncode == 0, done.stderr
    return shell("git", "rev-parse", "HEAD", cwd=folder).stdout.strip()


@pytest.fixture
def project(notebook: Make, tmp_path: Path) -> Path:
    notebook("work/good.ipynb", binder=GOOD)
    notebook("work/bad one.ipynb", binder=WRONG)
    notebook("work/none.ipynb")
    notebook("work/old.ipynb", binder={"binder_url": "https://mybinder.org", "binder_repo": "o/r"})
    (tmp_path / "work/other.json").write_text("{")
    return tmp_path / "work"


def configure(project: Path, hooks: list[dict[str, Any]], **repo: Any) -> None:
    config = {"repos": [{**repo, "hooks": hooks}]}
    (project / ".pre-commit-config.yaml").write_text(json.dumps(config))
    commit(project)


def hook(project: Path, name: str) -> subprocess.CompletedProcess[str]:
    return shell("pre-commit", "run", name, "--all-files", "--color=never", cwd=project)


@pytest.mark.slow
def test_the_hooks(project: Path) -> None:
    configure(project, [{**one, "language": "system"} for one in published()], repo="local")
    checked = hook(project, "binderclip-check")
    assert checked.returncode == 1
    assert "bad one.ipynb: binder.build.host" in checked.stdout
    assert "other.json" not in checked.stdout
    required = hook(project, "binderclip-require")
    assert "none.ipynb: binder: found nothing" in required.stdout
    loose = hook(project, "binderclip-frozen")
    assert loose.returncode == 1
    assert "good.ipynb: build: not frozen" in loose.stdout
    (project / "bad one.ipynb").unlink()
    commit(project)
    assert hook(project, "binderclip-check").returncode == 0
    upgraded = hook(project, "binderclip-upgrade")
    assert upgraded.returncode == 1
    assert "files were modified by this hook" in upgraded.stdout
    assert json.loads((project / "old.ipynb").read_text())["metadata"]["binder"]["version"] == 1
    commit(project)
    assert hook(project, "binderclip-upgrade").returncode == 0
    assert hook(project, "binderclip-strip").returncode == 1
    assert "binder" not in json.loads((project / "good.ipynb").read_text())["metadata"]


@pytest.mark.slow
def test_installed_by_pre_commit_itself(project: Path, tmp_path: Path) -> None:
    ours = tmp_path / "binderclip"
    ours.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, ours)
    shutil.copytree(ROOT / "src", ours / "src", ignore=shutil.ignore_patterns("__pycache__"))
    revision = commit(ours)
    configure(project, [{"id": "binderclip-check"}], repo=str(ours), rev=revision)
    checked = hook(project, "binderclip-check")
    assert "bad one.ipynb: binder.build.host" in checked.stdout, checked
    assert checked.returncode == 1
