# mypy: ignore-errors
"""The JupyterHub behind the real BinderHub of the tests; read by jupyterhub, in BinderHub's Python.

What varies comes as JSON in $BINDERCLIP_RIG (see ../rig.py). Images are folders: one is copied to
be the home of each server.
"""

import json
import os
import shutil
import sys
from collections.abc import Awaitable
from pathlib import Path

from binderhub.binderspawner_mixin import BinderSpawnerMixin
from jupyterhub.spawner import SimpleLocalProcessSpawner

rig = json.loads(os.environ["BINDERCLIP_RIG"])
folder = Path(rig["folder"])
c = get_config()  # noqa: F821 - jupyterhub brings it


class FolderSpawner(BinderSpawnerMixin, SimpleLocalProcessSpawner):
    """Runs a server in a copy of its image."""

    def start(self) -> Awaitable:
        image = folder / "images" / self.user_options["image"].rpartition("/")[2]
        home = folder / "homes" / f"{self.user.name}-{self.name or 'default'}"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(image, home, ignore=shutil.ignore_patterns(".git"))
        self.home_dir = str(home)
        return super().start()

    def get_args(self) -> list[str]:
        # It would listen to the whole network.
        return [word.replace("--ip=0.0.0.0", "--ip=127.0.0.1") for word in super().get_args()]


c.JupyterHub.bind_url = rig["bind_url"]
c.JupyterHub.hub_bind_url = rig["hub_bind_url"]
c.ConfigurableHTTPProxy.api_url = rig["proxy_api_url"]
c.ConfigurableHTTPProxy.command = [rig["proxy"]]
c.ConfigurableHTTPProxy.auth_token = rig["secret"]
c.ConfigurableHTTPProxy.pid_file = str(folder / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{folder / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
c.JupyterHub.spawner_class = FolderSpawner
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
c.JupyterHub.authenticator_class = "dummy" if rig["logins"] else "null"
c.Authenticator.allow_all = True
c.JupyterHub.allow_named_servers = rig["named_servers"] > 0
bins = Path(sys.executable).parent
c.FolderSpawner.auth_enabled = rig["logins"]
c.Spawner.cmd = [str(bins / ("jupyterhub-singleuser" if rig["logins"] else "jupyter-server"))]
extensions = dict.fromkeys(
    ("jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "notebook", "notebook_shim"), False
)
c.Spawner.args = ["--allow-root", f"--ServerApp.jpserver_extensions={extensions!r}"]
c.Spawner.environment = {"JUPYTERHUB_SINGLEUSER_APP": "jupyter_server.serverapp.ServerApp"}
c.Spawner.poll_interval = 1
c.Spawner.http_timeout = 60
c.Spawner.env_keep = ["PATH", "LANG", "TMPDIR"]

c.JupyterHub.services = [
    {"name": "rig", "api_token": rig["secret"]},
    {
        "name": "binder",
        "url": rig["binder_url"],
        "command": [
            *(sys.executable, "-m", "binderhub"),
            *("-f", str(Path(rig["here"]) / "binderhub_config.py")),
        ],
        "environment": {name: os.environ[name] for name in ("BINDERCLIP_RIG", "PATH", "HOME")},
        "oauth_no_confirm": True,
    },
]
c.JupyterHub.load_roles = [
    {"name": "binder", "services": ["binder"], "scopes": ["servers", "admin:users"]},
    {
        "name": "rig",
        "services": ["rig"],
        "scopes": ["admin:users", "admin:servers", "admin:server_state", "tokens", "read:hub"],
    },
    {"name": "user", "scopes": ["self", "access:services!service=binder"]},
]
