"""Environments as Git repositories on a real server on loopback, and real clients of theirs."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp
from tests.envrepo.conftest import Known
from tests.gateway.rig_http import listening

from binderclip.environment import Environment
from binderclip.envrepo import Packed, pack
from binderclip.gateway.envs import serving
from binderclip.gateway.envs.sending import Bounds
from binderclip.gateway.envs.store import EnvStore
from binderclip.gateway.launches.looking import Looker
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.visitors.counting import Counter
from binderclip.gateway.visitors.logins import Logins
from binderclip.gateway.visitors.signing import Signer
from binderclip.guard import PublicGuard

FILES = {
    "requirements.txt": "numpy\n",
    "postBuild": "#!/bin/sh\necho done\n",
    "data/deep/x.txt": "1\n",
}


def packed(files: dict[str, str] | None = None) -> Packed:
    """Of files alone: nobody is asked for anything."""

    def nobody(*_: object) -> None:
        raise AssertionError

    env = Environment(files=FILES if files is None else files)
    return asyncio.run(pack(env, Known(nobody)))  # type: ignore[arg-type]


def app(store: EnvStore, bounds: Bounds | None = None) -> Starlette:
    """The routes of environments alone."""
    made = Starlette(routes=serving.routes(bounds))
    made.router.redirect_slashes = False
    made.state.gateway = SimpleNamespace(envs=store)
    return made


@contextmanager
def served(application: ASGIApp, bound: socket.socket | None = None) -> Iterator[str]:
    """The address of it, on a real server, without a slash at the end."""
    with bound or socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            application, log_config=None, lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def git(folder: Path, *words: str, ok: bool = True) -> str:
    """What git prints, of nobody's settings; with ``ok`` False what it complains of."""
    alone = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "NO_PROXY": "127.0.0.1",
        "LC_ALL": "C",
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        env={**os.environ, **alone},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == ok, done.stderr
    return (done.stdout if ok else done.stderr).strip()


@contextmanager
def published(folder: Path) -> Iterator[str]:
    """The files of a folder on the web; the address ends in ``/``."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with listening(handler) as port:
        yield f"http://127.0.0.1:{port}/"


def notebook(folder: Path, name: str, binder: object) -> None:
    """A notebook with that metadata, put where ``published`` finds it."""
    code = {"cell_type": "code", "id": "a", "source": "1 + 1", "outputs": [], "metadata": {}}
    value = {
        "cells": [{**code, "execution_count": None}],
        "metadata": {"binder": binder} if binder is not None else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / name).write_text(json.dumps(value))


def whole(settings: Settings) -> Starlette:
    """The routes of environments, with all that they go by and nothing else."""
    guard = PublicGuard(allow=settings.allowed_networks)
    made = app(EnvStore(settings.storage / "envs"))
    made.state.gateway = SimpleNamespace(
        settings=settings,
        guard=guard,
        envs=made.state.gateway.envs,
        looker=Looker(guard, settings),
        counter=Counter(settings.limits),
        signer=Signer(settings.secret),
        logins=Logins(),
    )
    return made
