"""Taking a place on a server, and leaving it as it was found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath

from binderclip import copying
from binderclip import notebook as notebooks
from binderclip.copying import Copies
from binderclip.errors import BinderclipError, SessionError
from binderclip.events import Event
from binderclip.flow.opened import Opened
from binderclip.flow.seats.luggage import Luggage
from binderclip.flow.seats.seat import Seat
from binderclip.flow.seats.sending import Company, company, send
from binderclip.guard import Guard
from binderclip.servers import Server
from binderclip.servers.contents import Contents, free_name, fresh_folder
from binderclip.session import Session
from binderclip.web import Web


@asynccontextmanager
async def served(session: Session, guard: Guard) -> AsyncIterator[Server]:
    """The session's server, over connections of its own."""
    async with Web(guard, failure=SessionError) as web:
        yield Server(web, session)


@asynccontextmanager
async def seated(
    opened: Opened,
    server: Server,
    *,
    throwaway: bool,
    files: Sequence[Path],
    copies: Copies | None,
    observe: Callable[[Event], None],
    remark: Callable[[str], None],
    stays: bool = False,
    turn: asyncio.Lock | None = None,
) -> AsyncIterator[Seat]:
    """Upload the notebook, ``files`` beside it and what ``copies`` holds.

    A throw-away server's home is the run's own; on any other it gets a folder of its own, from
    which all that was sent is removed on leaving, unless all went well and it ``stays``: what the
    run made or changed there is left, which ``remark`` is told. ``turn`` keeps apart those that are
    seated on one server at once. Raises SessionError, SourceError, TooLarge.
    """
    contents = Contents(server)
    folder = "" if throwaway else await fresh_folder(contents, Path(opened.source.name).stem)
    data = notebooks.to_ipynb(opened.notebook)
    luggage = Luggage(contents, folder, shown_to_people=stays)
    fine = False
    try:
        async with turn or asyncio.Lock():
            others = company(turn)
            if copies is not None:
                home = copying.ServerHome(contents, folder, note=luggage.note)
                for line in await copying.place(copies, home, observe=observe):
                    remark(line)
            await send(files, opened.folder, luggage, others, remark)
            path = await _send_notebook(luggage, others, opened, data)
        if folder:
            await luggage.settle()
        yield Seat(server, contents, folder, path, data)
        fine = True
    finally:
        if folder and not (stays and fine):
            await _leave(luggage, remark)


async def _send_notebook(luggage: Luggage, others: Company, opened: Opened, data: bytes) -> str:
    """Under its own name, or beside another notebook that has it."""
    contents = luggage.contents
    name = f"{Path(opened.source.name).stem}.ipynb"
    path = str(PurePosixPath(luggage.folder, name))
    if await contents.stat(path) is not None:
        path = await free_name(contents, path)
    luggage.note(path, "notebook")
    others.notebooks.add(path)
    await contents.upload(path, data)
    return path


async def _leave(luggage: Luggage, remark: Callable[[str], None]) -> None:
    """What goes wrong here is told, and is no error: the run is over."""
    try:
        left = await asyncio.shield(luggage.clear())
    except BinderclipError as error:
        left = f"could not be removed: {error.message}"
    if left is not None:
        remark(f"the folder {luggage.folder} on {luggage.contents.shown} {left}")
