"""Saving through the server's manager of contents, whatever it stores in: the same bytes, and never
over anything.

The contents API has no "only if it is not there". For managers of files the name is taken first, by
the one call that makes a file or fails; for others we look and then save, one at a time in this
server, so that a file which somebody else makes in that moment is lost.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from binderclip.addresses.masking import printable
from binderclip.errors import BinderclipError, Refused, SessionError
from binderclip.jupyter.opening.names import TRIES, Destination

State: TypeAlias = Literal["free", "same", "other", "folder"]


class Manager(Protocol):
    """What is used of jupyter_server's ContentsManager; each may be a coroutine function."""

    def file_exists(self, path: str) -> Any: ...
    def dir_exists(self, path: str) -> Any: ...
    def get(self, path: str, *, content: bool, type: str, format: str | None) -> Any: ...  # noqa: A002 - as it is called there
    def save(self, model: dict[str, Any], path: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Spot:
    """Where it goes, or is. ``there``: it is there already, with the same content. ``other`` is the
    file that has its name and other content: perhaps what somebody made of it since.
    """

    path: str
    there: bool = False
    other: str | None = None


class Contents:
    """``on_disk`` gives the file behind a path, for managers of files; None for others."""

    def __init__(self, manager: Manager, on_disk: Callable[[str], Path] | None = None) -> None:
        self._manager = manager
        self._on_disk = on_disk
        self._turn = asyncio.Lock()

    async def foreseen(self, destination: Destination, data: bytes) -> Spot:
        """Where ``save`` would put it now. Raises Refused, SessionError."""
        other = None
        for number, path in enumerate(destination.paths()):
            state = await self._state(path, data)
            if state in {"free", "same"}:
                return Spot(path, there=state == "same", other=other)
            if number == 0 and state == "other":
                other = path
        raise _full(destination)

    async def save(self, destination: Destination, data: bytes) -> Spot:
        """Save exactly ``data`` (UTF-8), as a file: it is neither signed nor filled in. Folders are
        made as needed. Raises Refused, SessionError.
        """
        async with self._turn:
            await self._folders(destination.folder)
            for path in destination.paths():
                state = await self._state(path, data)
                if state == "same":
                    return Spot(path, there=True)
                if state == "free" and self._taken(path):
                    await self._saved(path, data)
                    return Spot(path)
        raise _full(destination)

    async def intact(self, path: str, data: bytes) -> bool:
        """Whether what lies there now is ``data``."""
        return await self._state(path, data) == "same"

    async def _state(self, path: str, data: bytes) -> State:
        manager = self._manager
        if await _asked(path, manager.dir_exists, path):
            return "folder"
        if not await _asked(path, manager.file_exists, path):
            return "free"
        try:
            facts = await _asked(path, manager.get, path, content=False, type="file", format=None)
            if facts.get("size") not in {None, len(data)}:
                return "other"
            model = await _asked(path, manager.get, path, content=True, type="file", format="text")
        except SessionError:  # no text, or not to be read: something else
            return "other"
        return "same" if model.get("content") == data.decode() else "other"

    async def _folders(self, folder: str) -> None:
        made = ""
        for part in folder.split("/") if folder else ():
            made = f"{made}/{part}" if made else part
            if await _asked(made, self._manager.file_exists, made):
                raise Refused(
                    f"path: found a file at '{printable(made, 100)}', expected a folder or nothing",
                    hint="choose another folder",
                )
            if not await _asked(made, self._manager.dir_exists, made):
                await _asked(made, self._manager.save, {"type": "directory"}, made)

    def _taken(self, path: str) -> bool:
        """Take the name, where that can be done. False: somebody was faster."""
        if self._on_disk is None:
            return True
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        try:
            os.close(os.open(self._on_disk(path), flags, 0o666))
        except FileExistsError:
            return False
        except OSError as error:
            raise SessionError(
                f"'{printable(path, 100)}' could not be made ({error.strerror or error})",
                hint="see that the folder may be written to, and that there is room",
            ) from error
        return True

    async def _saved(self, path: str, data: bytes) -> None:
        model = {"type": "file", "format": "text", "content": data.decode()}
        try:
            await _asked(path, self._manager.save, model, path)
        except BaseException:
            if self._on_disk is not None:
                file = self._on_disk(path)
                with suppress(OSError):
                    if file.stat().st_size == 0:
                        file.unlink()
            raise


async def _asked(path: str, ask: Callable[..., Any], *words: Any, **named: Any) -> Any:
    """What the manager answers. Its errors are of every kind: managers are plug-ins."""
    try:
        answer = ask(*words, **named)
        return await answer if inspect.isawaitable(answer) else answer
    except BinderclipError:
        raise
    except Exception as error:
        said = getattr(error, "log_message", None) or str(error) or type(error).__name__
        why = printable(str(said), 200)
        raise SessionError(
            f"this server would not do that with '{printable(path, 100)}': {why}",
            hint="see that the folder may be written to, or choose another",
        ) from error


def _full(destination: Destination) -> Refused:
    where = (
        f"the folder '{printable(destination.folder, 80)}'" if destination.folder else "the root"
    )
    return Refused(
        f"found {TRIES} files called like '{printable(destination.name, 80)}' in {where}, expected "
        "a free name",
        hint="choose another folder, or remove some",
    )
