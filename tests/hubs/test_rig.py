"""The hub that other suites stand on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

HOLDER = """
import sys
from pathlib import Path
from tests.hubs.rig import started

with started(Path(sys.argv[1]), Path(sys.argv[2])) as hub:
    user = hub.user()
    hub.start_server(user)
    print(hub.pid, hub.server_pid(user), flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
def test_a_users_token_reaches_the_users_server(hub: Hub) -> None:
    user = hub.user()
    url = f"{hub.url}{hub.start_server(user).lstrip('/')}api/contents"
    request = urllib.request.Request(url, headers={"Authorization": f"token {hub.token(user)}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        assert json.loads(answer.read())["type"] == "directory"
    assert set(hub.home(user).parts) > set(hub.folder.parts)


@pytest.mark.slow
def test_all_ends_with_a_test_run_that_is_killed(tools: Path, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tools), str(tmp_path)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    pids = [int(word) for word in holder.stdout.readline().split()]
    processes = [psutil.Process(pid) for pid in pids]
    holder.kill()
    holder.communicate()
    ends = time.monotonic() + 30
    while time.monotonic() < ends and any(one.is_running() for one in processes):
        time.sleep(0.05)
    assert not [one for one in processes if one.is_running()]
