"""What a run brought to a server: just that is taken away again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import PurePosixPath
from typing import Literal, TypeVar

from binderclip.copying.together import all_or_none
from binderclip.errors import SessionError
from binderclip.servers.contents import Contents, Entry
from binderclip.servers.paths import parent

_AT_ONCE = 4
_MOST_FAILURES = 4
T = TypeVar("T")


async def pooled(work: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """``work`` on each, some at once. The first that fails ends the others, and is raised."""
    left = iter(list(items))

    async def go() -> None:
        for item in left:
            await work(item)

    await all_or_none([go() for _ in range(_AT_ONCE)])


class Luggage:
    """Notes what is put into ``folder``, "" for the server's root, which is never cleared.

    What the run changed is its person's, and may be all that there is of it: it is told by size
    and time. So is a folder in which the run made or removed something that is not listed now,
    since it may be hidden; but not where people saw the notebook, since Jupyter's pages keep hidden
    copies of it.
    """

    def __init__(self, contents: Contents, folder: str, *, shown_to_people: bool = False) -> None:
        self.contents, self.folder = contents, folder
        self._shown_to_people = shown_to_people
        self._notebook = ""
        self._files: set[str] = set()
        self._folders: set[str] = {folder} if folder else set()
        self._looked_at: set[str] = {folder, "", "."}
        self._before: dict[str, Entry] = {}

    def note(self, path: str, kind: Literal["file", "folder", "notebook"]) -> None:
        """It is about to be made, where nothing is."""
        (self._folders if kind == "folder" else self._files).add(path)
        if kind == "notebook":
            self._notebook = path

    async def make_folder(self, path: str) -> None:
        """And those above it. Raises SessionError, also where a file is in the way."""
        if path in self._looked_at:
            return
        await self.make_folder(str(PurePosixPath(path).parent))
        if await self.contents.stat(path) is None:
            self.note(path, "folder")
        await self.contents.make_folder(path)
        self._looked_at.add(path)

    async def settle(self) -> None:
        """Remember how it all looks before the run. Raises SessionError."""
        self._before = await self._now()

    async def clear(self) -> str | None:
        """Remove what was noted and is as it was, and the folders if nothing else is in them.
        What is to be told of the folder, or None when it is gone. Raises SessionError where the
        server does not say what there is.
        """
        now = await self._now()
        failures: list[SessionError] = []

        async def remove(path: str) -> None:
            if len(failures) >= _MOST_FAILURES:
                return
            try:
                await self.contents.remove(path)
            except SessionError as error:
                failures.append(error)

        ours = [path for path in self._files & now.keys() if self._untouched(path, now)]
        await pooled(remove, sorted(ours))
        for path in sorted(self._folders & now.keys(), key=len, reverse=True):
            sure = not failures and self._free_of_hidden(path, now)
            if sure and not await self.contents.list(path):
                await remove(path)
        if failures:
            return f"still holds files that were sent: {failures[0].message}"
        if not await self.contents.exists(self.folder):
            return None
        if await self.contents.list(self.folder):
            return "stays, with what the run wrote"
        return "stays: the run may have left hidden files in it"

    def _untouched(self, path: str, now: dict[str, Entry]) -> bool:
        """Before the run there is nothing to compare with: then all is ours."""
        before = self._before.get(path)
        return path == self._notebook or before is None or before == now[path]

    def _free_of_hidden(self, path: str, now: dict[str, Entry]) -> bool:
        before = self._before.get(path)
        return self._shown_to_people or before is None or before == now[path]

    async def _now(self) -> dict[str, Entry]:
        """What is listed in our folders, by path, and those themselves."""
        found: dict[str, Entry] = {}
        top = await self.contents.stat(self.folder)
        if top is not None:
            found[top.path] = top
        level = [entry.path for entry in found.values() if entry.folder]

        async def look(folder: str) -> None:
            found.update((entry.path, entry) for entry in await self.contents.list(folder))

        while level:
            await pooled(look, level)
            level = [
                path
                for path in self._folders & found.keys()
                if found[path].folder and parent(path) in level
            ]
        return found
