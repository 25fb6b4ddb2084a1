"""JupyterLab in an environment, for one person on this machine."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlsplit

from binderclip import opener, processes
from binderclip.errors import Refused, SessionError, TimedOut
from binderclip.kernels.child import Child, Death
from binderclip.kernels.choice import specs
from binderclip.session import Runtime

_START_S = 120.0
_PAUSE_S = 0.03
# The server ends its kernels one by one.
_END_GRACE_S = 8.0
_REST_GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Reach:
    """Who gets at a JupyterLab. It listens at the address ``listen``; with ``host`` browsers of
    other machines may call this one so. ``origins`` are sites whose scripts may ask it for
    something, if they have its token: "https://…", or "*" for all.
    """

    listen: str = "127.0.0.1"
    host: str | None = None
    origins: tuple[str, ...] = ()


HERE = Reach()
"""The person at this machine alone."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A JupyterLab that answers.

    ``base`` is the server's address, ``token`` what it takes, ``address`` the notebook's page, or
    JupyterLab's own.
    ``url`` is that with the token: show it to nobody but the person. ``opener_file`` is a private
    page that leads there: a browser is given that, so that the token is in no list of processes.
    """

    base: str
    token: str = field(repr=False)
    address: str
    url: str = field(repr=False)
    opener_file: Path
    _child: Child = field(repr=False)

    async def ended(self) -> Death:
        """Until the server ends, by its File menu or otherwise."""
        return await self._child.wait()


def has_lab(prefix: Path) -> bool:
    """Whether JupyterLab is installed in the environment at ``prefix``."""
    return any(prefix.glob("lib/python*/site-packages/jupyterlab/__init__.py"))


@asynccontextmanager
async def serve_lab(
    runtime: Runtime, notebook: Path, *, lab_prefix: Path | None = None, reach: Reach = HERE
) -> AsyncIterator[Lab]:
    """JupyterLab over the folder of ``notebook``, with the kernels of ``runtime`` and no others.
    ``notebook`` may be a folder itself, and nothing is opened then.

    It is the environment's own JupyterLab or, where that has none, the one at ``lab_prefix``.
    The person's settings hold; what concerns this server alone (its port, token, workspaces and
    runtime files) is the session's. On leaving, the server ends with all that it started.

    Raises Refused where there is no JupyterLab or no kernel, TimedOut, SessionError.
    """
    prefix = runtime.prefix if has_lab(runtime.prefix) else lab_prefix
    if prefix is None or not has_lab(prefix):
        raise Refused(
            "there is no JupyterLab in this environment",
            hint="add jupyterlab to what it installs, or execute the notebook with 'run'",
        )
    folder = runtime.run / f"lab-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    names = _write_specs(runtime, folder / "data" / "kernels")
    token = secrets.token_urlsafe(32)
    environ = _environ(runtime, folder, token)
    root, path = _shown(notebook)
    options = [*_options(root, names), *_reached(reach)]
    argv = [str(prefix / "bin" / "python"), "-m", "jupyterlab", *options]
    child = Child.start(replace(runtime, environ=environ), argv, root, folder / "server.log")
    try:
        base, token = await _ready(child, folder / "runtime", token)
        base = _called(base, reach)
        url = f"{base}{path}?token={quote(token, safe='')}"
        yield Lab(base, token, f"{base}{path}", url, opener.write(folder, url), child)
    finally:
        child.signal(signal.SIGTERM)
        try:
            await child.end(_END_GRACE_S)
        finally:
            # Kernels lead groups of their own.
            await asyncio.to_thread(processes.stop_all, runtime.run, _REST_GRACE_S)


def _shown(notebook: Path) -> tuple[Path, str]:
    """The folder to serve, and the page to open."""
    whole = notebook.absolute()
    if whole.is_dir():
        return whole, "lab"
    return whole.parent, f"lab/tree/{quote(whole.name, safe='')}"


def _write_specs(runtime: Runtime, folder: Path) -> list[str]:
    """Copy the environment's kernel specs with whole paths: another environment's server would
    take "python" for its own. Their names.
    """
    found = specs(runtime)
    if not found:
        raise Refused(
            "the environment has no kernel at all",
            hint="add ipykernel to what the environment installs",
        )
    for source, spec in found.items():
        target = folder / source.name
        target.mkdir(parents=True)
        (target / "kernel.json").write_text(json.dumps(spec), "utf-8")
        for path in source.iterdir():
            if path.name != "kernel.json":
                (target / path.name).symlink_to(path)
    return [source.name.lower() for source in found]


def _environ(runtime: Runtime, folder: Path, token: str) -> dict[str, str]:
    """``JUPYTER_PATH`` also leads to the front-end parts of the environment's widgets."""
    stated = runtime.environ.get("JUPYTER_PATH", "")
    data = [str(folder / "data"), str(runtime.prefix / "share" / "jupyter"), stated]
    (folder / "runtime").mkdir(mode=0o700)
    return {
        **runtime.environ,
        "JUPYTER_PATH": os.pathsep.join(filter(None, data)),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_TOKEN": token,
    }


def _options(root: Path, kernels: list[str]) -> list[str]:
    return [
        "--no-browser",
        "--ServerApp.port=0",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.no_browser_open_file=True",
        "--ServerApp.sock=",
        # As root in a container, say: the server is this session's alone.
        "--allow-root",
        "--KernelSpecManager.ensure_native_kernel=False",
        *(f"--KernelSpecManager.allowed_kernelspecs={name}" for name in kernels),
    ]


def _reached(reach: Reach) -> Iterator[str]:
    yield f"--ServerApp.ip={reach.listen}"
    # Otherwise it answers those alone who call it by a name of this machine.
    yield f"--ServerApp.allow_remote_access={reach.host is not None}"
    if "*" in reach.origins:
        yield "--ServerApp.allow_origin=*"
    elif reach.origins:
        yield f"--ServerApp.allow_origin_pat=({'|'.join(map(re.escape, reach.origins))})$"


def _called(base: str, reach: Reach) -> str:
    """The server's address as those call it who are to reach it."""
    if reach.host is None:
        return base
    parts = urlsplit(base)
    host = f"[{reach.host}]" if ":" in reach.host else reach.host
    return parts._replace(netloc=f"{host}:{parts.port}").geturl()


async def _ready(child: Child, folder: Path, token: str) -> tuple[str, str]:
    """The server's URL and the token that it takes: a person's settings may name another."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _START_S
    while loop.time() < deadline:
        if child.death is not None:
            raise SessionError(
                f"JupyterLab did not start: {child.death}\n{_masked(child.death.log, token)}"
            )
        if found := await asyncio.to_thread(_announced, folder):
            base, accepted = found
            if await asyncio.to_thread(_answers, base, accepted):
                return base, accepted
        await asyncio.sleep(_PAUSE_S)
    raise TimedOut(f"JupyterLab did not answer within {_START_S:.0f} s")


def _announced(folder: Path) -> tuple[str, str] | None:
    """The URL and token of the file that a server writes once it listens."""
    for path in folder.glob("jpserver-*.json"):
        try:
            info = json.loads(path.read_bytes())
            return str(info["url"]), str(info["token"])
        except (OSError, ValueError, KeyError):  # still being written
            return None
    return None


def _answers(base: str, token: str) -> bool:
    from urllib.error import URLError  # noqa: PLC0415 - slow to import; the server boots meanwhile
    from urllib.request import ProxyHandler, Request, build_opener  # noqa: PLC0415 - the same

    if not base.startswith("http://"):
        return True  # a certificate of the person's own; the browser will judge it
    request = Request(f"{base}api/status", headers={"Authorization": f"token {token}"})  # noqa: S310 - http, see above
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=5):
            return True
    except (URLError, OSError):
        return False


def _masked(text: str, token: str) -> str:
    return text.replace(token, "***")
