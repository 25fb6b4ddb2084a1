# mypy: ignore-errors
"""Runs in the Python of the spawners: reads a hub's configuration as JupyterHub does and says what
a real spawner would start, without a cluster, a daemon or systemd.

One case a line on standard input, as JSON; one answer a line. Each case is a process of its own,
as each hub is. Folders are made in the working directory.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import sys
import tempfile
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlparse

import docker
import dockerspawner
import kubespawner
import systemdspawner
from jupyterhub import orm
from jupyterhub.app import JupyterHub
from jupyterhub.objects import Hub
from jupyterhub.user import User
from systemdspawner import systemdspawner as systemd_module


async def started(case: dict[str, Any], folder: Path) -> tuple[dict[str, str], str | None]:
    """The variables and the image of what is started."""
    for name, text in case["files"].items():
        (folder / name).write_text(text)
    app = JupyterHub()
    app.parse_command_line(case["arguments"])
    app.load_config_file(str(folder / "jupyterhub_config.py"))
    session = orm.new_session_factory("sqlite:///:memory:")()
    row = orm.User(name=pwd.getpwuid(os.getuid()).pw_name)
    session.add(row)
    session.commit()
    settings = {
        "config": app.config,
        "hub": Hub(base_url=app.hub_prefix, public_host=""),
        "spawner_class": app.spawner_class,
        "public_url": urlparse(app.public_url) if app.public_url else None,
    }
    user = User(row, settings, db=session)
    user._new_orm_spawner(case["server"], "")
    spawner = user._new_spawner(case["server"], user_options=case["options"])
    await spawner._run_apply_user_options(spawner.user_options)
    for kind, start in STARTS.items():
        if isinstance(spawner, kind):
            return await start(spawner)
    return spawner.get_env(), None


async def pod(spawner: Any) -> tuple[dict[str, str], str]:
    await spawner.load_user_options()
    server = (await spawner.get_pod_manifest()).spec.containers[0]
    return {one.name: one.value for one in server.env}, server.image


async def container(spawner: Any) -> tuple[dict[str, str], str]:
    asked = {}

    async def daemon(method: str, *_: Any, **named: Any) -> dict[str, str]:
        if method in {"inspect_container", "inspect_image"}:
            raise docker.errors.NotFound(method, response=SimpleNamespace(status_code=404))
        asked[method] = named
        return {"Id": "0815"}

    type(spawner)._client = docker.APIClient(base_url="tcp://127.0.0.1:9", version="1.41")
    spawner.docker = daemon
    spawner.pull_policy = "skip"
    spawner.cmd = ["jupyterhub-singleuser"]
    spawner.get_ip_and_port = lambda: asyncio.sleep(0, ("127.0.0.1", 1))
    await spawner.start()
    return asked["create_container"]["environment"], asked["create_container"]["image"]


async def unit(spawner: Any) -> tuple[dict[str, str], None]:
    asked = {}

    async def start(_: str, **named: Any) -> None:
        asked.update(named)

    systemd_module.systemd = SimpleNamespace(
        start_transient_service=start,
        service_running=lambda _: asyncio.sleep(0, bool(asked)),
        service_failed=lambda _: asyncio.sleep(0, result=False),
        reset_service=lambda _: asyncio.sleep(0),
    )
    spawner.dynamic_users = True
    await spawner.start()
    return asked["environment_variables"], None


STARTS = {
    kubespawner.KubeSpawner: pod,
    dockerspawner.DockerSpawner: container,
    systemdspawner.SystemdSpawner: unit,
}


def answer(case: dict[str, Any]) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(dir=Path.cwd()))
    os.chdir(folder)
    # What a hub logs, which is told to the test.
    log = (folder / "log").open("w+")
    os.dup2(log.fileno(), 2)
    try:
        variables, image = asyncio.run(started(case, folder))
    except BaseException:  # noqa: BLE001 - told to the test
        return {"error": traceback.format_exc()}
    return {"variables": variables, "image": image, "log": (folder / "log").read_text()}


def main() -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            out.write(json.dumps(answer(json.loads(line)), default=str) + "\n")
            out.flush()
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
