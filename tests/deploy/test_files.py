"""The container file, the unit and the compose file, judged by the programs that read them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from binderclip.gateway.settings import reading as settings
from binderclip.gateway.settings.reading import Means
from binderclip.gateway.settings.said import Flags

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy" / "gateway"
UNIT = DEPLOY / "binderclip-gateway.service"
# Of `systemd-analyze security`, in tenths: 0 is the least that a service is exposed to.
EXPOSURE = 20
TOKEN = "t0ken-of-the-service"
SCOPES = {"servers!user", "access:servers!user", "tokens!user"}


@pytest.fixture(scope="session")
def composed(tool: Callable[[str], Path]) -> dict[str, Any]:
    compose = tool("deploy/bin/docker-compose")
    done = subprocess.run(
        [compose, "--file", DEPLOY / "compose.yaml", "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "GATEWAY_TOKEN": TOKEN},
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("name", ["Containerfile", "hub/Containerfile"])
def test_hadolint_finds_no_fault(tool: Callable[[str], Path], name: str) -> None:
    done = subprocess.run(
        [tool("deploy/bin/hadolint"), "--no-color", DEPLOY / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_is_there_and_enough_for_a_wheel() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    lines = re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
    copied = {word for line in lines for word in line.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    # What hatchling reads for a wheel; tests/house/test_wheel.py builds one.
    assert {"pyproject.toml", "README.md", "LICENSE", "src", "jupyter-config"} <= copied


def test_systemd_takes_the_unit(tmp_path: Path, lacking: Callable[[str, str], NoReturn]) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        lacking("systemd-analyze", "apt install systemd")
    unit = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8").replace("/opt/binderclip/bin/binderclip", sys.executable)
    unit.write_text(text, "utf-8")
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, told) == (0, [])
    judged = subprocess.run(
        [analyze, "security", "--offline=true", f"--threshold={EXPOSURE}", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-300:]


def test_compose_takes_the_file(composed: dict[str, Any]) -> None:
    gateway, hub = composed["services"]["gateway"], composed["services"]["hub"]
    assert gateway["environment"]["JUPYTERHUB_API_TOKEN"] == TOKEN
    assert hub["environment"]["GATEWAY_TOKEN"] == TOKEN
    assert Path(gateway["build"]["context"]) == ROOT
    assert [port["host_ip"] for port in hub["ports"]] == ["127.0.0.1"]
    assert "ports" not in gateway


def test_compose_asks_for_the_token(tool: Callable[[str], Path], tmp_path: Path) -> None:
    environ = {key: value for key, value in os.environ.items() if key != "GATEWAY_TOKEN"}
    done = subprocess.run(
        [tool("deploy/bin/docker-compose"), "--file", DEPLOY / "compose.yaml", "config"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=environ,
    )
    # The wrapper that pip brings loses the exit code.
    assert done.stdout == ""
    assert "make one, as the first lines of compose.yaml say" in done.stderr


def test_the_gateway_takes_the_settings_of_the_unit() -> None:
    found = settings.read(DEPLOY / "gateway.toml", {}, Flags(), Means(keep=False))
    assert found.default == "mybinder"
    assert found.environment is not None
    # It is sent SIGKILL after that.
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT.read_text("utf-8"), re.MULTILINE)
    assert int(stop) > found.grace_s


def test_the_gateway_takes_what_compose_tells_it(composed: dict[str, Any]) -> None:
    gateway = composed["services"]["gateway"]
    (file,) = [one for one in gateway["volumes"] if one["type"] == "bind"]
    assert gateway["command"] == ["serve", "--config", file["target"]]
    found = settings.read(Path(file["source"]), gateway["environment"], Flags(), Means(keep=False))
    assert found.service is not None
    assert found.public_url == "http://127.0.0.1:8000/services/notebooks/"
    assert found.listen == "0.0.0.0"
    assert found.places[found.default].login


@pytest.mark.slow
def test_a_hub_takes_its_configuration(
    tool: Callable[[str], Path], composed: dict[str, Any], tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            tool("hub/bin/jupyterhub"),
            f"--config={DEPLOY / 'hub' / 'jupyterhub_config.py'}",
            "--show-config-json",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, **composed["services"]["hub"]["environment"]},
    )
    found = json.loads(done.stdout[done.stdout.index("{") :])
    (service,) = found["JupyterHub"]["services"]
    gateway = composed["services"]["gateway"]["environment"]
    assert f"/services/{service['name']}/" == gateway["JUPYTERHUB_SERVICE_PREFIX"]
    assert set(service["oauth_client_allowed_scopes"]) >= SCOPES
