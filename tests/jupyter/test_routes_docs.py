"""docs/jupyter-api.md, held against the code: all routes are in it, and its commands are run."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, get_args

import msgspec

from binderclip import yamls
from binderclip.jupyter.routes.jobs import Limits, State

if TYPE_CHECKING:
    from tests.jupyter.rig import Served

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "jupyter-api.md").read_text("utf-8")
COMMANDS: list[str] = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def paths() -> list[str]:
    file = ROOT / "src" / "binderclip" / "jupyter" / "openapi.yaml"
    return [path[1:] for path in yamls.read(file.read_text("utf-8"), file.name)["paths"]]


def test_all_routes_are_in_the_table_and_have_a_command() -> None:
    rows = set(re.findall(r"^\| \[?`([^`]+)`", PAGE, re.MULTILINE))
    assert set(paths()) <= rows
    for path in paths():
        assert f'"$API/{path.replace("{id}", "$JOB")}"' in "".join(COMMANDS), path


def test_the_numbers_are_those_of_the_code() -> None:
    limits = Limits()
    assert f"works on {limits.at_once} jobs at a time and knows {limits.kept}" in PAGE
    assert (limits.age_s, limits.longest_s) == (3600, 1800)
    assert all(f"`{state}`" in PAGE for state in get_args(State))


def test_the_commands_do_what_they_say(
    server: Served, lacking: Callable[[str, str], NoReturn]
) -> None:
    if shutil.which("curl") is None:
        lacking("curl", "the system's package manager")
    variables = {"TOKEN": server.token, "JOB": "none", "PATH": "/usr/bin:/bin"}
    setting = COMMANDS[0].replace("http://127.0.0.1:8888/", server.url)
    setting = setting[: setting.index("curl")]
    seen = 0
    for command in COMMANDS:
        # Nobody listens there, and nobody else's network is asked.
        line = command[command.index("curl") :].replace("https://github.com", "http://127.0.0.1:1")
        done = subprocess.run(
            ["sh", "-euc", f"{setting}{line}"], env=variables, capture_output=True, check=True
        )
        if "X DELETE" in line:
            assert done.stdout == b""
            continue
        seen += 1
        if "/events" in line:
            assert b"event: error" in done.stdout, "nobody listens there"
            continue
        body = msgspec.json.decode(done.stdout)
        if "/jobs/" in line:
            assert body["id"] == variables["JOB"]
            continue
        assert body.get("error") is None, body
        if "/freeze" in line:
            variables["JOB"] = body["id"]
    assert seen == len(COMMANDS) - 1
