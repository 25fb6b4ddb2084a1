# mypy: ignore-errors
# ruff: noqa: F821 - these lines follow others in a jupyterhub_config.py: tests/hubs/hub_config.py
"""What an operator may have in a configuration besides our one line: variables by user, or pods.

``PODS`` is said by the test before these lines.
"""

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

folder = Path(rig["folder"])


def variables_of(spawner: Any) -> None:
    """What the test wrote down for the user."""
    path = folder / "variables" / f"{spawner.user.name}.json"
    if path.exists():
        spawner.environment = {**spawner.environment, **json.loads(path.read_text())}


c.Spawner.pre_spawn_hook = variables_of

if PODS:
    cluster = folder / "cluster"
    cluster.write_text(json.dumps(PODS["cluster"]))
    os.environ["KUBECONFIG"] = str(cluster)

    from jupyterhub.utils import random_port
    from kubespawner import KubeSpawner

    class Pods(KubeSpawner):
        """Makes a pod's manifest, and runs what it says here."""

        process = None

        async def start(self) -> tuple:
            await self.load_user_options()
            self.ip, self.port = "127.0.0.1", random_port()
            server = (await self.get_pod_manifest()).spec.containers[0]
            home = folder / "homes" / self.user.name
            home.mkdir(parents=True, exist_ok=True)
            self.process = await asyncio.create_subprocess_exec(
                *server.args,
                cwd=home,
                env={one.name: one.value for one in server.env}
                | {"HOME": str(home), "PATH": os.environ["PATH"]},
                start_new_session=True,
            )
            return self.ip, self.port

        async def stop(self, **_: Any) -> None:
            if self.process is not None:
                self.process.kill()
                await self.process.wait()

        async def poll(self) -> int | None:
            return self.process.returncode if self.process is not None else 0

        async def progress(self) -> AsyncGenerator:
            yield {"progress": 50, "message": "a pod"}
            await asyncio.sleep(0)

    c.JupyterHub.spawner_class = Pods
    c.KubeSpawner.image = PODS["image"]
    c.KubeSpawner.profile_list = PODS["profiles"]
