# mypy: ignore-errors
"""The configuration of the hubs that tests run against; read by jupyterhub, in its own Python.

What varies comes as JSON in $BINDERCLIP_RIG (see rig.py).
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncGenerator
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner
from tornado import web

rig = json.loads(os.environ["BINDERCLIP_RIG"])
folder = Path(rig["folder"])
c = get_config()  # noqa: F821 - jupyterhub brings it


IMAGES = {"quay.io/o/small:1": "quay.io/o/small:1", "quay.io/o/big:1": "quay.io/o/big:1"}
PROFILES = {
    "small": {},
    "large": {"image": {"choices": ("minimal", "full"), "unlisted": True}},
}


class Rigged(SimpleLocalProcessSpawner):
    """Starts real servers, in the mood that a test wrote down for the user."""

    def mood(self) -> dict:
        path = folder / "moods" / f"{self.user.name}.json"
        return json.loads(path.read_text()) if path.exists() else {}

    async def start(self) -> tuple:
        mood = self.mood()
        self.says = [*mood.get("says", ())]
        if delay_s := mood.get("delay_s"):
            await asyncio.sleep(delay_s)
        if fail := mood.get("fail"):
            raise RuntimeError(fail)
        self.environment = {**self.environment, "RIG_CHOSE": CHECKS[rig["form"]](self.user_options)}
        if mood.get("crash"):
            self.cmd = ["false"]
        return await super().start()

    async def stop(self, now: bool = False) -> None:  # noqa: FBT001, FBT002 - as the base has it
        if delay_s := self.mood().get("stop_delay_s"):
            await asyncio.sleep(delay_s)
        await super().stop(now=now)

    async def progress(self) -> AsyncGenerator:
        for number, line in enumerate(getattr(self, "says", ())):
            yield {"progress": 10 * (number + 1), "message": line}
            await asyncio.sleep(0.05)
        yield {"progress": 50, "message": "Spawning server..."}


def images(options: dict) -> str:
    """As DockerSpawner with ``allowed_images`` checks them when a server starts."""
    image = options.get("image")
    if not image:
        return next(iter(IMAGES))
    if image not in IMAGES:
        raise web.HTTPError(400, f"Image {image} not in allowed list: {', '.join(IMAGES)}")
    return IMAGES[image]


def profiles(options: dict) -> str:
    """As KubeSpawner checks ``profile_list``."""
    slug = options.get("profile") or next(iter(PROFILES))
    if slug not in PROFILES:
        raise ValueError(f"No such profile: {slug}. Options include: {', '.join(PROFILES)}")
    chosen = [slug]
    for name, option in PROFILES[slug].items():
        if unlisted := options.get(f"{name}--unlisted-choice"):
            if not re.match(r"quay\.io/", unlisted):
                raise ValueError(
                    f"Received unlisted_choice for {name} that failed validation regex."
                )
            chosen.append(unlisted)
        else:
            choices = dict.fromkeys(option["choices"])
            chosen.append(next(iter(choices)))
            if choice := options.get(name):
                chosen[-1] = {one: one for one in choices}[choice]
    return " ".join(chosen)


CHECKS = {"": lambda _: "", "images": images, "profiles": profiles}

c.JupyterHub.bind_url = rig["bind_url"]
c.JupyterHub.hub_bind_url = rig["hub_bind_url"]
c.ConfigurableHTTPProxy.api_url = rig["proxy_api_url"]
c.ConfigurableHTTPProxy.command = [rig["proxy"]]
c.ConfigurableHTTPProxy.auth_token = rig["secret"]
c.ConfigurableHTTPProxy.pid_file = str(folder / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{folder / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.services = [{"name": "rig", "api_token": rig["secret"]}]
c.JupyterHub.load_roles = [
    {
        "name": "rig",
        "services": ["rig"],
        "scopes": [
            "admin:users",
            "admin:servers",
            "admin:server_state",
            "access:servers",
            "tokens",
            "read:hub",
        ],
    }
]
c.JupyterHub.spawner_class = Rigged
c.JupyterHub.allow_named_servers = True
c.JupyterHub.named_server_limit_per_user = rig["named_servers"]
c.JupyterHub.concurrent_spawn_limit = rig["concurrent_spawns"]
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": rig["slow_spawn_s"]}
c.SimpleLocalProcessSpawner.home_dir_template = str(folder / "homes" / "{username}")
c.Spawner.cmd = [rig["singleuser"]]
c.Spawner.poll_interval = 1
c.Spawner.http_timeout = rig["start_s"]
c.Spawner.start_timeout = 90
c.Spawner.args = ["--allow-root"]
c.Spawner.env_keep = ["PATH", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE"]
if not rig["lab"]:
    # A server without pages comes up in half the time.
    c.Spawner.environment = {
        "JUPYTERHUB_SINGLEUSER_APP": "jupyter_server.serverapp.ServerApp",
        "JUPYTER_NO_CONFIG": "1",
    }
    off = ("jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "notebook", "notebook_shim")
    extensions = dict.fromkeys((*off, "nbgitpuller"), False)
    c.Spawner.args = ["--allow-root", f"--ServerApp.jpserver_extensions={extensions!r}"]

if rig["form"] == "images":
    shown = "".join(f'<option value="{image}">{image}</option>' for image in IMAGES)
    c.Spawner.options_form = f'<select name="image">{shown}</select>'
    c.Spawner.options_from_form = "simple"
elif rig["form"] == "profiles":
    shown = "".join(f'<input type="radio" name="profile" value="{slug}">' for slug in PROFILES)
    c.Spawner.options_form = f"<div>{shown}</div>"
    c.Spawner.options_from_form = "simple"

exec(rig["config"])
