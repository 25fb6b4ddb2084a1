"""Sessions that live with this process: JupyterLab over a folder of this machine, or a server that
runs here.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
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
from binderclip.gateway.launches.there import on_server
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.guard import Guard, PublicGuard
from binderclip.lab import Lab, Reach
from binderclip.servers import Server
from binderclip.session import Runtime, Session
from binderclip.web import Web

_LOOK_S = 30.0
_MISSED = 4
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


async def landed(seating: Seating) -> Landed:
    """Launch it, put the notebook there, and see to it that it ends. Raises the tree of errors."""
    place, guard = seating.order.place, _guard(seating.settings)
    async with AsyncExitStack() as stack:
        launching = flow.launched(seating.target, seating.environment, seating.observe)
        session = await stack.enter_async_context(launching)
        if session.runtime is None:  # it brings a server of its own
            landing = await on_server(seating, session, guard)
            life = Life(landing, place, guard)
        else:
            landing, lab = await _lab(seating, session, session.runtime, stack)
            life = Life(landing, place, guard, lab.ended)
        return Landed(landing, stack.pop_all().aclose, life.ended)


async def _lab(
    seating: Seating, session: Session, runtime: Runtime, stack: AsyncExitStack
) -> tuple[Landing, Lab]:
    """JupyterLab over the folder that the session is; it ends with ``stack``."""
    remarks: list[str] = []
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
    return Landing(url, lab.base, lab.token, True, session, tuple(remarks)), lab


def _guard(settings: Settings) -> Guard:
    return PublicGuard(allow=(*_LOOPBACK, *settings.allowed_networks))


def reach_of(settings: Settings) -> Reach:
    """Only who was told twice that others may get at this machine lets them at its servers."""
    if not settings.exposed:
        return Reach(origins=settings.origins)
    return Reach(settings.listen, urlsplit(settings.public_url).hostname, settings.origins)


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
    """Until its server was shut down from within (``gone`` returns then), nobody uses it any more,
    or it is old.
    """

    def __init__(
        self,
        landing: Landing,
        place: PlaceSettings,
        guard: Guard,
        gone: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._landing, self._place, self._guard, self._gone = landing, place, guard, gone
        self._began = self._used = time.monotonic()
        self._missed = 0

    async def ended(self) -> str:
        """Why, in a few words."""
        loop = asyncio.get_running_loop()
        gone = asyncio.ensure_future(self._gone()) if self._gone else loop.create_future()
        pause = min(_LOOK_S, self._place.idle_s / 4, self._place.longest_s / 4)
        try:
            async with Web(self._guard, failure=SessionError) as web:
                while True:
                    await asyncio.wait({gone}, timeout=pause)
                    if gone.done():
                        return "JupyterLab was shut down"
                    if why := await self._over(web):
                        return why
        finally:
            gone.cancel()

    async def _over(self, web: Web) -> str | None:
        place, now = self._place, time.monotonic()
        if now - self._began > place.longest_s:
            return f"it ran for {place.longest_s / 3600:.1f} hours, the longest here"
        if now - self._used <= place.idle_s:
            return None
        try:
            idle_s = await self._idle_s(web)
        except (SessionError, LookupError, TypeError, ValueError):
            # What runs there is a stranger's, and may answer as it likes.
            self._missed += 1
            return "it did not answer any more" if self._missed == _MISSED else None
        self._missed, self._used = 0, now - idle_s
        return None if idle_s <= place.idle_s else f"nobody used it for {place.idle_s / 60:.0f} min"

    async def _idle_s(self, web: Web) -> float:
        """Since the last request, and 0 while a cell runs. To ask is not to use it. Raises
        SessionError.
        """
        place = Session(self._place.kind, "", url=self._landing.server, token=self._landing.token)
        server = Server(web, place)
        kernels = (await server.ask("GET", "api/kernels?no_track_activity=1")).json()
        if any(kernel["execution_state"] == "busy" for kernel in kernels):
            return 0.0
        status = (await server.ask("GET", "api/status?no_track_activity=1")).json()
        last = dt.datetime.fromisoformat(status["last_activity"])
        return max(0.0, (dt.datetime.now(dt.UTC) - last).total_seconds())
