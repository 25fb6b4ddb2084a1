# mypy: ignore-errors
"""A real BinderHub without Docker: repositories are cloned, and the clones are its images.

Read by binderhub, in its own Python; what varies comes as JSON in $BINDERCLIP_RIG (see ../rig.py).
A repository with a file ``fail`` cannot be built, one with a file ``slow`` takes that many seconds.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from binderhub.build import BuildExecutor, ProgressEvent
from binderhub.health import HealthHandler
from binderhub.quota import LaunchQuota, LaunchQuotaExceeded
from binderhub.registry import DockerRegistry
from tornado.httpserver import HTTPServer

rig = json.loads(os.environ["BINDERCLIP_RIG"])
folder = Path(rig["folder"])
images = folder / "images"
c = get_config()  # noqa: F821 - traitlets brings it

_listen = HTTPServer.listen


def listen(self: HTTPServer, port: int, address: str = "127.0.0.1", **named: Any) -> None:
    """It would listen to the whole network."""
    _listen(self, port, address, **named)


HTTPServer.listen = listen


class Clones(BuildExecutor):
    def submit(self) -> None:
        status = ProgressEvent.BuildStatus
        self.progress(ProgressEvent.Kind.BUILD_STATUS_CHANGE, status.RUNNING)
        try:
            built = self.clone()
        except subprocess.CalledProcessError as error:
            built = self.say("failed", f"Error during build: {error.output}")
        if built:
            self.progress(ProgressEvent.Kind.BUILD_STATUS_CHANGE, status.BUILT)
        else:
            self.progress(ProgressEvent.Kind.BUILD_STATUS_CHANGE, status.FAILED)

    def clone(self) -> bool:
        target = images / self.image_name.rpartition("/")[2]
        draft = target.with_name(f"{target.name}.{time.monotonic_ns()}")
        self.say("", "Picked Git content provider.\n")
        self.say("fetching", f"Cloning into '{draft.name}'...\n")
        run(["git", "clone", "--quiet", self.repo_url, str(draft)])
        run(["git", "-C", str(draft), "checkout", "--quiet", self.ref])
        self.say("building", "Step 1/1 : \x1b[32mCOPY\x1b[0m")
        self.say("building", "\n")
        for _ in range(5 * number(draft / "slow")):
            self.say("building", "working\r")
            time.sleep(0.2)
        if (draft / "fail").exists():
            self.say("building", (draft / "fail").read_text())
            return self.say("failed", "Error during build: exit status 1\n")
        shutil.rmtree(draft / ".git")
        draft.rename(target)
        return True

    def say(self, phase: str, message: str) -> bool:
        told = {"phase": phase, "message": message} if phase else {"message": message}
        self.progress(ProgressEvent.Kind.LOG_MESSAGE, json.dumps(told))
        return False


def run(words: list[str]) -> None:
    subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def number(path: Path) -> int:
    return int(path.read_text()) if path.exists() else 0


class Folders(DockerRegistry):
    async def get_image_manifest(self, image: str, tag: str) -> dict | None:
        return {"tag": tag} if (images / f"{image.rpartition('/')[2]}:{tag}").is_dir() else None


def used() -> int:
    """What a test says is in use, of a quota of 10."""
    path = folder / "used"
    return int(path.read_text()) if path.exists() else 0


class Quota(LaunchQuota):
    async def check_repo_quota(self, *_: object) -> None:
        if (folder / "full-unseen").exists() or used() >= 10:
            raise LaunchQuotaExceeded(
                "Too many users on this BinderHub! Try again soon.",
                quota=10,
                used=10,
                status="pod_quota",
            )


class Health(HealthHandler):
    def get_checks(self, checks: dict) -> None:
        super().get_checks(checks)
        checks["Pod quota"] = self.pods()

    async def pods(self) -> dict:
        count = used()
        return {
            "total_pods": count,
            "build_pods": 0,
            "user_pods": count,
            "quota": 10,
            "ok": count <= 10,
            "_ignore_failure": True,
        }


images.mkdir(exist_ok=True)
c.BinderHub.port = urlsplit(rig["binder_url"]).port
c.BinderHub.base_url = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
c.BinderHub.hub_url = rig["bind_url"]
c.BinderHub.builder_required = False
c.BinderHub.build_class = Clones
c.BinderHub.use_registry = True
c.BinderHub.registry_class = Folders
c.BinderHub.image_prefix = "rig.invalid/images/"
c.BinderHub.launch_quota_class = Quota
c.BinderHub.health_handler_class = Health
c.BinderHub.auth_enabled = rig["logins"]
c.BinderHub.cors_allow_origin = "*"
c.Launcher.allow_named_servers = rig["named_servers"] > 0
c.Launcher.named_server_limit_per_user = rig["named_servers"]
c.Launcher.retries = 1
c.RateLimiter.limit = rig["rate_limit"]
c.EventLog.handlers_maker = lambda _: [logging.FileHandler(folder / "events.jsonl")]
if rig["gateway"]:
    sys.path.insert(0, rig["source"])
    from binderclip.hub import NotebookProvider

    c.BinderHub.repo_providers.update({"notebook": NotebookProvider})
    c.NotebookProvider.gateway = rig["gateway"]
    c.NotebookProvider.banned_specs = rig["banned"]
    c.GitRepoProvider.banned_specs = rig["banned"]
