"""Sessions that live with this process: JupyterLab over an environment of this machine."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from contextlib import AsyncExitStack
from ipaddress import ip_network
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from binderclip import copying, flow
from binderclip import notebook as notebooks
from binderclip.errors import SessionError
from binderclip.flow.labs import lab_over
from binderclip.gateway.launches.model import Landing, Look
from binderclip.gateway.launches.seating import Seating
from binderclip.gateway.launches.table import Landed
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.guard import PublicGuard
from binderclip.lab import Lab, Reach
from binderclip.servers import Server
from binderclip.session import Runtime, Session
from binderclip.targets import TargetName
from binderclip.web import Web

KINDS: frozenset[TargetName] = frozenset({"local"})
"""Targets whose sessions are folders and processes of this machine."""

_LOOK_S = 30.0
_MISSED = 4
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


async def landed(seating: Seating) -> Landed:
    """Launch it, put the notebook into its home, serve that. Raises the tree of errors."""
    remarks: list[str] = []

    def remark(line: str) -> None:
        remarks.append(line)
        seating.say(line)

    async with AsyncExitStack() as stack:
        launching = flow.launched(seating.target, seating.environment, seating.observe)
        session = await stack.enter_async_context(launching)
        runtime = _runtime(session)
        notebook = await _placed(seating, runtime, remarks)
        seating.say("starting JupyterLab")
        serving = lab_over(
            runtime,
            notebook,
            cache=seating.cache,
            observe=seating.observe,
            remark=seating.say,
            reach=reach_of(seating.settings),
        )
        lab = await stack.enter_async_context(serving)
        url = f"{lab.base}{seating.urlpath}" if seating.urlpath else lab.address
        landing = Landing(url, lab.base, lab.token, True, session, tuple(remarks))
        life = Life(lab, seating.order.place, seating.settings)
        return Landed(landing, stack.pop_all().aclose, life.ended)


def reach_of(settings: Settings) -> Reach:
    """Only who was told twice that others may get at this machine lets them at its servers."""
    if not settings.exposed:
        return Reach(origins=settings.origins)
    return Reach(settings.listen, urlsplit(settings.public_url).hostname, settings.origins)


def _runtime(session: Session) -> Runtime:
    if session.runtime is None:
        raise SessionError(f"the session of {session.target} has no folder on this machine")
    return session.runtime


async def _placed(seating: Seating, runtime: Runtime, remarks: list[str]) -> Path:
    """The notebook in the session's home, or that home where there is none."""
    home, look = runtime.home, seating.order.look
    if seating.copies is not None:
        seat = copying.LocalHome(home)
        remarks += await copying.place(seating.copies, seat, observe=seating.observe)
    if look is None:
        return home
    return await asyncio.to_thread(_written, home, look)


def _written(home: Path, look: Look) -> Path:
    """Under its own name, or beside another file that has it. Raises SessionError."""
    data = notebooks.to_ipynb(look.opened.notebook)
    stem = PurePosixPath(look.source.name).stem
    number, path = 0, home / f"{stem}.ipynb"
    while True:
        try:
            with path.open("xb") as stream:
                stream.write(data)
        except FileExistsError:
            if path.is_file() and not path.is_symlink() and path.read_bytes() == data:
                return path
            number += 1
            path = home / f"{stem}-{number}.ipynb"
        except OSError as error:
            raise SessionError(
                f"{path.name}: the notebook could not be put into the session ({error.strerror})"
            ) from error
        else:
            return path


class Life:
    """Until JupyterLab was shut down from within, nobody uses it any more, or it is old."""

    def __init__(self, lab: Lab, place: PlaceSettings, settings: Settings) -> None:
        self._lab, self._place = lab, place
        allow = (*_LOOPBACK, *settings.allowed_networks)
        self._guard = PublicGuard(allow=allow)
        self._began = self._used = time.monotonic()
        self._missed = 0

    async def ended(self) -> str:
        """Why, in a few words."""
        ended = asyncio.ensure_future(self._lab.ended())
        pause = min(_LOOK_S, self._place.idle_s / 4, self._place.longest_s / 4)
        try:
            async with Web(self._guard, failure=SessionError) as web:
                while True:
                    await asyncio.wait({ended}, timeout=pause)
                    if ended.done():
                        return "JupyterLab was shut down"
                    if why := await self._over(web):
                        return why
        finally:
            ended.cancel()

    async def _over(self, web: Web) -> str | None:
        place, now = self._place, time.monotonic()
        if now - self._began > place.longest_s:
            return f"it ran for {place.longest_s / 3600:.1f} hours, the longest here"
        if now - self._used <= place.idle_s:
            return None
        try:
            idle_s = await self._idle_s(web)
        except SessionError:
            self._missed += 1
            return "it did not answer any more" if self._missed == _MISSED else None
        self._missed, self._used = 0, now - idle_s
        return None if idle_s <= place.idle_s else f"nobody used it for {place.idle_s / 60:.0f} min"

    async def _idle_s(self, web: Web) -> float:
        """Since the last request, and 0 while a cell runs. To ask is not to use it. Raises
        SessionError.
        """
        server = Server(web, Session("local", "", url=self._lab.base, token=self._lab.token))
        kernels = (await server.ask("GET", "api/kernels?no_track_activity=1")).json()
        if any(kernel["execution_state"] == "busy" for kernel in kernels):
            return 0.0
        status = (await server.ask("GET", "api/status?no_track_activity=1")).json()
        last = dt.datetime.fromisoformat(status["last_activity"])
        return max(0.0, (dt.datetime.now(dt.UTC) - last).total_seconds())
