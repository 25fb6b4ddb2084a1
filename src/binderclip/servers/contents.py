"""The files of a running Jupyter Server, over its contents API.

https://jupyter-server.readthedocs.io/en/stable/developers/contents.html
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from binderclip.addresses.masking import printable
from binderclip.errors import SessionError
from binderclip.servers import Server, transfers
from binderclip.servers.faults import missing, no_folder, refused
from binderclip.servers.paths import checked, encoded, fault_of_name, joined, parent
from binderclip.web import Answer, Method

__all__ = ["Contents", "Entry", "Kind", "free_name", "fresh_folder"]

Kind: TypeAlias = Literal["directory", "file", "notebook"]
_KINDS: dict[str, Kind] = {"directory": "directory", "file": "file", "notebook": "notebook"}
_CREATED_OR_OK = frozenset({200, 201})
_NOT_FOUND = 404
_CONFLICT = 409
_UNHANDLED = 500
_MAX_NAMES = 1000
_MAX_STEM = 60  # characters, of at most four bytes each
_UNFIT = re.compile(r"[^\w. +=@~,()'&#%-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder of the server. ``size`` is in bytes as the server says: None where it does
    not, and for a symbolic link the length of the link. ``changed`` is when it was last changed, as
    the server writes it: good for comparing only.
    """

    path: str
    kind: Kind
    size: int | None = None
    writable: bool = True
    changed: str = ""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> bool:
        return self.kind == "directory"


class Contents:
    """Paths are POSIX, relative to the server's root, not percent-encoded; "" is the root.

    All methods raise SessionError for what the server refuses, each in words, and what
    ``Server.ask`` raises.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._folders = {""}  # seen, so that a hundred files in one are not a hundred questions

    @property
    def shown(self) -> str:
        """The server's address as it may be printed."""
        return self._server.shown

    async def exists(self, path: str) -> bool:
        return await self.stat(path) is not None

    async def stat(self, path: str) -> Entry | None:
        """None where there is nothing. What is hidden looks so too, unless the server shows it."""
        answer = await self._ask("GET", checked(path, root=True), query="?content=0")
        if answer.status == _NOT_FOUND and _from_jupyter(answer):
            return None
        if answer.status == _UNHANDLED and path and await self._below_a_file(path):
            return None
        return self._entry(path, self._model("a question about", path, answer))

    async def list(self, folder: str = "") -> tuple[Entry, ...]:
        """What lies in ``folder``, sorted by name; nothing hidden."""
        query = "?type=directory&content=1"
        answer = await self._ask("GET", checked(folder, root=True), query=query)
        found = self._model("a question for the files of", folder, answer).get("content")
        if not isinstance(found, list):
            raise self._nonsense(folder, "no list of files")
        entries = []
        for model in found:
            name = model.get("name") if isinstance(model, dict) else None
            if not isinstance(name, str):
                raise self._nonsense(folder, "a file without a name")
            if fault := fault_of_name(name):
                raise self._nonsense(folder, f"{fault}, {printable(name)!r}")
            entries.append(self._entry(joined(folder, name), model))
        return tuple(sorted(entries, key=lambda entry: entry.path))

    async def make_folder(self, path: str) -> None:
        """Make a folder, and those that it lies in. One that is there is fine, as "" or "." are."""
        lacking: list[str] = []
        at = checked("" if path == "." else path, root=True)
        while not await self._is_folder(at):
            lacking.append(at)
            at = parent(at)
        for folder in reversed(lacking):
            answer = await self._ask("PUT", folder, json={"type": "directory"})
            self._model("making the folder", folder, answer)
            self._folders.add(folder)

    async def upload(
        self,
        path: str,
        data: bytes,
        *,
        replace: bool = False,
        observe: Callable[[str], None] | None = None,
    ) -> None:
        """Put a file there, byte for byte, in a folder that is there.

        What stands there is replaced only with ``replace``, and a folder never. A large file gets
        its name once it is there whole. What was begun is removed when it fails or is cancelled.
        """
        there = await self.stat(checked(path))
        if there is not None and (there.folder or not replace):
            raise self._in_the_way(there, "expected nothing of that name")
        if not await self._is_folder(parent(path)):
            raise no_folder(self._server, "saving", path)
        sending = transfers.Sending(self._server, data, observe)
        if not sending.large:
            await sending.put(path, new=there is None)
            return
        # Its own name: a kernel that looks for the file must not find half of it.
        unfinished = joined(parent(path), f"binderclip-{secrets.token_hex(4)}.part")
        await sending.put(unfinished, new=True, shown=path)
        removed = False
        try:
            if there is not None:
                await self.remove(path)
                removed = True
            await self._rename(unfinished, path)
        except BaseException as error:
            if not removed:
                await transfers.discard(self._server, unfinished)
            elif isinstance(error, SessionError):
                error.hint = f"what was sent is there under the name {unfinished!r}"
            raise

    async def download(
        self, path: str, *, max_bytes: int, observe: Callable[[str], None] | None = None
    ) -> bytes:
        """A file's bytes. Raises TooLarge beyond ``max_bytes``, and SessionError also where the
        file is not there, is a folder, or changes meanwhile.
        """
        entry = await self.stat(path)
        if entry is None:
            raise missing(self._server, path)
        if entry.folder:
            raise self._in_the_way(entry, "expected a file")
        receiving = transfers.Receiving(self._server, path, max_bytes, observe)
        return await receiving.get(entry.size or 0)

    async def remove(self, path: str) -> None:
        """Remove a file or folder; one that is gone is fine. Servers may move it to a trash
        folder, and may refuse a folder that is not empty.
        """
        answer = await self._ask("DELETE", checked(path))
        if not answer.ok and not (answer.status == _NOT_FOUND and _from_jupyter(answer)):
            raise refused(self._server, "removing", path, answer)
        self._folders = {one for one in self._folders if not f"{one}/".startswith(f"{path}/")}

    async def _is_folder(self, path: str) -> bool:
        """False where nothing stands there. Raises SessionError where a file does."""
        if path in self._folders:
            return True
        entry = await self.stat(path)
        if entry is None:
            return False
        if not entry.folder:
            raise self._in_the_way(entry, "expected a folder")
        self._folders.add(path)
        return True

    async def _below_a_file(self, path: str) -> bool:
        """Servers stumble over that where they should say that nothing is there."""
        above = await self.stat(parent(path))
        return above is None or not above.folder

    async def _rename(self, path: str, to: str) -> None:
        answer = await self._ask("PATCH", path, json={"path": to})
        if answer.status == _CONFLICT:
            raise self._in_the_way(Entry(to, "file"), "expected nothing of that name")
        self._model("naming", to, answer)

    async def _ask(self, method: Method, path: str, *, query: str = "", **named: Any) -> Answer:
        return await self._server.ask(method, f"api/contents{encoded(path)}{query}", **named)

    def _model(self, what: str, path: str, answer: Answer) -> dict[str, Any]:
        """The JSON of an answer that is good. Raises SessionError."""
        if answer.status not in _CREATED_OR_OK:
            raise refused(self._server, what, path, answer)
        value = answer.json()
        if not isinstance(value, dict):
            raise self._nonsense(path, "no description of a file")
        return value

    def _entry(self, path: str, model: dict[str, Any]) -> Entry:
        """The path is the one we asked for: what the server calls it is not looked at."""
        kind, size = _KINDS.get(str(model.get("type"))), model.get("size")
        if kind is None:
            raise self._nonsense(path, "neither a file nor a folder")
        known = isinstance(size, int) and not isinstance(size, bool) and size >= 0
        return Entry(
            path,
            kind,
            size if known else None,
            writable=model.get("writable") is not False,
            changed=str(model.get("last_modified") or ""),
        )

    def _nonsense(self, path: str, what: str) -> SessionError:
        return SessionError(
            f"{self._server.shown} answered nonsense about {printable(path)!r}: {what}",
            hint="is this the address of a Jupyter Server itself?",
        )

    def _in_the_way(self, entry: Entry, expected: str) -> SessionError:
        what = "a folder" if entry.folder else "a file"
        size = f" of {entry.size:,} bytes" if entry.size is not None and not entry.folder else ""
        return SessionError(
            f"found {what} {printable(entry.path)!r}{size} on {self._server.shown}, {expected}",
            hint="nothing was changed; use another name, or another folder",
        )


async def fresh_folder(contents: Contents, stem: str = "binderclip") -> str:
    """Make a folder of our own in the root, ``{stem}-`` and 8 hex digits; its path. What of
    ``stem`` no server takes for a name is left out.
    """
    shown = _UNFIT.sub("", stem)[:_MAX_STEM].strip(". ") or "binderclip"
    path = f"{shown}-{secrets.token_hex(4)}"
    while await contents.exists(path):
        path = f"{shown}-{secrets.token_hex(4)}"
    await contents.make_folder(path)
    return path


async def free_name(contents: Contents, path: str) -> str:
    """``path`` if nothing stands there, or else the first of ``x-1.csv``, ``x-2.csv``, …"""
    folder, name = parent(checked(path)), path.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    stem, dot, ending = (stem, dot, ending) if stem else (name, "", "")
    tried = path
    for number in range(1, _MAX_NAMES):
        if not await contents.exists(tried):
            return tried
        tried = joined(folder, f"{stem}-{number}{dot}{ending}")
    raise SessionError(
        f"found {_MAX_NAMES:,} files named like {printable(path)!r}, and no free one"
    )


def _from_jupyter(answer: Answer) -> bool:
    """A 404 of a proxy says that the server is gone, one of the server that the file is."""
    kind = str(answer.headers.get("content-type", ""))
    return kind.partition(";")[0].strip().endswith("json")
