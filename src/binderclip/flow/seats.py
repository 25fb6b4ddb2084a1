"""A notebook and what it needs, in their place on a server that runs elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from binderclip import copying
from binderclip import notebook as notebooks
from binderclip.copying import Copies
from binderclip.copying.globs import Glob
from binderclip.errors import BinderclipError, SessionError, SourceError
from binderclip.events import Event
from binderclip.flow.opened import Opened
from binderclip.guard import Guard
from binderclip.servers import Server
from binderclip.servers.contents import Contents, Entry, free_name, fresh_folder
from binderclip.session import Session
from binderclip.web import Web

_AT_ONCE = 4
_MAX_BYTES = 2**30
_MOST_FILES = 10_000
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Seat:
    """``path`` is the notebook's on the server and ``folder`` that of the run: POSIX, relative to
    the server's root; ``sent`` is what was uploaded as the notebook.
    """

    server: Server
    contents: Contents
    folder: str
    path: str
    sent: bytes


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
    which all that was sent is removed on leaving, unless all went well and it ``stays``. ``turn``
    keeps apart those that are seated on one server at once. Raises SessionError, TooLarge.
    """
    contents = Contents(server)
    folder = "" if throwaway else await fresh_folder(contents, Path(opened.source.name).stem)
    data = notebooks.to_ipynb(opened.notebook)
    sent: list[str] = []
    fine = False
    try:
        async with turn or asyncio.Lock():
            if copies is not None:
                home = copying.ServerHome(contents, folder)
                for line in await copying.place(copies, home, observe=observe):
                    remark(line)
            sent += await _send(contents, opened.folder, folder, files, remark)
            path = await _send_notebook(contents, folder, opened, data)
            sent.append(path)
        yield Seat(server, contents, folder, path, data)
        fine = True
    finally:
        if folder and not (stays and fine):
            gone = False
            with suppress(BinderclipError):
                gone = await asyncio.shield(_cleared(contents, folder, sent))
            if not gone:
                remark(f"what the run wrote stays in the folder {folder} on {server.shown}")


async def _send_notebook(contents: Contents, folder: str, opened: Opened, data: bytes) -> str:
    """Under its own name, or beside another notebook that has it."""
    name = f"{Path(opened.source.name).stem}.ipynb"
    path = str(PurePosixPath(folder, name))
    if await contents.stat(path) is not None:
        path = await free_name(contents, path)
    await contents.upload(path, data)
    return path


async def _send(
    contents: Contents,
    here: Path,
    folder: str,
    files: Sequence[Path],
    remark: Callable[[str], None],
) -> list[str]:
    if not files:
        return []
    remark(f"sending {len(files)} file{'s' if len(files) > 1 else ''} beside the notebook")
    turn, making = asyncio.Semaphore(_AT_ONCE), asyncio.Lock()

    async def send(file: Path) -> str:
        path = str(PurePosixPath(folder, file.relative_to(here).as_posix()))
        async with turn:
            try:
                data = await asyncio.to_thread(file.read_bytes)
            except OSError as error:
                raise SourceError(f"{file}: cannot be read ({error.strerror})") from error
            there = await contents.stat(path)
            if there is not None:
                # What lies beside the notebook is what its person means.
                remark(f"{path}: the file of that name in the environment is replaced by yours")
            if (inner := str(PurePosixPath(path).parent)) != ".":
                async with making:
                    await contents.make_folder(inner)
            await contents.upload(path, data, replace=there is not None)
        return path

    sending = [asyncio.create_task(send(file)) for file in files]
    try:
        return await asyncio.gather(*sending)
    finally:
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)


async def collected(seat: Seat, patterns: Sequence[str], into: Path) -> list[str]:
    """Bring the files of the run's folder that ``patterns`` match back to ``into``; a line on each.
    No file here is replaced by another. Raises SessionError, TooLarge.
    """
    globs = {pattern: Glob(pattern) for pattern in patterns}
    lines = []
    matched: set[str] = set()
    async for entry in _below(seat.contents, seat.folder):
        path = entry.path.removeprefix(f"{seat.folder}/") if seat.folder else entry.path
        taken = {pattern for pattern, glob in globs.items() if glob.matches(path)}
        if not taken or entry.path == seat.path:
            continue
        matched |= taken
        data = await seat.contents.download(entry.path, max_bytes=_MAX_BYTES)
        lines.append(await asyncio.to_thread(_put, into / path, data))
    missing = [pattern for pattern in patterns if pattern not in matched]
    return [*lines, *(f"{pattern}: no file of the run is named so" for pattern in missing)]


def _put(path: Path, data: bytes) -> str:
    number, target = 0, path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                with target.open("xb") as stream:
                    stream.write(data)
            except FileExistsError:
                if target.is_file() and target.read_bytes() == data:
                    return f"{target} (as it was)"
                number += 1
                target = path.with_name(f"{path.stem}-{number}{path.suffix}")
            else:
                return str(target)
    except OSError as error:
        raise SessionError(f"{target}: cannot be written ({error.strerror})") from error


async def _below(contents: Contents, folder: str) -> AsyncIterator[Entry]:
    """The files in ``folder`` and its folders. A link looks like what it leads to, so that folders
    may be without end.
    """
    folders, seen = [(folder, 0)], 0
    while folders:
        here, depth = folders.pop()
        for entry in await contents.list(here):
            seen += 1
            if seen > _MOST_FILES or depth > _DEEPEST:
                raise SessionError(
                    f"{folder or 'its home'} holds more than {_MOST_FILES:,} files, or folders more"
                    f" than {_DEEPEST} deep, on {contents.shown}",
                    hint="have the notebook put what is to be fetched into a small folder",
                )
            if entry.folder:
                folders.append((entry.path, depth + 1))
            else:
                yield entry


async def _cleared(contents: Contents, folder: str, sent: Sequence[str]) -> bool:
    """Remove what we ``sent`` and the folder, if nothing else is in it: what the run wrote is its
    person's, and may be all that there is of it. Whether the folder is gone.
    """
    with suppress(SessionError):
        for path in sent:
            await contents.remove(path)
        folders = {str(parent) for path in sent for parent in PurePosixPath(path).parents}
        for inner in sorted(folders, key=len, reverse=True):
            if inner.startswith(f"{folder}/") and not await contents.list(inner):
                await contents.remove(inner)
        if not await contents.list(folder):
            await contents.remove(folder)
            return True
    return False
