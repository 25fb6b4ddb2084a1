"""A process that serves: its socket, its signals, its end."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import FrameType
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette

from binderclip.errors import ConfigError
from binderclip.gateway.app import create
from binderclip.gateway.context import gateway_in
from binderclip.gateway.leaving import leave
from binderclip.gateway.logs import say
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.streams import streams_in
from binderclip.gateway.streams.patience import PatientProtocol
from binderclip.gateway.streams.peers import Peers

_BACKLOG = 2048
_SPARE = 1000
"""Connections beside event streams, and files besides connections."""
_SPARE_EACH = 200
"""Connections of one client beside its event streams."""
_IDLE_S = 20
_LAST_S = 5
"""How long answers that are under way at the very end may take."""


def bound(settings: Settings) -> tuple[socket.socket, Settings]:
    """A socket that listens where ``settings`` say, and they with the port that it got. Raises
    ConfigError.
    """
    family = socket.AF_INET6 if ":" in settings.listen else socket.AF_INET
    where = f"[{settings.listen}]" if ":" in settings.listen else settings.listen
    try:
        listener = socket.create_server(
            (settings.listen, settings.port), family=family, backlog=_BACKLOG
        )
    except OSError as error:
        raise ConfigError(
            f"{where}:{settings.port}: cannot be listened on ({error.strerror or error})",
            hint="stop what listens there, or choose another port with --listen",
        ) from error
    # asyncio does that for sockets of its own making alone: 40 ms for each answer on a connection.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setblocking(False)
    return listener, _on_port(settings, listener.getsockname()[1])


def _on_port(settings: Settings, port: int) -> Settings:
    """Where any port would do, the address has the one that it became."""
    parts = urlsplit(settings.public_url)
    public = settings.public_url
    if parts.port == 0:
        public = public.replace(f"{parts.netloc}/", f"{parts.netloc.removesuffix('0')}{port}/", 1)
    return replace(settings, port=port, public_url=public)


def serve(
    settings: Settings, listener: socket.socket, told: Callable[[], None] = lambda: None
) -> None:
    """Answer on ``listener`` until a signal says that it is enough; ``told`` is called once it
    answers. The first signal lets launches under way come up, for ``grace_s``; the second ends
    them; the third ends everything as it is. Sessions of this process end with it.
    """
    _raise_limits(settings)
    app = create(settings)
    config = uvicorn.Config(
        app,
        http=protocol_of(settings),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        backlog=_BACKLOG,
        limit_concurrency=settings.limits.streams + _SPARE,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_LAST_S,
    )
    asyncio.run(_serve(app, config, listener, told))


def protocol_of(settings: Settings) -> type[PatientProtocol]:
    """For all connections of one server, which it counts."""

    class Protocol(PatientProtocol):
        peers = Peers(settings.limits.streams_each + _SPARE_EACH, settings.trusted_proxies)

    return Protocol


async def _serve(
    app: Starlette, config: uvicorn.Config, listener: socket.socket, told: Callable[[], None]
) -> None:
    # Not uvicorn's own lifespan: what cannot begin is an error of ours, for the shell to tell.
    async with app.router.lifespan_context(app):
        await _Server(config, app, told).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's own closes its socket at the first signal; this one answers on while launches come
    up, so that whoever watches ``/health`` is told, and people see how theirs ends.
    """

    def __init__(self, config: uvicorn.Config, app: Starlette, told: Callable[[], None]) -> None:
        super().__init__(config)
        self._app, self._told = app, told
        self._grace_s = gateway_in(app).settings.grace_s
        self._signals = 0
        self._closing: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        if self.started:
            self._told()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's own
        """Called between any two steps of the event loop's own thread."""
        self._signals += 1
        if not self.started:
            self.should_exit = True
        elif self._signals > 2:  # noqa: PLR2004 - see serve
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        else:
            grace_s = self._grace_s if self._signals == 1 else 0.0
            self._loop.call_soon_threadsafe(self._begin_leaving, grace_s)

    def _begin_leaving(self, grace_s: float) -> None:
        leave(self._app)
        task = self._loop.create_task(self._leave(grace_s), name="leave")
        self._closing.add(task)

    async def _leave(self, grace_s: float) -> None:
        gateway = gateway_in(self._app)
        if self._signals == 1:
            say("leaving", sessions=gateway.launches.sessions, grace_s=grace_s)
        try:
            await gateway.launches.close(grace_s)
        finally:
            streams_in(self._app).close()
            self.should_exit = True


def _raise_limits(settings: Settings) -> None:
    """As many open files as the streams need, where the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.limits.streams + 2 * _SPARE
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
