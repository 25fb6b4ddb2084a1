"""A gateway, `binderclip serve` as a process, with this machine behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psutil
import pytest
from tests.gateway.rig import Served, process
from tests.targets.case import Case, Noted, files, server_up

from binderclip.environment import Environment
from binderclip.guard import OpenGuard
from binderclip.spec.model import Reference
from binderclip.targets.gateway import GatewayTarget

__all__ = ["MARKS", "case_gateway", "gateway"]

# Each launch starts a server, which takes a second or two.
MARKS = (pytest.mark.slow,)

TOKEN = "machine-token-4711"


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gateway")
    config = folder / "gateway.toml"
    config.write_text(f'[tokens]\ntester = {{ token = "{TOKEN}" }}\n')
    config.chmod(0o600)
    # Environments are made here as for the other local tests: from the index of whoever runs them.
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith("BINDERCLIP_")
    }
    stated = {
        f"BINDERCLIP_{name}": str(folder / name.lower()) for name in ("CACHE", "STATE", "CONFIG")
    }
    words = ("--config", str(config), "--on", "local")
    with process(folder, *words, environ=environ | stated) as served:
        yield served


@pytest.fixture
def case_gateway(gateway: Served) -> Case:
    def make(ledger: Noted) -> GatewayTarget:
        return GatewayTarget(gateway.url, TOKEN, guard=OpenGuard(), ledger=ledger)

    return Case(
        make=make,
        make_fresh=make,
        good=Environment(),
        refused=(Environment(build=Reference("file:///home/me", "repository")),),
        failing=lambda ledger: (make(ledger), files(apt_txt="gcc")),
        up=server_up,
        left=lambda: _left(gateway),
        secrets=(TOKEN,),
    )


def _left(gateway: Served) -> list[str]:
    """Servers of sessions, and their folders."""
    children = psutil.Process(gateway.pid).children(recursive=True)
    sessions = gateway.folder / "cache" / "sessions"
    folders = [path for path in sessions.iterdir() if path.is_dir()] if sessions.exists() else []
    return [*(" ".join(one.cmdline()) for one in children), *map(str, folders)]
