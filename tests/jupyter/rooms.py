"""A client of jupyter-collaboration's rooms, as a browser is one: Yjs over a websocket.

    with joined(jupyter_python, server.url, server.token, "a.ipynb") as room:
        room.edit(0, "x = 2")            # reaches everybody in the room
        room.save()                      # as Ctrl-S; rooms also save by themselves
        room.content()                   # the notebook as this client sees it
        room.leave(); room.join()        # the connection broke; the document is the same

``url`` and ``token`` may be of any server with jupyter-collaboration, on a hub as well. The client
runs as a script of ``python``, which has to have pycrdt, jupyter_ydoc and websockets.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

_WAIT_S = 60
_SYNC, _RAW = 0, 2
_STEP_2 = 1


@dataclass
class Room:
    """One client's view of a notebook in a room."""

    _client: subprocess.Popen[str] = field(repr=False)

    def content(self) -> dict[str, Any]:
        """The notebook, with all that has come from the others so far."""
        return dict(self._do("content"))

    def edit(self, index: int, source: str) -> None:
        """The source of a cell."""
        self._do("edit", index, source)

    def append(self, source: str) -> None:
        """Another code cell."""
        self._do("append", source)

    def set_metadata(self, key: str, value: object) -> None:
        self._do("set_metadata", key, value)

    def drop_metadata(self, key: str) -> None:
        self._do("drop_metadata", key)

    def save(self) -> None:
        """Now; the file holds everything when this returns."""
        self._do("save")

    def leave(self) -> None:
        """The connection, not the document."""
        self._do("leave")

    def join(self) -> None:
        """Again, with what this client has."""
        self._do("join")

    def close(self) -> None:
        self._client.communicate()

    def _do(self, what: str, *arguments: object) -> Any:
        assert self._client.stdin is not None
        assert self._client.stdout is not None
        self._client.stdin.write(json.dumps([what, *arguments]) + "\n")
        self._client.stdin.flush()
        answer = json.loads(self._client.stdout.readline() or '{"error": "the client ended"}')
        assert "error" not in answer, answer["error"]
        return answer["value"]


@contextmanager
def joined(python: Path, url: str, token: str, path: str) -> Iterator[Room]:
    """In the room of the notebook at ``path``, which is there already."""
    client = subprocess.Popen(
        [str(python), "-I", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    room = Room(client)
    try:
        room._do("open", url, token, path)
        yield room
    finally:
        room.close()


class _Client:
    """The script's side. ``synced`` is set when the room has sent what it has."""

    def __init__(self) -> None:
        import pycrdt  # type: ignore[import-not-found]
        from jupyter_ydoc import YNotebook  # type: ignore[import-not-found]

        self.pycrdt = pycrdt
        self.doc = pycrdt.Doc()
        self.notebook = YNotebook(self.doc)
        self.doc.observe(self._changed)
        self.synced = asyncio.Event()
        self.replies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_others = False
        self.socket: Any = None
        self.reading: asyncio.Task[None] | None = None
        self.outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self.where = ("", "", "")

    def _changed(self, event: Any) -> None:
        if not self.from_others:
            self.outbox.put_nowait(self.pycrdt.create_update_message(event.update))

    async def open(self, url: str, token: str, path: str) -> None:
        self.where = (url, token, path)
        await self.join()

    async def join(self) -> None:
        from websockets.asyncio.client import connect

        url, token, path = self.where
        headers = {"Authorization": f"token {token}"}
        request = urllib.request.Request(
            f"{url}api/collaboration/session/{quote(path)}",
            method="PUT",
            data=b'{"format": "json", "type": "notebook"}',
            headers=headers,
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=_WAIT_S) as answer:
            session = json.loads(answer.read())
        room = f"json:notebook:{session['fileId']}"
        address = f"{url}api/collaboration/room/{room}?sessionId={session['sessionId']}"
        self.socket = await connect(
            f"ws{address.removeprefix('http')}",
            additional_headers=headers,
            proxy=None,
            max_size=None,
        )
        self.reading = asyncio.create_task(self._read())
        await self.sync()

    async def sync(self) -> None:
        """Send what we have and get what the room has. Its answer comes after it took ours."""
        while not self.outbox.empty():
            await self.socket.send(self.outbox.get_nowait())
        self.synced.clear()
        await self.socket.send(self.pycrdt.create_sync_message(self.doc))
        await asyncio.wait_for(self.synced.wait(), _WAIT_S)

    async def _read(self) -> None:
        async for message in self.socket:
            if message[0] == _RAW:
                text = self.pycrdt.Decoder(message[1:]).read_var_string()
                self.replies.put_nowait(json.loads(text))
            elif message[0] == _SYNC:
                self.from_others = True
                reply = self.pycrdt.handle_sync_message(message[1:], self.doc)
                self.from_others = False
                if reply is not None:
                    await self.socket.send(reply)
                if message[1] == _STEP_2:
                    self.synced.set()

    async def leave(self) -> None:
        await self.socket.close()
        assert self.reading is not None
        await self.reading
        self.socket = None

    async def save(self) -> None:
        for number in range(100):
            encoder = self.pycrdt.Encoder()
            encoder.write_var_uint(_RAW)
            encoder.write_var_string("save")
            encoder.write_var_uint(number)
            await self.socket.send(encoder.to_bytes())
            reply = await asyncio.wait_for(self.replies.get(), _WAIT_S)
            if reply["status"] == "success":
                return
            await asyncio.sleep(0.05)  # the room was being loaded or saved
        raise TimeoutError(reply)

    async def content(self) -> dict[str, Any]:
        return dict(self.notebook.get())

    async def edit(self, index: int, source: str) -> None:
        self.notebook.set_cell(index, source=source)

    async def append(self, source: str) -> None:
        cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "source": source}
        self.notebook.append_cell({**cell, "outputs": [], "execution_count": None})

    async def set_metadata(self, key: str, value: object) -> None:
        self.doc.get("meta", type=self.pycrdt.Map)["metadata"][key] = value

    async def drop_metadata(self, key: str) -> None:
        del self.doc.get("meta", type=self.pycrdt.Map)["metadata"][key]

    async def serve(self) -> None:
        """One order a line on standard input, one answer a line, until it closes."""
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            what, *arguments = json.loads(line)
            work: Callable[..., Any] = getattr(self, what)
            try:
                value = await work(*arguments)
                if self.socket is not None:
                    await self.sync()
                answer = {"value": await self.content() if what == "content" else value}
            except Exception as error:  # noqa: BLE001 - told to the test
                answer = {"error": repr(error)}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_Client().serve())
