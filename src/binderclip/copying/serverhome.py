"""The home of a session on a Jupyter Server, over its contents API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from binderclip.copying.homes import Outcome
from binderclip.errors import SessionError, TooLarge

if TYPE_CHECKING:
    from binderclip.servers.contents import Contents, Entry  # brings httpx

Note: TypeAlias = Callable[[str, Literal["file", "folder"]], None]
"""Told of each path that is about to be made, where nothing was."""


class ServerHome:
    """``folder`` of a server, "" for its root, which is the home on a BinderHub. Nothing can be
    made executable there, and most servers take no hidden names: one is tried, to find out.
    ``note`` is told of what is made, from the server's root, for whoever takes it away again.
    """

    at_once = 4

    def __init__(self, contents: Contents, folder: str = "", *, note: Note | None = None) -> None:
        self._contents = contents
        self._note = note or _untold
        self._top = folder.strip("/")
        self._turn = asyncio.Lock()
        self._usable: dict[str, bool] = {"": True}
        self._made: set[str] = set()
        self._hides = False

    async def put(self, path: str, data: bytes, *, executable: bool) -> Outcome:
        place = f"{self._top}/{path}" if self._top else path
        hidden = any(part.startswith(".") for part in path.split("/"))
        if hidden and self._hides:
            return "hidden"
        try:
            return await self._put(place, data, executable=executable)
        except SessionError:
            # One that is gone refuses everything, which is not to be told as this.
            if not hidden or not await self._contents.exists(""):
                raise
            self._hides = True
            return "hidden"

    async def _put(self, path: str, data: bytes, *, executable: bool) -> Outcome:
        folder = path.rpartition("/")[0]
        async with self._turn:
            if not await self._folder(folder):
                return "blocked"
        # What is in a folder that we made came from us.
        there = None if folder in self._made else await self._contents.stat(path)
        if there is not None:
            return "there" if await self._holds(there, data) else "kept"
        self._note(path, "file")
        await self._contents.upload(path, data)
        return "plain" if executable else "placed"

    async def _folder(self, path: str) -> bool:
        """Make a folder and those above it, each asked for once; False where a file is in the
        way.
        """
        if (known := self._usable.get(path)) is not None:
            return known
        if not await self._folder(path.rpartition("/")[0]):
            return False
        there = await self._contents.stat(path)
        if there is None:
            self._note(path, "folder")
            await self._contents.make_folder(path)
            self._made.add(path)
        self._usable[path] = there is None or there.folder
        return self._usable[path]

    async def _holds(self, there: Entry, data: bytes) -> bool:
        if there.folder or there.size not in {None, len(data)}:
            return False
        try:
            return await self._contents.download(there.path, max_bytes=len(data)) == data
        except TooLarge:
            return False


def _untold(path: str, kind: Literal["file", "folder"]) -> None:
    """On a throw-away server nothing needs to be taken away."""
